# SPDX-License-Identifier: MIT
#
# A client in many ways, each of which waits in its own: sockets with timeouts, threads in a pool, selectors, asyncio,
# subprocesses, sleep. Prints the time at which each has waited. usage: client.py HOST PORT
import asyncio
import concurrent.futures
import hashlib
import os
import random
import selectors
import socket
import subprocess
import sys
import threading
import time
import uuid

host, port = sys.argv[1], int(sys.argv[2])
start = time.monotonic()


def say(*words):
    print(f"{time.monotonic() - start:.3f}", *words, flush=True)


def ask(word):
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(f"{word}\n".encode())
        return connection.makefile("r").readline().strip()


def with_a_pool():
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        for answer in pool.map(ask, ["one", "two", "three"]):
            say("pool", answer)


def with_a_timeout():
    with socket.create_connection((host, port), timeout=0.75) as connection:
        try:
            connection.recv(1)
        except TimeoutError:
            say("socket timed out")


def with_selectors():
    with selectors.DefaultSelector() as selector, socket.create_connection((host, port)) as connection:
        selector.register(connection, selectors.EVENT_READ)
        say("selector", len(selector.select(timeout=2.5)))
        connection.sendall(b"selected\n")
        say("selector", len(selector.select(timeout=2.5)))


async def ask_asynchronously(word, delay):
    await asyncio.sleep(delay)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"{word}\n".encode())
    try:
        say("asyncio", (await asyncio.wait_for(reader.readline(), timeout=2)).decode().strip())
    except asyncio.TimeoutError:
        say("asyncio", word, "timed out")
    writer.close()
    await writer.wait_closed()


async def with_asyncio():
    await asyncio.gather(ask_asynchronously("early", 0.5), ask_asynchronously("late", 1))
    process = await asyncio.create_subprocess_exec("sleep", "3")
    say("asyncio: sleep ended with", await process.wait())
    say("asyncio: in a thread", await asyncio.to_thread(time.sleep, 1))


def with_subprocesses():
    done = subprocess.run(["sh", "-c", "sleep 2; echo from the shell"], capture_output=True, text=True, check=True)
    say(done.stdout.strip())
    try:
        subprocess.run(["sleep", "100"], timeout=1.25, check=True)
    except subprocess.TimeoutExpired:
        say("subprocess timed out")


def with_events():
    event, lock, semaphore = threading.Event(), threading.Lock(), threading.Semaphore(0)
    say("event", event.wait(0.5))
    lock.acquire()
    say("lock", lock.acquire(timeout=0.5))
    say("semaphore", semaphore.acquire(timeout=0.5))
    threading.Timer(1, event.set).start()
    say("event", event.wait(10))


def what_is_random():
    words = "".join(sorted({"alice", "bob", "carol", "dave"}, key=hash))
    values = (words, hash("x"), random.random(), os.urandom(8).hex(), uuid.uuid4(), id(object()), time.time())
    say("random", hashlib.sha256(repr(values).encode()).hexdigest()[:16])


say("resolved", socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)[0][4])
for part in (with_a_pool, with_a_timeout, with_selectors, lambda: asyncio.run(with_asyncio()), with_subprocesses,
             with_events, what_is_random):
    part()
time.sleep(10)
say("end")
