-- RFC3263-4.1: when there are no NAPTR records the phone asks for the SRV records of the transports that it has.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "without NAPTR records the SRV records of the phone's own transports are asked for",
  covers = { "RFC3263-4.1" },
  tags   = { "rfc", "dns" },
  needs  = { "virtual time" },
  dns    = { additional = false, zone = [[
    $ORIGIN example.com.
    $TTL 300
    @          IN A {p2}
    _sip._udp  IN SRV 10 10 5060 p1
    p1         IN A {p1}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com", ["SIP Transport"] = "AUTO" } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    p2:never():before(60)
    alice:start()
    lab.dns:expect("NAPTR", { qname = "example.com." }):within(1)
    lab.dns:expect("SRV", { qname = "_sip._udp.example.com." }):within(1)
    lab.dns:expect("A", { qname = "p1.example.com." }):within(1)
    p1:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
  end,
}
