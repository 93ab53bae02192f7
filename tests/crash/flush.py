# SPDX-License-Identifier: GPL-3.0-or-later
"""flush - one pass over the queue, killed and hindered at every call

First a strict smarthost and a fault, then a normal one and none.  In the end
each recipient has the message, unaltered, or its entry still waits with that
recipient open, or it is in failed/ with the reason.  A message may come twice
only if the fault came between handing its last byte to the kernel and the end
of the call that made the record of its delivery durable.
"""
import os
import re
import time

import place
import powercut
import smarthost
import trial
from spool import Queue, crc32c

MARK = "~"  # in the last line only; one byte, so that no write divides it
ERRORS = ["err:EIO", "err:ENOSPC", "err:EINTR", "err:ECONNRESET", "short"]
PASSES = 3  # of the second flush
ACCEPTED = b"250 2.0.0 stored as"
SENDER = "me@example.org"


class Flush(trial.Workload):
    recipients = ["ok@example.net"]
    people = {}        # those that a recipient stands for
    options = ("-N", "never")  # of sendmail: no reports beside the message
    body = b"one line\r\n"
    prefixes = ["queue"]
    calls = trial.FILE_CALLS + trial.NET_CALLS
    net = True
    mark = MARK
    kind = ""  # of smarthost: "" or "-tls"
    good = {0, 75, 78}
    server = "strict"  # of the run that is hindered
    before = ()        # messages delivered earlier
    under_way = None   # recipients who may get it twice, None: all

    def message(self):
        return (b"Subject: flush\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
                b"Message-ID: <crash@example.org>\r\n"
                b"From: me@example.org\r\nTo: you\r\n\r\n" + self.body +
                b"the end" + MARK.encode() + b"\r\n")

    def arrives(self):
        """The same, as the smarthost gets it."""
        return self.message().replace(b"To: you\r\n",
                                      b"To: you@example.org\r\n")

    def prepare(self, directory):
        """A queue as the real sendmail leaves it."""
        message = place.write(directory, "message", self.message())
        self.configure(directory, "strict")
        status, _, err = trial.run(
            [place.SENDMAIL, "-odq", "-i", *self.options, "-f", SENDER,
             *(self.people or self.recipients)], place.environment(directory), directory,
            message)
        if status != 0:
            raise RuntimeError("cannot submit: %s %s" % (status, err))
        for name in ("strict", "normal"):
            self.host(name).collect()

    def host(self, name):
        return smarthost.mine.hosts[name + self.kind]

    def configure(self, directory, name):
        place.write(directory, "relayrc",
                    smarthost.mine.configuration(name + self.kind))

    def command(self, directory):
        return [place.FLUSH, "--now", "--quiet"]

    def queue(self, directory):
        return Queue(os.path.join(directory, "queue"))

    def again(self, directory):
        """Flush with the normal smarthost and no fault until new/ is empty:
        (what it got, what is wrong or None)."""
        self.configure(directory, "normal")
        queue = self.queue(directory)
        for _ in range(PASSES):
            if not queue.names("new") and not queue.names("drop"):
                break
            status, _, err = trial.run(self.command(directory),
                                       self.environment(directory),
                                       directory)
            if status not in (0, 75, 78):
                return [], "flushed again: status %s: %s" % (status, err)
        return self.host("normal").collect(), None

    def judge(self, directory, outcome, mode, call):
        first = self.host(self.server).collect()
        queue = self.queue(directory)
        recorded = self.recorded(queue)
        second, why = self.again(directory)
        if why:
            return "trouble", why
        word, why, twice = self.tell(queue, [self.before, first, second])
        if why is None and twice and (
                recorded & twice or
                not self.may_repeat(twice, first, outcome.calls, call, mode)):
            why = "delivered twice outside of the window: %s" % sorted(twice)
        return word, why

    def may_repeat(self, twice, first, calls, call, mode):
        """Could a fault at this call do that?  `first` came before it, or in
        spite of it."""
        return twice <= set(self.under_way or self.recipients) and (
            not self.mark or is_in_window(calls, call, mode))

    def recorded(self, queue):
        """Recipients of whom the queue says at this moment that they have
        it; all of them, when the entry is gone."""
        standing, _ = queue.standing(self.people)
        return {r for r in self.recipients
                if standing.get(r, "done") == "done"}

    def tell(self, queue, rounds):
        """(word, what is wrong or None, recipients who got it twice)"""
        standing, torn = queue.standing(self.people)
        if torn or queue.names("bad"):
            return "torn", "%s bad: %s" % (torn, queue.names("bad")), set()
        messages = [m for got in rounds for m in got]
        for message in messages:
            if message.content != self.arrives():
                return "altered", "it came with %d bytes" % len(
                    message.content), set()
        twice, waits = set(), None
        for recipient in self.recipients:
            times = sum(m.recipients.count(recipient) for m in messages)
            stands = standing.get(recipient)
            if recipient.startswith("never"):
                if times or stands not in ("failed", "open"):
                    return "lost", "%s %s" % (recipient, stands), set()
            elif times == 0 and stands != "open":
                return "lost", "%s %s" % (recipient, stands), set()
            elif stands == "open":
                waits = waits or "%s is left" % recipient
            if times > 1:
                twice.add(recipient)
        if waits:
            return "waiting", waits, twice
        return "duplicate" if twice else "once", None, twice

    def judge_cut(self, directory, state):
        """After a power cut.  What the smarthost said yes to before it is
        delivered; nothing else is."""
        before = list(self.before)
        if ACCEPTED in state.heard:
            before.append(smarthost.Message(
                self.under_way or ["ok@example.net"], self.arrives()))
        self.host("normal").collect()
        second, why = self.again(directory)
        if why:
            return "trouble", why
        word, why, twice = self.tell(self.queue(directory), [before, second])
        # once it said another word, or ended, its record is durable
        if why is None and twice and ACCEPTED in state.settled:
            why = "delivered twice although it had gone on"
        if why is None and not twice <= set(self.under_way or twice):
            why = "delivered twice although it was recorded"
        return word, why


