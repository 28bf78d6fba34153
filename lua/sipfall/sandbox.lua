-- SPDX-License-Identifier: MIT
--
-- The globals that scenarios see. What would make two runs differ (the real time, files, real randomness, the
-- order of tables) is replaced, or refused by name with what to use instead.

local sandbox = {}

local function refuse(name, instead)
  return function()
    error(("%s is not for scenarios: %s"):format(name, instead), 2)
  end
end

-- Numbers first, then strings, each in their order, then the rest as it comes.
local function before(a, b)
  local type_a, type_b = type(a), type(b)
  if type_a ~= type_b then return type_a < type_b end
  if type_a == "number" or type_a == "string" then return a < b end
  return tostring(a) < tostring(b)
end

local function ordered_pairs(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, before)
  local i = 0
  return function()
    i = i + 1
    local key = keys[i]
    if key ~= nil then return key, t[key] end
  end
end

local function refused_library(name, functions, instead)
  local library = {}
  for _, f in ipairs(functions) do library[f] = refuse(name .. "." .. f, instead) end
  return library
end

--- A new set of globals. `random` gives 0 <= x < 1.
function sandbox.globals(random)
  local globals = {}
  for _, name in ipairs { "assert", "error", "getmetatable", "ipairs", "pcall", "select", "setmetatable",
                          "tonumber", "tostring", "type", "xpcall", "rawequal", "rawget", "rawlen", "rawset",
                          "_VERSION" } do
    globals[name] = _G[name]
  end
  globals._G = globals
  globals.pairs = ordered_pairs
  globals.next = refuse("next", "its order is not the same every time; use pairs, which is ordered here")
  globals.print = refuse("print", "use lab:log(text), which goes to the timeline")
  globals.load = refuse("load", "write the code into the scenario")
  globals.dofile = refuse("dofile", "write the code into the scenario")
  -- Copies: what a scenario does to its own is not done to ours.
  for _, name in ipairs { "string", "table", "utf8", "coroutine" } do
    globals[name] = {}
    for member, value in pairs(_G[name]) do globals[name][member] = value end
  end

  globals.math = setmetatable({
    random = function(low, high)
      local x = random()
      if not low then return x end
      if not high then low, high = 1, low end
      return low + math.floor(x * (high - low + 1))
    end,
    randomseed = refuse("math.randomseed", "the seed is the run's (--seed)"),
  }, { __index = math })
  globals.os = refused_library("os",
    { "time", "clock", "date", "difftime", "execute", "exit", "getenv", "remove", "rename", "setlocale", "tmpname" },
    "use lab:now() for the time; a scenario reads nothing of this machine")
  globals.io = refused_library("io",
    { "open", "lines", "read", "write", "popen", "close", "input", "output", "tmpfile", "type" },
    "a scenario reads and writes no files")

  function globals.require(name)
    if name ~= "sipfall" then
      error(("module \"%s\" can't be required: scenarios have \"sipfall\""):format(tostring(name)), 2)
    end
    return require "sipfall"
  end
  return globals
end

return sandbox
