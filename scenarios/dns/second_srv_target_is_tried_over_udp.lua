-- From the field: over UDP, where no connection fails, phones repeat an INVITE to the first SRV target until they give
-- the call up, and never try the second; the same at each call. RFC3263-4.3-a: silence until Timer B is a failure of
-- the server, and the call goes on to the next one.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a call over UDP reaches the second SRV target when the first is silent, each time",
  covers = { "RFC3263-4.3-a", "RFC2782" },
  tags   = { "dns", "field", "failover", "call" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 86400
    _sip._udp IN SRV 10 10 5060 p1
    _sip._udp IN SRV 20 10 5060 p2
    p1        IN A {p1}
    p2        IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com" } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    alice:expect("registered", { server = "p1" }):within(1)
    p1:down { how = "drop" }
    for _ = 1, 3 do
      local call = alice:dial("sip:bob@example.com")
      local first = p1:expect("INVITE"):within(1)
      p2:never("INVITE"):before(32, { after = first })
      p2:expect("INVITE", { call_id = first.call_id }):at(32, { after = first }) -- Timer B, 64*T1
      call:expect("answered"):within(1)
      call:hang_up()
      call:expect("ended"):within(1)
    end
  end,
}
