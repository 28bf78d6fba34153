-- CISCO-SRV-8, CISCO-FO-5, CISCO-FO-6 (7832 guide, Technical Details, Phone Failover Behavior): an SRV target with
-- several A records is as many servers in the list, in its place; each is UP or DOWN by itself. With a Proxy Fallback
-- Intvl the second failure goes on downwards.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "all addresses of an SRV target are tried before the next target",
  covers = { "CISCO-SRV-8", "CISCO-FO-5", "CISCO-FO-6" },
  tags   = { "cisco", "dns", "failover" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 86400
    _sip._udp IN SRV 10 10 5060 srv1
    _sip._udp IN SRV 20 10 5060 srv2
    srv1      IN A {a1}
    srv1      IN A {a2}
    srv1      IN A {a3}
    srv2      IN A {b1}
  ]] },
  proxies = { a1 = {}, a2 = {}, a3 = {}, b1 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["Proxy Fallback Intvl"] = 3600, ["Register Expires"] = 600,
  } } },

  run = function(lab)
    local alice, a1, a2, a3, b1 = lab.phones.alice, lab.proxies.a1, lab.proxies.a2, lab.proxies.a3, lab.proxies.b1
    local refresh = (600 - 16) * 0.78 -- CISCO-REG-9
    a1:down { how = "drop" }
    alice:start()
    local first = a1:expect("REGISTER"):within(1)
    local second = a2:expect("REGISTER"):at(16, { after = first })
    alice:expect("registered", { server = "a2" }):within(1)

    a2:down { how = "drop" }
    a1:never("REGISTER"):before(refresh + 32, { after = second }) -- DOWN
    local again = a2:expect("REGISTER"):at(refresh, { after = second })
    local third = a3:expect("REGISTER"):at(16, { after = again })
    alice:expect("registered", { server = "a3" }):within(1)

    a3:down { how = "refuse" }
    b1:expect("REGISTER"):at(refresh, { after = third })
    alice:expect("registered", { server = "b1" }):within(1)
  end,
}
