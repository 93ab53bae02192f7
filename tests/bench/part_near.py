# SPDX-License-Identifier: GPL-3.0-or-later
"""part_near - flush at a round trip of 0: what the programs themselves cost

Programs that wait for Nagle's algorithm against a delayed ACK lose 40 ms a
connection or a message here; a ratio against them says that, and no more.
"""
from delivery import deliver, in_turn, rate, table
from sink import CHUNKING, DATA

NAME = "near"
COUNTS = {"nullmailer": 100, "msmtp": 100}  # the others: 1,000


def one_connection(bench, extensions, how):
    """A thousand messages and one login."""
    count = 200 if bench.quick else 1000
    bench.figures.say("flush, one connection, " + how)
    its = deliver(bench, bench.relay, count, extensions=extensions,
                  keys=("connections 1",))
    connections, logins = its.stats["connections"], its.stats["logins"]
    bench.figures.row(
        "flush of %d messages, %s: connections, logins" % (count, how),
        "%d, %d" % (connections, logins), "1, 1",
        connections == 1 and logins == 1 and its.took_all)
    bench.figures.row(
        "  its speed and memory", "%.0f/s, %.1f MB" % (
            its.rate, bench.relay.spent.kilobytes / 1024), "-", None)


def many(bench):
    count = 2000 if bench.quick else 10000
    bench.figures.say("flush, %d messages" % count)
    its = deliver(bench, bench.relay, count)
    what = "flush, RTT 0, %d messages" % count
    bench.note_pss(its)
    bench.figures.row(what + ": rate", "%.0f/s" % its.rate, ">= 3000/s",
                      its.took_all and its.rate >= 3000)
    bench.figures.row(what + ": CPU a message", "%.3f ms" % its.cpu,
                      "<= 0.25 ms", its.cpu <= 0.25)
    bench.figures.row(what + ": logins", "%d" % its.stats["logins"],
                      "<= 100", its.stats["logins"] <= 100)
    bench.figures.row(what + ": each once", "%d of %d" % (
        its.stats["distinct"], its.stats["messages"]), "all",
        its.took_all and its.stats["distinct"] == count)


def peers(bench):
    count, rounds = (100, 1) if bench.quick else (1000, 3)

    def of(mailer, how):
        n = min(COUNTS.get(mailer.name, count), count, mailer.most_flushed)
        return lambda: deliver(bench, mailer, n, extensions=how)

    if not bench.peers:
        return
    runs = {"relay": of(bench.relay, DATA),
            "relay, CHUNKING": of(bench.relay, CHUNKING)}
    runs.update((peer.name, of(peer, DATA)) for peer in bench.peers)
    results = in_turn(bench, "flush, RTT 0", runs, rounds)
    table(bench.figures, "Flush of 4 KB messages, RTT 0", results)
    for name in ("relay", "relay, CHUNKING"):
        for its in results[name]:
            bench.note_pss(its)
    if "postfix" in results:
        bench.figures.row(
            "flush, RTT 0, 1,000 messages, against postfix", "%.1f x" % (
                rate(results["relay"]) / rate(results["postfix"])), "-", None)


def run(bench):
    one_connection(bench, DATA, "DATA")
    one_connection(bench, CHUNKING, "BDAT")
    many(bench)
    peers(bench)
