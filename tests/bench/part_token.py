# SPDX-License-Identifier: GPL-3.0-or-later
"""part_token - what an access token costs: from the store, and from the provider

The endpoint is Python's; it shares the processors with us.  Each refresh is a
process of its own with a connection of its own, as it is in life: once an hour.
"""
import os
import re
import shutil
import subprocess
import sys

from figures import median
from place import ENVIRONMENT, TESTS

NAME = "token"
FAR = 50        # milliseconds
TRIPS = 3.5     # TCP, TLS 1.3, the question; and work
FOREVER = 4000000000

sys.path.append(os.path.join(TESTS, "oauth"))


class Service:
    def __init__(self, bench):
        self.process = subprocess.Popen(
            [*bench.network.server(), sys.executable,
             os.path.join(TESTS, "oauth/serve.py"), bench.place.certs(),
             bench.network.address], stdin=subprocess.PIPE, bufsize=1,
            stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        self.port = int(self.process.stdout.readline())

    def counts(self):
        self.process.stdin.write("\n")
        return [int(word) for word in self.process.stdout.readline().split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def account(bench, service, name, **more):
    """A file with the question of an account that is logged in."""
    import client
    directory = bench.place.path(name)
    os.mkdir(directory)
    it = client.Client(
        bench.place.program("src/token/relay-token"), directory,
        flow="device", client_id="relay", scope="mail",
        token_url="https://%s:%d/token" % (bench.network.host, service.port),
        ca=os.path.join(bench.place.certs(), "ca.pem"), **more)
    it.write(refresh_token="start", access_token="good", obtained=1000000000,
             expires=FOREVER)
    path = os.path.join(directory, "question")
    with open(path, "w", encoding="utf-8") as file:
        file.write(it.text())
    return path


def times(bench, question, rtt, rounds):
    program = bench.place.program("src/token/relay-token")
    prefix = bench.network.client(rtt)
    found = [bench.place.spawn([program, "get"], question, prefix=prefix)
             for _ in range(rounds)]
    if any(spent.status != 0 for spent in found):
        sys.exit("bench: relay-token failed")
    return found


def processes(bench, question):
    """How many it starts, itself included, and how many fsyncs."""
    program = bench.place.program("src/token/relay-token")
    trace = bench.place.path("token.trace")
    with open(question, encoding="utf-8") as file:
        subprocess.run([*bench.network.client(0), "strace", "-f", "-qq", "-e",
                        "trace=execve,fork,vfork,clone,clone3,fsync", "-o",
                        trace, program, "get"], stdin=file, check=True,
                       stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    with open(trace, encoding="utf-8") as file:
        text = file.read()
    forks = [line for line in text.splitlines()
             if re.search(r" v?fork\(| clone3?\(", line) and
             "CLONE_THREAD" not in line and "resumed" not in line]
    return 1 + len(forks), text.count(" fsync(")


def measure(bench, service):
    rounds = 20 if bench.quick else 100
    cached = account(bench, service, "token-cached")
    asked = account(bench, service, "token-asked", newer_than=FOREVER - 1)
    bench.figures.say("tokens, %d rounds" % rounds)
    there = median(s.seconds for s in times(bench, cached, 0, rounds)) * 1000
    before = service.counts()
    spent = times(bench, asked, 0, rounds)
    after = service.counts()
    near = median(s.seconds for s in spent) * 1000
    each = [(b - a) / rounds for a, b in zip(before, after)]
    bench.figures.row("relay-token, a token that is there", "%.1f ms" % there,
                      "", None)
    bench.figures.row("relay-token, a refresh next door", "%.1f ms, %.1f MB"
                      % (near, max(s.kilobytes for s in spent) / 1024), "",
                      None)
    bench.figures.row("its connections and questions", "%.0f and %.0f" %
                      tuple(each), "1 and 1", each == [1, 1])
    if shutil.which("strace"):
        count, syncs = processes(bench, asked)
        bench.figures.row("its processes and fsyncs", "%d and %d" % (
            count, syncs), "1 and 2", (count, syncs) == (1, 2))
    else:
        bench.figures.left_out("its processes", "no strace")
    if bench.network.can_delay:
        far = median(s.seconds for s in times(
            bench, asked, FAR, max(rounds // 5, 5))) * 1000
        bench.figures.row(
            "the same, %d ms away" % FAR, "%.0f ms: %.1f round trips" % (
                far, (far - near) / FAR), "<= %.1f round trips" % TRIPS,
            (far - near) / FAR <= TRIPS)


def run(bench):
    if not os.path.exists(os.path.join(bench.place.build,
                                       "src/token/relay-token")):
        bench.figures.left_out("relay-token", "this build is without it")
        return
    service = Service(bench)
    try:
        measure(bench, service)
    finally:
        service.close()
