-- SPDX-License-Identifier: MIT
--
-- SIPp (Debian's sip-tester) registers by a scenario of its own, refreshes after its pause while the proxy is down for a
-- moment, and takes the registration back. Its process id is in Call-ID, branch and tag.
local sipfall = require "sipfall"

local client = {
  "sipp", "{p1}", "-sf", "register.xml", "-i", "{client}", "-m", "1", "-nostdin", "-s", "alice",
}

return sipfall.scenario {
  title = "SIPp registers, refreshes past a short outage, and unregisters",
  needs = { "virtual time" },
  proxies = { p1 = {} },
  programs = { client = { command = client, files = { "register.xml" } } },

  run = function(lab)
    local sipp, p1 = lab.programs.client, lab.proxies.p1
    sipp:start()
    local first = p1:expect("REGISTER", { retransmission = false }):within(1)
    p1:expect(200, { cseq_method = "REGISTER" }):within(0.1)
    lab:sleep(200)
    local outage = p1:down()
    local refresh = p1:expect("REGISTER", { call_id = first.call_id }):between(300, 300.1, { after = first })
    outage:remove()
    p1:expect("REGISTER", { retransmission = true }):between(0.5, 0.51, { after = refresh })
    p1:expect(200, { cseq_method = "REGISTER" }):within(0.1)
    p1:expect("REGISTER", { retransmission = false, call_id = first.call_id }):within(0.1)
    sipp:expect("exited", { status = 0 }):within(1)
  end,
}
