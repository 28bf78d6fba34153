-- SPDX-License-Identifier: MIT
--
-- Runs one scenario file: loads it in its sandbox, makes the lab, runs its coroutine whenever something happened,
-- and tells how it ended. Started by harness/script, with the primitives that it gives (core).

local fields = require "sipfall.fields"
local lab = require "sipfall.lab"
local program = require "sipfall.program"
local sandbox = require "sipfall.sandbox"
local sipfall = require "sipfall"

-- The line of the file on which a field is set, after `first`: where an error about it has its place.
local function line_of_field(text, field, first)
  local number = 0
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    local quoted = field:gsub("%p", "%%%0")
    local is_set = line:find("%f[%w_]" .. quoted .. "%s*=") or line:find("[\"']%s*%]%s*=") and line:find(quoted)
    if number >= first and is_set then
      return number
    end
  end
end

-- The first line of the file from `first` on that contains this text.
local function line_with(text, content, first)
  local number = 0
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    if number >= first and line:find(content, 1, true) then return number end
  end
end

-- The text of an error, with the place in the scenario's file. Ours are tables: { failure = }, a whole text, or
-- { text =, field =, content = }, of which field is set, and content stands, at the place.
local function error_text(problem, path, text)
  if type(problem) ~= "table" then return tostring(problem) end
  if problem.failure then return problem.failure end
  local line
  if text then
    line = problem.field and line_of_field(text, problem.field, 1)
    line = problem.content and line_with(text, problem.content, line or 1) or line
    line = line or line_with(text, "sipfall.scenario", 1)
  end
  return ("%s:%d: %s"):format(path, line or 1, problem.text)
end

