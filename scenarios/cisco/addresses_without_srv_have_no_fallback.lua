-- CISCO-SRV-5, CISCO-FB-9 (ATA 191/192 guide; SPA9x2 guide): with Use DNS SRV = No the phone asks for addresses only.
-- Several of them are servers of one priority: it fails over from one to the next, and as none is better it never
-- comes back.
local sipfall = require "sipfall"

local expires, fallback = 120, 60
local refresh = (expires - 16) * 0.78 -- CISCO-REG-9

return sipfall.scenario {
  title  = "without SRV the phone moves to the next address, and stays there when the first is back",
  covers = { "CISCO-SRV-5", "CISCO-FB-9" },
  tags   = { "cisco", "dns", "failover", "fallback" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p3
    @         300 IN A {p1}
    @         300 IN A {p2}
    p3        300 IN A {p3}
  ]] },
  proxies = { p1 = {}, p2 = {}, p3 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "No", ["Register Expires"] = expires,
    ["Proxy Fallback Intvl"] = fallback,
  } } },

  run = function(lab)
    local alice, p1, p2, p3 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2, lab.proxies.p3
    lab.dns:never("SRV"):before(1800)
    p3:never():before(1800)
    alice:start()
    lab.dns:expect("A", { qname = "example.com." }):within(1)
    local first = p1:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
    p1:down { how = "drop", from = 10, until_ = refresh + 20 }
    local moved = p2:expect("REGISTER"):at(refresh + 16, { after = first })
    alice:expect("registered", { server = "p2" }):within(1)

    -- The first is back 4 s later; the phone refreshes at the second ten times, over many Proxy Fallback Intvls.
    p1:never("REGISTER", { retransmission = false }):before(10 * refresh + 1, { after = moved })
    for i = 1, 10 do p2:expect("REGISTER"):at(i * refresh, { after = moved }) end
  end,
}
