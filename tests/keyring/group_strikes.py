# SPDX-License-Identifier: GPL-3.0-or-later
"""strikes - relay-keyring killed, or a call of it failing, at every system call

The calls are those on files (libraries and all), on the socket of the bus and
on its pipes; the tool is tests/crash's.  Whatever happens it ends: with the
right secret, with 75 or 78 and a reason, or dead.  Nothing that is stored is
lost, nothing but the answer is said, and a secret is in the answer only.

The same for `relay secret set` with a file: the old password is there or the new
one, whole.
"""
import concurrent.futures
import os
import subprocess

import place as crash_place

crash_place.TIMEOUT = 40  # seconds: relay-keyring's own patience is 24
import trial  # noqa: E402
from desk import HOST, USER  # noqa: E402

OLD, NEW = b"the-old-secret", b"the-new-secret"
MODES = ["kill", "after", "err:EIO", "err:ENOMEM", "err:EINTR"]
WORKERS = 2
DONE = {0, 75, 78}
# 74: nobody took the answer; 71 and 127: no memory, no libraries.
NOT_DONE = {71, 74, 127}
# GLib ends a process that cannot have a descriptor or a thread.
ABORTS = {128 + 5, 128 + 6}


class Keyring(trial.Workload):
    prefixes = ["/usr", "/lib", "/etc", "/proc", "/dev", "/run", "."]
    calls = trial.FILE_CALLS + trial.NET_CALLS
    net = True
    verb = ""

    def __init__(self, desk, program):
        self.desk = desk
        self.program = program
        self.name = "relay-keyring " + self.verb

    def question(self):
        return b"account=a\nkind=password\nhost=%s\nuser=%s\n" % (
            HOST.encode(), USER.encode())

    def prepare(self, directory):
        self.restore()
        crash_place.write(directory, "question", self.question() + b"\n")

    def restore(self):
        """The old secret is stored."""
        self.ask("store", b"secret=%s\n" % OLD)

    def ask(self, verb, more=b""):
        return subprocess.run([self.program, verb],
                              input=self.question() + more + b"\n",
                              env=self.desk.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)

    def command(self, directory):
        return [self.program, self.verb]

    def stdin(self, directory):
        return os.path.join(directory, "question")

    def environment(self, directory):
        return dict(self.desk.env, HOME=directory)

    def stored(self):
        return self.ask("get").stdout

    def judge(self, directory, outcome, mode, call):
        """What was said, and then what is stored."""
        for secret in (OLD, NEW):
            if secret.decode() in outcome.err:
                return "leak", "a secret on stderr"
        why = self.judge_status(outcome, mode)
        if why is None:
            why = self.judge_answer(outcome)
        if why is None:
            why = self.judge_stored(outcome)
        return ("bad" if why else "status %s" % outcome.status), why

    @staticmethod
    def judge_status(outcome, mode):
        if mode == "none" and outcome.status != 0:
            return "it fails without a fault"
        if outcome.status in DONE | NOT_DONE or outcome.status >= 128:
            return None
        return "a status that it must not have"

    def judge_answer(self, outcome):
        if outcome.status in (75, 78) and \
                not outcome.out.startswith(b"error="):
            return "no reason: %r" % outcome.out
        if 0 < outcome.status < 128 and \
                (OLD in outcome.out or NEW in outcome.out):
            return "a secret, and not 0"
        return None

    def judge_stored(self, outcome):
        raise NotImplementedError


class Get(Keyring):
    verb = "get"

    def judge_stored(self, outcome):
        if outcome.status == 0 and outcome.out != b"secret=%s\n\n" % OLD:
            return "0, and %r" % outcome.out
        return None

    def restore(self):
        if OLD not in self.stored():
            super().restore()


class Store(Keyring):
    verb = "store"

    def prepare(self, directory):
        super().prepare(directory)
        crash_place.write(directory, "question", self.question() +
                          b"secret=%s\n\n" % NEW)

    def judge_stored(self, outcome):
        stored = self.stored()
        if outcome.status == 0 and NEW not in stored:
            return "0, and %r is stored" % stored
        if OLD not in stored and NEW not in stored:
            return "neither is stored: %r" % stored
        return None


class Erase(Keyring):
    verb = "erase"

    def judge_stored(self, outcome):
        stored = self.stored()
        if outcome.status == 0 and OLD in stored:
            return "0, and it is there"
        return None


class SecretFile(trial.Workload):
    """The call that failed may be that of a library that was to be loaded."""
    name = "relay secret set, into a file"
    prefixes = ["/usr", "/lib", "/etc", "."]
    calls = trial.FILE_CALLS
    STATUSES = {0, 64, 71, 74, 77, 78, 127}

    def __init__(self, relay):
        self.relay = relay

    def prepare(self, directory):
        crash_place.write(directory, "word", OLD + b"\n")
        crash_place.write(directory, "question", NEW + b"\n")
        crash_place.write(directory, "relayrc", (
            "domain x.test\nsmarthost a\n host h\n user u\n password file "
            "%s/word\n" % directory).encode())

    def command(self, directory):
        return [self.relay, "secret", "set"]

    def stdin(self, directory):
        return os.path.join(directory, "question")

    def judge(self, directory, outcome, mode, call):
        with open(os.path.join(directory, "word"), "rb") as file:
            stored = file.read()
        word = {OLD + b"\n": "old", NEW + b"\n": "new"}.get(stored, "torn")
        why = None
        if word == "torn":
            why = "%r is stored" % stored
        elif outcome.status == 0 and word != "new":
            why = "0, and the old one is stored"
        elif outcome.status < 128 and outcome.status not in self.STATUSES:
            why = "a status that it must not have"
        elif OLD.decode() in outcome.err or NEW.decode() in outcome.err:
            why = "a secret on stderr"
        elif outcome.status not in (0, 74) and outcome.status < 128 and \
                not outcome.err:
            why = "it says nothing"
        return word, why


def aborted(word, why):
    """The end of GLib by its own hand is dead, and that is allowed."""
    if word == "CRASH" and why and any(
            ", status %d;" % status in why for status in ABORTS):
        return "aborted", None
    return word, why


def one(workload, number, mode):
    return aborted(*trial.one(workload, number, mode))


def strike(tap, make):
    """Each worker has a desk of its own: what is stored is its own, too."""
    calls = trial.dry(make(0))
    jobs = trial.plan(calls, MODES)
    tally = trial.Tally()
    workloads = [make(i) for i in range(WORKERS)]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for results in pool.map(
                lambda i: [one(workloads[i], *job)
                           for job in jobs[i::WORKERS]], range(WORKERS)):
            for result in results:
                tally.add(*result)
    name = workloads[0].name
    if tally.words["beyond"] > trial.BEYOND * tally.trials:
        tally.bad.append("%s: too many calls were not reached" % name)
    tap.result(not tally.bad, name + ", struck at every call", tally.bad)
    tap.figures([tally], points=len(calls))


def run(place, _pool, tap):
    build = place.build
    source = os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))))
    crash_place.start(build, source)
    try:
        desks = [place.desk() for _ in range(WORKERS)]
        for kind in (Get, Store, Erase):
            strike(tap, lambda i, kind=kind: kind(desks[i], place.keyring))
        strike(tap, lambda i: SecretFile(place.relay))
    finally:
        crash_place.end()
