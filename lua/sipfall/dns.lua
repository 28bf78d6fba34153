-- SPDX-License-Identifier: MIT
--
-- The DNS servers as scenarios see them: lab.dns, or lab.dns_servers.NAME. Their faults are those of faults.lua.
--
--   lab.dns:add "p3 300 IN A {p3}"                     records come, go and change, from the next query on
--   lab.dns:remove { name = "p1", type = "A" }
--   lab.dns:replace "p1 300 IN A {p2}"
--   lab.dns:set_ttl { name = "p1", ttl = 5 }
--   lab.dns:set_zone [[ $ORIGIN example.com. … ]]
--   #lab.dns:queries { qtype = "SRV" }                 how many came so far

local faults = require "sipfall.faults"
local fields = require "sipfall.fields"
local hosts = require "sipfall.hosts"

local dns = {}

local Dns = setmetatable({
  conditions = { qname = "string", qtype = "string", transport = "string" },
  transports = { "TCP", "UDP" },
  ways = { "drop", "refuse", "stall", "unreachable" },
  manners = { "garbage", "id", "question", "short", "truncate" },
  delay = faults.delay, duplicate = faults.duplicate, corrupt = faults.corrupt, divert = faults.divert,
  close = faults.close, reset = faults.reset,
}, { __index = hosts.Host })
Dns.__index = Dns

local rcodes = { FORMERR = 1, SERVFAIL = 2, NXDOMAIN = 3, NOTIMP = 4, REFUSED = 5 }

--- Answers queries with an error: rcode = "SERVFAIL", "NXDOMAIN", "REFUSED", "NOTIMP", "FORMERR".
function Dns:answer(options)
  self.lab:step()
  options = options or {}
  local rule = faults.rule(self, options, { rcode = "string" })
  rule.verdict, rule.status = "answer", rcodes[options.rcode]
  if rule.direction == "out" then
    self.lab:fail(("%s: answer is about what comes in, not direction = \"out\""):format(self.name))
  end
  rule.direction = "in"
  if not rule.status then
    self.lab:fail(fields.unknown("rcode", tostring(options.rcode), fields.names(rcodes)))
  end
  return faults.add(self, rule)
end

-- ---- records ----

-- Replaces {NAME} in a zone by the address of that host; what names none is given to `fail`.
local function fill_in(lab, zone, fail)
  return (zone:gsub("{([^{}\n]*)}", function(name)
    return lab.addresses[name] or fail("{" .. name .. "}", ("{%s}: no such host; there are: %s"):format(name,
      table.concat(fields.names(lab.addresses), ", ")))
  end))
end

-- A change of the server's zones, of which the timeline tells.
local function change(self, kind, described)
  described.kind = kind
  local problem = self.server:change(described)
  if problem then self.lab:fail(problem) end
end

local function change_by_text(self, kind, text)
  self.lab:step()
  if type(text) ~= "string" then
    self.lab:fail(("%s: %s wants records as in a zone, such as \"p3 300 IN A {p3}\", not a %s"):format(self.name, kind,
      type(text)))
  end
  change(self, kind, { text = fill_in(self.lab, text, function(_, problem)
    self.lab:fail(("%s: %s"):format(self.name, problem))
  end) })
end

-- Which records: by name, type and data.
local function change_by_description(self, kind, described, more)
  self.lab:step()
  local known = { name = "string", type = "string", data = "string", ttl = more.ttl }
  if type(described) ~= "table" then
    self.lab:fail(("%s: %s wants a table, such as { name = \"p1\", type = \"A\" }"):format(self.name, kind))
  end
  local records = {}
  for _, name in ipairs(fields.names(described)) do
    local value = described[name]
    if not known[name] then
      self.lab:fail(("%s: %s"):format(self.name, fields.unknown("option", name, fields.names(known))))
    elseif type(value) ~= known[name] then
      self.lab:fail(("%s: %s must be a %s, not a %s"):format(self.name, name, known[name], type(value)))
    end
    records[name] = value
  end
  -- RFC 2181 section 8: 31 bits.
  if more.ttl and not (math.tointeger(records.ttl) and records.ttl >= 0 and records.ttl < 2 ^ 31) then
    self.lab:fail(("%s: set_ttl needs ttl: whole seconds, from 0 to 2147483647"):format(self.name))
  end
  if records.data then
    records.data = fill_in(self.lab, records.data, function(_, problem)
      self.lab:fail(("%s: %s"):format(self.name, problem))
    end)
  end
  change(self, kind, records)
