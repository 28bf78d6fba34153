-- SPDX-License-Identifier: MIT
--
-- Python's ways to wait, between a server and a client on two hosts, each at its exact instant: threads with queues and
-- conditions, sockets with timeouts, a pool, selectors, asyncio, subprocesses, sleep, an alarm. What Python draws at
-- random (hashes of texts, UUIDs, addresses of objects) is part of the digest, by what the client prints of it.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "threads, sockets, asyncio and subprocesses of Python wait as long as they say",
  needs = { "virtual time" },
  dns = { zone = [[
    $ORIGIN example.com.
    server 300 IN A {server}
  ]] },
  programs = {
    server = { command = { "/usr/bin/python3", "server.py", "{server}", "7000" }, files = { "server.py" } },
    client = { command = { "/usr/bin/python3", "client.py", "server.example.com", "7000" }, files = { "client.py" } },
  },

  run = function(lab)
    local server, client = lab.programs.server, lab.programs.client
    server:start()
    server:expect("listening"):within(0)
    client:start()
    -- Three jobs and one worker, who waits 1.5 s for each unless the timer thread wakes him at 4.25 s.
    client:expect("0.000 resolved"):within(0)
    for _, line in ipairs {
      "1.500 pool one at 1.500", "3.000 pool two at 3.000", "4.250 pool three at 4.250",
      "5.000 socket timed out",
      "7.500 selector 0", "9.000 selector 1",
      "11.000 asyncio early at 11.000", "12.000 asyncio late timed out",
      "15.000 asyncio: sleep ended with 0", "16.000 asyncio: in a thread None",
      "18.000 from the shell", "19.250 subprocess timed out",
      "19.750 event False", "20.250 lock False", "20.750 semaphore False", "21.750 event True",
      "21.750 random", "31.750 end",
    } do
      client:expect(line):at(tonumber(line:match("^[%d.]+")) - lab:now())
    end
    client:expect("exited", { status = 0 }):within(0)
    server:expect("signal SIGALRM"):at(60 - lab:now())
    server:expect("exited", { status = 3 }):within(0)
  end,
}
