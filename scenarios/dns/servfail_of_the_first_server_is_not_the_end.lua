-- From the field: a phone takes SERVFAIL of its first DNS server for the last word and never asks the second, which
-- would have answered. SERVFAIL says that this server couldn't process the query, not that there is nothing (RFC 1035
-- 4.1.1; RFC 2308 7.1), so the next server is asked.
local sipfall = require "sipfall"

local zone = [[
  $ORIGIN example.com.
  _sip._udp 300 IN SRV 10 10 5060 p1
  p1        300 IN A {p1}
]]

return sipfall.scenario {
  title  = "when the first DNS server answers SERVFAIL the second is asked, and the phone registers",
  covers = { "RFC2308" },
  tags   = { "dns", "field" },
  dns_servers = { ns1 = { zone = zone }, ns2 = { zone = zone } },
  proxies = { p1 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com" } } },

  run = function(lab)
    local alice, ns1, ns2 = lab.phones.alice, lab.dns_servers.ns1, lab.dns_servers.ns2
    ns1:answer { rcode = "SERVFAIL" }
    alice:start()
    ns1:expect("SRV", { qname = "_sip._udp.example.com." }):within(1)
    ns2:expect("SRV", { qname = "_sip._udp.example.com." }):within(5)
    lab.proxies.p1:expect("REGISTER"):within(10)
    alice:expect("registered", { server = "p1" }):within(1)
  end,
}
