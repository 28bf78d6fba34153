-- RFC2308 section 5: that a name doesn't exist may be believed for the smaller one of the SOA's TTL and its MINIMUM,
-- here 120 s. The phone tries to register every 30 s (Reg Retry Intvl) and must not ask before that time is over.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a name that doesn't exist is asked for again when the SOA's MINIMUM is over",
  covers = { "RFC2308" },
  tags   = { "rfc", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    @    3600 IN SOA ns root 1 7200 3600 86400 120
    ns   3600 IN A 192.0.2.1
  ]] },
  phones = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "sip.example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes", ["Reg Retry Intvl"] = 30,
  } } },

  run = function(lab)
    local alice = lab.phones.alice
    alice:start()
    local first = lab.dns:expect("SRV", { qname = "_sip._udp.sip.example.com." }):within(1)
    lab.dns:expect("A", { qname = "sip.example.com." }):within(1)
    alice:expect("resolution_failed", { reason = "NXDOMAIN" }):within(1)
    lab.dns:never():during(0.001, 119.999, { after = first })
    for _, at in ipairs { 30, 60, 90 } do
      alice:expect("resolution_failed", { reason = "NXDOMAIN" }):at(at, { after = first })
    end
    lab.dns:expect("SRV"):at(120, { after = first })
    lab.dns:expect("A"):at(120, { after = first })
  end,
}
