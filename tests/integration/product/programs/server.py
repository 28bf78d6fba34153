# SPDX-License-Identifier: MIT
#
# A server with threads: each connection has one that reads lines into a queue; a worker takes them out, waits for a
# Condition with a timeout before each answer, and a timer thread tells the time. Ends by SIGALRM after 60 s.
# usage: server.py ADDRESS PORT
import queue
import signal
import socket
import sys
import threading
import time

start = time.monotonic()
jobs = queue.Queue(maxsize=2)
answer_may_go = threading.Condition()


def say(*words):
    print(f"{time.monotonic() - start:.3f}", *words, flush=True)


def read_lines(connection):
    try:
        with connection, connection.makefile("r") as lines:
            for line in lines:
                jobs.put((connection.dup(), line.strip()))
        say("closed")
    except ConnectionResetError:
        say("reset")


def work():
    while True:
        try:
            connection, line = jobs.get(timeout=5)
        except queue.Empty:
            say("nothing to do for 5 s")
            continue
        with answer_may_go:
            woken = answer_may_go.wait(timeout=1.5)
        say("answers", line, "woken" if woken else "after its timeout")
        with connection:
            connection.sendall(f"{line} at {time.monotonic() - start:.3f}\n".encode())


def wake():
    with answer_may_go:
        answer_may_go.notify_all()


def end(number, frame):
    say("signal", signal.Signals(number).name)
    sys.exit(3)


signal.signal(signal.SIGALRM, end)
signal.alarm(60)
threading.Thread(target=work, daemon=True).start()
timer = threading.Timer(4.25, wake)
timer.daemon = True
timer.start()
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
say("listening")
while True:
    connection, peer = listener.accept()
    threading.Thread(target=read_lines, args=(connection,), daemon=True).start()
