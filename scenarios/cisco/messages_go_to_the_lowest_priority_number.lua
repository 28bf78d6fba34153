-- CISCO-SRV-1 (7800 guide, SIP-Proxy-Redundanz): the phone contacts the servers in the order of their priorities; a
-- lower number is a higher priority. As long as that server answers, no other one hears of the phone: neither at two
-- refreshes nor when it calls.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "all messages go to the server of the lowest priority number as long as it answers",
  covers = { "CISCO-SRV-1", "CISCO-REG-9" },
  tags   = { "cisco", "dns", "registration", "call" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 30 10 5060 p3
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A {p1}
    p2        300 IN A {p2}
    p3        300 IN A {p3}
  ]] },
  proxies = { p1 = {}, p2 = {}, p3 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes", ["Register Expires"] = 600,
  } } },

  run = function(lab)
    local alice, p1, p2, p3 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2, lab.proxies.p3
    local refresh = (600 - 16) * 0.78
    p2:never():before(1200)
    p3:never():before(1200)
    alice:start()
    local registered = p1:expect("REGISTER"):within(1)
    registered = p1:expect("REGISTER"):at(refresh, { after = registered })
    local call = alice:dial("sip:bob@example.com")
    p1:expect("INVITE"):within(1)
    p1:expect("ACK"):within(1)
    call:expect("answered"):within(1)
    call:hang_up()
    p1:expect("BYE"):within(1)
    p1:expect("REGISTER"):at(refresh, { after = registered })
  end,
}
