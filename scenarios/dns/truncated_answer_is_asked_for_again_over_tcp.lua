-- RFC 2181 section 9, RFC 7766 section 5: an answer with TC is not to be used, and the query is repeated over TCP.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "a truncated answer is asked for again over TCP at once",
  tags  = { "dns", "tcp" },
  dns   = { zone = [[
    $ORIGIN example.com.
    $TTL 300
    _sip._udp IN SRV 10 10 5060 p1
    p1        IN A {p1}
  ]] },
  proxies = { p1 = {} },
  phones  = { alice = { profile = "rfc3263", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
  } } },

  run = function(lab)
    local dns, p1 = lab.dns, lab.proxies.p1
    dns:corrupt { manner = "truncate", transport = "UDP" }
    lab.phones.alice:start()
    dns:expect("NOERROR", { qtype = "SRV", truncated = true }):within(0)
    dns:expect("SRV", { transport = "TCP" }):within(0)
    dns:expect("A", { transport = "TCP" }):within(0)
    p1:expect("REGISTER"):within(0)
    assert(#dns:queries { transport = "UDP" } == 2 and #dns:queries { transport = "TCP" } == 2,
      "each question is asked once over UDP and once over TCP")
  end,
}
