# SPDX-License-Identifier: GPL-3.0-or-later
"""part_submit - from fork to exit of one submission

Speed is a ratio: against bare.c (fork, exec, cp, fsync, rename, fsync of the
directory, nothing else) and against the peers, in the same interleaved run.
"""
import os
import re
import shutil
import subprocess
import sys

from figures import median, percentile

NAME = "submit"
GOALS = {"nullmailer": 0.5, "dma": 0.8}
LARGE = 30  # submissions of 10 MB


def make_bare(bench):
    """What the yardstick needs; its command."""
    queue = bench.place.path("bare-queue")
    for name in ("tmp", "new"):
        os.makedirs(os.path.join(queue, name), exist_ok=True)
    return [bench.place.tool("bare"), queue]


def against_bare(bench):
    small = bench.place.message("4k", 4096)
    sendmail = bench.relay.sendmail
    kinds = {
        "bare": make_bare(bench),
        "sendmail": [sendmail, "-i", "a@example.org"],
        "sendmail -odq": [sendmail, "-i", "-odq", "a@example.org"],
    }
    times = {name: [] for name in kinds}
    most = 0
    bench.figures.say("submission, %d rounds" % bench.rounds)
    for i in range(bench.rounds):
        for name in sorted(kinds, reverse=i % 2 == 1):
            spent = one(bench, kinds[name], small)
            times[name].append(spent.seconds * 1000)
            if name != "bare":
                most = max(most, spent.kilobytes)
    base = median(times["bare"])
    for name in ("sendmail", "sendmail -odq"):
        p50 = median(times[name])
        bench.figures.row(
            "%s, 4 KB, fork to exit" % name,
            "%.2f ms, bare %.2f: %.2f x" % (p50, base, p50 / base),
            "<= 1.6 x", p50 / base <= 1.6)
    bench.figures.row("sendmail, peak memory", "%.1f MB" % (most / 1024),
                      "<= 3 MB", most <= 3 * 1024)


def one(bench, argv, message):
    spent = bench.place.spawn(argv, message, bench.relay.env)
    if spent.status != 0:
        sys.exit("bench: %s ended with %d" % (argv[0], spent.status))
    return spent


def syncs(bench):
    if shutil.which("strace") is None:
        bench.figures.left_out("sendmail, fsyncs", "strace is not there")
        return
    trace = bench.place.path("trace")
    with open(bench.place.message("4k", 4096), encoding="ascii") as stdin:
        subprocess.run(["strace", "-f", "-o", trace, "-e",
                        "trace=fsync,fdatasync,sync,syncfs",
                        bench.relay.sendmail, "-i", "-odq", "a@example.org"],
                       env=bench.relay.env, stdin=stdin, check=True)
    with open(trace, encoding="ascii") as file:
        count = sum("sync" in line for line in file)
    bench.figures.row("sendmail, fsyncs", str(count), "exactly 2", count == 2)


def needed(bench):
    if shutil.which("readelf") is None:
        bench.figures.left_out("sendmail, libraries", "readelf is not there")
        return
    out = subprocess.run(["readelf", "-d", bench.relay.sendmail], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    libraries = re.findall(r"NEEDED.*\[(.*)\]", out)
    bench.figures.row("sendmail, libraries", " ".join(libraries), "libc only",
                      libraries == ["libc.so.6"])


def ten_megabytes(bench):
    """Against cp and fsync of the same bytes, one after the other."""
    big = bench.place.message("10m", 10 << 20)
    bare = make_bare(bench)
    kinds = {"bare": bare, "sendmail": [bench.relay.sendmail, "-i", "-odq",
                                        "a@example.org"]}
    times = {name: [] for name in kinds}
    bench.figures.say("submission of 10 MB")
    for i in range(LARGE):
        for name in sorted(kinds, reverse=i % 2 == 1):
            times[name].append(one(bench, kinds[name], big).seconds * 1000)
        for folder in (bare[1], bench.relay.queue):
            shutil.rmtree(os.path.join(folder, "new"))
            os.mkdir(os.path.join(folder, "new"), 0o700)
    base, p50 = median(times["bare"]), median(times["sendmail"])
    bench.figures.row("sendmail, 10 MB, fork to exit",
                      "%.1f ms, cp %.1f: %.2f x" % (p50, base, p50 / base),
                      "<= 1.3 x", p50 / base <= 1.3)


def large_submission(bench):
    big = bench.place.message("25m", 25 << 20)
    spent = one(bench, [bench.relay.sendmail, "-i", "-odq", "a@example.org"],
                big)
    bench.figures.row("sendmail, 25 MB, peak memory",
                      "%.1f MB, %.2f s" % (spent.kilobytes / 1024,
                                           spent.seconds),
                      "<= 3 MB", spent.kilobytes <= 3 * 1024)


def against_peers(bench):
    """As each is called, with nothing sent: small groups in turn."""
    per, rounds = (6, 10) if not bench.quick else (4, 4)
    mailers = [bench.relay, *bench.peers]
    results = {mailer.name: [] for mailer in mailers}
    for mailer in mailers:
        mailer.wipe()
        mailer.start(2587, bench.network.client(0))
    try:
        for i in range(rounds):
            bench.figures.say("submission, peers, round %d of %d"
                              % (i + 1, rounds))
            for mailer in mailers if i % 2 == 0 else reversed(mailers):
                results[mailer.name] += bench.place.crowd(
                    mailer.submit, env=getattr(mailer, "env", None),
                    root=mailer.root, count=per).each
    finally:
        for mailer in mailers:
            mailer.stop()
            mailer.wipe()
    show(bench, results)


def show(bench, results):
    p50 = {name: median(times) * 1000 for name, times in results.items()}
    bench.figures.table(
        "Submission of 4 KB, fork to exit",
        ["program", "p50 ms", "p90 ms", "relay / it", "durable"],
        [[name, p50[name], percentile(times, 90) * 1000,
          p50["relay"] / p50[name], durable(bench, name)]
         for name, times in results.items()])
    for name, goal in GOALS.items():
        what = "submit 4 KB, p50, against %s" % name
        if name not in p50:
            bench.left_out(what, name)
            continue
        ratio = p50["relay"] / p50[name]
        bench.figures.row(what, "%.2f ms, %.2f: %.2f x" % (
            p50["relay"], p50[name], ratio), "<= %.1f x" % goal,
            ratio <= goal)


def durable(bench, name):
    return "no" if any(peer.name == name and not peer.is_durable
                       for peer in bench.peers) else "yes"


def run(bench):
    against_bare(bench)
    syncs(bench)
    needed(bench)
    ten_megabytes(bench)
    large_submission(bench)
    against_peers(bench)
