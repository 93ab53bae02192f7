# SPDX-License-Identifier: GPL-3.0-or-later
"""trial - one run of a program under fpt, and every run that there is

A Workload says what is run and judges what came of it.  points() first runs it
without any fault, listing its calls; then once for each call and mode, in a
fresh directory, with the fault at that call.  A run in which the fault was not
reached, or a workload without calls, is a failure and not a pass.
"""
import collections
import os
import shutil
import signal
import subprocess

import place

FILE_CALLS = """open creat openat openat2 read pread64 readv write pwrite64
writev pwritev sendfile copy_file_range splice fsync fdatasync sync_file_range
syncfs close rename renameat renameat2 link linkat symlink symlinkat unlink
unlinkat mkdir mkdirat rmdir mknodat truncate ftruncate fallocate chmod fchmod
fchmodat fchown flock stat lstat fstat newfstatat statx statfs fstatfs access
faccessat faccessat2 getdents64 utimensat lseek""".split()
NET_CALLS = """socket connect sendto sendmsg recvfrom recvmsg getsockopt
setsockopt shutdown""".split()
# Half of the bytes make sense here.
BYTE_CALLS = {"read", "pread64", "write", "pwrite64", "sendfile", "splice",
              "copy_file_range", "sendto", "recvfrom"}
# Linux never answers EINTR again and again: a loop around write() may rely
# on that.
NEVER_STICKY = {"err:EINTR"}

TRIES = 4  # to reach a call that is there in some runs only
BEYOND = 0.03  # of all trials may be at calls that were not there again

KILLS = ["kill", "after"]

# `number` is what fpt calls it ("f3"), `order` its place in the whole list,
# `marks` how often the workload's mark was in what it wrote.
Call = collections.namedtuple("Call",
                              "order number pid name path second marks")


class Outcome:
    """How a run ended: `status` as fpt says it, None when it hung."""

    def __init__(self, status, out, err, calls):
        self.status = status
        self.out = out
        self.err = err
        self.calls = calls


def read_list(path):
    calls = []
    with open(path, errors="surrogateescape") as file:
        for line in file:
            f = line.rstrip("\n").split("\t")
            if len(f) == 6:  # the last one may be cut off
                calls.append(Call(len(calls), f[0], int(f[1]), *f[2:5],
                                  len(f[5])))
    return calls


def run(command, env, directory, stdin=None, timeout=place.TIMEOUT, **more):
    """Run to the end: (status or None, stdout, stderr).  `stdin` is a path, or
    a descriptor."""
    given = stdin
    if not isinstance(given, int):
        given = os.open(stdin or os.devnull, os.O_RDONLY)
    out = os.path.join(directory, ".out")
    err = os.path.join(directory, ".err")
    try:
        with open(out, "wb") as o, open(err, "wb") as e:
            process = subprocess.Popen(command, env=env, cwd=directory,
                                       stdin=given, stdout=o, stderr=e,
                                       **more)
            try:
                status = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                status = None
    finally:
        os.close(given)
    if status is not None and status < 0:
        status = 128 - status
    with open(out, "rb") as o, open(err, "rb") as e:
        return status, o.read(), e.read().decode(errors="replace")


def traced(workload, directory, options):
    """Run the workload's command under fpt."""
    listing = os.path.join(directory, ".calls")
    command = [place.FPT, "-l", listing, "-s", ",".join(workload.calls)]
    for prefix in workload.prefixes:
        command += ["-p", os.path.join(directory, prefix)]
    if workload.net:
        command += ["-N"]
    if workload.mark:
        command += ["-m", workload.mark]
    command += options + ["--"] + workload.command(directory)
    status, out, err = run(command, workload.environment(directory),
                           directory, workload.stdin(directory))
    return Outcome(status, out, err, read_list(listing))


class Workload:
    """What is run.  The defaults suit a program that reads nothing."""
    name = ""
    prefixes = ["."]
    calls = FILE_CALLS
    net = False
    mark = None
    left_out = None  # a letter of leaveout.c
    good = {0}       # statuses of a run without a fault
    each = 0         # so many calls of a kind are tried, 0: all
    mixes = 60       # by chance, at each moment of a power cut

    def prepare(self, directory):
        pass

    def clean(self, directory):
        """After the trial, whatever came of it."""

    def command(self, directory):
        raise NotImplementedError

    def stdin(self, directory):
        return None

    def environment(self, directory):
        more = {}
        if self.left_out:
            more = {"LD_PRELOAD": place.LEAVEOUT, "LEAVE_OUT": self.left_out}
        return place.environment(directory, **more)

    def judge(self, directory, outcome, mode, call):
        """(word to count, what is wrong or None); mode "none": no fault"""
        raise NotImplementedError


