-- SPDX-License-Identifier: MIT
--
-- The fake servers as scenarios see them: lab.dns (dns.lua) and lab.proxies.NAME. Faults are those of faults.lua.
--
--   local outage = p1:down { how = "drop" }           everything to and from p1 is lost
--   local outage = p1:down { how = "refuse" }         p1's port is closed: ICMP port unreachable
--   local outage = p1:down { how = "unreachable" }    a router says that p1 can't be reached: ICMP host unreachable
--   p1:answer { method = "INVITE", status = 503, retry_after = 30 }
--   lab.dns:answer { qtype = "SRV", rcode = "SERVFAIL" }
--   outage:remove()
--
-- Each fault may be narrowed: by what the message has (method, status, call_id, transport; for DNS qname, qtype,
-- transport), direction "in" or "out", source (a host's name), first = N, every = N, probability, from and until_ (s of
-- lab time).

local expectation = require "sipfall.expectation"
local faults = require "sipfall.faults"
local fields = require "sipfall.fields"

local hosts = {}

-- What all fake servers have.
local Host = { down = faults.down }
hosts.Host = Host

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
  transports = { "TCP", "TLS", "UDP" },
  ways = { "drop", "refuse", "unreachable" },
}, { __index = hosts.Host })
Proxy.__index = Proxy

--- Answers requests by itself instead of handling them: status, reason, retry_after (s).
function Proxy:answer(options)
  self.lab:step()
  options = options or {}
  local rule = faults.rule(self, options, { status = "number", reason = "string", retry_after = "number" })
  if not options.status then
    self.lab:fail(("%s: answer needs a status from 100 to 699"):format(self.name))
  end
  rule.verdict, rule.direction = "answer", "in"
  rule.status, rule.reason, rule.retry_after = options.status, options.reason, options.retry_after
  return faults.add(self, rule)
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

return hosts
