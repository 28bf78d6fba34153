-- From the field: somebody removes a record by mistake and puts it back, and phones that asked meanwhile stay without
-- service for hours, until they are switched off and on. RFC2308 5: an NXDOMAIN may be believed for the smaller one of
-- the SOA's TTL and its MINIMUM, here 300 s; then it must be asked for again.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a name that was missing is found when its negative time to live is over",
  covers = { "RFC2308" },
  tags   = { "dns", "field", "registration" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    @    300  IN SOA ns root 1 7200 3600 86400 86400
    @    3600 IN NS  ns
    ns   3600 IN A   {dns}
  ]] },
  proxies = { p1 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "sip.example.com" } } },

  run = function(lab)
    local alice, p1 = lab.phones.alice, lab.proxies.p1
    alice:start()
    local first = lab.dns:expect("SRV", { qname = "_sip._udp.sip.example.com." }):within(1)
    lab:sleep(100)
    lab.dns:add [[
      _sip._udp.sip 300 IN SRV 10 10 5060 p1.sip
      p1.sip        300 IN A {p1}
    ]]
    -- It may ask sooner, and must be there soon after: within 30 s, the usual time between tries.
    p1:expect("REGISTER"):within(330, { after = first })
    alice:expect("registered", { server = "p1" }):within(1)
  end,
}
