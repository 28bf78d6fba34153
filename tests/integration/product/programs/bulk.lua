-- SPDX-License-Identifier: MIT
--
-- More than fits: a file that is larger than what the kernel keeps of a connection, over both families, for a client
-- that takes all at once; and more lines than fit into a program's standard output before somebody reads them. Who
-- writes waits until there is room, and no time passes.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "20 MB through a connection and 10000 lines through a standard output arrive",
  needs = { "virtual time" },
  dns = { zone = [[
    $ORIGIN example.com.
    web  300 IN A    {web}
    web6 300 IN AAAA {web/6}
  ]] },
  programs = {
    web = {
      address = { "10.0.0.1", "2001:db8::1" },
      command = { "/usr/bin/python3", "-u", "-m", "http.server", "--bind", "::", "80" },
      files = { ["large"] = ("x"):rep(20000000) },
    },
    client = {
      address = { "10.0.0.2", "2001:db8::2" },
      command = { "curl", "-sS", "-o", "/dev/null", "-w", "%{size_download} bytes\\n" },
    },
    lines = { command = { "/usr/bin/python3", "-u", "-c", [[
for number in range(1, 10001):
    print('line', number)
]] } },
  },

  run = function(lab)
    local web, client, lines = lab.programs.web, lab.programs.client, lab.programs.lines
    web:start()
    web:expect("Serving HTTP on"):within(1)
    for _, name in ipairs { "web", "web6" } do
      client:start(("http://%s.example.com/large"):format(name))
      client:expect("20000000 bytes"):within(0)
      client:expect("exited", { status = 0 }):within(0)
    end
    lines:start()
    lines:expect("line 10000"):within(0)
    lines:expect("exited", { status = 0 }):within(0)
  end,
}
