-- CISCO-SRV-4 (MPP common guide, SIP Transport): only AUTO lets NAPTR choose the transport. With a fixed transport, UDP
-- here, a domain that offers TCP and TLS by NAPTR is asked for its servers over UDP, and without those for the host
-- itself; nothing goes over TCP. That a fixed transport excludes the other services is inferred from the text.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "with SIP Transport UDP the services of TCP and TLS are left alone",
  covers = { "CISCO-SRV-4" },
  tags   = { "cisco", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 86400
    @           IN NAPTR 10 50 "s" "SIPS+D2T" "" _sips._tcp
    @           IN NAPTR 20 50 "s" "SIP+D2T"  "" _sip._tcp
    _sips._tcp  IN SRV 10 10 5061 other
    _sip._tcp   IN SRV 10 10 5060 other
    @           IN A {host}
    other       IN A {other}
  ]] },
  proxies = { host = {}, other = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["SIP Transport"] = "UDP", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local alice, host, other = lab.phones.alice, lab.proxies.host, lab.proxies.other
    lab.dns:never("SRV", { qname = "_sip._tcp.example.com." }):before(600)
    lab.dns:never("SRV", { qname = "_sips._tcp.example.com." }):before(600)
    other:never():before(600)
    alice:start()
    lab.dns:expect("SRV", { qname = "_sip._udp.example.com." }):within(1)
    host:expect("REGISTER", { transport = "UDP" }):within(1)
    alice:expect("registered", { server = "host" }):within(1)
  end,
}
