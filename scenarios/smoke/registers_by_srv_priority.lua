-- CISCO-SRV-1, RFC2782: the phone asks for the SRV records of its proxy's name and registers with the entry of the
-- lowest priority number, whatever the order of the records.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "the phone registers with the SRV target of the lowest priority number",
  covers = { "CISCO-SRV-1", "RFC2782" },
  tags   = { "smoke", "dns" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 30 10 5060 p3
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A {p1}
    p2        300 IN A {p2}
    p3        300 IN A {p3}
  ]] },
  proxies = { p1 = {}, p2 = {}, p3 = {} },
  phones  = { alice = { profile = "rfc3263", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["Register Expires"] = sipfall.real_time and 10 or 3600,
  } } },

  run = function(lab)
    local alice, p1, p2, p3 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2, lab.proxies.p3
    local watched = sipfall.real_time and 5 or 7200
    p2:never("REGISTER"):before(watched)
    p3:never("REGISTER"):before(watched)
    alice:start()
    lab.dns:expect("SRV", { qname = "_sip._udp.example.com." }):within(1)
    p1:expect("REGISTER"):within(1)
    p1:expect(200, { cseq_method = "REGISTER" }):within(1)
    alice:expect("registered", { server = "p1" }):within(1)
    if not sipfall.real_time then
      -- Two refreshes, before the binding ends each time.
      p1:expect("REGISTER"):within(3600)
      p1:expect("REGISTER"):within(3600)
    end
  end,
}
