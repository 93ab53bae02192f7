# SPDX-License-Identifier: GPL-3.0-or-later
"""part_inject - many submissions, by one writer and by eight at a time"""
from delivery import in_turn
from figures import median, percentile

NAME = "inject"
GOAL = 2.5  # times nullmailer


def one(bench, mailer, count, writers):
    """Queue so many; how many of them are not there."""
    mailer.wipe()
    mailer.start(2587, bench.network.client(0))
    try:
        crowd = bench.place.crowd(
            getattr(mailer, "submit_only", mailer.submit),
            env=getattr(mailer, "env", None), root=mailer.root, count=count,
            at_once=writers, may_fail=True)
        mailer.settle()
        return crowd, count - mailer.count()
    finally:
        mailer.stop()
        mailer.wipe()


def runs(bench, count, writers):
    def of(mailer):
        return lambda: one(bench, mailer, count, writers)

    return {mailer.name: of(mailer) for mailer in [bench.relay, *bench.peers]}


def line(name, results, count):
    crowds = [crowd for crowd, _ in results]
    return [name, median([count / crowd.seconds for crowd in crowds]),
            median([percentile(crowd.each, 99) for crowd in crowds]) * 1000,
            median([crowd.cpu for crowd in crowds]) * 1000 / count,
            max(lost for _, lost in results)]


def run(bench):
    count, rounds = (200, 2) if bench.quick else (1000, 3)
    for writers in (1, 8):
        how = "%d writer%s" % (writers, "s" if writers > 1 else "")
        results = in_turn(bench, "inject, " + how,
                          runs(bench, count, writers), rounds)
        lines = [line(name, its, count) for name, its in results.items()]
        bench.figures.table(
            "Inject, " + how, ["program", "msgs/s", "p99 ms",
                               "CPU ms/msg without daemons", "lost"], lines)
        speed = {words[0]: words[1] for words in lines}
        what = "inject, %s, against nullmailer" % how
        if "nullmailer" not in speed:
            bench.left_out(what, "nullmailer")
            continue
        ratio = speed["relay"] / speed["nullmailer"]
        bench.figures.row(what, "%.0f/s, %.0f: %.2f x" % (
            speed["relay"], speed["nullmailer"], ratio), ">= %.1f x" % GOAL,
            ratio >= GOAL)
