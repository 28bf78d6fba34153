-- CISCO-SRV-11 (MPP XML reference, ACD status: "registration destination changed due to … DNS response change"): when
-- an address has run out the phone asks again, and the next REGISTER goes to the new one, though the old one still
-- answers.
local sipfall = require "sipfall"

local refresh = (120 - 16) * 0.78 -- CISCO-REG-9

return sipfall.scenario {
  title  = "an address that changes in the DNS moves the registration at the next refresh after its time to live",
  covers = { "CISCO-SRV-11" },
  tags   = { "cisco", "dns", "registration" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 86400 IN SRV 10 10 5060 sip
    sip       30    IN A {old}
  ]] },
  proxies = { old = {}, new = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes", ["Register Expires"] = 120,
  } } },

  run = function(lab)
    local alice, old, new = lab.phones.alice, lab.proxies.old, lab.proxies.new
    alice:start()
    local first = old:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "old" }):within(1)
    lab.dns:replace "sip 30 IN A {new}"
    old:never("REGISTER"):before(3600, { after = first })
    local moved = new:expect("REGISTER"):at(refresh, { after = first })
    alice:expect("registered", { server = "new" }):within(1)
    -- The SRV records live for a day: nobody asks for them again.
    lab.dns:never("SRV"):before(3600)
    new:expect("REGISTER"):at(refresh, { after = moved })
  end,
}
