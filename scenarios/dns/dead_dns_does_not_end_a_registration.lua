-- RFC8767: when the DNS is silent at the end of a time to live, the records that were known serve on, after 1.8 s of
-- waiting (section 5, client response timer), and then for 30 s without waiting. So a registration outlives the DNS.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a registration is refreshed while the DNS is dead and its answers have run out",
  covers = { "RFC8767" },
  tags   = { "rfc", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 30
    _sip._udp IN SRV 10 10 5060 p1
    _sip._udp IN SRV 20 10 5060 p2
    p1        IN A {p1}
    p2        IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes", ["Register Expires"] = 120,
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    local refresh = (120 - 16) * 0.78 -- CISCO-REG-9
    alice:start()
    local registered = p1:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p1" }):within(1)

    local outage = lab.dns:down { how = "drop" }
    p2:never("REGISTER"):before(600)
    for _ = 1, 4 do
      -- Three names, each of them waited for: the SRV records, and the address of either target.
      registered = p1:expect("REGISTER"):at(refresh + 3 * 1.8, { after = registered })
      alice:expect("registered", { server = "p1" }):within(1)
    end
    outage:remove()
    p1:expect("REGISTER"):at(refresh, { after = registered })
  end,
}
