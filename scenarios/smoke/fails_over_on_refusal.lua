-- CISCO-FO-4, RFC3263-4.3-a: when the server's port is closed (ICMP port unreachable) the phone doesn't wait for a
-- timer: it goes to the next SRV target at once.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a server that refuses is left at once for the next SRV target",
  covers = { "CISCO-FO-4", "RFC3263-4.3-a", "RFC3261-18.4" },
  tags   = { "smoke", "failover" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A {p1}
    p2        300 IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    local outage = p1:down { how = "refuse" }
    alice:start()
    p2:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p2" }):within(1)

    -- A call goes out through the server that works.
    local call = alice:dial("sip:bob@example.com")
    p2:expect("INVITE"):within(1)
    call:expect("answered"):within(1)
    call:hang_up()
    p2:expect("BYE"):within(1)
    call:expect("ended"):within(1)
    outage:remove()
  end,
}
