# SPDX-License-Identifier: GPL-3.0-or-later
"""delivery - one queue is filled, and one flush empties it

The rate is that of the messages from the start of the flush to the smarthost's
last acceptance: start-up and login are in it, and so is a tail.
"""
import collections
import time

import sink
from figures import median

# first: seconds to the first message; flights: round trips that were waited for
Delivery = collections.namedtuple(
    "Delivery", "rate first megabytes stats flights pss cpu left took_all")


def fill(mailer, count, size=4096, first=1):
    """By as many submissions."""
    argv = getattr(mailer, "submit_only", mailer.submit)
    mailer.place.crowd(
        argv, env=getattr(mailer, "env", None), root=mailer.root,
        count=count, at_once=min(2, mailer.writers), size=size, first=first)
    mailer.settle()


def deliver(bench, mailer, count, *, rtt=0, size=4096, extensions=sink.DATA,
            keys=(), options=(), limit=180, fill_with=None):
    """`fill_with(mailer)` fills the queue otherwise, with `count`."""
    mailer.wipe()
    prefix = bench.network.client(rtt)
    with sink.Sink(bench.place, bench.network, extensions, options) as its:
        mailer.start(its.port, prefix, keys)
        try:
            if fill_with is not None:
                fill_with(mailer)
            else:
                fill(mailer, count, size)
            mailer.ready()
            begin = time.monotonic()
            mailer.flush(limit)
            left = mailer.count()
        finally:
            mailer.stop()
    mailer.wipe()
    return judge(its, mailer, begin, left, count)


def judge(its, mailer, begin, left, count):
    stats = its.stats
    messages = stats["messages"]
    seconds = stats["last"] - begin
    if messages == 0:
        return Delivery(0.0, None, 0.0, stats, None, mailer.pss, None, left,
                        False)
    cpu = None if mailer.spent is None else mailer.spent.cpu * 1000 / messages
    return Delivery(messages / seconds, stats["first"] - begin,
                    stats["bytes"] / seconds / 1e6, stats,
                    stats["flights"] / messages, mailer.pss, cpu, left,
                    left == 0 and messages == count)


def in_turn(bench, what, runs, rounds):
    """Run each of `runs` (name: function) in each round, in changing order;
    a list of results for each name."""
    results = {name: [] for name in runs}
    names = list(runs)
    for i in range(rounds):
        for name in names if i % 2 == 0 else reversed(names):
            bench.figures.say("%s, round %d of %d: %s"
                              % (what, i + 1, rounds, name))
            results[name].append(runs[name]())
    return results


def rate(deliveries):
    return median([delivery.rate for delivery in deliveries])


def table(figures, title, results):
    """Of deliveries, by name; medians."""
    lines = []
    for name, deliveries in results.items():
        its = deliveries[0].stats
        cpu = [d.cpu for d in deliveries if d.cpu is not None]
        pss = max(d.pss for d in deliveries)
        firsts = [d.first for d in deliveries if d.first is not None]
        lines.append([
            name, its["messages"], rate(deliveries),
            min(d.rate for d in deliveries), max(d.rate for d in deliveries),
            median(firsts) if firsts else None,
            median([d.stats["connections"] for d in deliveries]),
            max(d.stats["most_at_once"] for d in deliveries),
            median([d.stats["logins"] for d in deliveries]),
            deliveries[0].flights, median(cpu) if cpu else None,
            pss / 1024 if pss > 0 else None,
            max(d.left for d in deliveries)])
    figures.table(title, ["program", "messages", "msgs/s", "min", "max",
                          "first s", "conns", "at once", "logins",
                          "flights/msg", "CPU ms/msg", "PSS MB", "left"],
                  lines)
