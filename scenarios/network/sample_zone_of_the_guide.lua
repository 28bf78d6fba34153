-- CISCO-SRV-1 (7800 guide, SIP-Proxy-Redundanz): the guide's own zone, with its own addresses where it gives some and
-- the like for the rest, over the last of its three services, UDP. DNS is at port 53.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "the sample zone of the Cisco guide, with its own addresses",
  covers = { "CISCO-SRV-1" },
  tags   = { "cisco", "network" },
  dns    = { address = "8.8.8.8", zone = [[
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
    srv5 IN A 5.5.5.5
    srv6 IN A 6.6.6.6
  ]] },
  proxies = { srv5 = { address = "5.5.5.5", port = 5061 }, srv6 = { address = "6.6.6.6" } },
  phones  = { alice = { address = "10.0.0.5", profile = "cisco-mpp", config = {
    ["Proxy"] = "udptest.sipurash.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local alice, srv5 = lab.phones.alice, lab.proxies.srv5
    alice:start()
    lab.dns:expect("SRV", { qname = "_sip._udp.udptest.sipurash.com." }):within(1)
    srv5:expect("REGISTER", { from_address = "10.0.0.5:5060", to_address = "5.5.5.5:5061" }):within(1)
    alice:expect("registered", { server = "srv5" }):within(1)
  end,
}
