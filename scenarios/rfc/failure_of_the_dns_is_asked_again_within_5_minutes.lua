-- RFC2308 7.1, 7.2: that the DNS servers fail, by SERVFAIL or by silence, may be remembered for 5 minutes at most. The
-- phone tries to register every 30 s; once they work it must ask again, and register, within that time.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "failures of the DNS are remembered for 5 minutes at most",
  covers = { "RFC2308" },
  tags   = { "rfc", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    p1        300 IN A {p1}
  ]] },
  proxies = { p1 = {} },
  phones  = {
    alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com" } },
    bob   = { profile = "rfc3263", config = { ["Proxy"] = "example.com" } },
  },

  run = function(lab)
    local alice, bob, p1 = lab.phones.alice, lab.phones.bob, lab.proxies.p1
    local failure = lab.dns:answer { rcode = "SERVFAIL" }
    alice:start()
    lab.dns:expect("SRV", { from = "alice" }):within(1)
    lab:sleep(10)
    failure:remove()
    local asked = lab.dns:expect("SRV", { from = "alice" }):within(300)
    p1:expect("REGISTER", { from = "alice" }):within(1)
    lab:log(("after SERVFAIL: asked again %.3f s after the repair"):format(asked.t - 10))

    local silence = lab.dns:down { how = "drop" }
    bob:start()
    lab.dns:expect("SRV", { from = "bob" }):within(1)
    lab:sleep(60)
    silence:remove()
    lab.dns:expect("SRV", { from = "bob" }):within(300)
    p1:expect("REGISTER", { from = "bob" }):within(1)
  end,
}
