-- CISCO-FO-9, CISCO-REG-3: when no server answers, the phone goes on trying, from the top of its list, Reg Retry Intvl
-- (30 s) after each round; when one returns it is registered within a round. What a phone does when all its servers
-- are down is not in the guides: the catalogue's reading of FO-9 is what is asserted.
local sipfall = require "sipfall"

local timer_f, retry = 16, 30
local round = 2 * timer_f + retry

return sipfall.scenario {
  title  = "when all servers were dead for an hour, the first that returns has the phone within one round of retries",
  covers = { "CISCO-FO-9", "CISCO-REG-3" },
  tags   = { "cisco", "failover", "registration" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A {p1}
    p2        300 IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["Reg Retry Intvl"] = retry,
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    p1:down { how = "drop" }
    local outage = p2:down { how = "drop" }
    alice:start()
    local first = p1:expect("REGISTER"):within(1)
    p2:expect("REGISTER"):at(timer_f, { after = first })
    alice:expect("registration_failed", { server = "p2" }):at(2 * timer_f, { after = first })
    p1:expect("REGISTER", { retransmission = false }):at(round, { after = first })
    alice:never("registered"):before(3600, { after = first })
    lab:sleep(3600)

    outage:remove()
    alice:expect("registered", { server = "p2" }):within(round)
  end,
}
