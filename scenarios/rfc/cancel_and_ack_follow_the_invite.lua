-- RFC3263-4.3-c (RFC 3261 9.1, 17.1.1.3): CANCEL, and the ACK of an answer that isn't 2xx, belong to the INVITE and go
-- to the server that has it, though the first server of the list is alive again and every new request would go there.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "CANCEL and ACK go to the server that has the INVITE, not to the first of the list",
  covers = { "RFC3263-4.3-c" },
  tags   = { "rfc", "failover", "call" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A {p1}
    p2        300 IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = { far_end = { ring = 60 } } },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com" } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    alice:expect("registered", { server = "p1" }):within(1)

    local outage = p1:down { how = "drop" }
    local call = alice:dial("sip:bob@example.com")
    p1:expect("INVITE"):within(1)
    local invite = p2:expect("INVITE"):at(32) -- Timer B, 64*T1
    p2:expect(180):within(1)
    outage:remove()
    lab:sleep(10)
    p1:never():before(60)
    call:hang_up()
    p2:expect("CANCEL", { branch = invite.branch }):within(1)
    p2:expect(487, { cseq_method = "INVITE" }):within(1)
    p2:expect("ACK", { branch = invite.branch }):within(1)
    lab:sleep(60)

    -- And the same with an answer that ends the call by itself.
    p1:down { how = "drop", first = 10 }
    p2:answer { method = "INVITE", status = 486 }
    alice:dial("sip:bob@example.com")
    p1:expect("INVITE"):within(1)
    invite = p2:expect("INVITE"):at(32)
    p1:never("ACK"):before(60)
    p2:expect("ACK", { branch = invite.branch }):within(1)
  end,
}
