-- SPDX-License-Identifier: MIT
--
-- Phones and programs that are cut off from the network. They have no rule chain, because nothing of ours reads their
-- messages; what they send and what is sent to them is lost, or a router says that they can't be reached.
--
--   local outage = web:down { how = "unreachable" }      "drop" (silence) unless given
--   outage:remove()

local fields = require "sipfall.fields"

local outage = {}

local ways = { "drop", "unreachable" }

local Outage = {}
Outage.__index = Outage

-- The state of a host is that of the outage that began first of those that last.
local function apply(host)
  local first = host.outages[1]
  host.lab.core.reach(host.name, first and first.how or "up")
end

local function tell(self, action)
  self.host.lab.core.emit("fault", { from = self.host.name, action = action, verdict = self.how })
end

--- Ends it. Ending it twice is a mistake of the scenario.
function Outage:remove()
  local host = self.host
  host.lab:step()
  for i, one in ipairs(host.outages) do
    if one == self then
      table.remove(host.outages, i)
      tell(self, "removed")
      return apply(host)
    end
  end
  host.lab:fail("this outage was removed before")
end

--- The method `down` of a phone or a program.
function outage.down(host, options)
  local lab = host.lab
  lab:step()
  options = options or {}
  for _, name in ipairs(fields.names(options)) do
    if name ~= "how" then lab:fail(("%s: %s"):format(host.name, fields.unknown("option", name, { "how" }))) end
  end
  local how = options.how or "drop"
  if how ~= "drop" and how ~= "unreachable" then
    lab:fail(("%s: %s"):format(host.name, fields.unknown("how", tostring(how), ways)))
  end
  if lab.real_time then lab:fail(("%s can be cut off in virtual time only"):format(host.name)) end
  local self = setmetatable({ host = host, how = how }, Outage)
  host.outages = host.outages or {}
  table.insert(host.outages, self)
  tell(self, "added")
  apply(host)
  return self
end

return outage
