-- CISCO-SRV-7 (MPP common guide, Proxy Redundancy Method; SPA9x2 guide): Normal goes by priority and weight; Based on
-- SRV Port compares the ports as well, with that of the first server. That servers with another port are left out is
-- inferred from the text.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "Based on SRV Port leaves out the servers whose port isn't that of the first, Normal doesn't",
  covers = { "CISCO-SRV-7" },
  tags   = { "cisco", "dns", "failover" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 86400
    _sip._udp IN SRV 10 10 5060 p1
    _sip._udp IN SRV 20 10 5070 p2
    _sip._udp IN SRV 30 10 5060 p3
    p1        IN A {p1}
    p2        IN A {p2}
    p3        IN A {p3}
  ]] },
  proxies = { p1 = {}, p2 = { port = 5070 }, p3 = {} },
  phones  = {
    alice = { profile = "cisco-mpp", config = {
      ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
      ["Proxy Redundancy Method"] = "Normal",
    } },
    bob = { profile = "cisco-mpp", config = {
      ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
      ["Proxy Redundancy Method"] = "Based on SRV Port",
    } },
  },

  run = function(lab)
    local alice, bob, p1, p2, p3 = lab.phones.alice, lab.phones.bob, lab.proxies.p1, lab.proxies.p2, lab.proxies.p3
    p1:down { how = "drop" }
    p2:never(nil, { from = "bob" }):before(3600)
    alice:start()
    local first = p1:expect("REGISTER", { from = "alice" }):within(1)
    p2:expect("REGISTER", { from = "alice" }):at(16, { after = first }) -- Timer F
    alice:expect("registered", { server = "p2" }):within(1)
    bob:start()
    first = p1:expect("REGISTER", { from = "bob" }):within(1)
    p3:expect("REGISTER", { from = "bob" }):at(16, { after = first })
    bob:expect("registered", { server = "p3" }):within(1)
  end,
}
