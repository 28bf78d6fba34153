-- CISCO-SRV-2 (7800 guide, SIP-Proxy-Redundanz): up to twelve SRV records of an answer are used. Here the records stand
-- in the order of their priorities, so that the last two of fourteen are too many in whatever order they are counted.
local sipfall = require "sipfall"

local zone, proxies = { "$ORIGIN example.com.", "$TTL 86400" }, {}
for i = 1, 14 do
  zone[#zone + 1] = ("_sip._udp IN SRV %d 10 5060 p%d"):format(10 * i, i)
  zone[#zone + 1] = ("p%d IN A {p%d}"):format(i, i)
  proxies["p" .. i] = {}
end

return sipfall.scenario {
  title   = "the twelfth SRV record of an answer is used, the thirteenth and the fourteenth are not",
  covers  = { "CISCO-SRV-2" },
  tags    = { "cisco", "dns", "failover" },
  needs   = { "virtual time" },
  dns     = { zone = table.concat(zone, "\n") },
  proxies = proxies,
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes", ["Register Expires"] = 600,
  } } },

  run = function(lab)
    local alice = lab.phones.alice
    local p12, p13, p14 = lab.proxies.p12, lab.proxies.p13, lab.proxies.p14
    for i = 1, 11 do lab.proxies["p" .. i]:down { how = "refuse" } end
    p13:never():before(1200)
    p14:never():before(1200)
    alice:start()
    p12:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p12" }):within(1)

    -- From now on only servers are alive that the phone doesn't know: it is registered no more, and stays so.
    p12:down { how = "refuse" }
    alice:expect("registration_failed"):within(600)
    alice:never("registered"):before(600)
  end,
}
