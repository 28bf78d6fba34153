-- CISCO-FO-1, CISCO-FO-7: an INVITE that is not answered is repeated at 0.5, 1.5, 3.5, 7.5 and 15.5 s, is given up when
-- Timer B fires (16 s on these phones) and goes to the backup at that instant; the phone registers there as well
-- (Auto Register When Failover is Yes by default).
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "an INVITE that nobody answers goes to the backup at Timer B, and a REGISTER with it",
  covers = { "CISCO-FO-1", "CISCO-FO-5", "CISCO-FO-7", "RFC3263-4.3-b" },
  tags   = { "cisco", "failover", "call" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A {p1}
    p2        300 IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = { far_end = { ring = 2 } } },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    alice:expect("registered", { server = "p1" }):within(1)
    lab:sleep(100)
    p1:down { how = "drop" }

    local call = alice:dial("sip:bob@example.com")
    local first = p1:expect("INVITE", { retransmission = false }):within(1)
    for _, instant in ipairs { 0.5, 1.5, 3.5, 7.5, 15.5 } do
      p1:expect("INVITE", { branch = first.branch }):at(instant, { after = first })
    end
    p2:never("INVITE"):before(16, { after = first })
    p2:never("REGISTER"):before(16, { after = first })
    -- The same request, in a new transaction.
    local again = p2:expect("INVITE", { call_id = first.call_id, cseq = first.cseq }):at(16, { after = first })
    assert(again.branch ~= first.branch, "the branch must be a new one for each server (RFC 3263, 4.3)")
    p2:expect("REGISTER"):at(16, { after = first })
    p1:never("INVITE"):before(60, { after = again })
    call:expect("answered"):at(2, { after = again })
    call:hang_up()
    p2:expect("BYE"):within(1)
    call:expect("ended"):within(1)
  end,
}
