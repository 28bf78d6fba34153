-- CISCO-SRV-9 (MPP common guide, Proxy; SPA5xx guide): of a static record only the host is needed: its priority is 0,
-- its weight 1 and its port 5060 unless given; several addresses of one host stand side by side. The lead-in :SRV= is
-- recalled, not read.
local sipfall = require "sipfall"

return sipfall.scenario {
  title   = "a static record without priority and port has priority 0 and port 5060",
  covers  = { "CISCO-SRV-9", "CISCO-SRV-8" },
  tags    = { "cisco", "dns", "failover" },
  needs   = { "virtual time" },
  proxies = { a1 = { address = "1.1.1.1" }, a2 = { address = "1.1.1.2" }, b1 = { address = "2.2.2.2", port = 5070 } },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com:SRV=b.example.com:5070:p=1:w=50:A=2.2.2.2|a.example.com:A=1.1.1.1,1.1.1.2",
  } } },

  run = function(lab)
    local alice, a1, a2, b1 = lab.phones.alice, lab.proxies.a1, lab.proxies.a2, lab.proxies.b1
    a1:down { how = "drop" }
    a2:down { how = "drop" }
    alice:start()
    local first = a1:expect("REGISTER", { to_address = "1.1.1.1:5060" }):within(1)
    a2:expect("REGISTER", { to_address = "1.1.1.2:5060" }):at(16, { after = first }) -- Timer F
    b1:expect("REGISTER", { to_address = "2.2.2.2:5070" }):at(32, { after = first })
    alice:expect("registered", { server = "b1" }):within(1)
  end,
}
