-- RFC3263-4.3-a, RFC3261-17-a, CISCO-FO-1: a REGISTER that is not answered is repeated at T1, 2·T1, 4·T1 … up to T2, is
-- given up when Timer F fires, and goes to the next SRV target at that instant.
local sipfall = require "sipfall"

-- RFC 3261's own 500 ms and 32 s; in real time a tenth of it.
local t1 = sipfall.real_time and 0.1 or 0.5
local timer_f = 64 * t1

return sipfall.scenario {
  title  = "a REGISTER that nobody answers is repeated until Timer F and goes to the next SRV target then",
  covers = { "RFC3263-4.3-a", "RFC3261-17-a", "CISCO-FO-1" },
  tags   = { "smoke", "failover" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A {p1}
    p2        300 IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["SIP T1"] = t1, ["SIP T2"] = 8 * t1, ["SIP Timer F"] = timer_f,
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    p1:down { how = "drop" }
    alice:start()
    local first = p1:expect("REGISTER", { retransmission = false }):within(1)
    -- 0.5, 1.5, 3.5, 7.5, then every 4 s until 31.5 s.
    for _, n in ipairs { 1, 3, 7, 15, 23, 31, 39, 47, 55, 63 } do
      p1:expect("REGISTER", { retransmission = true, cseq = first.cseq }):at(n * t1, { after = first })
    end
    p1:never("REGISTER"):during(63.5 * t1, 70 * t1, { after = first })
    local moved = p2:expect("REGISTER"):at(timer_f, { after = first })
    alice:expect("registered", { server = "p2" }):within(1, { after = moved })
  end,
}