def is_in_window(calls, hit, mode):
    sent = False
    for call in calls:
        if call.order > hit.order:
            break
        is_hit = call.order == hit.order
        if sent and call.name == "fsync" and is_record(call.path):
            return is_hit and mode != "after"
        if call.marks and not (is_hit and mode == "kill"):
            sent = True
    return sent


def is_record(path):
    """A journal, or the directory that an entry was removed from."""
    return path.endswith("/new") or "/log/" in path


class One(Flush):
    name = "flush, 1 recipient, 100 kB"
    body = b"0123456789 abcdefghijklmnopqrstuvwxyz\r\n" * 2500


class Three(Flush):
    name = "flush, 3 recipients, one put off, one refused"
    recipients = ["ok@example.net", "later@example.net", "never@example.net"]


class Settled(Flush):
    """Two recipients of whom one has the message already: the entry goes as
    soon as the other one has it, and then its journal."""
    name = "flush, 2 recipients, the second time"
    recipients = ["ok@example.net", "later@example.net"]
    server = "normal"
    under_way = ["later@example.net"]

    def prepare(self, directory):
        super().prepare(directory)
        trial.run(self.command(directory), place.environment(directory),
                  directory)
        self.before = self.host("strict").collect()
        self.configure(directory, "normal")


class Alias(Three):
    """One recipient who stands for three."""
    name = "flush, an alias of 3, one put off, one refused"
    people = {"team": Three.recipients}

    def configure(self, directory, name):
        place.write(directory, "aliases", b"team: %s\n" % ", ".join(
            self.recipients).encode())
        place.write(directory, "relayrc", b"aliases %s\n" % os.path.join(
            directory, "aliases").encode() +
            smarthost.mine.configuration(name + self.kind))


class Reported(Flush):
    """The sender is told once, whatever happens; the report holds all of the
    message, so that its last byte can be told."""
    name = "flush, refused, and the report"
    recipients = ["never@example.net"]
    options = ("-R", "full")
    under_way = [SENDER]

    def tell(self, queue, rounds):
        messages = [m for got in rounds for m in got]
        reports = [m for m in messages if m.recipients == [SENDER]]
        rest = [m for m in messages if m.recipients != [SENDER]]
        word, why, twice = super().tell(queue, [rest])
        names = {re.search(rb"Message-ID: (\S+)", m.content)[1]
                 for m in reports if m.content != self.arrives()}
        waits = any(entry.recipients == [SENDER]
                    for entry in queue.scan("new")[0].values())
        standing, _ = queue.standing()
        if why is None and len(names) > 1:
            why = "two reports: %s" % names
        if why is None and not reports and not waits and \
                standing.get(self.recipients[0]) != "open":
            word, why = "lost", "the report"
        if len(reports) > 1:
            word, twice = "duplicate", {SENDER}
        return word, why, twice


