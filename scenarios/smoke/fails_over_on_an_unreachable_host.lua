-- RFC3263-4.3-a, RFC3261-18.4: when a router says that the server's host is unreachable (ICMP), that is a transport
-- error: the phone doesn't wait for a timer. When the host is back, calls go there again (RFC 3263 section 4.3 begins
-- at the top for each request).
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a server whose host is unreachable is left at once",
  covers = { "RFC3263-4.3-a", "RFC3261-18.4" },
  tags   = { "network", "failover" },
  needs  = { "virtual time" },
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
    local outage = p1:down { how = "unreachable" }
    alice:start()
    -- What never reached p1 is on the timeline too.
    local lost = p1:expect("REGISTER"):within(1)
    p2:expect("REGISTER"):at(0, { after = lost })
    alice:expect("registered", { server = "p2" }):within(1)

    outage:remove()
    local call = alice:dial("sip:bob@example.com")
    p1:expect("INVITE"):within(1)
    call:expect("answered"):within(1)
    call:hang_up()
    p1:expect("BYE"):within(1)
  end,
}