def crashed(outcome, mode):
    """What is wrong with the way it ended, or None."""
    if outcome.status is None:
        return "HANG"
    if outcome.status == 124:
        return "NOT-REACHED"
    if outcome.status == 125:
        return "TRACER-FAILED"
    if outcome.status < 128:
        return None
    number = outcome.status - 128
    if mode in KILLS and number == signal.SIGKILL:
        return None
    # who sends these wants the program to end
    if mode == "sig:%d" % number and number in (signal.SIGTERM, signal.SIGINT,
                                                signal.SIGHUP):
        return None
    return "CRASH"


def dry(workload):
    """The calls of a run without faults.  Raises when that is not good."""
    directory = place.fresh()
    try:
        workload.prepare(directory)
        outcome = traced(workload, directory, [])
        bad = crashed(outcome, "none")
        word, why = workload.judge(directory, outcome, "none", None)
        if bad or why or not outcome.calls:
            raise RuntimeError("%s without a fault: %s %s, status %s, %s" % (
                workload.name, bad or word, why, outcome.status, outcome.err))
        return outcome.calls
    finally:
        workload.clean(directory)
        shutil.rmtree(directory, ignore_errors=True)


def one(workload, number, mode):
    """One trial: (word, line about what is wrong or None).  What a network
    hands out at once differs a little from run to run, and so do numbers."""
    word, why = attempt(workload, number, mode)
    tries = 1
    while word == "NOT-REACHED" and workload.net and tries < TRIES:
        word, why = attempt(workload, number, mode)
        tries += 1
    if word == "NOT-REACHED" and workload.net:
        return "beyond", None
    return word, why


def attempt(workload, number, mode):
    directory = place.fresh()
    options = ["-n", number, "-a", mode.rstrip("+")]
    if mode.endswith("+"):
        options.append("-r")
    try:
        workload.prepare(directory)
        outcome = traced(workload, directory, options)
        call = next((c for c in outcome.calls if c.number == number), None)
        word = crashed(outcome, mode)
        why = word
        if word not in ("HANG", "NOT-REACHED", "TRACER-FAILED"):
            seen = workload.judge(directory, outcome, mode, call)
            word, why = (word, why) if word else seen
        if why:
            where = "%s %s" % (call.name, call.path) if call else "?"
            why = "%s: %s at call %s (%s): %s, status %s; %s" % (
                workload.name, mode, number, where.replace(directory, ""),
                why, outcome.status, outcome.err.strip())
        return word, why
    finally:
        workload.clean(directory)
        shutil.rmtree(directory, ignore_errors=True)


def applies(call, mode):
    if mode == "short":
        return call.name in BYTE_CALLS
    if mode == "err:ECONNRESET":
        return call.path.startswith("socket:") or call.name == "connect"
    if mode.endswith("+"):
        return mode.rstrip("+") not in NEVER_STICKY
    return True


def thinned(calls, each):
    """At most so many calls of a kind, the first, the last and some between:
    a kind is what is done to which sort of file.  A network may do with fewer
    calls the next time: of those the last are left out."""
    kinds = collections.defaultdict(list)
    for call in calls:
        place = os.path.dirname(call.path) or call.path.rstrip("0123456789[]")
        kinds[call.name, place].append(call)
    kept = set()
    for same in kinds.values():
        last = len(same) - 1
        if same[0].number.startswith("n"):
            last = last * 2 // 3
        kept |= {same[last * i // max(each - 1, 1)].order
                 for i in range(each)}
    return [call for call in calls if call.order in kept]


def plan(calls, modes):
    return [(c.number, m) for m in modes for c in calls if applies(c, m)]


class Tally:
    """Words counted, and lines about what went wrong."""

    def __init__(self):
        self.words = collections.Counter()
        self.trials = 0
        self.bad = []

    def add(self, word, why):
        self.trials += 1
        self.words[word] += 1
        if why:
            self.bad.append(why)

    def __str__(self):
        return ", ".join("%s %d" % w for w in sorted(self.words.items()))


def points(pool, workload, modes):
    """Every trial of a workload: (number of calls, Tally)."""
    calls = pool.submit(dry, workload).result()
    if workload.each:
        calls = thinned(calls, workload.each)
    tally = Tally()
    jobs = [pool.submit(one, workload, number, mode)
            for number, mode in plan(calls, modes)]
    for job in jobs:
        tally.add(*job.result())
    if tally.words["beyond"] > BEYOND * tally.trials:
        tally.bad.append("%s: too many calls were not reached" %
                         workload.name)
    return calls, tally
