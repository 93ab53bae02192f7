# SPDX-License-Identifier: GPL-3.0-or-later
"""part_far - flush over a long line, where round trips are all that counts"""
from delivery import deliver, in_turn, rate, table
from sink import CHUNKING, DATA

NAME = "far"
COUNTS = {"nullmailer": 25, "msmtp": 25, "exim": 100, "opensmtpd": 60}
ONE = {"no": 8.8, "yes": 17.0}  # msgs/s on one connection at 50 ms
GOALS = {DATA: {"": 1.6, "overlap": 3}, CHUNKING: {"": 3, "overlap": 10}}
NAMES = {DATA: "DATA", CHUNKING: "CHUNKING"}


def overlap(bench, word):
    return ("overlap " + word,) if bench.relay.knows("overlap") else ()


def one_connection(bench, rounds):
    """The floor of the protocol, and how near to it we are."""
    count = 60 if bench.quick else 300
    words = ["no"] + (["yes"] if bench.relay.knows("overlap") else [])

    def of(word):
        keys = ("connections 1", *overlap(bench, word))
        return lambda: deliver(bench, bench.relay, count, rtt=50, keys=keys)

    results = in_turn(bench, "flush, 50 ms, one connection",
                      {word: of(word) for word in words}, rounds)
    for word, goal in ONE.items():
        what = "flush, 50 ms, one connection, DATA, overlap %s" % word
        if word not in results:
            bench.figures.left_out(what, "this build has no key `overlap`")
            continue
        its = rate(results[word])
        bench.figures.row(what, "%.1f/s" % its, ">= %.1f/s" % goal,
                          its >= goal)


def against_all(bench, rtt, rounds, peers):
    """Up to 20 connections for each; relay as it comes, and with overlap."""
    # At 50 ms it is about what goes on, at the others what a start costs, too.
    count = 200 if bench.quick else 4000 if rtt == 50 else 1000

    def of(mailer, extensions, keys=()):
        n = min(COUNTS.get(mailer.name, count), count, mailer.most_flushed)
        return lambda: deliver(bench, mailer, n, rtt=rtt, keys=keys,
                               extensions=extensions)

    runs = {}
    for extensions, name in NAMES.items():
        runs["relay, " + name] = of(bench.relay, extensions)
        if bench.relay.knows("overlap"):
            runs["relay, %s, overlap" % name] = of(
                bench.relay, extensions, ("overlap yes",))
    runs.update((peer.name, of(peer, DATA)) for peer in peers)
    results = in_turn(bench, "flush, %d ms" % rtt, runs, rounds)
    table(bench.figures, "Flush of 4 KB messages, RTT %d ms" % rtt, results)
    for name, deliveries in results.items():
        if name.startswith("relay"):
            for its in deliveries:
                bench.note_pss(its)
    return results


def judge(bench, results):
    for extensions, goals in GOALS.items():
        for kind, goal in goals.items():
            name = "relay, " + NAMES[extensions] + (kind and ", " + kind)
            what = "flush, 50 ms, <= 20 connections, " + name[7:]
            if name not in results:
                bench.figures.left_out(what, "this build has no key `overlap`")
            elif "postfix" not in results:
                bench.left_out(what, "postfix")
            else:
                ours, its = rate(results[name]), rate(results["postfix"])
                bench.figures.row(what, "%.0f/s, postfix %.0f: %.2f x" % (
                    ours, its, ours / its), ">= %.1f x postfix" % goal,
                    ours / its >= goal)


def run(bench):
    if not bench.network.can_delay:
        bench.figures.left_out("flush over a long line",
                               "that needs root and /dev/net/tun")
        return
    rounds = 1 if bench.quick else 3
    one_connection(bench, rounds)
    judge(bench, against_all(bench, 50, rounds, bench.peers))
    if not bench.quick:
        postfix = [peer for peer in bench.peers if peer.name == "postfix"]
        for rtt in (20, 100):
            against_all(bench, rtt, 1, postfix)
