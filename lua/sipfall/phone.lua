-- SPDX-License-Identifier: MIT
--
-- Phones as scenarios see them: lab.phones.NAME, the same whatever phone it is. What they do is done by an
-- adapter (lua/sipfall/phones/).
--
-- An adapter is a module that returns a table:
--
--   adapter.unsupported(phone)   why this phone can't take part in this scenario (it is skipped), or nil
--   adapter.create(phone)        a driver: an object with these methods, which may wait by phone.lab:wait(…)
--
--   driver:start()               switches the phone on; returns when it can be driven
--   driver:dial(uri)             returns the number of the call
--   driver:answer(call)  driver:hang_up(call)
--   driver:stop()                lets the phone go off duty in its orderly way
--   driver:power_off()           ends it at the end of a scenario
--
-- A driver tells what the phone says by phone:event(name, details). The names are those of docs/phone-control.md.

local date = require "sipfall.date"
local expectation = require "sipfall.expectation"
local fields = require "sipfall.fields"
local outage = require "sipfall.outage"

local phone = {}

local Phone = {}
Phone.__index = Phone

local Call = {}
Call.__index = Call

function phone.create(lab, name, description, adapter)
  local self = setmetatable({ lab = lab, name = name, description = description, calls = {} }, Phone)
  self.address, self.port, self.endpoint, self.endpoints = lab:add_host("phone", name, description.address)
  self.driver = adapter.create(self)
  return self
end

function Phone:start()
  self.lab:step()
  if self.started then self.lab:fail(self.name .. " was started before") end
  self.started = true
  self.driver:start()
end

--- Dials; returns the call.
function Phone:dial(uri)
  self.lab:step()
  if not self.started then self.lab:fail(("%s is off: %s:start() comes first"):format(self.name, self.name)) end
  local call = setmetatable({ phone = self, lab = self.lab, id = self.driver:dial(uri) }, Call)
  call.name = ("%s's call %d"):format(self.name, call.id)
  return call
end

--- Off duty in the phone's orderly way: it unregisters and ends.
function Phone:stop()
  self.lab:step()
  if not self.started then self.lab:fail(("%s is off: there is nothing to stop"):format(self.name)) end
  self.started = false
  self.driver:stop()
end

--- Its date, stepped while its timers and monotonic clock go on (lua/sipfall/date.lua).
Phone.set_date, Phone.step_date = date.set, date.step

--- Its network cable is pulled, or a router knows no way to it (lua/sipfall/outage.lua).
Phone.down = outage.down

--- Ends it, at the end of the scenario.
function Phone:power_off() self.driver:power_off() end

-- What a phone can say (docs/phone-control.md), what the network says of it, and the states of a call.
Phone.words = { "registering", "registered", "unregistered", "registration_failed", "failover", "fallback", "targets",
                "resolution_failed", "incoming", "call_state", "outside" }
Call.words = { "calling", "ringing", "answered", "failed", "ended" }

-- There is no "anything" worth expecting, and what is never said would never be, misspelt.
local function check_word(self, what)
  for _, word in ipairs(self.words) do
    if word == what then return end
  end
  self.lab:fail(("%s: %s"):format(self.name, fields.unknown("event", tostring(what), self.words)))
end

function Phone:expect(what, more)
  check_word(self, what)
  return expectation.expect(self.lab, self, what, more)
end

function Phone:never(what, more)
  check_word(self, what)
  return expectation.never(self.lab, self, what, more)
end

-- "outside" is what the network says of a phone: it tried to reach what no host of the lab has.
function Phone:matches(event, what)
  if event.kind == "outside" then return what == "outside" and event.from == self.name end
  return event.kind == "phone" and event.from == self.name and event.event == what
end

function Phone:describe(what) return ("%s to be \"%s\""):format(self.name, what) end

function Phone:show(event)
  if event.kind == "outside" and event.from == self.name then
    return ("%s: outside the lab: %s"):format(self.name, event.to_address)
  end
  if event.kind ~= "phone" or event.from ~= self.name then return nil end
  local text = event.state and ("%s: call %d %s"):format(self.name, event.call or 0, event.state)
    or ("%s: %s"):format(self.name, event.event)
  if event.from_server then text = ("%s from %s to %s"):format(text, event.from_server, event.to_server) end
  if event.server then text = text .. " at " .. event.server end
  if event.status then text = ("%s (%d %s)"):format(text, event.status, event.reason or "") end
  return text
end

-- ---- for drivers ----

--- What the phone says, for the timeline. Addresses of hosts become their names, and members that an event
--- has for its own hosts get other names.
function Phone:event(name, details)
  local event = { from = self.name, event = name }
  local renamed = { from = name == "incoming" and "caller" or "from_server", to = "to_server", event = false }
  for key, value in pairs(details) do
    local as = renamed[key]
    if as == nil then as = key end
    if as then
      event[as] = type(value) == "string" and self.lab.core.host_name(value) or value
    end
  end
  self.lab.core.emit("phone", event)
end

--- The phone's process ended though nobody asked for it.
function Phone:died(what, status, signal, log)
  local how = signal ~= 0 and ("was killed by signal %d"):format(signal) or ("exited with status %d"):format(status)
  local tail = log and log ~= "" and ("\n  the end of its log:\n    " .. log:gsub("\n$", ""):gsub("\n", "\n    ")) or ""
  self.lab:fail_later(("%s: the phone (%s) %s at %.3f s%s"):format(self.name, what, how,
    self.lab:now_ns() / 1e9, tail))
end

-- ---- calls ----

function Call:hang_up()
  self.lab:step()
  self.phone.driver:hang_up(self.id)
end

Call.expect, Call.never = Phone.expect, Phone.never

function Call:matches(event, what)
  return event.kind == "phone" and event.from == self.phone.name and event.event == "call_state"
    and event.call == self.id and event.state == what
end

function Call:describe(what) return ("%s to be \"%s\""):format(self.name, what) end
function Call:show(event) return self.phone:show(event) end

return phone