end

--- Adds records, one a line, as in a zone: names are relative to the server's first zone.
function Dns:add(text) change_by_text(self, "add", text) end

--- Puts these records in the place of those that have their names and types.
function Dns:replace(text) change_by_text(self, "replace", text) end

--- Puts this zone in the place of the one of its name; or it is a further one.
function Dns:set_zone(text) change_by_text(self, "set_zone", text) end

--- Removes the records that have this name, type and data; what isn't given doesn't matter.
function Dns:remove(described) change_by_description(self, "remove", described, {}) end

--- Changes the TTL of the records that have this name, type and data; what isn't given doesn't matter.
function Dns:set_ttl(described) change_by_description(self, "set_ttl", described, { ttl = "number" }) end

-- ---- what is seen ----

-- What queries can be asked for: patterns as in a shell.
local query_members = { "from", "qname", "qtype", "transport" }

--- The queries that came so far, as events: those that fit qname, qtype, transport and from (patterns).
function Dns:queries(wanted)
  local found = {}
  for _, name in ipairs(fields.names(wanted or {})) do
    local known = false
    for _, member in ipairs(query_members) do known = known or member == name end
    if not known then
      self.lab:fail(("%s: %s"):format(self.name, fields.unknown("option", name, query_members)))
    elseif type(wanted[name]) ~= "string" then
      self.lab:fail(("%s: %s must be a string, not a %s"):format(self.name, name, type(wanted[name])))
    end
  end
  local core = self.lab.core
  for sequence = 0, core.event_count() - 1 do
    local event = core.event(sequence)
    local fits = self:matches(event)
    for name, pattern in pairs(wanted or {}) do
      -- Names end with a dot in events, and are asked for without.
      local value = name == "qname" and event.qname and event.qname:gsub("(.)%.$", "%1") or event[name]
      fits = fits and value ~= nil and core.fits(pattern, value)
    end
    if fits then found[#found + 1] = event end
  end
  return found
end

-- Query types that phones use; any other by its number (RFC 3597): TYPE65280.
local types = { "A", "AAAA", "ANY", "CNAME", "NAPTR", "NS", "PTR", "SOA", "SRV", "TXT" }

function Dns:check_word(what)
  if what == nil or what == "NOERROR" or rcodes[what] or tostring(what):match("^TYPE%d+$") then return end
  for _, qtype in ipairs(types) do
    if qtype == what then return end
  end
  self.lab:fail(("%s: %s; or TYPE and a number, or an rcode"):format(self.name,
    fields.unknown("query type", tostring(what), types)))
end

local function is_rcode(what) return what == "NOERROR" or rcodes[what] ~= nil end

-- A query type: a query that was sent to this server. An rcode: an answer by it. Nothing: any query.
function Dns:matches(event, what)
  if event.kind ~= "dns" then return false end
  if is_rcode(what) then return event.from == self.name and event.rcode == what end
  return event.to == self.name and event.query and (what == nil or event.qtype == what)
end

function Dns:describe(what)
  if is_rcode(what) then return ("an answer %s by %s"):format(what, self.name) end
  return ("%s query to %s"):format(what or "a", self.name)
end

function Dns:show(event)
  if event.kind ~= "dns" or (event.from ~= self.name and event.to ~= self.name) then return nil end
  return ("%s → %s  %s %s %s%s"):format(event.from or event.from_address, event.to or event.to_address,
    event.query and "query" or event.rcode or "answer", event.qname or "?", event.qtype or "?",
    event.transport == "TCP" and "  (TCP)" or "")
end

-- ---- making them ----

-- The server counts each zone's lines; the place to show is the one in the scenario's file.
local function raise_zone_problem(self, zones, problem)
  local which, number, text = problem:match("zone ?(%d*): line (%d+): (.*)$")
  local at = 0
  for line in ((zones[tonumber(which) or 1] or "") .. "\n"):gmatch("(.-)\n") do
    at = at + 1
    local content = line:match("^%s*(.-)%s*$")
    if at == tonumber(number) and content ~= "" then
      local place = self.zone_path .. (which ~= "" and ("[%s]"):format(which) or "")
      error({ field = self.zone_field, content = content, text = ("%s, line %d: %s"):format(place, at, text) }, 0)
    end
  end
  error({ field = self.zone_field, text = ("%s: %s"):format(self.zone_path, problem) }, 0)
end

-- In which order the records of a set can stand in answers.
local orders = { zone = true, rotate = true, shuffle = true }

-- A host for a server. It has its address before any zone is read, which may name it.
local function add_host(lab, name, path, description)
  if (description.zone == nil) == (description.zones == nil) then
    error({ field = name, text = path .. " needs a zone, or several: zone = [[…]] or zones = { [[…]], [[…]] }" }, 0)
  end
  if description.order and not orders[description.order] then
    error({ field = "order", text = ("%s.order: %s"):format(path, fields.unknown("order", description.order,
      fields.names(orders))) }, 0)
  end
  local self = setmetatable({ lab = lab, name = name, description = description,
                              zone_field = description.zone and "zone" or "zones" }, Dns)
  self.zone_path = path .. "." .. self.zone_field
  self.address, self.port, self.endpoint, self.endpoints = lab:add_host("dns", name, description.address)
  return self
end

local function open(self)
  local description = self.description
  local zones = {}
  for i, zone in ipairs(description.zones or { description.zone }) do
    zones[i] = fill_in(self.lab, zone, function(content, problem)
      error({ field = self.zone_field, content = content, text = ("%s: %s"):format(self.zone_path, problem) }, 0)
    end)
  end
  local server, problem = self.lab.core.dns {
    name = self.name, addresses = self.endpoints, zones = zones, order = description.order,
    without_additional = description.additional == false, udp_size = description.udp_size,
  }
  if not server then raise_zone_problem(self, description.zones or { description.zone }, problem) end
  self.server = server
end

-- The names of the servers in the order in which phones are told of them.
local function ordered(servers, order)
  local names = fields.names(servers)
  if not order then return names end
  local left = {}
  for _, name in ipairs(names) do left[name] = true end
  for _, name in ipairs(order) do
    if not servers[name] then error({ field = "dns_order", text = fields.unknown("DNS server", name, names) }, 0) end
    if not left[name] then error({ field = "dns_order", text = ("dns_order names \"%s\" twice"):format(name) }, 0) end
    left[name] = nil
  end
  local missing = fields.names(left)[1]
  if missing then
    error({ field = "dns_order", text = ("dns_order leaves out \"%s\": it is the order of all"):format(missing) }, 0)
  end
  return order
end

--- Gives the scenario's DNS servers their addresses: a list in the order in which phones are told of them.
function dns.add(lab, scenario)
  if scenario.dns and scenario.dns_servers then
    error({ field = "dns_servers", text = "either dns, which is one server, or dns_servers" }, 0)
  end
  if scenario.dns then return { add_host(lab, "dns", "dns", scenario.dns) } end
  local servers = {}
  for i, name in ipairs(ordered(scenario.dns_servers or {}, scenario.dns_order)) do
    servers[i] = add_host(lab, name, "dns_servers." .. name, scenario.dns_servers[name])
  end
  return servers
end

--- Reads their zones, which may name every host of the lab, and opens them.
function dns.open(servers)
  for _, server in ipairs(servers) do open(server) end
end

return dns
