# SPDX-License-Identifier: GPL-3.0-or-later
"""part_large - messages of 10 and 25 MB"""
from delivery import deliver, in_turn, table
from figures import median
from sink import CHUNKING, DATA

NAME = "large"
COUNT = 20
GOAL = 1.5  # times Exim


def memory(bench):
    bench.figures.say("flush of %d x 25 MB" % COUNT)
    its = deliver(bench, bench.relay, COUNT, size=25 << 20,
                  extensions=CHUNKING)
    bench.note_pss(its)
    most = bench.relay.spent.kilobytes
    bench.figures.row("flush of %d x 25 MB, peak memory" % COUNT,
                      "%.1f MB, %.0f MB/s" % (most / 1024, its.megabytes),
                      "< 24 MB", its.took_all and most < 24 * 1024)


def peers(bench):
    def of(mailer, how=DATA):
        return lambda: deliver(bench, mailer, COUNT, size=10 << 20,
                               extensions=how)

    # dma would run all of them at once, msmtp takes a second for each.
    others = [peer for peer in bench.peers
              if peer.name in ("exim", "postfix", "nullmailer", "opensmtpd")]
    runs = {"relay": of(bench.relay),
            "relay, CHUNKING": of(bench.relay, CHUNKING)}
    runs.update((peer.name, of(peer)) for peer in others)
    results = in_turn(bench, "%d x 10 MB" % COUNT, runs,
                      1 if bench.quick else 3)
    table(bench.figures, "Flush of %d x 10 MB, RTT 0" % COUNT, results)
    speed = {name: median([its.megabytes for its in deliveries])
             for name, deliveries in results.items()}
    bench.figures.table("The same", ["program", "MB/s", "CPU ms/MB"], [
        [name, speed[name],
         None if its[0].cpu is None else
         median([one.cpu for one in its]) / 10.49]
        for name, its in results.items()])
    for name in ("relay", "relay, CHUNKING"):
        for its in results[name]:
            bench.note_pss(its)
        what = "%d x 10 MB, RTT 0, %s" % (COUNT, name)
        if "exim" not in speed:
            bench.left_out(what, "exim")
            continue
        ratio = speed[name] / speed["exim"]
        bench.figures.row(what, "%.0f MB/s, exim %.0f: %.2f x" % (
            speed[name], speed["exim"], ratio), ">= %.1f x" % GOAL,
            ratio >= GOAL)


def run(bench):
    memory(bench)
    peers(bench)
