-- CISCO-FB-3 (8800 guide, Fallback Behavior): Register Expires 3600 s and Proxy Fallback Intvl 600 s bring the phone
-- back to the primary 600 s after the failover; before, nothing goes to the failed server.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "fallback comes after Proxy Fallback Intvl when it is shorter than the registration",
  covers = { "CISCO-FB-3", "CISCO-FB-6" },
  tags   = { "cisco", "fallback" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A {p1}
    p2        300 IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "cisco-mpp", variant = "fallback-either", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["Register Expires"] = 3600, ["Proxy Fallback Intvl"] = 600,
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    p1:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
    local outage = p1:down { how = "drop" }

    local call = alice:dial("sip:bob@example.com")
    local invite = p2:expect("INVITE"):at(16)            -- Timer B, 16 s on these phones
    call:expect("answered"):within(5)
    call:hang_up()
    call:expect("ended"):within(1)

    outage:remove()
    p1:never():before(600, { after = invite })
    local back = p1:expect("REGISTER"):at(600, { after = invite })
    alice:expect("registered", { server = "p1" }):within(1)

    -- From here on everything goes to the primary again.
    p2:never():before(300, { after = back })
    local second = alice:dial("sip:bob@example.com")
    p1:expect("INVITE"):within(1)
    second:expect("answered"):within(1)
    second:hang_up()
    second:expect("ended"):within(1)
  end,
}