class Digest(Flush):
    """Three that failed when their sender had had enough reports, and the hour
    is over: each is told of once, by whichever mail."""
    name = "flush, three owed a report, and the digest"
    recipients = ["never@%s.example.net" % i for i in "abc"]
    options = ()
    mark = "NAME..."  # in the last line; a digest is one write
    under_way = [SENDER]

    def prepare(self, directory):
        message = place.write(directory, "message", self.message())
        self.configure(directory, "strict")
        env = place.environment(directory)
        for recipient in self.recipients:
            status, _, err = trial.run(
                [place.SENDMAIL, "-odq", "-i", "-f", SENDER, recipient], env,
                directory, message)
            if status != 0:
                raise RuntimeError("cannot submit: %s %s" % (status, err))
        os.makedirs(os.path.join(directory, "queue", "pause"), 0o700)
        now = int(time.time())
        self.count_reports(directory, now)
        trial.run(self.command(directory), env, directory)
        self.count_reports(directory, now - 4000)
        for name in ("strict", "normal"):
            self.host(name).collect()

    @staticmethod
    def count_reports(directory, start):
        """As the flusher leaves it when more were owed than an hour has."""
        text = b"%d 21 " % start
        place.write(directory, "queue/pause/count.reports",
                    text + b"%08X " % crc32c(text + SENDER.encode()) +
                    SENDER.encode() + b"\n")

    def named_in(self, content):
        """(Message-ID, the messages it is about) of a report or digest."""
        if content == self.arrives():  # of the smarthost before a power cut
            return "?", None
        return (re.search(rb"Message-ID: (\S+)", content)[1],
                set(re.findall(rb"^Message ([0-9A-F]{22}),|queue retry "
                               rb"([0-9A-F]{22})", content, re.MULTILINE)))

    def tell(self, queue, rounds):
        messages = [m.content for got in rounds for m in got]
        whole, torn = queue.scan("new")
        failed, bad = queue.scan("failed")
        own = {name: where for where, entries in (("new", whole),
                                                  ("failed", failed))
               for name, entry in entries.items() if entry.sender}
        if torn or bad or len(own) != len(self.recipients):
            return "lost", "%s %s %s" % (torn, bad, own), set()
        seen = [self.named_in(content) for content in messages]
        seen += [self.named_in(entry.message) for entry in whole.values()
                 if not entry.sender]
        for name, where in own.items():
            by = {report for report, about in seen if about is None or any(
                name.encode() in pair for pair in about)}
            if len(by - {"?"}) > 1:
                return "twice", "%s is in %s" % (name, by), set()
            if not by and where == "failed":
                return "lost", "nobody was told of %s" % name, set()
        if "new" in own.values():
            return "waiting", "some were not told of", set()
        if len(messages) > len({report for report, _ in seen}) or (
                len(messages) > 1 and "?" in dict(seen)):
            return "duplicate", None, {SENDER}
        return "once", None, set()


class Forgotten(Flush):
    """Given up for longer than it is kept: it goes before its journal, or
    stays with it."""
    name = "flush, given up a month ago"
    recipients = ["never@example.net"]
    calls = trial.FILE_CALLS
    net = False
    mark = None

    def prepare(self, directory):
        super().prepare(directory)
        trial.run(self.command(directory), place.environment(directory),
                  directory)
        name, = self.queue(directory).names("failed")
        os.unlink(os.path.join(directory, "queue", "pause", "last.sweep"))
        with open(os.path.join(directory, "queue", "log", name), "ab") as log:
            for day in range(1, 32):
                line = b"K %d - - in failed/" % (time.time() + 86400 * day)
                log.write(line + b" *%08X\n" % crc32c(name.encode() + line))
        self.host("strict").collect()

    def judge(self, directory, outcome, mode, call):
        queue = self.queue(directory)
        (whole, torn), journals = queue.scan("failed"), queue.names("log")
        if torn or queue.names("bad") or queue.names("new"):
            return "torn", "%s" % torn
        if whole and list(whole) != journals:
            return "lost", "the journal of %s" % list(whole)
        if whole and mode == "none":
            return "kept", "it should have gone"
        return "kept" if whole else "gone", None

    def judge_cut(self, directory, state):
        return self.judge(directory, None, "cut", None)


class Encrypted(Three):
    name = "flush, the same over TLS with a login"
    kind = "-tls"
    mark = None


WORKLOADS = [One, Three, Settled, Alias, Reported, Digest, Forgotten,
             Encrypted]


def strike(pool, tap, workloads, where):
    """Kill and hinder each of them at calls, which `where` describes."""
    for workload in workloads:
        for title, modes in (("killed", trial.KILLS), ("hindered", ERRORS)):
            calls, tally = trial.points(pool, workload(), modes)
            tap.result(not tally.bad, "%s, %s at %s" % (
                workload.name, title, where), tally.bad)
            tap.figures([tally], points=len(calls))


def cut(pool, tap, workloads, what):
    """Cut the power of all of them at every moment."""
    for model in ("posix", "journal"):
        jobs = [pool.submit(powercut.cuts, workload(), model)
                for workload in workloads]
        tallies = [job.result() for job in jobs]
        bad = [line for tally in tallies for line in tally.bad]
        tap.result(not bad, "%s, power cut at every moment, %s" % (
            what, model), bad)
        tap.figures(tallies, "states")


def suite(pool, tap):
    strike(pool, tap, WORKLOADS, "every call")


def powercut_suite(pool, tap):
    cut(pool, tap, [w for w in WORKLOADS if w is not Encrypted], "flush")
