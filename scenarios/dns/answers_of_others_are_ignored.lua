-- RFC 5452 section 9.1: an answer counts only if its id, its question and the address that it comes from are those of
-- the query. What is none is as if it had not come: the phone asks again when its time for an answer is over.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "answers with another id, to another question or from another address are ignored",
  tags  = { "dns", "security" },
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
    local alice, dns, p1 = lab.phones.alice, lab.dns, lab.proxies.p1
    dns:corrupt { manner = "id", qtype = "SRV", first = 1 }
    dns:corrupt { manner = "question", qtype = "SRV", first = 1 }
    dns:divert { qtype = "A", first = 1 }
    alice:start()
    for _ = 1, 2 do
      local ignored = dns:expect("NOERROR"):within(10)
      dns:expect("SRV"):between(0.1, 30, { after = ignored })
    end
    dns:expect("A"):within(30)
    p1:never("REGISTER"):before(0.1)
    p1:expect("REGISTER"):within(30)
    alice:expect("registered", { server = "p1" }):within(1)
    assert(#dns:queries { qtype = "SRV" } == 3 and #dns:queries { qtype = "A" } == 2,
      "each answer that isn't the query's costs one more query")
  end,
}
