-- RFC7984 3: a phone with both families asks for A and AAAA records of each target and tries the addresses in the order
-- of RFC 6724. To a phone with a global IPv6 address an IPv6 server comes before an IPv4 one (2.1, the precedences 40
-- and 35); a 6to4 server comes after it, because its label isn't that of the phone's address (6, rule 5); and an
-- address of a family that the phone doesn't have is avoided (6, rule 1).
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "the addresses of a target are tried in the order of RFC 6724",
  covers = { "RFC7984" },
  tags   = { "rfc", "dns", "failover" },
  needs  = { "virtual time" },
  dns    = { additional = false, zone = [[
    $ORIGIN example.com.
    $TTL 86400
    _sip._udp IN SRV 10 10 5060 p1
    _sip._udp IN SRV 20 10 5060 p2
    p1        IN A    {v4}
    p1        IN AAAA {tunnel}
    p1        IN AAAA {v6}
    p2        IN A    {last}
  ]] },
  proxies = {
    v4 = { address = "1.1.1.1" }, v6 = { address = "2001:db8:1::1" }, tunnel = { address = "2002:101:101::1" },
    last = { address = "2.2.2.2" },
  },
  phones  = {
    alice = { address = { "10.0.0.5", "2001:db8::5" }, profile = "rfc3263", config = { ["Proxy"] = "example.com" } },
    bob   = { address = "10.0.0.6", profile = "rfc3263", config = { ["Proxy"] = "example.com" } },
  },

  run = function(lab)
    local alice, bob = lab.phones.alice, lab.phones.bob
    local v4, v6, tunnel, last = lab.proxies.v4, lab.proxies.v6, lab.proxies.tunnel, lab.proxies.last
    v4:down { how = "drop" }
    v6:down { how = "drop" }
    tunnel:down { how = "drop" }
    alice:start()
    lab.dns:expect("AAAA", { from = "alice", qname = "p1.example.com." }):within(1)
    lab.dns:expect("A", { from = "alice", qname = "p1.example.com." }):within(1)
    local first = v6:expect("REGISTER", { from = "alice" }):within(1)
    v4:expect("REGISTER", { from = "alice" }):at(32, { after = first }) -- Timer F, 64*T1
    tunnel:expect("REGISTER", { from = "alice" }):at(64, { after = first })
    last:expect("REGISTER", { from = "alice" }):at(96, { after = first })
    alice:expect("registered", { server = "last" }):within(1)

    v6:never(nil, { from = "bob" }):before(600)
    tunnel:never(nil, { from = "bob" }):before(600)
    bob:start()
    first = v4:expect("REGISTER", { from = "bob" }):within(1)
    last:expect("REGISTER", { from = "bob" }):at(32, { after = first })
    bob:expect("registered", { server = "last" }):within(1)
  end,
}
