-- RFC3263-4.3-a, RFC3261-17-b: a timeout is a failure only when nothing came, no provisional answer either. After a 100
-- Timer B no longer bounds an INVITE: a server that dies then keeps the call until the caller gives up.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "an INVITE that was answered with 100 doesn't move to the next server when Timer B fires",
  covers = { "RFC3263-4.3-a", "RFC3261-17-b" },
  tags   = { "rfc", "failover", "call" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A {p1}
    p2        300 IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com" } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    alice:expect("registered", { server = "p1" }):within(1)
    p1:answer { method = "INVITE", status = 100 }
    p2:never("INVITE"):before(64)
    local call = alice:dial("sip:bob@example.com")
    local invite = p1:expect("INVITE"):within(1)
    p1:expect(100):within(1)
    p1:never("INVITE"):before(64, { after = invite })
    call:never("failed"):before(64)
    lab:sleep(64)
  end,
}
