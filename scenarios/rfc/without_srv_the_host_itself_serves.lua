-- RFC3263-4.2: without SRV records the addresses of the host are asked for, and the default port is used: 5060 for UDP.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "without SRV records the host itself is the server, at port 5060",
  covers = { "RFC3263-4.2" },
  tags   = { "rfc", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    sip  300 IN A 1.1.1.1
  ]] },
  proxies = { p1 = { address = "1.1.1.1" } },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "sip.example.com" } } },

  run = function(lab)
    local alice, p1 = lab.phones.alice, lab.proxies.p1
    alice:start()
    lab.dns:expect("SRV", { qname = "_sip._udp.sip.example.com." }):within(1)
    lab.dns:expect("A", { qname = "sip.example.com." }):within(1)
    p1:expect("REGISTER", { to_address = "1.1.1.1:5060" }):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
  end,
}
