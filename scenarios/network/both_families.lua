-- A host has addresses of both families: the phone goes to each server in the family of that server, and asks DNS in
-- either. RFC3263-4.3-a: 503 moves it to the next server, which has IPv4 only here.
local sipfall = require "sipfall"
return sipfall.scenario {
  title  = "a phone with both families registers with a proxy of each",
  covers = { "RFC3263-4.3-a" },
  tags   = { "network", "failover" },
  dns    = { address = { "8.8.8.8", "2001:db8::53" }, zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN AAAA {p1}
    p2        300 IN A    {p2}
  ]] },
  proxies = { p1 = { address = "2001:db8::1" }, p2 = {} },
  phones  = { alice = { address = { "10.0.0.5", "2001:db8::5" }, profile = "rfc3263", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    p1:answer { status = 503, first = 1 }
    alice:start()
    p1:expect("REGISTER", { from_address = "[2001:db8::5]:5060" }):within(1)
    p2:expect("REGISTER", { from_address = "10.0.0.5:5060" }):within(1)
    alice:expect("registered", { server = "p2" }):within(1)
  end,
}
