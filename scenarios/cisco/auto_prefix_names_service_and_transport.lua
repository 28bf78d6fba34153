-- CISCO-SRV-6 (MPP common guide, DNS SRV Auto Prefix): with Yes the phone puts the service and the transport before the
-- proxy's name, _sip._udp here; with No the name as it stands owns the SRV records.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "Auto Prefix asks for _sip._udp of the proxy's name, and without it for the name as it is",
  covers = { "CISCO-SRV-6" },
  tags   = { "cisco", "dns" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp.office  300 IN SRV 10 10 5060 p1
    office            300 IN SRV 10 10 5060 p2
    p1                300 IN A {p1}
    p2                300 IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = {
    alice = { profile = "cisco-mpp", config = {
      ["Proxy"] = "office.example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    } },
    bob = { profile = "cisco-mpp", config = {
      ["Proxy"] = "office.example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "No",
    } },
    -- The name may have its prefix in itself.
    carol = { profile = "cisco-mpp", config = {
      ["Proxy"] = "_sip._udp.office.example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "No",
    } },
  },

  run = function(lab)
    local alice, bob, carol = lab.phones.alice, lab.phones.bob, lab.phones.carol
    local prefixed, bare = "_sip._udp.office.example.com.", "office.example.com."
    lab.dns:never("SRV", { from = "alice", qname = bare }):before(60)
    lab.dns:never("SRV", { from = "bob", qname = prefixed }):before(60)
    lab.dns:never("SRV", { from = "carol", qname = "_sip._udp." .. prefixed }):before(60)
    alice:start()
    lab.dns:expect("SRV", { from = "alice", qname = prefixed }):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
    bob:start()
    lab.dns:expect("SRV", { from = "bob", qname = bare }):within(1)
    bob:expect("registered", { server = "p2" }):within(1)
    carol:start()
    lab.dns:expect("SRV", { from = "carol", qname = prefixed }):within(1)
    carol:expect("registered", { server = "p1" }):within(1)
  end,
}
