-- CISCO-SRV-12 (7800 guide, DNS Query Mode): Sequential asks one DNS server after the other. How long it waits for the
-- first one the guide doesn't say: that is logged and not judged.
local sipfall = require "sipfall"

local zone = [[
  $ORIGIN example.com.
  _sip._udp 300 IN SRV 10 10 5060 p1
  p1        300 IN A {p1}
]]

return sipfall.scenario {
  title  = "with DNS Query Mode Sequential the second DNS server is asked when the first is silent",
  covers = { "CISCO-SRV-12" },
  tags   = { "cisco", "dns" },
  needs  = { "virtual time" },
  dns_servers = { ns1 = { zone = zone }, ns2 = { zone = zone } },
  proxies = { p1 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["DNS Query Mode"] = "Sequential",
  } } },

  run = function(lab)
    local alice, ns1, ns2 = lab.phones.alice, lab.dns_servers.ns1, lab.dns_servers.ns2
    ns1:down { how = "drop" }
    alice:start()
    local first = ns1:expect("SRV", { qname = "_sip._udp.example.com." }):within(1)
    -- At the same instant it would be Parallel.
    local second = ns2:expect("SRV", { qname = "_sip._udp.example.com." }):between(0.001, 60, { after = first })
    local register = lab.proxies.p1:expect("REGISTER"):within(60)
    alice:expect("registered", { server = "p1" }):within(1)
    lab:log(("the second DNS server was asked after %.3f s, the REGISTER came after %.3f s")
      :format(second.t - first.t, register.t - first.t))
  end,
}
