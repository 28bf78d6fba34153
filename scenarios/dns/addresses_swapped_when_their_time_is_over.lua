-- From the field: a provider moves its two servers to each other's addresses, and phones that keep addresses for longer
-- than their time to live go on to the wrong one. The swap is at the instant at which the first answers run out; a
-- refresh before it uses what is known, and the next one asks and goes to the new address. RFC 1035 3.2.1: a record may
-- be cached for its TTL and then must be asked for again.
local sipfall = require "sipfall"

local refresh = (60 - 16) * 0.78 -- CISCO-REG-9: 34.32 s

return sipfall.scenario {
  title  = "addresses that are swapped when their time to live is over are used from the next refresh on",
  covers = { "CISCO-SRV-11" },
  tags   = { "dns", "field", "registration" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 86400 IN SRV 10 10 5060 first
    _sip._udp 86400 IN SRV 20 10 5060 second
    first     60    IN A {p1}
    second    60    IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes", ["Register Expires"] = 60,
  } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    local start = lab.dns:expect("A", { qname = "first.example.com." }):within(1)
    p1:expect("REGISTER"):within(1)
    lab.dns:never("A", { qname = "first.example.com." }):before(60, { after = start })
    p2:never():before(60, { after = start })
    local again = p1:expect("REGISTER"):at(refresh, { after = start })
    lab:sleep(60 - refresh)
    lab.dns:replace "first 60 IN A {p2}"
    lab.dns:replace "second 60 IN A {p1}"
    p1:never():before(3600, { after = again })
    local asked = lab.dns:expect("A", { qname = "first.example.com." }):at(refresh, { after = again })
    p2:expect("REGISTER"):at(0, { after = asked })
    alice:expect("registered", { server = "p2" }):within(1)
    for i = 1, 10 do p2:expect("REGISTER"):at(i * refresh, { after = asked }) end
  end,
}
