-- RFC3263-4.1, RFC3263-4.2: for a name without port and transport the phone asks for NAPTR, then for the SRV records of
-- the service that it chose, then for the address of the target. SIP Transport AUTO is the name without a transport.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a name without port and transport is asked for NAPTR, then SRV, then addresses",
  covers = { "RFC3263-4.1", "RFC3263-4.2" },
  tags   = { "rfc", "dns" },
  needs  = { "virtual time" },
  dns    = { additional = false, zone = [[
    $ORIGIN example.com.
    $TTL 300
    @               IN NAPTR 10 50 "s" "SIP+D2U" "" _sip._udp.east
    _sip._udp.east  IN SRV 10 10 5070 p1
    _sip._udp       IN SRV 10 10 5060 p2
    p1              IN A {p1}
    p2              IN A {p2}
    @               IN A {p2}
  ]] },
  proxies = { p1 = { port = 5070 }, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com", ["SIP Transport"] = "AUTO" } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    p2:never():before(60)
    alice:start()
    p1:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
    local asked = {}
    for i, query in ipairs(lab.dns:queries()) do asked[i] = query.qtype .. " " .. query.qname end
    asked = table.concat(asked, ", ")
    assert(asked == "NAPTR example.com., SRV _sip._udp.east.example.com., A p1.example.com.", "asked for: " .. asked)
  end,
}
