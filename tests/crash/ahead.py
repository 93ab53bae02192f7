# SPDX-License-Identifier: GPL-3.0-or-later
"""ahead - many messages in one pass, some before the answer to the last one

As in flush.py, but for several entries, on one connection.  Those that were
sent to their last byte, and are still in new/, are what a fault may bring
twice; by the documents, one with DATA and 128 with BDAT.
"""
import os
import re
import shutil

import flush
import place
import smarthost
import trial

UNDER_WAY = 128  # doc/QUEUE: messages on one connection


class Ahead(flush.Flush):
    count = 20
    each = 4
    mixes = 10
    body = b"few words\r\n"
    overlap = "yes"
    most = 1  # that one fault brings twice
    came = None  # in the run that is cut: {number: message}

    def __init__(self):
        self.recipients = ["u%d@example.net" % i for i in range(self.count)]

    def prepare(self, directory):
        """Submitted once in each worker, and copied."""
        if not os.path.exists(self.laid()):
            self.lay(self.laid())
        shutil.copytree(os.path.join(self.laid(), "queue"),
                        os.path.join(directory, "queue"), dirs_exist_ok=True)
        self.begin(directory)

    def laid(self):
        return os.path.join(place.BASE, "laid-%d-%d" % (os.getpid(),
                                                        self.count))

    def lay(self, directory):
        os.mkdir(directory)
        message = place.write(directory, "message", self.message())
        for recipient in self.recipients:
            status, _, err = trial.run(
                [place.SENDMAIL, "-odq", "-i", *self.options, "-f",
                 flush.SENDER, recipient], place.environment(directory),
                directory, message)
            if status != 0:
                raise RuntimeError("cannot submit: %s %s" % (status, err))

    def begin(self, directory):
        self.server = "normal"
        self.configure(directory, "normal")
        self.host("normal").collect()

    def configure(self, directory, name):
        self.write_configuration(directory, smarthost.mine.configuration(
            name + self.kind))

    def write_configuration(self, directory, lines):
        place.write(directory, "relayrc", lines + b"\tconnections 1\n"
                    b"\toverlap %s\n" % self.overlap.encode())

    def may_repeat(self, twice, first, calls, call, mode):
        """They go in the order in which they came."""
        made = [c for c in calls if call is None or c.order < call.order or
                (c.order == call.order and mode != "kill")]
        sent = sum(c.marks for c in made)
        return twice <= set(self.recipients[:sent]) - self.gone(
            made, mode) and len(twice) <= self.most

    def gone(self, made, mode):
        """Whose removal is durable, by the calls that were made."""
        removed, durable = set(), set()
        for call in made if mode in trial.KILLS else ():
            place_of, name = os.path.split(call.path)
            if call.name == "unlinkat" and place_of.endswith("/new"):
                removed.add(name)
            elif call.name == "fsync" and name == "new":
                durable |= removed
        names = sorted(os.listdir(os.path.join(self.laid(), "queue/new")))
        return {to for to, name in zip(self.recipients, names)
                if name in durable}


    def judge_cut(self, directory, state):
        """What it had heard of before its last word is durable."""
        came = self.host(self.server).collect()
        self.came = self.came or {m.number: m for m in came}
        durable = {to for message in self.answered(state.settled)
                   for to in message.recipients}
        second, why = self.again(directory)
        if why:
            return "trouble", why
        word, why, twice = self.tell(self.queue(directory), [
            self.answered(state.heard), second])
        if why is None and (twice & durable or len(twice) > self.most):
            why = "delivered twice although it had gone on: %s" % (
                sorted(twice))
        return word, why

    def answered(self, heard):
        """Those that the server said yes to, by what was heard of it."""
        return [self.came[int(number)] for number in
                re.findall(rb"^%s (\d+)\r$" % flush.ACCEPTED, heard, re.M)]


class Data(Ahead):
    name = "flush, 20 messages, the next envelope with the content"


class Chunks(Ahead):
    name = "flush, 20 messages, many ahead of their answers"
    kind = "-chunks"
    most = UNDER_WAY


class Doubt(Ahead):
    """The server takes one and ends without a word.  It has a set of faults of
    its own, so each trial has its own server."""
    name = "flush, 8 messages, no answer to the fourth"
    count = 8
    each = 2
    good = {75}
    fault = "final:4:lost"
    extensions = []

    def begin(self, directory):
        self.own = smarthost.Smarthost(
            os.path.join(directory, "smarthost"), self.extensions +
            smarthost.CLEAR + ["--fault", self.fault])
        self.own.start()
        self.server = "own"
        self.write_configuration(directory, smarthost.configuration(
            self.own.port, smarthost.IN_CLEAR))
        self.host("normal").collect()

    def clean(self, directory):
        self.own.stop()

    def host(self, name):
        return self.own if name == "own" else super().host(name)

    def may_repeat(self, twice, first, calls, call, mode):
        """The one in doubt, too, whatever came after it."""
        doubtful = {to for message in first[3:4] for to in message.recipients}
        return super().may_repeat(twice - doubtful, first, calls, call, mode)


class DoubtAhead(Doubt):
    name = "flush, 8 messages ahead, no answer to the fourth"
    kind = "-chunks"
    extensions = smarthost.CHUNKS
    most = UNDER_WAY


WORKLOADS = [Data, Chunks, Doubt, DoubtAhead]


def suite(pool, tap):
    flush.strike(pool, tap, WORKLOADS, "calls of every kind")


def powercut_suite(pool, tap):
    flush.cut(pool, tap, WORKLOADS, "flush of many")
