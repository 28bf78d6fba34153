-- A program and a phone that are cut off from the network: what they send and what is sent to them is lost, until the
-- outage ends; the lab's own wires to the phone are none of that network.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "a program and a phone that are cut off for a while",
  needs = { "virtual time" },
  dns   = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    p1        300 IN A {p1}
  ]] },
  proxies  = { p1 = {} },
  programs = {
    web  = { command = { "/usr/bin/python3", "-m", "http.server", "--bind", "{web}", "80" } },
    curl = { command = { "/usr/bin/curl", "--silent", "--show-error", "--max-time", "10", "http://{web}/" } },
  },
  phones = { alice = { profile = "rfc3263", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes", ["Register Expires"] = 60,
  } } },

  run = function(lab)
    local alice, p1, web, curl = lab.phones.alice, lab.proxies.p1, lab.programs.web, lab.programs.curl
    web:start()
    lab:sleep(1)
    local cut = web:down()
    curl:start()
    curl:expect("exited", { status = 28 }):at(10)
    cut:remove()

    alice:start()
    p1:expect("REGISTER"):within(1)
    local outage = alice:down()
    p1:never("REGISTER"):before(200)
    lab:sleep(200)
    outage:remove()
    p1:expect("REGISTER"):within(100)
  end,
}
