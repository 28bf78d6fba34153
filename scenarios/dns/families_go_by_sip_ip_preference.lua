-- CISCO-SRV-10 (8800 guide, Control SIP and RTP Behaviour in Dual Mode): within one priority the family of SIP IP
-- Preference comes first, then the other one, then the next priority. Each address is a proxy of its own here.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "with SIP IP Preference IPv6 each priority's IPv6 address is tried before its IPv4 address",
  covers = { "CISCO-SRV-10" },
  tags   = { "cisco", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 86400
    _sip._udp IN SRV 10 10 5060 p1
    _sip._udp IN SRV 20 10 5060 p2
    p1        IN A    {p1v4}
    p1        IN AAAA {p1v6}
    p2        IN A    {p2v4}
    p2        IN AAAA {p2v6}
  ]] },
  proxies = {
    p1v4 = { address = "1.1.1.1" }, p1v6 = { address = "2009:1:1:1::1" },
    p2v4 = { address = "2.2.2.2" }, p2v6 = { address = "2009:2:2:2::2" },
  },
  phones  = { alice = { address = { "10.0.0.5", "2001:db8::5" }, profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["IP Mode"] = "Dual Mode", ["SIP IP Preference"] = "IPv6",
  } } },

  run = function(lab)
    local alice, proxies = lab.phones.alice, lab.proxies
    proxies.p1v6:down { how = "drop" }
    proxies.p1v4:down { how = "drop" }
    proxies.p2v6:down { how = "refuse" }
    alice:start()
    local first = proxies.p1v6:expect("REGISTER", { from_address = "[2001:db8::5]:5060" }):within(1)
    local second = proxies.p1v4:expect("REGISTER", { from_address = "10.0.0.5:5060" }):at(16, { after = first })
    proxies.p2v4:expect("REGISTER", { from_address = "10.0.0.5:5060" }):at(16, { after = second })
    alice:expect("registered", { server = "p2v4" }):within(1)
  end,
}
