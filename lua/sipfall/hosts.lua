-- SPDX-License-Identifier: MIT
--
-- The fake servers as scenarios see them: lab.dns and lab.proxies.NAME. Both take the same faults.
--
--   local outage = p1:down { how = "drop" }           everything to and from p1 is lost
--   local outage = p1:down { how = "refuse" }         p1's port is closed: ICMP port unreachable
--   p1:answer { method = "INVITE", status = 503, retry_after = 30 }
--   lab.dns:answer { qtype = "SRV", rcode = "SERVFAIL" }
--   outage:remove()
--
-- Each fault may be narrowed: by what the message has (method, status, call_id, transport; for DNS qname, qtype,
-- transport), direction "in" or "out", source (a host's name), first = N, every = N, probability, from and until_ (s of
-- lab time).

local expectation = require "sipfall.expectation"
local fields = require "sipfall.fields"

local hosts = {}

-- ---- faults ----

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
}

local function check_value(host, name, value)
  local range = numbers[name]
  if range and not (value >= range[1] and value <= range[2]) then
    host.lab:fail(("%s: %s must be %s, not %g"):format(host.name, name, range[3], value))
  end
  if name == "direction" and value ~= "in" and value ~= "out" then
    host.lab:fail(("%s: direction must be \"in\" or \"out\", not \"%s\""):format(host.name, value))
  end
end

