-- SPDX-License-Identifier: MIT
--
-- The lab as scenarios see it: run = function(lab) … end is a coroutine, in which everything that waits gives
-- way to what happens meanwhile.

local dns = require "sipfall.dns"
local fields = require "sipfall.fields"
local hosts = require "sipfall.hosts"
local phone = require "sipfall.phone"
local program = require "sipfall.program"
local tolerance = require "sipfall.tolerance"

local Lab = {}
Lab.__index = Lab

local lab = {}

-- Names that a misspelt lab.proxies.p3 or lab.phones.bob is answered with.
local function named(kind, members)
  return setmetatable({}, {
    __index = function(_, name)
      local member = members[name]
      if not member then error(fields.unknown(kind, tostring(name), fields.names(members)), 2) end
      return member
    end,
    __pairs = function() return pairs(members) end,
  })
end

--- Makes the hosts of a scenario. `path` is the scenario's file as errors name it.
function lab.create(core, scenario, path, adapter)
  local self = setmetatable({
    core = core, path = path, real_time = core.real_time,
    addresses = {},   -- of hosts by name
    open = {},        -- expectations that were stated and not yet decided
    watched = {},     -- things that must never happen, meanwhile
    mark = 0,         -- the number of the first event that the next expectation looks at
    met = {},         -- events that met an expectation, by their numbers
    checks = 0,
  }, Lab)
  local proxies, phones, programs = {}, {}, {}
  for _, name in ipairs(fields.names(scenario.proxies or {})) do
    proxies[name] = hosts.proxy(self, name, scenario.proxies[name])
  end
  -- All have their addresses before the zone is read, which may name them.
  for _, name in ipairs(fields.names(scenario.phones or {})) do
    phones[name] = phone.create(self, name, scenario.phones[name], adapter)
  end
  for _, name in ipairs(fields.names(scenario.programs or {})) do
    programs[name] = program.create(self, name, scenario.programs[name])
  end
  local dns_list, servers = dns.add(self, scenario), {}
  dns.open(dns_list)
  self.resolvers = {} -- address and port of each DNS server, for phones to be told
  for _, server in ipairs(dns_list) do
    servers[server.name] = server
    table.move(server.endpoints, 1, #server.endpoints, #self.resolvers + 1, self.resolvers)
  end
  self.dns_servers = named("DNS server", servers)
  self.dns = servers.dns or setmetatable({}, {
    __index = function()
      self:fail(dns_list[1] and "this scenario has several DNS servers: lab.dns_servers.NAME"
        or "this scenario has no DNS server: it needs dns = { zone = [[…]] }")
    end,
  })
  self.proxies, self.phones, self.programs = named("proxy", proxies), named("phone", phones),
    named("program", programs)
  self.to_power_off = {}
  for _, members in ipairs { phones, programs } do
    for _, name in ipairs(fields.names(members)) do table.insert(self.to_power_off, members[name]) end
  end
  return self
end

--- Adds a host with the address that the scenario wants, or the first of several. Returns that, its port, both as a
--- text, and the texts of all.
function Lab:add_host(kind, name, wanted, wanted_port)
  local list = type(wanted) == "table" and wanted or { wanted }
  local address, port, endpoint = self.core.host(kind, name, list[1], wanted_port)
  if not address then error({ field = name, text = port }, 0) end
  self:name_address(name, address)
  local endpoints = { endpoint }
  for i = 2, #list do
    local more, text = self.core.host_address(name, list[i])
    if not more then error({ field = name, text = text }, 0) end
    self:name_address(name, more)
    endpoints[i] = text
  end
  return address, port, endpoint, endpoints
end

-- {NAME} is a host's first address, {NAME/6} its first of IPv6.
function Lab:name_address(name, address)
  self.addresses[name] = self.addresses[name] or address
  if address:find(":", 1, true) then self.addresses[name .. "/6"] = self.addresses[name .. "/6"] or address end
end

--- The address of a host by its name.
function Lab:address(name)
  local address = self.addresses[name]
  if not address then self:fail(fields.unknown("host", name, fields.names(self.addresses))) end
  return address
end

--- Replaces {NAME} by the address of the host of this name. What names no host stays: a program's own braces.
function Lab:fill_in(text) return (text:gsub("{([%a][%w_/-]*)}", self.addresses)) end

function Lab:now_ns() return self.core.now() end

--- Seconds since the lab's start.
function Lab:now() return self.core.now() / 1e9 end

--- Waits.
function Lab:sleep(duration)
  if type(duration) ~= "number" or not (duration >= 0 and duration <= 1e9) then
    self:fail(("sleep wants seconds, from 0 to 1e9, not %s"):format(tostring(duration)))
  end
  local until_ns = self:now_ns() + math.floor(duration * 1e9 + 0.5)
  self.core.timer(until_ns, self.resume)
  while self:now_ns() < until_ns do self:give_way() end
  self:step()
end

--- Puts a text on the timeline.
function Lab:log(text) self.core.emit("log", { text = tostring(text) }) end

-- ---- for expectations, hosts and phones ----

--- A step of the scenario begins: the next expectation looks at what comes from here on.
function Lab:step() self.mark = self.core.event_count() end

--- An expectation was met: the next one looks from that instant on. In real time an instant has a width.
function Lab:met_by(event)
  self.met[event.seq] = true
  local width_ns = self.real_time and math.floor(tolerance.real * 1e9) or 0
  local first = event.seq
  while first > self.mark and self.core.event(first - 1).t_ns >= event.t_ns - width_ns do first = first - 1 end
  self.mark = first
end

--- The line of the scenario's file that is being run.
function Lab:scenario_line()
  for level = 2, 32 do
    local info = debug.getinfo(level, "Sl")
    if not info then break end
    if info.source == "@" .. self.path then return info.currentline end
  end
end

--- Ends the scenario as failed: at the line that is being run, or at this one.
function Lab:fail(text) self:fail_at(self:scenario_line(), text) end

-- The failure stays, also when the scenario catches the error.
function Lab:fail_at(line, text)
  local failure = line and ("%s:%d: %s"):format(self.path, line, text) or ("%s: %s"):format(self.path, text)
  self.failed = self.failed or failure
  error({ failure = failure }, 0)
end

--- The same from outside the scenario's coroutine.
function Lab:fail_later(text)
  self.failed = self.failed or ("%s: %s"):format(self.path, text)
  self:wake()
end

function Lab:wake() self.core.timer(0, self.resume) end

function Lab:check(passed, text, line, seen)
  self.checks = self.checks + 1
  self.core.emit("check", { result = passed and "passed" or "failed", text = text, line = line, seen = seen })
end

--- Lets happen what happens, until something has.
function Lab:give_way()
  if coroutine.running() ~= self.body then
    self:fail("only run itself can wait: a coroutine of the scenario's own can't")
  end
  coroutine.yield()
  if self.failed then error({ failure = self.failed }, 0) end
end

--- Waits until `ready` returns something other than nil, and returns it; nil when it has not by `until_ns`. What
--- happens at that very instant still counts, in whatever order the processes have their turn then.
function Lab:wait(ready, until_ns)
  local result = ready()
  if result ~= nil then return result end
  local over_ns = until_ns + 1000000
  self.core.timer(over_ns, self.resume)
  while result == nil and self:now_ns() < over_ns do
    self:give_way()
    result = ready()
  end
  return result
end

--- Watches for something that must never happen.
function Lab:watch(never)
  table.insert(self.watched, never)
  self.core.timer(never.until_ns + 1000000, self.resume)
  self:look()
end

--- Asks what is watched whether it is decided. Raises the failure when something is.
function Lab:look()
  local undecided = {}
  for _, never in ipairs(self.watched) do
    if not never:decided() then table.insert(undecided, never) end
  end
  self.watched = undecided
end

return lab
