# SPDX-License-Identifier: GPL-3.0-or-later
"""part_hostile - one message among a thousand at which the server hangs up

Whoever is asked to take it says 421 and closes, each time.  The others have to
arrive as fast as without it.
"""
from delivery import deliver, fill, in_turn
from figures import median

NAME = "hostile"
FAULT = ("--refuse-rcpt", "1@dest.test:421 4.3.0 I cannot bear this one")


def runs(bench, count, rtt):
    """The one that may be hostile is in the middle."""
    def fill_it(mailer):
        half = count // 2
        fill(mailer, half, first=2)
        fill(mailer, 1, first=1)
        fill(mailer, count - half - 1, first=half + 2)

    def of(options):
        return lambda: deliver(bench, bench.relay, count, rtt=rtt,
                               fill_with=fill_it, options=options)

    return {"none": of(()), "one": of(FAULT)}


def run(bench):
    count, rounds = (200, 2) if bench.quick else (1000, 5)
    for rtt in (0, 50) if bench.network.can_delay else (0,):
        results = in_turn(bench, "hostile, %d ms" % rtt,
                          runs(bench, count, rtt), rounds)
        seconds = {name: median([its.stats["messages"] / its.rate
                                 for its in deliveries])
                   for name, deliveries in results.items()}
        others = min(its.stats["messages"] for its in results["one"])
        more = 100 * (seconds["one"] / seconds["none"] - 1)
        bench.figures.row(
            "1 hostile among %d, %d ms: delay of the others" % (count, rtt),
            "%.2f s, %.2f: %+.0f %%" % (seconds["one"], seconds["none"],
                                        more),
            "< 5 %", others == count - 1 and more < 5)
