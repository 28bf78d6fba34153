-- CISCO-SRV-2 (7800 guide, SIP-Proxy-Redundanz): up to six NAPTR records of an answer are used. Here the records stand
-- in their order, so that the last two of eight are too many in whatever order they are counted.
local sipfall = require "sipfall"

local zone, proxies = { "$ORIGIN example.com.", "$TTL 86400" }, {}
for i = 1, 8 do
  zone[#zone + 1] = ("@ IN NAPTR %d 50 \"s\" \"SIP+D2U\" \"\" _sip._udp.s%d"):format(10 * i, i)
  zone[#zone + 1] = ("_sip._udp.s%d IN SRV 10 10 5060 p%d"):format(i, i)
  zone[#zone + 1] = ("p%d IN A {p%d}"):format(i, i)
  proxies["p" .. i] = {}
end

return sipfall.scenario {
  title   = "the sixth NAPTR record of an answer is used, the seventh and the eighth are not",
  covers  = { "CISCO-SRV-2", "CISCO-SRV-3" },
  tags    = { "cisco", "dns", "failover" },
  needs   = { "virtual time" },
  dns     = { zone = table.concat(zone, "\n") },
  proxies = proxies,
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["SIP Transport"] = "AUTO", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["Register Expires"] = 600,
  } } },

  run = function(lab)
    local alice = lab.phones.alice
    local p6, p7, p8 = lab.proxies.p6, lab.proxies.p7, lab.proxies.p8
    for i = 1, 5 do lab.proxies["p" .. i]:down { how = "refuse" } end
    p7:never():before(1200)
    p8:never():before(1200)
    alice:start()
    p6:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p6" }):within(1)

    -- From now on only servers are alive that the phone doesn't know: it is registered no more, and stays so.
    p6:down { how = "refuse" }
    alice:expect("registration_failed"):within(600)
    alice:never("registered"):before(600)
  end,
}
