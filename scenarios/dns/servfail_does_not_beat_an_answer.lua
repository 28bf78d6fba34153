-- From the field: a phone that asks all its DNS servers at once takes what comes first, and the broken server, which
-- has nothing to look up, is always the first. CISCO-SRV-12 (7800 guide, DNS Query Mode): Parallel. RFC 2308 7.1:
-- SERVFAIL is a failure of that server and says nothing of the name; the answer of the other one, a second later, is to
-- be waited for.
local sipfall = require "sipfall"

local zone = [[
  $ORIGIN example.com.
  _sip._udp 300 IN SRV 10 10 5060 p1
  p1        300 IN A {p1}
]]

return sipfall.scenario {
  title  = "a DNS server that answers SERVFAIL at once doesn't keep the phone from the answer of the other",
  covers = { "CISCO-SRV-12", "RFC2308" },
  tags   = { "dns", "field" },
  needs  = { "virtual time" },
  dns_servers = { ns1 = { zone = zone }, ns2 = { zone = zone } },
  proxies = { p1 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["DNS Query Mode"] = "Parallel",
  } } },

  run = function(lab)
    local alice, ns1, ns2 = lab.phones.alice, lab.dns_servers.ns1, lab.dns_servers.ns2
    ns1:answer { rcode = "SERVFAIL" }
    ns2:delay { by = 1, direction = "out" }
    alice:never("resolution_failed"):before(10)
    alice:start()
    local asked = ns1:expect("SRV"):within(1)
    ns2:expect("SRV"):at(0, { after = asked })
    -- Two names: the SRV records and the target's address.
    lab.proxies.p1:expect("REGISTER"):at(2, { after = asked })
    alice:expect("registered", { server = "p1" }):within(1)
  end,
}
