-- RFC3263-4.1, RFC3263-4.2: a numeric host is the address itself, at 5060 unless a port is given: no query of any kind.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a numeric proxy address is used without any DNS query",
  covers = { "RFC3263-4.1", "RFC3263-4.2" },
  tags   = { "rfc", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    p1  300 IN A {p1}
  ]] },
  proxies = { p1 = { address = "1.1.1.1" }, p2 = { address = "2.2.2.2", port = 5070 } },
  phones  = {
    alice = { profile = "rfc3263", config = { ["Proxy"] = "1.1.1.1" } },
    bob   = { profile = "rfc3263", config = { ["Proxy"] = "2.2.2.2:5070" } },
  },

  run = function(lab)
    local alice, bob, p1, p2 = lab.phones.alice, lab.phones.bob, lab.proxies.p1, lab.proxies.p2
    lab.dns:never():before(60)
    alice:start()
    p1:expect("REGISTER", { to_address = "1.1.1.1:5060" }):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
    bob:start()
    p2:expect("REGISTER", { to_address = "2.2.2.2:5070" }):within(1)
    bob:expect("registered", { server = "p2" }):within(1)
  end,
}
