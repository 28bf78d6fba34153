-- SPDX-License-Identifier: MIT
--
-- A client that closes first leaves its port in TIME_WAIT, which the kernel keeps for a minute of real time: the next
-- lab at the same loopback addresses must not see it.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "a connection that was closed in another lab is not seen in this one",
  programs = {
    server = {
      command = { "/usr/bin/python3", "-u", "server.py" },
      files = { ["server.py"] = [[
import socket
listener = socket.create_server(("{server}", 7000))
print("listening")
for _ in range(3):
    connection, peer = listener.accept()
    print("from port", peer[1], connection.recv(100), connection.recv(100))
    connection.close()
]] },
    },
    client = {
      command = { "/usr/bin/python3", "-u", "client.py" },
      files = { ["client.py"] = [[
import socket
for _ in range(3):
    with socket.create_connection(("{server}", 7000)) as connection:
        connection.sendall(b"hello")
]] },
    },
  },

  run = function(lab)
    local server, client = lab.programs.server, lab.programs.client
    server:start()
    server:expect("listening"):within(1)
    client:start()
    for _ = 1, 3 do server:expect("from port %d+ b'hello' b''"):within(1) end
    client:expect("exited", { status = 0 }):within(1)
    server:expect("exited", { status = 0 }):within(1)
  end,
}
