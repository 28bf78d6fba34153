-- SPDX-License-Identifier: MIT
--
-- What scenarios require: `local sipfall = require "sipfall"`. A scenario file returns sipfall.scenario{…}.

local fields = require "sipfall.fields"

local sipfall = {
  -- Whether this run is in real time: then a scenario may ask for shorter timers.
  real_time = false,
}

local far_end = {
  status  = { "number", low = 100, high = 699, help = "final answer to INVITE, 200 unless given" },
  ring    = { "number", low = 0, high = 1000000, help = "seconds from 180 to the final answer" },
  hang_up = { "number", low = 0, high = 1000000, help = "seconds from ACK to BYE" },
}

local address = { "string", help = "its address, IPv4 or IPv6; in real time the lab gives one" }
local addresses = { "string", or_list = true,
                    help = "its address, or a list of several; in real time the lab gives one" }

local proxy = {
  address     = address,
  port        = { "number", low = 1, high = 65535, help = "the port it listens at, 5060 unless given" },
  far_end     = { "table", fields = far_end, help = "how calls to this proxy's far end are taken" },
  max_expires = { "number", low = 0, high = 4294967295, help = "longest registration that it grants, seconds" },
}

local dns = {
  zone       = { "string", help = "a master file" },
  zones      = { "table", list = "string", not_empty = true, help = "several master files" },
  address    = addresses,
  order      = { "string", help = "of the records of a set: \"zone\" (unless given), \"rotate\", \"shuffle\"" },
  additional = { "boolean", help = "whether answers bring the addresses of what they point to; true unless given" },
  udp_size   = { "number", low = 512, high = 65507, help = "the largest answer over UDP, bytes" },
}

local phone = {
  address = addresses,
  profile = { "string", help = "the vendor's rules: cisco-mpp, rfc3263" },
  variant = { "string", help = "which reading of the vendor's texts" },
  config  = { "table", help = "parameters by the vendor's own names" },
}

local program = {
  address     = addresses,
  command     = { "table", required = true, not_empty = true, list = "string",
                  help = "the program and its words: { \"nsd\", \"-d\" }" },
  environment = { "table", names = "string", help = "variables by name" },
  files       = { "table", list = "string", names = "string",
                  help = "files of its directory: names of files beside the scenario, or texts by name" },
}

local scenario = {
  title    = { "string", required = true, help = "one sentence: what the phone must do" },
  covers   = { "table", list = "string", help = "ids of requirements" },
  needs    = { "table", list = "string", help = "what it can't do without: \"virtual time\"" },
  tags     = { "table", list = "string", help = "words to select scenarios by" },
  dns      = { "table", fields = dns, help = "the DNS server" },
  dns_servers = { "table", each = dns, help = "several DNS servers by name" },
  dns_order   = { "table", list = "string", help = "the order in which phones are told of them" },
  proxies  = { "table", each = proxy, help = "fake proxies by name" },
  phones   = { "table", each = phone, help = "phones by name" },
  programs = { "table", each = program, help = "any other programs by name" },
  run      = { "function", required = true, help = "what happens, and what the phone must do" },
}

local Scenario = {}

--- Describes a scenario. The fields are those of the table above; docs/scenarios.md shows them in use.
function sipfall.scenario(description)
  fields.check(description, scenario, "the scenario")
  for _, need in ipairs(description.needs or {}) do
    if need ~= "virtual time" then
      error({ field = "needs", text = fields.unknown("need", need, { ["virtual time"] = true }) }, 0)
    end
  end
  return setmetatable(description, Scenario)
end

function sipfall.is_scenario(value)
  return getmetatable(value) == Scenario
end

return sipfall
