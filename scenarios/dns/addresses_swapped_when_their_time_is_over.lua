-- From the field: a provider moves its two servers to each other's addresses, and phones that keep addresses for longer
-- than their time to live go on to the wrong one. RFC 1035 3.2.1: a record may be cached for its TTL and must then be
-- asked for again. The swap is at the instant at which the first answer runs out: every later registration goes to the
-- new address.
local sipfall = require "sipfall"

local ttl, expires = 60, 90

return sipfall.scenario {
  title  = "addresses that are swapped when their time to live is over are used from the next registration on",
  covers = { "CISCO-SRV-11" },
  tags   = { "dns", "field", "registration" },
  needs  = { "virtual time" },
  dns    = { additional = false, zone = [[
    $ORIGIN example.com.
    _sip._udp 86400 IN SRV 10 10 5060 first
    _sip._udp 86400 IN SRV 20 10 5060 second
    first     60    IN A {p1}
    second    60    IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com", ["Register Expires"] = expires } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    local asked = lab.dns:expect("A", { qname = "first.example.com." }):within(1)
    p2:never():before(ttl, { after = asked })
    p1:expect("REGISTER"):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
    lab:sleep(ttl - (lab:now() - asked.t))
    lab.dns:replace "first 60 IN A {p2}"
    lab.dns:replace "second 60 IN A {p1}"
    p1:never("REGISTER"):before(600)
    -- Before the registration ends.
    p2:expect("REGISTER"):within(expires)
    alice:expect("registered", { server = "p2" }):within(1)
    for _ = 1, 5 do p2:expect("REGISTER"):within(expires) end
  end,
}