-- Takes the selectors, and the fault's own options, out of what the scenario wrote.
local function read_options(host, options, own)
  local known, rule = {}, { conditions = {} }
  for name in pairs(selectors) do known[#known + 1] = name end
  for name in pairs(own) do known[#known + 1] = name end
  for name in pairs(host.conditions) do known[#known + 1] = name end
  table.sort(known)
  for _, name in ipairs(fields.names(options)) do
    local wanted = own[name] or selectors[name] or host.conditions[name]
    if not wanted then host.lab:fail(("%s: %s"):format(host.name, fields.unknown("option", name, known))) end
    if type(options[name]) ~= wanted then
      host.lab:fail(("%s: %s must be a %s, not a %s"):format(host.name, name, wanted, type(options[name])))
    end
    check_value(host, name, options[name])
    if host.conditions[name] and not own[name] then
      rule.conditions[#rule.conditions + 1] = { name, tostring(options[name]) }
    elseif selectors[name] then rule[name == "until_" and "until" or name] = options[name] end
  end
  if rule.source then rule.source = host.lab:address(rule.source) end
  return rule
end

local function add(host, rule)
  return setmetatable({ host = host, handle = host.server:add_rule(rule) }, Fault)
end

local Host = {}

local ways = { "drop", "refuse" }

--- The host is out of order from now on: how = "drop" (silence) or "refuse" (closed port).
function Host:down(options)
  self.lab:step()
  options = options or {}
  local rule = read_options(self, options, { how = "string" })
  rule.verdict = options.how or "drop"
  if rule.verdict ~= "drop" and rule.verdict ~= "refuse" then
    self.lab:fail(("%s: %s"):format(self.name, fields.unknown("how", rule.verdict, ways)))
  end
  if rule.verdict == "refuse" and (rule.conditions[1] or rule.direction or rule.source or rule.first or rule.every
                                   or rule.probability) then
    self.lab:fail(("%s: a port is closed for everybody: how = \"refuse\" takes only from and until_"):format(self.name))
  end
  return add(self, rule)
end

function Host:expect(what, more)
  self:check_word(what)
  return expectation.expect(self.lab, self, what, more)
end

function Host:never(what, more)
  self:check_word(what)
  return expectation.never(self.lab, self, what, more)
end

-- ---- proxies ----

local Proxy = setmetatable({
  conditions = { method = "string", status = "number", call_id = "string", transport = "string" },
}, { __index = Host })
Proxy.__index = Proxy

--- Answers requests by itself instead of handling them: status, reason, retry_after (s).
function Proxy:answer(options)
  self.lab:step()
  options = options or {}
  local rule = read_options(self, options, { status = "number", reason = "string", retry_after = "number" })
  if not options.status then
    self.lab:fail(("%s: answer needs a status from 100 to 699"):format(self.name))
  end
  rule.verdict, rule.direction = "answer", "in"
  rule.status, rule.reason, rule.retry_after = options.status, options.reason, options.retry_after
  return add(self, rule)
end

--- The contacts that are registered for an address of record.
function Proxy:contacts(address_of_record) return self.server:contacts(address_of_record) end

-- The IANA registry of SIP methods. A misspelt one would never come.
local methods = { "ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH", "REFER",
                  "REGISTER", "SUBSCRIBE", "UPDATE" }

function Proxy:check_word(what)
  if math.type(what) == "integer" and what >= 100 and what <= 699 or what == nil then return end
  for _, method in ipairs(methods) do
    if method == what then return end
  end
  self.lab:fail(("%s: %s; or a status from 100 to 699"):format(self.name,
    fields.unknown("method", tostring(what), methods)))
end

-- A method: a request that was sent to this proxy, whatever became of it. A status: a response by it. Nothing: any
-- request to it.
function Proxy:matches(event, what)
  if event.kind ~= "sip" then return false end
  if type(what) == "number" then return event.from == self.name and event.status == what end
  return event.to == self.name and event.request ~= nil and (what == nil or event.request == what)
end

function Proxy:describe(what)
  if type(what) == "number" then return ("a response %d by %s"):format(what, self.name) end
  return ("%s to %s"):format(what or "request", self.name)
end

function Proxy:show(event)
  if event.kind ~= "sip" or (event.from ~= self.name and event.to ~= self.name) then return nil end
  local what = event.request or event.status and ("%d %s"):format(event.status, event.cseq_method or "")
    or "malformed"
  return ("%s → %s  %s%s"):format(event.from or event.from_address, event.to or event.to_address, what,
    event.retransmission and "  (retransmission)" or "")
end

-- ---- DNS ----

local Dns = setmetatable({
  conditions = { qname = "string", qtype = "string", transport = "string" },
}, { __index = Host })
Dns.__index = Dns

local rcodes = { FORMERR = 1, SERVFAIL = 2, NXDOMAIN = 3, NOTIMP = 4, REFUSED = 5 }

--- Answers queries with an error: rcode = "SERVFAIL", "NXDOMAIN", "REFUSED", "NOTIMP", "FORMERR".
function Dns:answer(options)
  self.lab:step()
  options = options or {}
  local rule = read_options(self, options, { rcode = "string" })
  rule.verdict, rule.direction, rule.status = "answer", "in", rcodes[options.rcode]
  if not rule.status then
    self.lab:fail(fields.unknown("rcode", tostring(options.rcode), fields.names(rcodes)))
  end
  return add(self, rule)
end

-- Query types that phones use; any other by its number (RFC 3597): TYPE65280.
local types = { "A", "AAAA", "ANY", "CNAME", "NAPTR", "NS", "PTR", "SOA", "SRV", "TXT" }

function Dns:check_word(what)
  if what == nil or tostring(what):match("^TYPE%d+$") then return end
  for _, qtype in ipairs(types) do
    if qtype == what then return end
  end
  self.lab:fail(("dns: %s; or TYPE and a number"):format(fields.unknown("query type", tostring(what), types)))
end

-- A query type: a query that was sent to this server. Nothing: any query.
function Dns:matches(event, what)
  return event.kind == "dns" and event.to == self.name and event.query and (what == nil or event.qtype == what)
end

function Dns:describe(what) return ("%s query to %s"):format(what or "a", self.name) end

function Dns:show(event)
  if event.kind ~= "dns" or (event.from ~= self.name and event.to ~= self.name) then return nil end
  return ("%s → %s  %s %s %s"):format(event.from or event.from_address, event.to or event.to_address,
    event.query and "query" or event.rcode or "answer", event.qname or "?", event.qtype or "?")
end

-- ---- making them ----

-- Replaces {NAME} in a zone by the address of that host.
local function fill_in(lab, zone)
  return (zone:gsub("{([^{}\n]*)}", function(name)
    local address = lab.addresses[name]
    if not address then
      error({ field = "zone", content = "{" .. name .. "}", text = ("dns.zone: {%s}: no such host; there are: %s")
        :format(name, table.concat(fields.names(lab.addresses), ", ")) }, 0)
    end
    return address
  end))
end

-- The server counts the zone's lines; the place to show is the one in the scenario's file.
local function raise_zone_problem(zone, problem)
  local number, text = problem:match("zone: line (%d+): (.*)$")
  local at = 0
  for line in (zone .. "\n"):gmatch("(.-)\n") do
    at = at + 1
    local content = line:match("^%s*(.-)%s*$")
    if at == tonumber(number) and content ~= "" then
      error({ field = "zone", content = content, text = ("dns.zone, line %d: %s"):format(at, text) }, 0)
    end
  end
  error({ field = "zone", text = "dns.zone: " .. problem }, 0)
end

function hosts.proxy(lab, name, description)
  local address, port, endpoint = lab:add_host("proxy", name, description.address, description.port)
  local far_end = description.far_end or {}
  local server, problem = lab.core.proxy {
    name = name, address = endpoint, max_expires = description.max_expires,
    far_end_status = far_end.status, ring = far_end.ring, hang_up = far_end.hang_up,
  }
  if not server then error({ field = name, text = ("proxies.%s: %s"):format(name, problem) }, 0) end
  return setmetatable({ lab = lab, name = name, server = server, address = address, port = port,
                        endpoint = endpoint }, Proxy)
end

function hosts.dns(lab, description)
  local address, port, endpoint, endpoints = lab:add_host("dns", "dns", description.address)
  local server, problem = lab.core.dns {
    name = "dns", addresses = endpoints, zone = fill_in(lab, description.zone),
  }
  if not server then raise_zone_problem(description.zone, problem) end
  return setmetatable({ lab = lab, name = "dns", server = server, address = address, port = port,
                        endpoint = endpoint, endpoints = endpoints }, Dns)
end

return hosts
