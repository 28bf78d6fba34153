-- RFC3263-4.3-a: a server has failed when it answers 503, when the transport fails (a fatal ICMP error over UDP), and
-- when nothing at all comes until Timer F, 64*T1. Each of these alone moves the request to the next server. (RFC 3261
-- 17.1.2.2: Timer F. Over TCP a connection that can't be made is a fourth.)
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "503, a closed port and silence each move a request to the next server",
  covers = { "RFC3263-4.3-a" },
  tags   = { "rfc", "failover" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 86400
    _sip._udp IN SRV 10 10 5060 overloaded
    _sip._udp IN SRV 20 10 5060 closed
    _sip._udp IN SRV 30 10 5060 silent
    _sip._udp IN SRV 40 10 5060 alive
    overloaded IN A {overloaded}
    closed     IN A {closed}
    silent     IN A {silent}
    alive      IN A {alive}
  ]] },
  proxies = { overloaded = {}, closed = {}, silent = {}, alive = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com" } } },

  run = function(lab)
    local alice, proxies = lab.phones.alice, lab.proxies
    proxies.overloaded:answer { status = 503 }
    proxies.closed:down { how = "refuse" }
    proxies.silent:down { how = "drop" }
    alice:start()
    local first = proxies.overloaded:expect("REGISTER"):within(1)
    local silent = proxies.silent:expect("REGISTER"):at(0, { after = first })
    proxies.alive:never():before(32, { after = silent })
    proxies.alive:expect("REGISTER"):at(32, { after = silent })
    alice:expect("registered", { server = "alive" }):within(1)
  end,
}
