-- From the field: the NAPTR answer of a large domain doesn't fit into a UDP message, the server sets TC, and the phone
-- takes the answer for empty and goes elsewhere or nowhere. A truncated answer is to be asked for again over TCP
-- (RFC 7766 5; RFC 2181 9). RFC3263-4.1: what NAPTR names is used, not the SRV records of the bare domain.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a NAPTR answer that is truncated over UDP is asked for again over TCP",
  covers = { "RFC3263-4.1", "CISCO-SRV-3" },
  tags   = { "dns", "field" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 300
    @              IN NAPTR 10 50 "s" "SIP+D2U" "" _sip._udp.east
    _sip._udp.east IN SRV 10 10 5060 p1
    _sip._udp      IN SRV 10 10 5060 p2
    p1             IN A {p1}
    p2             IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["SIP Transport"] = "AUTO", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    lab.dns:corrupt { qtype = "NAPTR", transport = "UDP", direction = "out", manner = "truncate" }
    p2:never():before(600)
    alice:start()
    lab.dns:expect("NAPTR", { qname = "example.com.", transport = "UDP" }):within(1)
    lab.dns:expect("NAPTR", { qname = "example.com.", transport = "TCP" }):within(1)
    p1:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
  end,
}
