-- RFC3263-4.1: NAPTR records of services that the phone doesn't have are dropped, however good their order: SCTP, TCP
-- and TLS for a phone that has UDP, and what isn't SIP at all. Services are compared without regard to case (RFC 3403
-- 4.1).
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "NAPTR records of services that the phone doesn't have are passed over",
  covers = { "RFC3263-4.1", "RFC3403" },
  tags   = { "rfc", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 300
    @              IN NAPTR 10 50 "s" "SIP+D2S" "" _sip._sctp
    @              IN NAPTR 20 50 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .
    @              IN NAPTR 30 50 "s" "sip+d2u" "" _sip._udp.east
    _sip._sctp     IN SRV 10 10 5060 p2
    _sip._udp.east IN SRV 10 10 5060 p1
    _sip._udp      IN SRV 10 10 5060 p2
    p1             IN A {p1}
    p2             IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com", ["SIP Transport"] = "AUTO" } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    lab.dns:never("SRV", { qname = "_sip._sctp.example.com." }):before(60)
    p2:never():before(60)
    alice:start()
    lab.dns:expect("SRV", { qname = "_sip._udp.east.example.com." }):within(1)
    p1:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
  end,
}
