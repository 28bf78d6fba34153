-- CISCO-SRV-3 (7832 guide, Technical Details; 7800 guide, SIP-Proxy-Redundanz): the list goes by the order of NAPTR,
-- and within that by the priority of SRV; each server is at the port of its SRV record. The zone is the guide's, with
-- all three services over UDP, and the records turned round.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "six servers of three NAPTR records are tried by NAPTR order, then by SRV priority",
  covers = { "CISCO-SRV-3", "CISCO-SRV-1", "CISCO-FO-5" },
  tags   = { "cisco", "dns", "failover" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN sipurash.com.
    $TTL 86400
    as1bsoft       IN NAPTR 100 50 "s" "SIP+D2U" "" _sip._udp.third
    as1bsoft       IN NAPTR 90  50 "s" "SIP+D2U" "" _sip._udp.second
    as1bsoft       IN NAPTR 50  50 "s" "SIP+D2U" "" _sip._udp.first
    _sip._udp.first  IN SRV 2 10 5060 srv2
    _sip._udp.first  IN SRV 1 10 5061 srv1
    _sip._udp.second IN SRV 2 10 5060 srv4
    _sip._udp.second IN SRV 1 10 5061 srv3
    _sip._udp.third  IN SRV 2 10 5060 srv6
    _sip._udp.third  IN SRV 1 10 5061 srv5
    srv1 IN A 1.1.1.1
    srv2 IN A 2.2.2.2
    srv3 IN A 3.3.3.3
    srv4 IN A 4.4.4.4
    srv5 IN A 5.5.5.5
    srv6 IN A 6.6.6.6
  ]] },
  proxies = {
    srv1 = { address = "1.1.1.1", port = 5061 }, srv2 = { address = "2.2.2.2" },
    srv3 = { address = "3.3.3.3", port = 5061 }, srv4 = { address = "4.4.4.4" },
    srv5 = { address = "5.5.5.5", port = 5061 }, srv6 = { address = "6.6.6.6" },
  },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "as1bsoft.sipurash.com", ["SIP Transport"] = "AUTO", ["Use DNS SRV"] = "Yes",
    ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local alice, proxies = lab.phones.alice, lab.proxies
    for i = 1, 5 do proxies["srv" .. i]:down { how = "drop" } end
    for i = 2, 6 do proxies["srv" .. i]:never():before(16 * (i - 1)) end
    alice:start()
    local first = proxies.srv1:expect("REGISTER", { to_address = "1.1.1.1:5061" }):within(0)
    proxies.srv2:expect("REGISTER", { to_address = "2.2.2.2:5060" }):at(16, { after = first }) -- Timer F
    proxies.srv3:expect("REGISTER", { to_address = "3.3.3.3:5061" }):at(32, { after = first })
    proxies.srv4:expect("REGISTER", { to_address = "4.4.4.4:5060" }):at(48, { after = first })
    proxies.srv5:expect("REGISTER", { to_address = "5.5.5.5:5061" }):at(64, { after = first })
    proxies.srv6:expect("REGISTER", { to_address = "6.6.6.6:5060" }):at(80, { after = first })
    alice:expect("registered", { server = "srv6" }):within(1)
  end,
}
