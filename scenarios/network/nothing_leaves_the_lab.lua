-- The network of a lab has its own hosts and no others: what a phone sends elsewhere fails as it does on a host without
-- a route, and stands on the timeline. RFC3263-4.3-a: a transport error moves the phone to the next server at once.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "what a phone sends outside the lab fails, is seen, and moves the phone on",
  covers = { "RFC3263-4.3-a" },
  needs  = { "virtual time" }, -- elsewhere 9.9.9.9 is somebody
  tags   = { "network", "failover" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 elsewhere
    _sip._udp 300 IN SRV 20 10 5060 p1
    elsewhere 300 IN A 9.9.9.9
    p1        300 IN A {p1}
  ]] },
  proxies = { p1 = {} },
  phones  = { alice = { profile = "rfc3263", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local alice, p1 = lab.phones.alice, lab.proxies.p1
    alice:start()
    alice:expect("outside", { to_address = "9.9.9.9:5060", transport = "UDP" }):within(0)
    p1:expect("REGISTER"):within(0)
    alice:expect("registered", { server = "p1" }):within(0)
  end,
}
