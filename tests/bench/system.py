# SPDX-License-Identifier: GPL-3.0-or-later
"""system - what a submission to the machine's queue costs

usage: system BUILDDIR PLACE ROUNDS, by part_system.py, as root in namespaces
of its own.  PLACE has the programs bare and measure, and is on the disk that
counts; the rows go into its file system.json.
"""
import os
import re
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(TESTS, "system")]

import machine  # noqa: E402
from figures import Figures  # noqa: E402
from service import Listen  # noqa: E402

USER = machine.USERS["alice"]
PROGRAM, SOCKET = "set-gid program", "socket"
GOALS = {PROGRAM: 2.2, SOCKET: 2.5}


class Bench:
    def __init__(self, build, place, rounds):
        self.place = place
        self.rounds = rounds
        self.figures = Figures()
        self.m = machine.Machine(build, os.path.join(place, "machine"),
                                 in_memory=False)
        self.message = os.path.join(place, "4k")

    def spawn(self, argv, stdin, uid):
        """Fork to exit, in milliseconds; and the status."""
        out = subprocess.run([self.place + "/measure", stdin, *argv],
                             user=uid, group=uid, extra_groups=[],
                             check=True, stdout=subprocess.PIPE,
                             env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                                  "LC_ALL": "C"}, text=True).stdout.split()
        return float(out[0]) * 1000, int(out[1])

    def submit(self, kind):
        if kind == "bare":
            queue = os.path.join(self.place, "bare-queue")
            return self.spawn([self.place + "/bare", queue], self.message, 0)
        hidden = self.m.socket + "-"
        if kind == PROGRAM:
            os.rename(self.m.socket, hidden)
        try:
            return self.spawn([self.m.sendmail, "-i", "a@example.org"],
                              self.message, USER)
        finally:
            if kind == PROGRAM:
                os.rename(hidden, self.m.socket)

    def submissions(self):
        times = {"bare": [], PROGRAM: [], SOCKET: []}
        with Listen(self.m):
            for i in range(self.rounds):
                for kind in sorted(times, reverse=i % 2 == 1):
                    milliseconds, status = self.submit(kind)
                    if status != 0:
                        sys.exit("bench: %s ended with %d" % (kind, status))
                    times[kind].append(milliseconds)
                if i % 50 == 49:
                    self.m.make_spool()
        base = statistics.median(times["bare"])
        for kind, goal in GOALS.items():
            p50 = statistics.median(times[kind])
            self.figures.row(
                "system mode, %s, 4 KB, fork to exit" % kind,
                "%.2f ms, bare %.2f: %.2f x" % (p50, base, p50 / base),
                "<= %.1f x" % goal, p50 / base <= goal)

    def start_up(self):
        """From fork to exit, with nothing to do."""
        drop, nothing = [
            statistics.median(self.spawn(argv, "/dev/null", USER)[0]
                              for _ in range(self.rounds))
            for argv in ([self.m.drop, "--nothing"], ["/bin/true"])]
        self.figures.row("relay-drop, start-up",
                         "%.2f ms, true %.2f" % (drop, nothing), "<= 1 ms",
                         drop <= 1)

    def calls(self):
        """As root, who may trace what has other rights."""
        trace = os.path.join(self.place, "trace")
        entry = os.path.join(self.place, "entry")
        with open(entry, "wb") as file:
            file.write(machine.entry())
        with open(entry, "rb") as stdin:
            subprocess.run(["strace", "-f", "-o", trace, self.m.drop],
                           stdin=stdin, stdout=subprocess.DEVNULL, check=True)
        with open(trace, encoding="ascii", errors="replace") as file:
            found = set(re.findall(r"^\d+ +(\w+)\(", file.read(),
                                   re.MULTILINE))
        with open(os.path.join(os.path.dirname(TESTS), "src/drop/drop.c"),
                  encoding="utf-8") as file:
            source = file.read()
        listed = re.search(r"calls\[\] = \{(.*?)\};", source, re.DOTALL)[1]
        count = len([word for word in listed.split(",") if word.strip()])
        self.figures.row("relay-drop, calls that it may make, and makes",
                         "%d, %d with the loader's" % (count, len(found)),
                         "<= 25", count <= 25)
        lines = source.count("\n")
        self.figures.row("relay-drop, lines", str(lines), "<= 300",
                         lines <= 300)

    def run(self):
        self.submissions()
        self.start_up()
        self.calls()


def main(arguments):
    bench = Bench(arguments[0], arguments[1], int(arguments[2]))
    try:
        bench.run()
        bench.figures.save(os.path.join(bench.place, "system.json"), {})
    finally:
        bench.m.close()


main(sys.argv[1:])
