-- SPDX-License-Identifier: MIT
--
-- curl against Python's own web server, by name: an answer, a port at which nobody listens, and a server that never
-- answers, which is given up after --max-time (curl(1)).
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "curl fetches, is refused, and gives up after --max-time",
  needs = { "virtual time" },
  dns = { zone = [[
    $ORIGIN example.com.
    web    300 IN A {web}
    silent 300 IN A {silent}
    client 300 IN A {client}
  ]] },
  programs = {
    web = {
      command = { "/usr/bin/python3", "-u", "-m", "http.server", "--bind", "{web}", "80" },
      files = { ["hello.txt"] = "hello from {web}\n" },
    },
    silent = {
      command = { "/usr/bin/python3", "-u", "accepts.py", "80" },
      files = { "accepts.py" },
    },
    client = { command = { "curl", "-sS" } },
  },

  run = function(lab)
    local web, silent, client = lab.programs.web, lab.programs.silent, lab.programs.client
    web:start()
    web:expect("Serving HTTP on"):within(1)
    client:start("-v", "http://web.example.com/hello.txt")
    client:expect("hello from"):within(1)
    client:expect("exited", { status = 0 }):within(1)
    web:expect('"GET /hello.txt HTTP/1.1" 200'):within(1)

    client:start("http://web.example.com:81/")
    client:expect("exited", { status = 7 }):within(0)

    silent:start()
    silent:expect("listening"):within(1)
    client:start("--max-time", 25, "http://silent.example.com/")
    client:expect("timed out after 25"):at(25)
    client:expect("exited", { status = 28 }):within(0)
  end,
}
