# SPDX-License-Identifier: GPL-3.0-or-later
"""memory - what others can see of relay-token, and what it still has at its end

It is held at two moments: while it waits for the endpoint, and while it says its
answer into a pipe that nobody reads.  By then no refresh token is in its memory.
"""
import fcntl
import os
import re
import subprocess
import time

from endpoint import tokens

OLD, NEW = "old-refresh-5f0a9c", "new-refresh-77b1e2"
SECRET = "client-secret-0c4d21"


def read(pid, name):
    with open("/proc/%d/%s" % (pid, name), "rb") as file:
        return file.read()


def memory(pid):
    """All that it may write to."""
    found = []
    maps = read(pid, "maps").decode()
    with open("/proc/%d/mem" % pid, "rb", 0) as file:
        for begin, end in re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", maps,
                                     re.M):
            try:
                file.seek(int(begin, 16))
                found.append(file.read(int(end, 16) - int(begin, 16)))
            except (OSError, ValueError, OverflowError):
                pass
    return b"".join(found)


def run_waiting(place, tap):
    server = place.endpoint()
    server.pause = 2
    client = place.client(server.origin, client_secret=SECRET)
    client.write(refresh_token=OLD)
    server.script(tokens("access", NEW))
    process = client.start("get")
    while not server.heard:
        time.sleep(0.02)
    seen = read(process.pid, "cmdline") + read(process.pid, "environ")
    limits = read(process.pid, "limits").decode()
    tap.result(not any(s.encode() in seen for s in (OLD, SECRET)),
               "no secret in the arguments or the environment", [str(seen)])
    tap.result(re.search(r"Max core file size +0 +0 ", limits) is not None,
               "no core dump", [limits])
    tap.result(OLD.encode() in memory(process.pid),
               "(its memory can be searched here)")
    process.communicate(timeout=30)


def full_pipe():
    """Its end to write to, on which a write waits."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
    return reading, writing


def run_answering(place, tap):
    server = place.endpoint()
    client = place.client(server.origin, client_secret=SECRET)
    client.write(refresh_token=OLD)
    server.script(tokens("access", NEW))
    reading, writing = full_pipe()
    process = subprocess.Popen(
        [client.program, "get"], stdin=subprocess.PIPE, stdout=writing,
        env=client.environment())
    process.stdin.write(client.text().encode())
    process.stdin.close()
    while client.tokens()["refresh_token"] != NEW:
        time.sleep(0.02)
    time.sleep(0.5)
    held = memory(process.pid)
    left = [name for name in (OLD, NEW) if name.encode() in held]
    tap.result(process.poll() is None and held and not left,
               "when it answers, no refresh token is left in its memory", left)
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_NONBLOCK)
    while process.poll() is None:
        try:
            os.read(reading, 65536)
        except BlockingIOError:
            time.sleep(0.01)
    os.close(reading)
    os.close(writing)


def run(place, tap):
    run_waiting(place, tap)
    run_answering(place, tap)
