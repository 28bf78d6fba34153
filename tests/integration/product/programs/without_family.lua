-- SPDX-License-Identifier: MIT
--
-- A datagram to an address without a family, which Linux takes for an IPv4 one, doesn't leave the lab either.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "a datagram to an address without a family stays in the lab",
  needs = { "virtual time" },
  programs = { a = { address = "10.0.0.7", command = { "/usr/bin/python3", "-u", "-c", [[
import ctypes, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(('10.0.0.7', 5060))
for host in '192.0.2.99', '10.0.0.7':
    address = struct.pack('=HH4s8x', 0, socket.htons(5060), socket.inet_aton(host))
    sent = libc.sendto(sender.fileno(), b'hello', 5, 0, address, 16)
    print(host, sent, ctypes.get_errno() if sent < 0 else 0)
print(receiver.recv(10).decode())
]] } } },

  run = function(lab)
    local a = lab.programs.a
    a:start()
    a:expect("192.0.2.99 -1 101"):within(1) -- ENETUNREACH
    a:expect("10.0.0.7 5 0"):within(1)
    a:expect("hello"):within(1)
    a:expect("exited", { status = 0 }):within(1)
  end,
}
