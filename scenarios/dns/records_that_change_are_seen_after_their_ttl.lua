-- RFC 1035 section 3.2.1: a record may be kept for its TTL, and no longer. The proxy moves to another address while the
-- phone is registered; the phone's next refresh after the TTL goes there.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "records that change are seen when the TTL of the old ones is over",
  tags  = { "dns", "ttl" },
  dns   = { zone = [[
    $ORIGIN example.com.
    $TTL 60
    _sip._udp IN SRV 10 10 5060 proxy
    proxy     IN A {p1}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes", ["Register Expires"] = 200,
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    p1:expect("REGISTER"):within(0)
    alice:expect("registered", { server = "p1" }):within(0)
    lab:sleep(1)
    lab.dns:replace "proxy 60 IN A {p2}"
    p1:never("REGISTER"):before(300)
    local query = lab.dns:expect("A", { qname = "proxy.example.com." }):between(59, 200)
    p2:expect("REGISTER"):within(0, { after = query })
  end,
}
