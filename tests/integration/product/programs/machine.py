# SPDX-License-Identifier: MIT
"""Prints what a program can ask of its machine, of which several hosts and labs have but one."""
import fcntl
import multiprocessing.shared_memory
import os
import socket
import struct
import sys
import tempfile
import time


def say(name, value):
    print(name, value, flush=True)


inet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for name, request in {"SIOCGIFNETMASK": 0x891B, "SIOCGIFBRDADDR": 0x8919, "SIOCGIFHWADDR": 0x8927,
                      "SIOCGIFMTU": 0x8921, "SIOCGIFDSTADDR": 0x8917}.items():
    say(name, fcntl.ioctl(inet, request, struct.pack("256s", b"eth0"))[16:32].hex())
say("interfaces", socket.if_nameindex())
inet.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")
say("bound to", inet.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16))
for path in "dev", "route", "if_inet6", "udp", "tcp":
    with open("/proc/net/" + path) as file:
        say(path, [line.split() for line in file])
with open("/proc/uptime") as file:
    say("uptime", file.read())
say("times", os.times().elapsed)

inet.bind(("127.0.0.1", 0))
inet.setsockopt(socket.SOL_SOCKET, socket.SO_TIMESTAMP if hasattr(socket, "SO_TIMESTAMP") else 29, 1)
inet.sendto(b"x", inet.getsockname())
say("stamp", [struct.unpack("ll", data) for _, _, data in inet.recvmsg(10, 200)[1]])

local = socket.socket(socket.AF_UNIX)
local.bind("\0machine")
local.listen()
peer = socket.socket(socket.AF_UNIX)
peer.connect("\0machine")
say("local", (local.getsockname(), peer.getpeername()))
shared = multiprocessing.shared_memory.SharedMemory("machine", create=True, size=10)
say("shared", shared.name)
time.sleep(60)  # while those of the other host do the same
with tempfile.TemporaryDirectory() as directory:
    say("directory", os.path.basename(directory))
shared.close()
shared.unlink()
say("end", sys.argv[1])
