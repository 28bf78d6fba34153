-- SPDX-License-Identifier: MIT
--
-- Faults, which every fake server takes: its methods that make them, and what may narrow them. A kind of host says what
-- its messages can be asked about (conditions), which transports it has, how it can be down (ways) and how its messages
-- can be damaged (manners), and takes the methods that it can carry out.

local fields = require "sipfall.fields"

local faults = {}

local Fault = {}
Fault.__index = Fault

--- Ends the fault. Ending it twice is a mistake of the scenario.
function Fault:remove()
  self.host.lab:step()
  if self.removed then self.host.lab:fail("this fault was removed before") end
  self.removed = true
  self.host.server:remove_rule(self.handle)
end

-- Selectors that every host has. What a message can be asked about besides is each kind of host's own (conditions): its
-- values are patterns as in a shell, "_sip._udp.*".
local selectors = { direction = "string", source = "string", first = "number", every = "number",
                    probability = "number", from = "number", until_ = "number" }

-- What the numbers may be: the lowest, the highest, and how to say that.
local numbers = {
  first       = { 1, 2 ^ 53, "1 or more" },
  every       = { 1, 2 ^ 53, "1 or more" },
  probability = { 0, 1, "from 0 to 1" },
  from        = { 0, 1e9, "seconds of lab time, 0 or more" },
  until_      = { 0, 1e9, "seconds of lab time, 0 or more" },
  status      = { 100, 699, "from 100 to 699" },
  retry_after = { 0, 2 ^ 31 - 1, "seconds, 0 or more" },
  by          = { 0, 1e6, "seconds, 0 or more" },
  jitter      = { 0, 1e6, "seconds, 0 or more" },
  copies      = { 1, 100, "from 1 to 100" },
}

-- One of the words, or the scenario fails.
local function check_word(host, what, word, words)
  for _, known in ipairs(words) do
    if known == word then return word end
  end
  host.lab:fail(("%s: %s"):format(host.name, fields.unknown(what, tostring(word), words)))
end

local function check_value(host, name, value)
  local range = type(value) == "number" and numbers[name]
  if range and not (value >= range[1] and value <= range[2]) then
    host.lab:fail(("%s: %s must be %s, not %g"):format(host.name, name, range[3], value))
  end
  if (name == "first" or name == "every" or name == "copies") and value % 1 ~= 0 then
    host.lab:fail(("%s: %s must be a whole number, not %g"):format(host.name, name, value))
  end
  if name == "direction" and value ~= "in" and value ~= "out" then
    host.lab:fail(("%s: direction must be \"in\" or \"out\", not \"%s\""):format(host.name, value))
  end
  if name == "transport" then check_word(host, name, value, host.transports) end
  -- A misspelt query type or method would never come; a pattern is the scenario's own business.
  if (name == "qtype" or name == "method") and not value:find("[*?%[]") then host:check_word(value) end
end

--- The rule of what the scenario wrote: the selectors, without the fault's own options, which are checked.
function faults.rule(host, options, own)
  local known, rule = {}, { conditions = {} }
  for _, names in ipairs { selectors, own, host.conditions } do
    for name in pairs(names) do known[#known + 1] = name end
  end
  table.sort(known)
  for _, name in ipairs(fields.names(options)) do
    local wanted = own[name] or selectors[name] or host.conditions[name]
    if not wanted then host.lab:fail(("%s: %s"):format(host.name, fields.unknown("option", name, known))) end
    if type(options[name]) ~= wanted then
      host.lab:fail(("%s: %s must be a %s, not a %s"):format(host.name, name, wanted, type(options[name])))
    end
    check_value(host, name, options[name])
    if not own[name] and host.conditions[name] then
      rule.conditions[#rule.conditions + 1] = { name, tostring(options[name]) }
    elseif not own[name] then
      rule[name == "until_" and "until" or name] = options[name]
    end
  end
  if rule["until"] and rule["until"] <= (rule.from or 0) then
    host.lab:fail(("%s: until_ = %g is not after from = %g: this would never be"):format(host.name, rule["until"],
      rule.from or 0))
  end
  if rule.source then rule.source = host.lab:address(rule.source) end
  return rule
end

--- Does it, and returns its handle.
function faults.add(host, rule)
  return setmetatable({ host = host, handle = host.server:add_rule(rule) }, Fault)
end

-- A step of the scenario that makes a fault: its rule, without the options that are the fault's own.
local function begin(host, verdict, options, own)
  host.lab:step()
  local rule = faults.rule(host, options or {}, own)
  rule.verdict = verdict
  return rule
end

-- How a host is to all alike, and not to some of their messages.
local for_all = { refuse = "a port is closed for everybody", unreachable = "a host is unreachable for everybody" }

--- The host is out of order: how = "drop" (silence), "refuse" (closed port), "unreachable" (a router says so), "stall"
--- (it accepts and does nothing).
function faults.down(host, options)
  options = options or {}
  local rule = begin(host, "drop", options, { how = "string" })
  if options.how then rule.verdict = check_word(host, "how", options.how, host.ways) end
  local narrowed = rule.direction or rule.source or rule.first or rule.every or rule.probability
    or #rule.conditions > (options.transport and 1 or 0)
  if narrowed and for_all[rule.verdict] then
    host.lab:fail(("%s: %s: how = \"%s\" takes only from and until_%s"):format(host.name, for_all[rule.verdict],
      rule.verdict, host.conditions.transport and " (and transport)" or ""))
  end
  return faults.add(host, rule)
end

--- Messages come later: by = seconds, and up to jitter = seconds more, drawn from the run's seed.
function faults.delay(host, options)
  local rule = begin(host, "delay", options, { by = "number", jitter = "number" })
  if not (options and (options.by or options.jitter)) then
    host.lab:fail(("%s: delay needs by or jitter: how many seconds"):format(host.name))
  end
  rule.delay, rule.jitter = options.by, options.jitter
  return faults.add(host, rule)
end

--- Messages come copies = N times more, once unless given.
function faults.duplicate(host, options)
  local rule = begin(host, "duplicate", options, { copies = "number" })
  rule.copies = options and options.copies or 1
  return faults.add(host, rule)
end

--- Messages are damaged, in one of the host's manners.
function faults.corrupt(host, options)
  local rule = begin(host, "corrupt", options, { manner = "string" })
  rule.manner = check_word(host, "manner", options and options.manner, host.manners)
  return faults.add(host, rule)
end

-- An address, or a host's, or one that no other host has.
local function sender(host, from)
  if not from then
    local name = host.name .. "-elsewhere"
    if not host.lab.addresses[name] then host.lab:add_host("proxy", name) end
    return host.lab.addresses[name]
  end
  return from:find("[.:]") and from or host.lab:address(from)
end

--- Messages come from another address: from = a host's name or an address; without it, of nobody else.
function faults.divert(host, options)
  local rule = begin(host, "divert", options, { from = "string" })
  if rule.direction == "in" then
    host.lab:fail(("%s: divert is about what goes out, not direction = \"in\""):format(host.name))
  end
  rule.sender = sender(host, options and options.from)
  return faults.add(host, rule)
end

-- What is done to a connection is about TCP.
local function end_connection(host, verdict, options)
  local rule = begin(host, verdict, options, {})
  if options and options.transport == "UDP" then
    host.lab:fail(("%s: %s is about connections, and UDP has none"):format(host.name, verdict))
  end
  return faults.add(host, rule)
end

--- The connection is closed in the middle of the message.
function faults.close(host, options) return end_connection(host, "close", options) end

--- The connection is reset in the middle of the message.
function faults.reset(host, options) return end_connection(host, "reset", options) end

return faults
