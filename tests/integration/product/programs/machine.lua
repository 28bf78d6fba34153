-- SPDX-License-Identifier: MIT
--
-- Two programs on two hosts ask for what their machine has one of: interfaces, names of local sockets and shared memory,
-- how long it has run. Each has its own, and what they print is the same on every machine and beside every other lab.
-- curl binds itself to an interface.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "what belongs to the machine belongs to a host",
  needs = { "virtual time" },
  dns = { zone = [[
    $ORIGIN example.com.
    web 300 IN A {web}
  ]] },
  programs = {
    one = { command = { "/usr/bin/python3", "machine.py", "one" }, files = { "machine.py" } },
    two = { command = { "/usr/bin/python3", "machine.py", "two" }, files = { "machine.py" } },
    web = { command = { "/usr/bin/python3", "-u", "-m", "http.server", "80" }, files = { ["hello.txt"] = "hello\n" } },
    curl = { command = { "curl", "-sS", "--interface", "eth0", "http://web.example.com/hello.txt" } },
  },

  run = function(lab)
    local one, two = lab.programs.one, lab.programs.two
    one:start()
    one:expect("SIOCGIFHWADDR 0100020000000002"):within(0)
    one:expect("shared machine"):within(0)
    two:start()
    two:expect("SIOCGIFHWADDR 0100020000000003"):within(0)
    two:expect("uptime 86400.00"):within(0)
    two:expect("times 86400.0"):within(0)
    two:expect("stamp [(1767225600, 0)]"):within(0)
    two:expect("local (b'\\x00machine', b'\\x00machine')"):within(0)
    two:expect("shared machine"):within(0)
    one:expect("end one"):at(60)
    two:expect("end two"):at(0)
    lab.programs.web:start()
    lab.programs.web:expect("Serving"):within(0)
    lab.programs.curl:start()
    lab.programs.curl:expect("hello"):within(0)
    lab.programs.curl:expect("exited", { status = 0 }):within(0)
  end,
}
