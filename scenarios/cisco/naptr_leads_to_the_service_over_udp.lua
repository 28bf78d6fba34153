-- CISCO-SRV-3, CISCO-SRV-4 (7800 guide, SIP-Proxy-Redundanz): SIP Transport AUTO asks for NAPTR. Of the guide's own
-- zone a phone that speaks UDP uses the last service, whose servers it tries by SRV priority, at the ports of SRV.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "with SIP Transport AUTO the phone goes by NAPTR to the service of its transport",
  covers = { "CISCO-SRV-1", "CISCO-SRV-3", "CISCO-SRV-4" },
  tags   = { "cisco", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN sipurash.com.
    $TTL 3600
    as1bsoft          IN NAPTR 50  50 "s" "SIPS+D2T" "" _sips._tcp.tlstest
    as1bsoft          IN NAPTR 90  50 "s" "SIP+D2T"  "" _sip._tcp.tcptest
    as1bsoft          IN NAPTR 100 50 "s" "SIP+D2U"  "" _sip._udp.udptest
    _sips._tcp.tlstest IN SRV 1 10 5061 srv1
    _sips._tcp.tlstest IN SRV 2 10 5060 srv2
    _sip._tcp.tcptest  IN SRV 1 10 5061 srv3
    _sip._tcp.tcptest  IN SRV 2 10 5060 srv4
    _sip._udp.udptest  IN SRV 1 10 5061 srv5
    _sip._udp.udptest  IN SRV 2 10 5060 srv6
    srv1 IN A 1.1.1.1
    srv2 IN A 2.2.2.2
    srv3 IN A 3.3.3.3
    srv4 IN A 4.4.4.4
    srv5 IN A {srv5}
    srv6 IN A {srv6}
  ]] },
  proxies = { srv5 = { address = "5.5.5.5", port = 5061 }, srv6 = { address = "6.6.6.6" } },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "as1bsoft.sipurash.com", ["SIP Transport"] = "AUTO", ["Use DNS SRV"] = "Yes",
    ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local alice, srv5, srv6 = lab.phones.alice, lab.proxies.srv5, lab.proxies.srv6
    srv5:down { how = "drop" }
    alice:start()
    lab.dns:expect("NAPTR", { qname = "as1bsoft.sipurash.com." }):within(1)
    lab.dns:expect("SRV", { qname = "_sip._udp.udptest.sipurash.com." }):within(1)
    local first = srv5:expect("REGISTER", { to_address = "5.5.5.5:5061" }):within(1)
    srv6:expect("REGISTER", { to_address = "6.6.6.6:5060" }):at(16, { after = first }) -- Timer F
    alice:expect("registered", { server = "srv6" }):within(1)
  end,
}
