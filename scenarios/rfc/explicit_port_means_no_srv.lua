-- RFC3263-4.1, RFC3263-4.2: with a port in the name only the addresses of the host are asked for, and that port is
-- used. The SRV records that the domain has count for nothing.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a proxy with a port is asked for addresses only",
  covers = { "RFC3263-4.1", "RFC3263-4.2" },
  tags   = { "rfc", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 300
    @          IN NAPTR 10 50 "s" "SIP+D2U" "" _sip._udp
    _sip._udp  IN SRV 10 10 5060 p2
    @          IN A {p1}
    p2         IN A {p2}
  ]] },
  proxies = { p1 = { port = 5070 }, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com:5070" } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    lab.dns:never("NAPTR"):before(60)
    lab.dns:never("SRV"):before(60)
    p2:never():before(60)
    alice:start()
    lab.dns:expect("A", { qname = "example.com." }):within(1)
    p1:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
  end,
}
