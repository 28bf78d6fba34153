-- SPDX-License-Identifier: MIT
--
-- The faults of a DNS server, as dig sees them over UDP and TCP: answers that come late, twice, truncated, from
-- elsewhere or not at all; ports that are closed, that accept and say nothing; hosts that are silent or unreachable;
-- connections that end in the middle of an answer.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "dig meets each fault of a DNS server",
  needs = { "virtual time" },
  dns = { zone = [[
    $ORIGIN example.com.
    p1 300 IN A 192.0.2.1
  ]] },
  programs = { client = { command = { "dig", "+noall", "+answer", "+comments", "+tries=1", "+timeout=2" } } },

  run = function(lab)
    local client, dns = lab.programs.client, lab.dns

    -- Asks under this fault; dig says this after so many seconds, and ends.
    local function ask(fault, after, text, ...)
      client:start("p1.example.com", ...)
      local query = dns:expect("A"):within(0)
      client:expect(text):between(after, after + 0.02, { after = query })
      client:expect("exited"):within(0.02)
      if fault then fault:remove() end
      return query
    end
    -- The same when the query doesn't reach the server.
    local function ask_in_vain(fault, after, text, ...)
      client:start("p1.example.com", ...)
      client:expect(text):between(after, after + 0.02)
      client:expect("exited"):within(0.02)
      fault:remove()
    end

    ask(nil, 0, "192%.0%.2%.1")
    ask(nil, 0, "192%.0%.2%.1", "+tcp")
    ask(dns:delay { by = 0.5 }, 0.5, "192%.0%.2%.1")
    ask(dns:delay { by = 0.5, direction = "in", transport = "TCP" }, 0.5, "192%.0%.2%.1", "+tcp")
    ask(dns:duplicate { copies = 2 }, 0, "192%.0%.2%.1")
    for _, rcode in ipairs { "SERVFAIL", "REFUSED", "NXDOMAIN" } do
      ask(dns:answer { rcode = rcode }, 0, "status: " .. rcode)
    end
    ask(dns:corrupt { manner = "truncate", transport = "UDP" }, 0, "192%.0%.2%.1")
    ask(dns:corrupt { manner = "id" }, 2, "timed out")
    ask(dns:divert(), 2, "timed out")
    ask(dns:divert { from = "client" }, 2, "timed out")
    ask(dns:down(), 2, "timed out")
    ask(dns:down { how = "stall", transport = "UDP" }, 2, "timed out")
    ask_in_vain(dns:down { how = "refuse" }, 0, "connection refused")
    ask_in_vain(dns:down { how = "refuse", transport = "TCP" }, 0, "connection refused", "+tcp")
    ask(dns:down { how = "refuse", transport = "TCP" }, 0, "192%.0%.2%.1")
    ask_in_vain(dns:down(), 2, "timed out", "+tcp")
    ask_in_vain(dns:down { how = "unreachable" }, 2, "timed out") -- Linux tells dig's kind of socket nothing (udp(7))
    ask_in_vain(dns:down { how = "unreachable", transport = "TCP" }, 0, "host unreachable", "+tcp")
    ask(dns:down { how = "drop", transport = "TCP" }, 0, "192%.0%.2%.1")
    ask_in_vain(dns:down { how = "stall", transport = "TCP" }, 2, "timed out", "+tcp")
    ask(dns:close(), 0, "end of file", "+tcp")
    ask(dns:reset(), 0, "communications error", "+tcp") -- dig makes no difference of them
    ask(dns:close { direction = "in" }, 0, "end of file", "+tcp")
    ask(nil, 0, "192%.0%.2%.1", "+tcp")
  end,
}
