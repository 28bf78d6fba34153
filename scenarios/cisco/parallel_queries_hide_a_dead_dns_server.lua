-- CISCO-SRV-12 (7800 guide, DNS Query Mode): Parallel asks all DNS servers at once, so that a dead one isn't noticed.
local sipfall = require "sipfall"

local zone = [[
  $ORIGIN example.com.
  _sip._udp 300 IN SRV 10 10 5060 p1
  p1        300 IN A {p1}
]]

return sipfall.scenario {
  title  = "with DNS Query Mode Parallel a dead first DNS server delays nothing",
  covers = { "CISCO-SRV-12" },
  tags   = { "cisco", "dns" },
  needs  = { "virtual time" },
  dns_servers = { ns1 = { zone = zone }, ns2 = { zone = zone } },
  proxies = { p1 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["DNS Query Mode"] = "Parallel",
  } } },

  run = function(lab)
    local alice, ns1, ns2 = lab.phones.alice, lab.dns_servers.ns1, lab.dns_servers.ns2
    ns1:down { how = "drop" }
    alice:start()
    local first = ns1:expect("SRV", { qname = "_sip._udp.example.com." }):within(1)
    ns2:expect("SRV", { qname = "_sip._udp.example.com." }):at(0, { after = first })
    lab.proxies.p1:expect("REGISTER"):within(2)
    alice:expect("registered", { server = "p1" }):within(1)
  end,
}
