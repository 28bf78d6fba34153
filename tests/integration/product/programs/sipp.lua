-- SPDX-License-Identifier: MIT
--
-- SIPp (Debian's sip-tester) calls through a fake proxy that is silent at first: its own retransmissions come at the
-- instants of RFC 3261's Timer A (17.1.1.2), its scheduler's milliseconds included, and the call succeeds when the
-- proxy is back. Then it gives up after as many retransmissions as it is told. Its built-in scenario puts its process id
-- into Call-ID, branch and tag, so they too must be the same every time.
local sipfall = require "sipfall"

local client = { "sipp", "{p1}", "-sn", "uac", "-i", "{client}", "-m", "1", "-d", "1000", "-nostdin", "-s", "bob" }

return sipfall.scenario {
  title = "SIPp retransmits by Timer A until the proxy is back, and gives up after its last retransmission",
  needs = { "virtual time" },
  proxies = { p1 = {} },
  programs = { client = { command = client } },

  run = function(lab)
    local sipp, p1 = lab.programs.client, lab.proxies.p1
    local outage = p1:down()
    sipp:start()
    local first = p1:expect("INVITE", { retransmission = false, call_id = "1-5000001@198.18.0.1" }):within(1)
    for _, instant in ipairs { 0.5, 1.5, 3.5 } do
      p1:expect("INVITE", { retransmission = true }):between(instant, instant + 0.01, { after = first })
    end
    outage:remove()
    p1:expect("INVITE", { retransmission = true }):between(7.5, 7.51, { after = first })
    p1:expect("ACK"):within(0.1)
    p1:expect("BYE"):within(2)
    sipp:expect("exited", { status = 0 }):within(1)

    p1:down()
    sipp:start("-max_invite_retrans", 2)
    first = p1:expect("INVITE", { retransmission = false }):within(1)
    p1:expect("INVITE"):between(0.5, 0.51, { after = first })
    local last = p1:expect("INVITE"):between(1.5, 1.51, { after = first })
    p1:never("INVITE"):before(60, { after = last })
    sipp:expect("exited", { status = 1 }):between(3.4, 4, { after = first })
  end,
}