-- Lua shortens long names of files in its messages ("...folder/file.lua:3: …").
local function with_whole_path(problem, path)
  local shortened = problem:match("^%.%.%.(.-):%d+:")
  if shortened and path:sub(-#shortened) == shortened then return path .. problem:sub(#shortened + 4) end
  return problem
end

-- The line of the scenario that is being run, as an error's handler sees it.
local function line_being_run(path)
  for level = 2, 200 do
    local info = debug.getinfo(level, "Sl")
    if not info then return nil end
    if info.source == "@" .. path and info.currentline > 0 then return info.currentline end
  end
end

-- The handler of errors in the scenario at `path`: ours pass; those of Lua itself get the scenario's line when
-- they arose in what the scenario called.
local function handler_for(path)
  return function(problem)
    if type(problem) == "table" and (problem.failure or problem.text) then return problem end
    local line = line_being_run(path)
    if type(problem) ~= "string" then
      return { failure = ("%s:%d: error() was given a %s: it wants a text that says what is wrong")
        :format(path, line or 1, type(problem)) }
    end
    problem = with_whole_path(problem, path)
    local place, message = problem:match("^(.-%.lua:%d+): (.*)$")
    local inside = place and (place:match("(sipfall/%w+%.lua:%d+)$") or place:match("(sipfall/phones/.*)$"))
    if not inside or not line then return { failure = problem } end
    local hint = message:find("'self'", 1, true) and "; is a . written where a : belongs?" or ""
    return { failure = ("%s:%d: %s (in %s%s)"):format(path, line, message, inside, hint) }
  end
end

local function read(path)
  local file, problem = io.open(path, "r")
  if not file then return nil, problem end
  local text = file:read("a")
  file:close()
  return text
end

local function load_scenario(core, path, text)
  local globals = sandbox.globals(function() return core.random("scenario") end)
  if text:sub(1, 1) == "\27" then error({ text = "this is compiled Lua: a scenario is Lua text" }, 0) end
  local chunk, problem = load(text, "@" .. path, "t", globals)
  if not chunk then error({ failure = with_whole_path(problem, path) }, 0) end
  local scenario = chunk()
  if not sipfall.is_scenario(scenario) then
    error({ text = "the file must return sipfall.scenario { … }" }, 0)
  end
  return scenario
end

local function find_adapter(name)
  local found, adapter = pcall(require, "sipfall.phones." .. name)
  if not found then error({ failure = adapter }, 0) end
  return adapter
end

-- Switches phones and programs off and tells the result.
local function finish(self, result)
  for _, host in ipairs(self.lab and self.lab.to_power_off or {}) do
    local ok, problem = xpcall(host.power_off, self.handler, host)
    if not ok then self.lab.failed = self.lab.failed or error_text(problem, self.path, self.text) end
  end
  if self.lab and self.lab.failed and result.result ~= "failed" then
    result = { result = "failed", failures = { self.lab.failed } }
  end
  result.title = self.scenario and self.scenario.title
  result.covers = self.scenario and self.scenario.covers
  result.checks = self.lab and self.lab.checks or 0
  if result.result == "passed" and result.checks == 0 and not result.plan then
    result = { result = "failed", title = result.title, checks = 0,
               failures = { error_text({ field = "run", text = "the scenario checked nothing: it must expect " ..
                 "something, or it proves nothing" }, self.path, self.text) } }
  end
  -- Where the file lies is not part of what happened: the digest is the same wherever it is run from.
  local reason = result.reason or (result.failures or {})[1]
  local name = self.path:match("[^/]*$")
  local start, stop = (reason or ""):find(self.path, 1, true)
  if start then reason = reason:sub(1, start - 1) .. name .. reason:sub(stop + 1) end
  self.core.emit("lab", { what = "end", result = result.result, reason = reason })
  self.core.finish(result)
end

-- Why a scenario can't run in real time, or nil. The addresses of a scenario are simulated; without the simulation
-- they would be somebody's.
local function only_in_virtual_time(scenario)
  if scenario.needs and scenario.needs[1] then return "it needs virtual time" end
  local described = { dns = scenario.dns }
  for _, kind in ipairs { "dns_servers", "proxies", "phones", "programs" } do
    for name, host in pairs(scenario[kind] or {}) do described[name] = host end
  end
  for _, name in ipairs(fields.names(described)) do
    local address = described[name].address
    if type(address) == "table" then address = address[1] end
    if address then
      return ("%s wants the address %s, which it can have in virtual time only"):format(name, address)
    end
  end
end

-- Why this machine, or the phone, can't run a scenario, or nil.
local function unsupported(core, scenario, adapter)
  for _, name in ipairs(fields.names(scenario.phones or {})) do
    local reason = adapter.unsupported { name = name, description = scenario.phones[name] }
    if reason then return reason end
  end
  for _, name in ipairs(fields.names(scenario.programs or {})) do
    local reason = program.unsupported(core, name, scenario.programs[name])
    if reason then return reason end
  end
end

local function run(self)
  local text, problem = read(self.path)
  if not text then error({ failure = problem }, 0) end
  self.text = text
  self.scenario = load_scenario(self.core, self.path, text)
  self.core.emit("lab", { what = "start", scenario = self.scenario.title, seed = self.core.seed,
                          time = self.core.real_time and "real" or "virtual",
                          epoch = not self.core.real_time and "2026-01-01T00:00:00Z" or nil })
  local virtual_only = self.core.real_time and only_in_virtual_time(self.scenario)
  if virtual_only then return { result = "skipped", reason = virtual_only } end
  local adapter = find_adapter(self.core.phone)
  local cannot = unsupported(self.core, self.scenario, adapter)
  if cannot then return { result = "skipped", reason = cannot } end
  self.lab = lab.create(self.core, self.scenario, self.path, adapter)
  if self.core.plan_only then return { result = "passed", plan = self.core.describe_hosts() } end
  self.lab.resume, self.lab.body = self.resume, coroutine.running()
  self.scenario.run(self.lab)
  -- What is watched has its time; what was stated and never waited for is a mistake.
  self.lab:wait(function()
    self.lab:look()
    return #self.lab.watched == 0 or nil
  end, math.maxinteger // 2)
  local forgotten = self.lab.open[1]
  if forgotten then
    self.lab:fail_at(forgotten.line,
      "this expectation never waits: it needs :within(…), :at(…), :between(…) or :before(…)")
  end
  return { result = "passed" }
end

return function(core, path)
  local self = { core = core, path = path, handler = handler_for(path) }
  sipfall.real_time = core.real_time
  local body = coroutine.create(function()
    local ok, result = xpcall(run, self.handler, self)
    if not ok then result = { result = "failed", failures = { error_text(result, path, self.text) } } end
    finish(self, result)
  end)
  function self.resume()
    if coroutine.status(body) ~= "suspended" then return end
    local ok, problem = coroutine.resume(body)
    if not ok then error(problem, 0) end
  end
  -- Called whenever events were added: what is watched is looked at, then the scenario goes on if it waits for
  -- what happened.
  return function()
    local count, overflowed = core.event_count()
    if overflowed and self.lab then
      self.lab.failed = self.lab.failed or ("%s: a storm: more than %d events"):format(path, count)
    end
    if self.lab and #self.lab.watched > 0 and coroutine.status(body) == "suspended" then
      local ok, problem = xpcall(self.lab.look, self.handler, self.lab)
      if not ok then self.lab.failed = self.lab.failed or error_text(problem, path, self.text) end
    end
    self.resume()
  end
end
