-- CISCO-SRV-9 (MPP common guide, Proxy: "a statically-configured DNS SRV record or DNS A record"): the servers, their
-- priorities and addresses stand in Proxy itself; failover among them works in a network without DNS.
local sipfall = require "sipfall"

return sipfall.scenario {
  title   = "with static SRV records in Proxy the phone fails over without any DNS",
  covers  = { "CISCO-SRV-9" },
  tags    = { "cisco", "dns", "failover" },
  needs   = { "virtual time" },
  proxies = { p1 = { address = "1.1.1.1", port = 5070 }, p2 = { address = "2.2.2.2" } },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com:SRV=p2.example.com:p=2:A=2.2.2.2|p1.example.com:5070:p=1:A=1.1.1.1",
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    local first = p1:expect("REGISTER", { uri = "sip:example.com" }):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
    p1:down { how = "drop" }
    local refresh = (3600 - 16) * 0.78 -- CISCO-REG-9
    p2:expect("REGISTER"):at(refresh + 16, { after = first })
    alice:expect("registered", { server = "p2" }):within(1)
  end,
}
