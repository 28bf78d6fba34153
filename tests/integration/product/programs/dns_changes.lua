-- SPDX-License-Identifier: MIT
--
-- What a DNS server of the lab has, and what is changed of it meanwhile, as dig sees it: several zones and servers, the
-- order of a set, the additional section, records that come, go, are replaced and get another TTL.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "DNS servers have zones of their own, which change while they run",
  needs = { "virtual time" },
  dns_servers = {
    plain = { additional = false, zones = { [[
      $ORIGIN example.com.
      $TTL 300
      @         IN SOA ns hostmaster 1 2h 15m 1w 60
      _sip._udp IN SRV 10 10 5060 p1
      p1        IN A 192.0.2.1
      plain     IN A {plain}
      turning   IN A {turning}
    ]], [[
      $ORIGIN sub.example.com.
      p1 300 IN A 192.0.2.66
    ]] } },
    turning = { order = "rotate", zone = [[
      $ORIGIN example.com.
      _sip._udp 300 IN SRV 10 10 5060 p1
      p1        300 IN A 192.0.2.1
      p1        300 IN A 192.0.2.2
    ]] },
  },
  programs = { client = { command = { "dig", "+noall", "+answer", "+additional", "+comments" } } },

  run = function(lab)
    local client, plain, turning = lab.programs.client, lab.dns_servers.plain, lab.dns_servers.turning

    -- Asks a server; these lines must come, and those not.
    local function ask(server, name, qtype, present, absent)
      local start = lab:now()
      client:start("@" .. server.address, name .. ".example.com", qtype)
      for _, text in ipairs(absent or {}) do client:never(text):before(0.02) end
      for _, text in ipairs(present) do client:expect(text):within(0.02) end
      client:expect("exited", { status = 0 }):within(0.02)
      lab:sleep(start + 0.1 - lab:now())
    end

    ask(plain, "_sip._udp", "SRV", { "SRV%s+10 10 5060 p1" }, { "ADDITIONAL SECTION", "192%.0%.2%.1" })
    ask(plain, "p1.sub", "A", { "192%.0%.2%.66" })
    ask(plain, "turning", "A", { (turning.address:gsub("%.", "%%.")) })
    ask(turning, "_sip._udp", "SRV", { "ADDITIONAL SECTION", "192%.0%.2%.1", "192%.0%.2%.2" })
    ask(turning, "p1", "A", { "192%.0%.2%.2", "192%.0%.2%.1" })
    ask(turning, "p1", "A", { "192%.0%.2%.1", "192%.0%.2%.2" })

    ask(plain, "p3", "A", { "status: NXDOMAIN" })
    plain:add "p3 300 IN A {turning}"
    ask(plain, "p3", "A", { "p3.example.com.%s+300%s+IN%s+A%s+203%.0%.113%.2" })
    plain:set_ttl { name = "p3", ttl = 5 }
    ask(plain, "p3", "A", { "p3.example.com.%s+5%s" })
    plain:replace "p3 7 IN A 192.0.2.3"
    ask(plain, "p3", "A", { "p3.example.com.%s+7%s+IN%s+A%s+192%.0%.2%.3" }, { "203%.0%.113%.2" })
    plain:remove { name = "p3", type = "A", data = "192.0.2.3" }
    ask(plain, "p3", "A", { "status: NXDOMAIN" })
    plain:set_zone [[
      $ORIGIN example.com.
      $TTL 9
      p4 IN A 192.0.2.4
    ]]
    ask(plain, "p4", "A", { "p4.example.com.%s+9%s+IN%s+A%s+192%.0%.2%.4" })
    ask(plain, "p1", "A", { "status: NXDOMAIN" })
    ask(plain, "p1.sub", "A", { "192%.0%.2%.66" })

    assert(#plain:queries { qname = "p3.*" } == 5 and #plain:queries { qname = "P3.EXAMPLE.COM" } == 5)
    assert(#plain:queries { qtype = "SRV" } == 1 and #plain:queries() == 11 and #turning:queries() == 3)
  end,
}
