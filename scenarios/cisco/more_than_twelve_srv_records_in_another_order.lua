-- CISCO-SRV-2 (7800 guide, SIP-Proxy-Redundanz): up to twelve SRV records of an answer are used. Which ones, if there
-- are more, the guide doesn't say: the first of the answer, or those of the highest priorities. Here the answer has the
-- fourteen in the opposite order of their priorities; what the phone takes is logged and not judged.
local sipfall = require "sipfall"

local zone, proxies = { "$ORIGIN example.com.", "$TTL 86400" }, {}
for i = 14, 1, -1 do
  zone[#zone + 1] = ("_sip._udp IN SRV %d 10 5060 p%d"):format(10 * i, i)
  zone[#zone + 1] = ("p%d IN A {p%d}"):format(i, i)
  proxies["p" .. i] = {}
end

return sipfall.scenario {
  title   = "of fourteen SRV records no more than twelve are used, whatever their order",
  covers  = { "CISCO-SRV-2" },
  tags    = { "cisco", "dns" },
  needs   = { "virtual time" },
  dns     = { zone = table.concat(zone, "\n") },
  proxies = proxies,
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local alice = lab.phones.alice
    alice:start()
    local list = alice:expect("targets"):within(1)
    local names = {}
    for i, target in ipairs(list.targets) do names[i] = target.name:match("^[^.]*") end
    assert(#names <= 12, ("the phone has %d servers"):format(#names))
    lab:log("of p14 to p1 in the answer, these were taken: " .. table.concat(names, " "))
  end,
}
