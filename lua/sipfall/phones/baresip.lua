-- SPDX-License-Identifier: MIT
--
-- baresip (Debian's package baresip-core, unmodified), driven by its ctrl_tcp module: JSON in netstrings. An
-- example of an adapter for somebody else's phone.

local fields = require "sipfall.fields"

local baresip = {}

local Driver = {}
Driver.__index = Driver

local control_port = 4444

-- How long (s, lab time) it may take to start, and to answer a command.
local start_time, answer_time = 10, 5

-- What can be said to baresip by the vendor's names, or is so whatever is said; anything else would be a setting
-- that does nothing, and the scenario would judge baresip by it.
local settings = {
  ["User ID"] = true, ["Proxy"] = true, ["Register Expires"] = true,
  ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  ["SIP T1"] = 0.5, ["SIP T2"] = 4, ["SIP T4"] = 5, ["SIP Timer B"] = 32, ["SIP Timer F"] = 32,
}

function baresip.unsupported(phone)
  local config = phone.description.config or {}
  for _, name in ipairs(fields.names(config)) do
    local can = settings[name]
    if can == nil then
      return ("%s: baresip has no setting for \"%s\""):format(phone.name, name)
    elseif can ~= true and can ~= config[name] then
      return ("%s: baresip's \"%s\" is always %s, the scenario wants %s"):format(phone.name, name, can, config[name])
    end
  end
  if type(phone.description.address) == "table" and phone.description.address[2] then
    return phone.name .. ": baresip is told one address to listen at"
  end
  if not config["Proxy"] then return phone.name .. ": baresip needs a \"Proxy\"" end
  if config["Proxy"]:find(":SRV=", 1, true) or config["Proxy"]:find(":A=", 1, true) then
    return phone.name .. ": baresip has no static records in its \"Proxy\""
  end
end

function baresip.create(phone)
  return setmetatable({ phone = phone, lab = phone.lab, answers = {}, last_token = 0, received = "",
                        calls = 0, numbers = {}, answered = {} }, Driver)
end

-- ---- its configuration files ----

function Driver:control_endpoint()
  local address = self.phone.address
  return (address:find(":", 1, true) and "[%s]:%d" or "%s:%d"):format(address, control_port)
end

function Driver:write_configuration()
  local phone, core = self.phone, self.lab.core
  local config = phone.description.config
  local lines = {
    "sip_listen " .. phone.endpoint,
    "net_interface " .. phone.address,
    "module_path /usr/lib/baresip/modules",
    "module_app account.so", "module_app menu.so", "module_app ctrl_tcp.so",
    "module g711.so",
    "ctrl_tcp_listen " .. self:control_endpoint(),
  }
  for _, endpoint in ipairs(self.lab.resolvers) do table.insert(lines, "dns_server " .. endpoint) end
  core.write_file("config", table.concat(lines, "\n") .. "\n")
  core.write_file("accounts", ("<sip:%s@%s;transport=udp>;regint=%d;auth_pass=none\n"):format(
    config["User ID"] or phone.name, config["Proxy"], config["Register Expires"] or 3600))
  core.write_file("contacts", "")
  return (core.write_file("uuid", ""):match("^(.*)/"))
end

-- ---- control ----

function Driver:command(name, parameters)
  self.last_token = self.last_token + 1
  local token = tostring(self.last_token)
  local text = self.lab.core.json { command = name, params = parameters, token = token }
  self.connection:write(("%d:%s,"):format(#text, text))
  local answer = self.lab:wait(function() return self.answers[token] end,
    self.lab:now_ns() + answer_time * 1000000000)
  if not answer then self.lab:fail(("%s did not answer the command \"%s\""):format(self.phone.name, name)) end
  if not answer.ok then
    self.lab:fail(("%s: %s: %s"):format(self.phone.name, name, answer.data or "refused without a reason"))
  end
  return answer
end

-- Netstrings: LENGTH:BYTES,
function Driver:receive(bytes)
  self.received = self.received .. bytes
  while true do
    local length, start = self.received:match("^(%d+):()")
    if not length or #self.received < start + length then return end
    local message = self.lab.core.parse_json(self.received:sub(start, start + length - 1))
    self.received = self.received:sub(start + length + 1)
    if type(message) == "table" and message.response then
      self.answers[message.token or ""] = message
      self.lab:wake()
    elseif type(message) == "table" then
      self:tell(message)
    end
  end
end

-- baresip doesn't say which server registered it; the wire does.
function Driver:registrar()
  for sequence = self.lab.core.event_count() - 1, 0, -1 do
    local event = self.lab.core.event(sequence)
    if event.kind == "sip" and event.to == self.phone.name and event.cseq_method == "REGISTER" and event.status
      and event.status // 100 == 2 then
      return event.from
    end
  end
end

function Driver:call_number(id)
  if not self.numbers[id] then
    if not self.dialled then self.calls = self.calls + 1 end
    self.numbers[id] = self.dialled or self.calls
    self.dialled = nil
  end
  return self.numbers[id]
end

local call_states = { CALL_RINGING = "ringing", CALL_PROGRESS = "ringing", CALL_ESTABLISHED = "answered",
                      CALL_CLOSED = "ended" }

function Driver:tell(event)
  local kind = event.type
  if kind == "REGISTERING" then
    self.phone:event("registering", {})
  elseif kind == "REGISTER_OK" then
    self.registered = true
    self.phone:event("registered", { server = self:registrar() })
  elseif kind == "REGISTER_FAIL" then
    self.phone:event("registration_failed", { reason = event.param })
  elseif kind == "CALL_INCOMING" then
    self.phone:event("incoming", { call = self:call_number(event.id), from = event.peeruri })
  elseif call_states[kind] then
    local call, state = self:call_number(event.id), call_states[kind]
    if state == "answered" then self.answered[call] = true end
    if state == "ended" and not self.answered[call] then state = "failed" end
    self.phone:event("call_state", { call = call, state = state, reason = event.param ~= "" and event.param or nil })
  end
end

-- ---- the driver ----

function Driver:exited(status, signal)
  self.gone = true
  self.lab.core.emit("process", { from = self.phone.name, what = "exited",
                                  status = signal == 0 and status or nil, signal = signal ~= 0 and signal or nil })
  if not self.stopping then self.phone:died("baresip", status, signal, self.process:log()) end
end

-- baresip doesn't say when it listens: the connection is tried until it does.
function Driver:connect()
  local opened, problem
  local function attempt()
    opened, problem = nil, nil
    self.connection = self.lab.core.connect {
      address = self:control_endpoint(),
      on_open = function() opened = true self.lab:wake() end,
      on_close = function(why) problem = why self.lab:wake() end,
      on_data = function(bytes) self:receive(bytes) end,
    }
  end
  local until_ns = self.lab:now_ns() + start_time * 1000000000
  attempt()
  while not opened do
    self.lab:wait(function() return opened or problem end, until_ns)
    if self.lab:now_ns() >= until_ns then
      self.lab:fail(("%s: baresip doesn't listen for its control after %d s\n%s"):format(self.phone.name, start_time,
        self.process:log()))
    end
    if not opened then
      self.connection:close()
      self.lab:sleep(0.01)
      attempt()
    end
  end
end

function Driver:start()
  local core, phone = self.lab.core, self.phone
  local process, problem = core.spawn {
    host = phone.name, argv = { "baresip", "-f", self:write_configuration() },
    on_exit = function(status, signal) self:exited(status, signal) end,
  }
  if not process then
    self.lab:fail(("%s: %s (Debian's package baresip-core has it)"):format(phone.name, problem))
  end
  self.process, self.stopping, self.gone, self.registered = process, false, nil, nil
  core.emit("process", { from = phone.name, what = "started" })
  local mark = self.lab.mark
  self:connect()
  self.lab.mark = mark
  -- It may have registered before it could tell us.
  local registrar = self:registrar()
  if registrar and not self.registered then phone:event("registered", { server = registrar }) end
end

function Driver:dial(uri)
  self.calls = self.calls + 1
  local number = self.calls
  self.dialled = number
  self:command("dial", uri)
  return number
end

function Driver:answer() self:command("accept") end
function Driver:hang_up() self:command("hangup") end

-- baresip unregisters and ends, and doesn't say when the former is done.
function Driver:stop()
  self.stopping = true
  self:command("quit")
  self.lab:wait(function() return self.gone end, self.lab:now_ns() + start_time * 1000000000)
  if not self.gone then self.lab:fail(self.phone.name .. ": baresip did not end with its quit command") end
  self.connection:close()
  self.process = nil
end

function Driver:power_off()
  if not self.process or self.gone then return end
  self.stopping = true
  self.connection:close()
  self.process:kill()
  self.lab:wait(function() return self.gone end, self.lab:now_ns() + answer_time * 1000000000)
end

return baresip
