-- SPDX-License-Identifier: MIT
--
-- A host with several addresses, IPv4 and IPv6, whose server is bound to any address (::), and a DNS server that is
-- reached by both: clients with both families, and with IPv4 only, reach it at each of its addresses.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "a server that is bound to any address is reached at all of its host's",
  needs = { "virtual time" },
  dns = { address = { "8.8.8.8", "2001:db8::53" }, zone = [[
    $ORIGIN example.com.
    web    300 IN A    {web}
    web    300 IN AAAA {web/6}
    second 300 IN A    10.0.0.2
  ]] },
  programs = {
    web = {
      address = { "10.0.0.1", "10.0.0.2", "2001:db8::1" },
      command = { "/usr/bin/python3", "-u", "-m", "http.server", "--bind", "::", "80" },
      files = { ["hello.txt"] = "hello\n" },
    },
    dual = { address = { "10.0.0.9", "2001:db8::9" }, command = { "curl", "-sS" } },
    old  = { address = "10.0.0.8", command = { "curl", "-sS" } },
  },

  run = function(lab)
    local web, dual, old = lab.programs.web, lab.programs.dual, lab.programs.old
    local format = "\nfrom %{local_ip} to %{remote_ip}\n"
    local function fetch(client, url, from, to)
      client:start("-w", format, url)
      client:expect(("from %s to %s"):format(from, to)):within(0)
      client:expect("exited", { status = 0 }):within(0)
    end
    web:start()
    web:expect("Serving HTTP on :: port 80"):within(1)
    fetch(dual, "http://web.example.com/hello.txt", "2001:db8::9", "2001:db8::1") -- RFC 6724: IPv6 first
    fetch(old, "http://web.example.com/hello.txt", "10.0.0.8", "10.0.0.1")
    fetch(dual, "http://second.example.com/hello.txt", "10.0.0.9", "10.0.0.2")
    fetch(old, "http://second.example.com/hello.txt", "10.0.0.8", "10.0.0.2")
    old:start("http://[2001:db8::1]/hello.txt")
    old:expect("exited", { status = 7 }):within(0) -- no route
  end,
}
