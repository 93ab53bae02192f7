# SPDX-License-Identifier: GPL-3.0-or-later
"""submit - submission, killed and hindered at every call

Exit status 0 means: exactly one whole entry is in new/, with what was
submitted.  Any other: nothing in new/ is torn, and there is an entry only if
the fault came at or after the rename ("kept": a caller that tries again makes
a duplicate, never a loss).

A session of -bs says 250 and a name for each message instead.
"""
import fcntl
import os
import re
import signal

import place
import powercut
import trial
from spool import Queue

MODES = trial.KILLS + ["short"] + [
    "err:%s%s" % (name, sticky)
    for name in ("EIO", "ENOSPC", "EDQUOT", "EROFS", "EINTR", "EMFILE",
                 "EACCES", "ENOMEM")
    for sticky in ("", "+")] + [
    "sig:%d" % number
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                   signal.SIGPIPE, signal.SIGXFSZ)]

PIPE_SIZE = 1 << 20
# 64 usage ... 78 configuration, but never 75: callers take it for "stored".
REFUSALS = set(range(64, 79)) - {75}


def feed(data):
    """The reading end of a pipe that holds all of `data` already, so that
    the program's reads are the same in each run."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    os.write(writing, data)
    os.close(writing)
    return reading


class Submission(trial.Workload):
    arguments = []
    message = b""
    recipients = []
    sender = "me@example.org"
    body = b""
    absent = []   # must not be in the header
    present = []  # must be
    queue = "queue"
    prefixes = ["queue", "message"]

    def prepare(self, directory):
        for name in ("queue", "queue/tmp", "queue/new"):
            os.mkdir(os.path.join(directory, name), 0o700)
        place.write(directory, "message", self.message)

    def command(self, directory):
        return [place.SENDMAIL, "-odq", "-i", "-f", self.sender,
                *self.arguments]

    def stdin(self, directory):
        return os.path.join(directory, "message")

    def spool(self, directory):
        return Queue(os.path.join(directory, self.queue))

    def flaw(self, entry):
        """What is not as it was submitted, or None."""
        header = entry.header.lower()
        if entry.recipients != self.recipients:
            return "recipients %s" % entry.recipients
        if entry.sender != self.sender:
            return "sender %s" % entry.sender
        if entry.body != self.body:
            return "body of %d bytes" % len(entry.body)
        for name in [b"date:", b"message-id:", b"from:", *self.present]:
            if name not in header:
                return "no %s" % name.decode()
        for name in self.absent:
            if name in entry.message.lower():
                return "%s is still there" % name.decode()
        return None

    def judge(self, directory, outcome, mode, call):
        word, why = self.judge_queue(directory, outcome.status,
                                     was_renamed(outcome.calls, call, mode))
        if why is None and mode not in trial.KILLS:
            why = self.judge_words(directory, outcome, mode, call)
        if why is None and mode in trial.KILLS:
            why = self.judge_next(directory)
        return word, why

    def judge_queue(self, directory, status, may_be_kept):
        whole, torn = self.spool(directory).scan("new")
        if torn:
            return "torn", " ".join(torn)
        if len(whole) > 1:
            return "duplicate", "%d entries" % len(whole)
        for entry in whole.values():
            flaw = self.flaw(entry)
            if flaw:
                return "torn", flaw
        if status == 0:
            return ("accepted", None) if whole else ("lost", "not in new/")
        if not whole:
            return "refused", None
        return "kept", None if may_be_kept else "queued, but refused"

    def judge_words(self, directory, outcome, mode, call):
        """What the caller is told, and what is left in tmp/."""
        if mode.startswith("sig:") and outcome.status >= 128:
            return None
        lines = outcome.err.splitlines()
        if outcome.status == 0 and lines:
            return "accepted, but said something"
        if outcome.status == 0 and call is not None and \
                call.name == "fsync" and mode.startswith("err:") and \
                mode.rstrip("+") != "err:EACCES":  # of parents: allowed
            return "accepted after a failed fsync"
        if outcome.status != 0 and outcome.status not in REFUSALS:
            return "a strange status"
        if outcome.status != 0 and len(lines) != 1:
            return "%d lines on stderr" % len(lines)
        if not mode.endswith("+") and self.spool(directory).names("tmp") and \
                not (call is not None and call.name == "unlinkat"):
            return "something is left in tmp/"
        return None

    def judge_cut(self, directory, state):
        """A power cut: whoever was told 0 finds the message."""
        may_be_kept = state.status != 0
        status = 0 if state.status == 0 else None
        return self.judge_queue(directory, status, may_be_kept)

    def judge_next(self, directory):
        """After a crash the next submission works, and harms no other."""
        before = self.spool(directory).names("new")
        status, _, err = trial.run(self.command(directory),
                                   place.environment(directory) |
                                   {"RELAY_QUEUE": self.spool(directory).path},
                                   directory, self.stdin(directory))
        whole, torn = self.spool(directory).scan("new")
        if status != 0 or torn or len(whole) != len(before) + 1 or \
                not set(before) <= set(whole):
            return "the next submission: status %s %s %s" % (status, err, torn)
        return None


def was_renamed(calls, hit, mode):
    """Had the entry its name in new/ when the fault came?  (At the rename
    itself a failing call may have been asked for and not made.)"""
    if hit is None:
        return False
    for call in calls:
        if call.name.startswith(("rename", "link")) and "/new/" in call.second:
            if mode == "kill":
                return hit.order > call.order
            return hit.order >= call.order
    return False


class Plain(Submission):
    name = "submit a: recipients as arguments"
    arguments = ["you@example.net", "them@example.net"]
    recipients = ["you@example.net", "them@example.net"]
    message = b"Subject: hello\n\nfirst line\n.dot\n.\nlast line\n"
    body = b"first line\r\n.dot\r\n.\r\nlast line\r\n"
    present = [b"subject: hello"]


class Piped(Submission):
    name = "submit b: -t, Bcc, 100 kB of 8-bit text through a pipe"
    arguments = ["-t"]
    recipients = ["you@example.net", "them@example.net",
                  "secret@example.net"]
    body = b"gr\xc3\xbc\xc3\x9fe \xff\x80 0123456789\r\n" * 4000
    message = (b"To: You <you@example.net>, them@example.net\n"
               b"Bcc: secret@example.net\nSubject: large\n\n" +
               body.replace(b"\r\n", b"\n"))
    present = [b"subject: large", b"to: you <you@example.net>"]
    absent = [b"secret@example.net", b"bcc:"]
    prefixes = ["queue"]
    net = True

    def stdin(self, directory):
        return feed(self.message)


class FirstUse(Plain):
    name = "submit c: first use, no queue yet"
    queue = "home/state/relay"
    prefixes = ["home", "message"]  # the first is all that a cut concerns

    def prepare(self, directory):
        os.mkdir(os.path.join(directory, "home"))
        place.write(directory, "message", self.message)

    def environment(self, directory):
        return super().environment(directory) | {
            "RELAY_QUEUE": os.path.join(directory, self.queue)}


LARGE = b"0123456789 0123456789 0123456789 0123456789 012345678\n" * 1300


class Session(Submission):
    """Larger than what is read at once: a reply is out before the next
    message is whole."""
    name = "submit d: -bs, three messages"
    count = 3
    recipients = ["you@example.net"]
    prefixes = ["queue", "message"]
    present = [b"subject: session"]
    message = b"".join(
        b"MAIL FROM:<m%d@example.org>\n"
        b"RCPT TO:<you@example.net> NOTIFY=NEVER\nDATA\n"
        b"Subject: session\n\n%d\n%s.\n" % (number, number, LARGE)
        for number in range(3))

    def command(self, directory):
        return [place.SENDMAIL, "-bs", "-odq"]

    def flaw(self, entry):
        self.sender = entry.sender
        number = re.fullmatch(r"m(\d)@example\.org", entry.sender)
        self.body = b"%s\r\n" % (number[1].encode() if number else b"") + \
            LARGE.replace(b"\n", b"\r\n")
        return super().flaw(entry)

    def judge(self, directory, outcome, mode, call):
        word, why = self.judge_said(directory, outcome.out,
                                    was_renamed(outcome.calls, call, mode))
        if why is None and mode not in trial.KILLS:
            why = self.judge_words(directory, outcome, mode, call)
        if why is None and mode in trial.KILLS:
            why = self.judge_next(directory)
        return word, why

    def judge_said(self, directory, said, may_be_kept):
        """What was answered with 250 is there; of the rest at most one, that
        was about to be."""
        whole, torn = self.spool(directory).scan("new")
        names = self.accepted(said)
        if torn:
            return "torn", " ".join(torn)
        for entry in whole.values():
            flaw = self.flaw(entry)
            if flaw:
                return "torn", flaw
        if len({entry.sender for entry in whole.values()}) != len(whole):
            return "duplicate", "%d entries" % len(whole)
        if not set(names) <= set(whole):
            return "lost", "%s, of %s" % (sorted(whole), names)
        if len(whole) - len(names) > (1 if may_be_kept else 0):
            return "kept", "%d queued, %d accepted" % (len(whole), len(names))
        if len(whole) > len(names):
            return "kept", None
        return "accepted %d" % len(names), None

    @staticmethod
    def accepted(said):
        return [name.decode() for name in
                re.findall(rb"^250 Ok: queued as ([0-9A-F]+)\r$", said, re.M)]

    def judge_words(self, directory, outcome, mode, call):
        """A failed fsync is no 250, and the others go on."""
        names = self.accepted(outcome.out)
        if mode == "none" and len(names) != self.count:
            return "%d accepted" % len(names)
        if call is not None and call.name == "fsync" and \
                mode.startswith("err:") and len(names) >= self.count:
            return "accepted after a failed fsync"
        if call is not None and call.name == "fsync" and \
                mode.startswith("err:") and not mode.endswith("+") and \
                len(names) != self.count - 1:
            return "one failed fsync, and %d accepted" % len(names)
        if call is not None and call.name == "fsync":
            call = None
        return super().judge_words(directory, outcome, mode, call)

    def judge_cut(self, directory, state):
        return self.judge_said(directory, state.said, True)

    def judge_next(self, directory):
        before = self.spool(directory).names("new")
        status, said, err = trial.run(self.command(directory),
                                      place.environment(directory), directory,
                                      self.stdin(directory))
        whole, torn = self.spool(directory).scan("new")
        if status != 0 or torn or err or not set(before) <= set(whole) or \
                set(whole) - set(before) != set(self.accepted(said)) or \
                len(whole) != len(before) + self.count:
            return "the next session: status %s %s %s" % (status, err, torn)
        return None


WORKLOADS = [Plain, Piped, FirstUse, Session]


def suite(pool, tap):
    for workload in WORKLOADS:
        calls, tally = trial.points(pool, workload(), MODES)
        tap.result(not tally.bad, "%s, a fault at every call" % workload.name,
                   tally.bad)
        tap.figures([tally], points=len(calls))
        if workload is Plain:
            syncs = sum(c.name == "fsync" for c in calls)
            tap.result(syncs == 2, "a submission costs two fsyncs",
                       ["it costs %d" % syncs])


def powercut_suite(pool, tap):
    for model in powercut.MODELS:
        tallies = [pool.submit(powercut.cuts, workload(), model)
                   for workload in WORKLOADS]
        tallies = [job.result() for job in tallies]
        bad = [line for tally in tallies for line in tally.bad]
        tap.result(not bad, "submit, power cut at every moment, %s" % model,
                   bad)
        tap.figures(tallies, "states")
