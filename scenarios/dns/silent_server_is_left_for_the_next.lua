-- RFC 1035 section 7.2, RFC 1123 section 6.1.3.3: a resolver that has several servers goes on to the next when one
-- doesn't answer, and when its port is closed at once.
local sipfall = require "sipfall"

local zone = [[
  $ORIGIN example.com.
  $TTL 30
  _sip._udp IN SRV 10 10 5060 p1
  p1        IN A {p1}
]]

return sipfall.scenario {
  title = "a DNS server that is silent or refuses is left for the next one",
  tags  = { "dns", "failover" },
  dns_servers = { ns1 = { zone = zone }, ns2 = { zone = zone } },
  dns_order   = { "ns2", "ns1" },
  proxies = { p1 = {} },
  phones  = { alice = { profile = "rfc3263", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes", ["Register Expires"] = 120,
  } } },

  run = function(lab)
    local alice, p1 = lab.phones.alice, lab.proxies.p1
    local ns1, ns2 = lab.dns_servers.ns1, lab.dns_servers.ns2
    local silence = ns2:down { how = "drop" }
    alice:start()
    ns2:expect("SRV"):within(0)
    ns1:expect("SRV"):within(30)
    p1:expect("REGISTER"):within(30)
    silence:remove()

    ns2:down { how = "refuse" }
    local again = ns1:expect("SRV"):within(120)
    p1:expect("REGISTER"):within(1, { after = again })
  end,
}
