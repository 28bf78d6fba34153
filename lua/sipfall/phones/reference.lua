-- SPDX-License-Identifier: MIT
--
-- The reference phone (sipfall-phone), driven by its control protocol (docs/phone-control.md).

local reference = {}

local Driver = {}
Driver.__index = Driver

-- How long (s, lab time) the phone may take for an answer: it does nothing but note what it was told, but in real
-- time a loaded machine may be slow to start it.
local answer_time = 30

function reference.unsupported() return nil end

function reference.create(phone)
  return setmetatable({ phone = phone, lab = phone.lab, answers = {}, last_id = 0 }, Driver)
end

-- Sends a command and waits for its answer.
function Driver:command(command)
  if not self.process then self.lab:fail(self.phone.name .. " is off") end
  self.last_id = self.last_id + 1
  local id = self.last_id
  command.id = id
  self.process:write(self.lab.core.json(command) .. "\n")
  local answer = self.lab:wait(function() return self.answers[id] end, self.lab:now_ns() + answer_time * 1000000000)
  if not answer then self.lab:fail(("%s did not answer the command \"%s\""):format(self.phone.name, command["do"])) end
  if not answer.ok then
    self.lab:fail(("%s: %s: %s"):format(self.phone.name, command["do"], answer.error or "refused without a reason"))
  end
  return answer
end

function Driver:read_line(line)
  local message = self.lab.core.parse_json(line)
  if type(message) ~= "table" then
    self.lab:fail_later(("%s said what is no JSON: %s"):format(self.phone.name, line))
  elseif message.id then
    self.answers[message.id] = message
    self.lab:wake()
  else
    self.phone:event(message.event or "?", message)
  end
end

function Driver:exited(status, signal)
  self.gone = { status = status, signal = signal }
  self.lab.core.emit("process", { from = self.phone.name, what = "exited",
                                  status = signal == 0 and status or nil, signal = signal ~= 0 and signal or nil })
  if not self.stopping or status ~= 0 or signal ~= 0 then
    self.phone:died("sipfall-phone", status, signal, self.process:log())
  end
end

function Driver:start()
  local core, phone = self.lab.core, self.phone
  local process, problem = core.spawn {
    host = phone.name, argv = { core.phone_path },
    on_line = function(line) self:read_line(line) end,
    on_exit = function(status, signal) self:exited(status, signal) end,
  }
  if not process then self.lab:fail(("%s: %s"):format(phone.name, problem)) end
  self.process, self.stopping, self.gone = process, false, nil
  core.emit("process", { from = phone.name, what = "started" })
  local description = phone.description
  self:command { ["do"] = "configure", phone = {
    profile = description.profile, variant = description.variant,
    config = self:config(),
    network = { address = phone.endpoints[2] and phone.endpoints or phone.endpoint,
                dns = self.lab.resolvers[1] and self.lab.resolvers or nil },
    -- A stream for each phone: two of them must not draw the same identifiers, nor one after its restart.
    seed = not core.real_time and math.floor(core.random(phone.name) * 2 ^ 53) or nil,
  } }
  self:command { ["do"] = "start" }
end

-- The scenario's parameters; a phone's user is its name unless the scenario says otherwise.
function Driver:config()
  local config = { ["User ID"] = self.phone.name }
  for name, value in pairs(self.phone.description.config or {}) do config[name] = value end
  return config
end

function Driver:dial(uri) return self:command { ["do"] = "dial", to = uri }.call end
function Driver:answer(call) self:command { ["do"] = "answer", call = call } end
function Driver:hang_up(call) self:command { ["do"] = "hang_up", call = call } end

function Driver:await_end(after)
  self.lab:wait(function() return self.gone end, self.lab:now_ns() + answer_time * 1000000000)
  if not self.gone then
    self.lab:fail(("%s: the phone (sipfall-phone) hangs: it did not end with %s"):format(self.phone.name, after))
  end
  self.process = nil
end

function Driver:stop()
  self.stopping = true
  self:command { ["do"] = "stop" }
  self:await_end("its stop")
end

-- The phone ends when its input does. One that doesn't hangs, and that is a result.
function Driver:power_off()
  if not self.process or self.gone then return end
  self.stopping = true
  self.process:close_input()
  self:await_end("its input")
end

return reference
