-- SPDX-License-Identifier: MIT
--
-- Programs as scenarios see them: lab.programs.NAME, any program of this machine on a host of its own.
--
--   web:start("--verbose")                       its command, with these words after it
--   web:expect("Serving HTTP"):within(1)         a line of its output has this text, or fits this Lua pattern
--   web:expect("exited", { status = 0 }):at(5)
--   web:stop()                                   SIGTERM; returns when it has ended
--   web:kill()                                   SIGKILL
--   web:down { how = "drop" }                    its host is cut off from the network (outage.lua)
--
-- {NAME} in command, environment and files is the address of the host of that name. The program runs in a directory
-- of its own, which is its HOME; on the timeline and in reports that directory is "~".

local date = require "sipfall.date"
local expectation = require "sipfall.expectation"
local fields = require "sipfall.fields"
local outage = require "sipfall.outage"

local program = {}

local Program = { down = outage.down }
Program.__index = Program

-- How long (s, lab time) a program may take to end when it is told to.
local end_time = 10

-- Signals by which programs die that have a bug (signal(7): ILL, TRAP, ABRT, BUS, FPE, SEGV, SYS). Any other is an
-- end like others: somebody sent it, or the program asked for it.
local crashes = { [4] = true, [5] = true, [6] = true, [7] = true, [8] = true, [11] = true, [31] = true }

--- Why a program can't take part, or nil.
function program.unsupported(core, name, description)
  local command = description.command[1]
  if not core.can_start(command) then return ("%s: %s is not installed"):format(name, command) end
end

-- The files of a program by their names: {"server.py"} stands beside the scenario, ["server.py"] = "…" is a text.
local function read_files(lab, name, files)
  local texts = {}
  for file, text in pairs(files) do
    if math.type(file) == "integer" then
      local opened, problem = io.open((lab.path:match("^(.*/)") or "") .. text, "rb")
      if not opened then error({ field = "files", content = text, text = ("programs.%s.files: %s")
        :format(name, problem) }, 0) end
      file, text = text, opened:read("a")
      opened:close()
    end
    if file:sub(1, 1) == "/" or ("/" .. file .. "/"):find("/../", 1, true) then
      error({ field = "files", content = file, text = ("programs.%s.files: \"%s\" is not below the program's directory")
        :format(name, file) }, 0)
    end
    texts[file] = text
  end
  return texts
end

function program.create(lab, name, description)
  local self = setmetatable({ lab = lab, name = name, description = description }, Program)
  self.address = lab:add_host("program", name, description.address)
  self.files = read_files(lab, name, description.files or {})
  return self
end

-- ---- what it does ----

-- What it says can be any bytes; a timeline is UTF-8 without NUL.
local function as_text(bytes)
  local text = bytes:gsub("\r$", ""):gsub("\0", "\u{FFFD}")
  local _, bad = utf8.len(text)
  while bad do
    text = text:sub(1, bad - 1) .. "\u{FFFD}" .. text:sub(bad + 1)
    _, bad = utf8.len(text, bad)
  end
  return text
end

-- The lab's directory has another name each time.
function Program:without_directory(text)
  local found = self.directory:gsub("%p", "%%%0")
  return (text:gsub(found, "~"))
end

function Program:said(stream, line)
  self.lab.core.emit("process", { from = self.name, what = "output", stream = stream,
                                  text = as_text(self:without_directory(line)) })
end

function Program:exited(status, signal)
  local log = self:without_directory(self.process:log())
  self.process = nil
  self.lab.core.emit("process", { from = self.name, what = "exited", status = signal == 0 and status or nil,
                                  signal = signal ~= 0 and signal or nil })
  if crashes[signal] then
    self.lab:fail_later(("%s: %s crashed: it was killed by signal %d at %.3f s%s"):format(self.name,
      self.description.command[1], signal, self.lab:now(), log ~= "" and "\n  the end of its standard error:\n    "
        .. log:gsub("\n$", ""):gsub("\n", "\n    ") or ""))
  end
end

-- The words of its command line: the scenario's command, then those of start.
function Program:command_line(more)
  local words = {}
  for _, word in ipairs(self.description.command) do table.insert(words, self.lab:fill_in(word)) end
  for i, word in ipairs(more) do
    if type(word) ~= "string" and type(word) ~= "number" then
      self.lab:fail(("%s: word %d of start must be a string, not a %s"):format(self.name, i, type(word)))
    end
    table.insert(words, self.lab:fill_in(tostring(word)))
  end
  return words
