# SPDX-License-Identifier: GPL-3.0-or-later
"""part_growth - does it stay the same when the queue grows

Large queues are clones of one queued message, where an adapter can make them.
"""
import sys
import time

from delivery import deliver, fill
from figures import median

NAME = "growth"
WINDOW = 40  # seconds that a peer's flush may take


def make(count):
    """How to fill a queue with so many."""
    def fill_it(mailer):
        if count <= 1000:
            fill(mailer, count)
        else:
            fill(mailer, 1)
            mailer.clone(count)

    return fill_it


def list_seconds(bench, mailer):
    """Of one listing, the median of three."""
    argv = mailer.list if mailer.root is None else [
        "/usr/sbin/chroot", mailer.root, *mailer.list]
    runs = [bench.place.spawn(argv, env=getattr(mailer, "env", None))
            for _ in range(3)]
    if any(run.status != 0 for run in runs):
        sys.exit("bench: %s cannot list its queue" % mailer.name)
    return median([run.seconds for run in runs])


def submit_seconds(bench, mailer):
    argv = getattr(mailer, "submit_only", mailer.submit)
    return median(bench.place.crowd(argv, env=getattr(mailer, "env", None),
                                    root=mailer.root, count=40).each)


def measure(bench, mailer, count):
    """List, submit; then flush what there is."""
    seen = {}

    def fill_it(its):
        begin = time.monotonic()
        make(count)(its)
        seen["fill"] = time.monotonic() - begin
        bench.figures.say("%s, %d queued: listing" % (mailer.name, count))
        seen["list"] = list_seconds(bench, its)
        seen["submit"] = submit_seconds(bench, its)
        bench.figures.say("%s, %d queued: flush" % (mailer.name, count))

    bench.figures.say("%s, %d queued: filling" % (mailer.name, count))
    limit = 600 if mailer is bench.relay else WINDOW
    return deliver(bench, mailer, count + 40, fill_with=fill_it,
                   limit=limit), seen


def run(bench):
    sizes = (1000, 10000) if bench.quick else (1000, 10000, 100000)
    lines, relay = [], {}
    for mailer in [bench.relay, *bench.peers]:
        for count in sizes:
            if count > mailer.most_flushed or (
                    count > 1000 and not hasattr(mailer, "clone")):
                continue
            its, seen = measure(bench, mailer, count)
            lines.append([mailer.name, count, seen["list"],
                          seen["list"] * 1e6 / count, seen["submit"] * 1000,
                          its.first, its.rate, its.pss / 1024 or None])
            if mailer is bench.relay:
                relay[count] = its, seen
                bench.note_pss(its)
    bench.figures.table(
        "Growth, RTT 0", ["program", "queued", "list s", "list us/entry",
                          "submit p50 ms", "first message s", "msgs/s",
                          "PSS MB"], lines)
    judge(bench, relay, sizes)


def judge(bench, relay, sizes):
    its, seen = relay[sizes[-1]]
    few, _ = relay[sizes[0]]
    what = "%d queued: " % sizes[-1]
    bench.figures.row(what + "first message on the wire",
                      "%.2f s" % its.first, "<= 0.4 s", its.first <= 0.4)
    bench.figures.row(what + "rate, and at 1,000", "%.0f/s, %.0f: %.2f x" % (
        its.rate, few.rate, its.rate / few.rate), ">= 0.8 x",
        its.took_all and its.rate >= 0.8 * few.rate)
    each = seen["list"] * 1e6 / sizes[-1]
    bench.figures.row(what + "mailq, an entry", "%.1f us" % each, "<= 15 us",
                      each <= 15)
