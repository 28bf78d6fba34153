-- SPDX-License-Identifier: MIT
--
-- The date on a host (a phone, a program): apart from the time that passes, so that a scenario can step it as NTP, a
-- summer time that was set wrongly, or somebody at the phone's menu does.
--
--   alice:set_date("2026-03-29 01:59:50")    UTC; the seconds may have a fraction
--   alice:step_date(-7200)                   by so many seconds, forward or back
--
-- Dates of other hosts, and the times of the timeline, stay as they are.

local date = {}

local second_ns, day_s = 1000000000, 86400

-- Days since 1970-01-01 in the Gregorian calendar; nil when there is no such day.
local function days_since_1970(year, month, day)
  local function is_leap(y) return y % 4 == 0 and (y % 100 ~= 0 or y % 400 == 0) end
  local lengths = { 31, is_leap(year) and 29 or 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
  if year < 1970 or not lengths[month] or day < 1 or day > lengths[month] then return nil end
  local days = day - 1
  for y = 1970, year - 1 do days = days + (is_leap(y) and 366 or 365) end
  for m = 1, month - 1 do days = days + lengths[m] end
  return days
end

-- "2026-03-29 01:59:50.5" in ns since 1970, or nil.
local function parse(text)
  local pattern = "^(%d%d%d%d)%-(%d%d)%-(%d%d) (%d%d):(%d%d):(%d%d)(%.?%d*)$"
  local year, month, day, hour, minute, second, fraction = text:match(pattern)
  if not year or fraction == "." or #fraction > 10 or (fraction ~= "" and fraction:sub(1, 1) ~= ".") then return nil end
  local days = days_since_1970(math.tointeger(year), math.tointeger(month), math.tointeger(day))
  hour, minute, second = math.tointeger(hour), math.tointeger(minute), math.tointeger(second)
  if not days or hour > 23 or minute > 59 or second > 59 then return nil end
  local nanoseconds = math.tointeger((fraction:sub(2) .. "000000000"):sub(1, 9))
  return (days * day_s + hour * 3600 + minute * 60 + second) * second_ns + nanoseconds
end

-- The other way round, in whole seconds.
local function format(date_ns) return os.date("!%Y-%m-%d %H:%M:%S", date_ns // second_ns) end

local function now_ns(host)
  local date_ns, problem = host.lab.core.date(host.name)
  if not date_ns then
    host.lab:fail(("%s: %s: a scenario that steps it says needs = { \"virtual time\" }"):format(host.name, problem))
  end
  return date_ns
end

local function step_to(host, date_ns, from_ns)
  local lab = host.lab
  local done, problem = lab.core.set_date(host.name, date_ns)
  if not done then lab:fail(("%s: %s"):format(host.name, problem)) end
  lab.core.emit("date", { from = host.name, date = format(date_ns), by_s = (date_ns - from_ns) / second_ns })
end

--- Sets a host's date.
function date.set(host, text)
  host.lab:step()
  local from_ns = now_ns(host)
  local date_ns = type(text) == "string" and parse(text)
  if not date_ns then
    host.lab:fail(("%s: set_date wants a date and a time (UTC), \"2026-03-29 01:59:50\", not %s"):format(host.name,
      type(text) == "string" and '"' .. text .. '"' or tostring(text)))
  end
  step_to(host, date_ns, from_ns)
end

--- Steps it by so many seconds.
function date.step(host, seconds)
  host.lab:step()
  local from_ns = now_ns(host)
  if type(seconds) ~= "number" or not (seconds >= -1e9 and seconds <= 1e9) then
    host.lab:fail(("%s: step_date wants seconds, from -1e9 to 1e9, not %s"):format(host.name, tostring(seconds)))
  end
  step_to(host, from_ns + math.floor(seconds * second_ns + 0.5), from_ns)
end

return date
