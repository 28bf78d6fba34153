# SPDX-License-Identifier: MIT
#
# A server that accepts connections and never answers. usage: accepts.py PORT
import socket
import sys

listener = socket.create_server(("", int(sys.argv[1])))
print("listening", flush=True)
connections = []
while True:
    connection, peer = listener.accept()
    print("accepted", peer, flush=True)
    connections.append(connection)
