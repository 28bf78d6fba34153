-- SPDX-License-Identifier: MIT
--
-- Checks tables that users write against a description of their fields, so that a misspelt field is an error
-- with a proposal instead of a setting that does nothing.

local fields = {}

--- The names of a table, sorted.
function fields.names(described)
  local names = {}
  for name in pairs(described) do names[#names + 1] = tostring(name) end
  table.sort(names)
  return names
end

-- How many letters must be changed, added or left out (Levenshtein).
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local above = row[j]
      local changed = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(above + 1, row[j - 1] + 1, diagonal + changed)
      diagonal = above
    end
  end
  return row[#b]
end

--- The likeliest of the names that was meant, or nil.
function fields.nearest(name, names)
  local best, best_distance
  for _, candidate in ipairs(names) do
    local d = distance(name:lower(), candidate:lower())
    if not best or d < best_distance then best, best_distance = candidate, d end
  end
  return best and best_distance <= math.max(2, #name // 3) and best or nil
end

--- "X" is unknown: did you mean Y? There are: …
function fields.unknown(what, name, names)
  local nearest = fields.nearest(name, names)
  return ("%s \"%s\" is unknown%s (there %s: %s)"):format(what, name,
    nearest and (": did you mean \"%s\"?"):format(nearest) or "", #names == 1 and "is" or "are",
    table.concat(names, ", "))
end

-- Errors carry the field's name, so that the place in the file can be found (worker.lua).
local function fail(field, text)
  error({ field = field, text = text }, 0)
end

local check_fields

-- A list has its elements by position, a table with names by name; some have both.
local function check_elements(value, description, name, path)
  if description.not_empty and #value == 0 then fail(name, ("%s is empty (%s)"):format(path, description.help)) end
  for key, element in pairs(value) do
    local position = math.type(key) == "integer"
    local wanted = position and description.list or not position and description.names
    local where = position and ("element %d"):format(key) or ("\"%s\""):format(key)
    if not wanted then
      fail(name, ("%s: %s: %s are wanted"):format(path, where, position and "names" or "elements without a name"))
    elseif type(element) ~= wanted then
      fail(name, ("%s: %s must be a %s, not %s"):format(path, where, wanted, type(element)))
    end
  end
end

local function check_value(value, description, name, path)
  local wanted = description[1]
  if description.or_list and type(value) == "table" then
    return check_elements(value, { list = wanted, not_empty = true, help = description.help }, name, path)
  end
  if type(value) ~= wanted then
    fail(name, ("%s must be a %s, not %s"):format(path, wanted, type(value)))
  end
  local low, high = description.low, description.high
  if wanted == "number" and low and not (value >= low and value <= (high or math.huge)) then
    fail(name, ("%s must be %s, not %g"):format(path, high and ("from %d to %d"):format(low, high)
      or ("%g or more"):format(low), value))
  end
  if description.list or description.names then
    check_elements(value, description, name, path)
  elseif description.each then
    for _, key in ipairs(fields.names(value)) do
      local element = value[key]
      if type(element) ~= "table" then
        fail(key, ("%s.%s must be a table ({} for the defaults), not %s"):format(path, key, type(element)))
      end
      check_fields(element, description.each, ("%s.%s"):format(path, key))
    end
  elseif description.fields then
    check_fields(value, description.fields, path)
  end
end

function check_fields(value, described, path)
  for _, name in ipairs(fields.names(value)) do
    if not described[name] then
      fail(name, ("%s: %s"):format(path, fields.unknown("field", name, fields.names(described))))
    end
  end
  for _, name in ipairs(fields.names(described)) do
    local description = described[name]
    if value[name] ~= nil then
      check_value(value[name], description, name, ("%s.%s"):format(path, name))
    elseif description.required then
      fail(nil, ("%s: %s is missing (%s)"):format(path, name, description.help))
    end
  end
end

--- Raises { field=, text= } when the value is not as described.
function fields.check(value, described, path)
  if type(value) ~= "table" then
    fail(nil, ("%s must be a table, not %s"):format(path, type(value)))
  end
  check_fields(value, described, path)
end

return fields
