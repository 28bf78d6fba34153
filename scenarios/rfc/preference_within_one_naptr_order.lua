-- RFC3403 4.1: NAPTR records go by order, and within one order by preference; after a match in one order those of
-- higher orders must not be used. CISCO-SRV-3: Cisco's phones go on to the other orders when servers fail.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "NAPTR goes by order, then preference; by the RFC no other order is used, by Cisco's guide all are",
  covers = { "RFC3403", "CISCO-SRV-3" },
  tags   = { "rfc", "dns", "failover" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 86400
    @             IN NAPTR 20 1 "s" "SIP+D2U" "" _sip._udp.s3
    @             IN NAPTR 10 9 "s" "SIP+D2U" "" _sip._udp.s2
    @             IN NAPTR 10 5 "s" "SIP+D2U" "" _sip._udp.s1
    _sip._udp.s1  IN SRV 30 10 5060 p1
    _sip._udp.s2  IN SRV 20 10 5060 p2
    _sip._udp.s3  IN SRV 10 10 5060 p3
    p1            IN A {p1}
    p2            IN A {p2}
    p3            IN A {p3}
  ]] },
  proxies = { p1 = {}, p2 = {}, p3 = {} },
  phones  = {
    alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com", ["SIP Transport"] = "AUTO" } },
    bob   = { profile = "cisco-mpp", config = {
      ["Proxy"] = "example.com", ["SIP Transport"] = "AUTO", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    } },
  },

  run = function(lab)
    local alice, bob, p1, p2, p3 = lab.phones.alice, lab.phones.bob, lab.proxies.p1, lab.proxies.p2, lab.proxies.p3
    p1:down { how = "drop" }
    p2:down { how = "drop" }
    p3:never(nil, { from = "alice" }):before(600)
    alice:start()
    local first = p1:expect("REGISTER", { from = "alice" }):within(1)
    p2:expect("REGISTER", { from = "alice" }):at(32, { after = first }) -- Timer F, 64*T1
    alice:expect("registration_failed", { server = "p2" }):at(64, { after = first })
    bob:start()
    first = p1:expect("REGISTER", { from = "bob", retransmission = false }):within(1)
    p2:expect("REGISTER", { from = "bob" }):at(16, { after = first }) -- Timer F of Cisco's phones
    p3:expect("REGISTER", { from = "bob" }):at(32, { after = first })
    bob:expect("registered", { server = "p3" }):within(1)
  end,
}
