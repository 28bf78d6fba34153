-- From the field: the DNS servers die, and an hour later all phones are gone, though their proxy was there all the
-- time: they lost its address when its time to live was over, and with that the registration. RFC8767: what was known
-- serves on while the DNS gives no answer. Here the DNS is silent for half an hour, then answers SERVFAIL for another.
local sipfall = require "sipfall"

return sipfall.scenario {
  title  = "a registration stays for an hour in which the DNS is dead and its answers have run out",
  covers = { "RFC8767" },
  tags   = { "dns", "field", "registration" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 30
    _sip._udp IN SRV 10 10 5060 p1
    _sip._udp IN SRV 20 10 5060 p2
    p1        IN A {p1}
    p2        IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com", ["Register Expires"] = 120 } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    alice:expect("registered", { server = "p1" }):within(1)
    p2:never("REGISTER"):before(3600)
    alice:never("registration_failed"):before(3600)
    -- For as long as the fault lasts: the phone refreshes, and the registrar always has it.
    local function outlive(fault)
      for _ = 1, 15 do
        p1:expect("REGISTER"):within(120)
        assert(#p1:contacts("sip:alice@example.com") == 1, "alice must be registered")
      end
      fault:remove()
    end
    outlive(lab.dns:down { how = "drop" })
    outlive(lab.dns:answer { rcode = "SERVFAIL" })
    -- The phone can be reached and can call.
    local call = alice:dial("sip:bob@example.com")
    p1:expect("INVITE"):within(1)
    call:expect("answered"):within(1)
  end,
}
