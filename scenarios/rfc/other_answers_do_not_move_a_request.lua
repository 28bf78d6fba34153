-- RFC3263-4.3-a: a server that answers hasn't failed, unless it answers 503. 500, 404 and 486 end a call; the next
-- server doesn't hear of it. The registration isn't concerned: it has the server that it had.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "500, 404 and 486 end a call and move it nowhere",
  covers = { "RFC3263-4.3-a" },
  tags   = { "rfc", "failover", "call" },
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
    p2:never():before(20)
    alice:start()
    alice:expect("registered", { server = "p1" }):within(1)
    for _, status in ipairs { 500, 404, 486 } do
      local refusal = p1:answer { method = "INVITE", status = status }
      local call = alice:dial("sip:bob@example.com")
      p1:expect("INVITE"):within(1)
      p1:expect("ACK"):within(1)
      call:expect("failed"):within(1)
      refusal:remove()
    end
  end,
}
