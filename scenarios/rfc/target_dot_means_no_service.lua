-- RFC2782: the target "." says that the service isn't offered at this domain: no address is asked for, neither of "."
-- nor of the domain itself, and nothing is sent.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "an SRV record with the target \".\" ends the search: the service is not offered",
  covers = { "RFC2782" },
  tags   = { "rfc", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 300
    _sip._udp IN SRV 0 0 0 .
    @         IN A {p1}
  ]] },
  proxies = { p1 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com" } } },

  run = function(lab)
    local alice, p1 = lab.phones.alice, lab.proxies.p1
    lab.dns:never("A"):before(600)
    p1:never():before(600)
    alice:start()
    lab.dns:expect("SRV", { qname = "_sip._udp.example.com." }):within(1)
    alice:never("registered"):before(600)
  end,
}
