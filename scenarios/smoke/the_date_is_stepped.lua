-- A phone's date is stepped by hours, both ways, as NTP does after a start with a wrong date: its registration goes on
-- as if nothing had happened, because expiries are durations (RFC 3261 10.2.1.1). CISCO-REG-9: the refresh comes after
-- 78 % of (expiry - Timer F, which is 16 s).
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a phone whose date is stepped by hours refreshes its registration when it would have anyway",
  covers = { "CISCO-REG-9" },
  needs  = { "virtual time" },
  tags   = { "smoke", "date" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    p1        300 IN A {p1}
  ]] },
  proxies = { p1 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes", ["Register Expires"] = 3600,
  } } },

  run = function(lab)
    local alice, p1 = lab.phones.alice, lab.proxies.p1
    alice:set_date("2019-04-06 23:59:50") -- what a phone without a battery starts with
    alice:start()
    local first = p1:expect("REGISTER"):within(0)
    alice:expect("registered"):within(0)

    alice:set_date("2026-03-29 00:59:50")
    p1:never("REGISTER"):before(2700, { after = first })
    local second = p1:expect("REGISTER"):at(2795.52, { after = first })

    lab:sleep(60)
    alice:step_date(5 * 3600)
    lab:sleep(60)
    alice:step_date(-9 * 3600)
    local third = p1:expect("REGISTER"):at(2795.52, { after = second })
    p1:never("REGISTER"):before(2700, { after = third })
  end,
}
