-- From the field: a provider adds servers until the SRV answer no longer fits into a UDP message, and phones that don't
-- ask again over TCP know none of them any more, or only those that came before the cut. Here the server answers with
-- 512 bytes over UDP, as many do behind old firewalls, and only the last of twelve servers is alive.
local sipfall = require "sipfall"

local zone, proxies = { "$ORIGIN voice.provider.example.", "$TTL 86400" }, {}
for i = 1, 12 do
  zone[#zone + 1] = ("_sip._udp IN SRV %d 10 5060 session-border-controller-%d"):format(10 * i, i)
  zone[#zone + 1] = ("session-border-controller-%d IN A {p%d}"):format(i, i)
  proxies["p" .. i] = {}
end

return sipfall.scenario {
  title   = "an SRV answer that is too large for UDP is asked for over TCP, and all of it is used",
  covers  = { "CISCO-SRV-2", "RFC2782" },
  tags    = { "dns", "field", "failover" },
  needs   = { "virtual time" },
  dns     = { udp_size = 512, zone = table.concat(zone, "\n") },
  proxies = proxies,
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "voice.provider.example" } } },

  run = function(lab)
    local alice = lab.phones.alice
    for i = 1, 11 do lab.proxies["p" .. i]:down { how = "refuse" } end
    alice:start()
    lab.dns:expect("SRV", { transport = "UDP" }):within(1)
    lab.dns:expect("SRV", { transport = "TCP" }):within(1)
    lab.proxies.p12:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p12" }):within(1)
  end,
}
