-- SPDX-License-Identifier: MIT
--
-- dig (Debian's bind9-dnsutils; libuv with threads) against the lab's DNS server: several queries of one start, and
-- its own tries and timeouts when the server is silent: dig(1), +tries and +timeout (+retry is one less than +tries).
-- At its end it sleeps for 10 ms until its threads are gone, so it exits that much later than it could.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "dig asks for NAPTR, SRV and A, and tries a silent server as often and as long as it is told",
  needs = { "virtual time" },
  dns = { zone = [[
    $ORIGIN example.com.
    @         300 IN NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A 192.0.2.1
    p2        300 IN A 192.0.2.2
  ]] },
  programs = { client = { command = { "dig", "+noall", "+answer" } } },

  run = function(lab)
    local client, dns = lab.programs.client, lab.dns
    client:start("example.com", "NAPTR", "_sip._udp.example.com", "SRV", "p1.example.com", "A")
    for _, qtype in ipairs { "NAPTR", "SRV", "A" } do dns:expect(qtype):within(0) end
    client:expect('NAPTR%s+10 10 "s" "SIP%+D2U" "" _sip%._udp%.example%.com%.'):at(0.01)
    client:expect("SRV%s+10 10 5060 p1%.example%.com%."):within(0)
    client:expect("SRV%s+20 10 5060 p2%.example%.com%."):within(0)
    client:expect("p1%.example%.com%.%s+300%s+IN%s+A%s+192%.0%.2%.1"):within(0)
    client:expect("exited", { status = 0 }):within(0)

    local outage = dns:down()
    client:start("+tries=3", "+timeout=2", "p2.example.com")
    local first = dns:expect("A"):within(0)
    dns:expect("A", { id = first.id }):at(2, { after = first })
    dns:expect("A", { id = first.id }):at(4, { after = first })
    client:expect("exited", { status = 9 }):at(6.01, { after = first })

    client:start("+tries=2", "+timeout=7", "p2.example.com")
    first = dns:expect("A"):within(0)
    lab:sleep(5)
    outage:remove()
    dns:expect("A", { id = first.id }):at(7, { after = first })
    client:expect("192%.0%.2%.2"):at(7.01, { after = first })
    client:expect("exited", { status = 0 }):within(0)

    client:start("none.example.com", "+comments")
    client:expect("status: NXDOMAIN"):within(0.01)
    client:expect("exited", { status = 0 }):within(0)
  end,
}