end

function Program:environment()
  local list = {}
  for _, variable in ipairs(fields.names(self.description.environment or {})) do
    table.insert(list, variable .. "=" .. self.lab:fill_in(self.description.environment[variable]))
  end
  return list
end

--- Starts it. It may be started again when it has ended.
function Program:start(...)
  local lab = self.lab
  lab:step()
  if self.process then lab:fail(self.name .. " runs already") end
  local home = self.name .. "/"
  self.directory = lab.core.directory() .. "/" .. self.name
  for _, file in ipairs(fields.names(self.files)) do
    lab.core.write_file(home .. file, lab:fill_in(self.files[file]))
  end
  local process, problem = lab.core.spawn {
    host = self.name, argv = self:command_line { ... }, environment = self:environment(), directory = home,
    on_line = function(line) self:said("stdout", line) end,
    on_error_line = function(line) self:said("stderr", line) end,
    on_exit = function(status, signal) self:exited(status, signal) end,
  }
  if not process then lab:fail(("%s: %s"):format(self.name, problem)) end
  self.process = process
  -- Nobody types anything: it reads the end of its input.
  process:close_input()
  lab.core.emit("process", { from = self.name, what = "started" })
end

-- Sends a signal and waits for the end.
function Program:signal(number)
  local process = self.process
  process:kill(number)
  self.lab:wait(function() return self.process ~= process or nil end, self.lab:now_ns() + end_time * 1000000000)
  return self.process ~= process
end

local function end_by(self, number, what)
  self.lab:step()
  if not self.process then self.lab:fail(("%s doesn't run: there is nothing to %s"):format(self.name, what)) end
  local mark = self.lab.mark
  if not self:signal(number) then
    self.lab:fail(("%s did not end within %d s of signal %d"):format(self.name, end_time, number))
  end
  self.lab.mark = mark
end

--- Lets it end in its orderly way (SIGTERM).
function Program:stop() end_by(self, 15, "stop") end

--- Ends it at once, as a crash would (SIGKILL).
function Program:kill() end_by(self, 9, "kill") end

--- Its host's date.
Program.set_date, Program.step_date = date.set, date.step

--- At the end of the scenario.
function Program:power_off()
  if self.process then self:signal(9) end
end

-- ---- what is expected of it ----

local function check_word(self, what)
  if what ~= nil and type(what) ~= "string" then
    self.lab:fail(("%s: what is expected is \"exited\" or a text of its output, not a %s"):format(self.name,
      type(what)))
  end
end

function Program:expect(what, more)
  check_word(self, what)
  return expectation.expect(self.lab, self, what, more)
end

function Program:never(what, more)
  check_word(self, what)
  return expectation.never(self.lab, self, what, more)
end

-- The text itself, or a pattern; what is no pattern ("100%") is a text only.
local function fits(text, what)
  if text:find(what, 1, true) then return true end
  local is_pattern, found = pcall(string.find, text, what)
  return is_pattern and found ~= nil
end

-- "exited", or what a line of the output has. Nothing: any line.
function Program:matches(event, what)
  if event.kind ~= "process" or event.from ~= self.name then return false end
  if what == "exited" then return event.what == "exited" end
  return event.what == "output" and (what == nil or fits(event.text, what))
end

function Program:describe(what)
  if what == "exited" then return ("%s to exit"):format(self.name) end
  return what and ("%s to print \"%s\""):format(self.name, what) or ("%s to print a line"):format(self.name)
end

function Program:show(event)
  if event.from ~= self.name then return nil end
  if event.kind == "outside" then return ("%s: outside the lab: %s"):format(self.name, event.to_address) end
  if event.kind ~= "process" then return nil end
  if event.what == "output" then
    return ("%s%s: %s"):format(self.name, event.stream == "stderr" and " (stderr)" or "", event.text)
  end
  return ("%s %s%s"):format(self.name, event.what, event.status and (" with status %d"):format(event.status)
    or event.signal and (": killed by signal %d"):format(event.signal) or "")
end

return program
