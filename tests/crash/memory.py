# SPDX-License-Identifier: GPL-3.0-or-later
"""memory - each allocation of each program fails, once and from then on

No program may die of a signal, lose a message or say 0 without having done its
work.  A library that dies of its own failed allocation (see oom.c) is counted
apart, and even then nothing may be lost.  Where there are more than MOST
allocations, almost all of them the libraries', they are tried in even steps.
"""
import os
import shutil

import flush
import place
import submit
import trial

LIBRARY_DIED = 120
NOT_LOADED = 127
STATUSES = {0, LIBRARY_DIED, NOT_LOADED} | set(range(64, 79)) - {75}
MOST = 300  # allocations tried of one workload


class Program:
    """Mixed into a workload of submit.py or flush.py."""
    left_out = None

    def preload(self, more):
        libraries = [place.OOM]
        if self.left_out:
            libraries.insert(0, place.LEAVEOUT)
            more["LEAVE_OUT"] = self.left_out
        return {"LD_PRELOAD": ":".join(libraries), **more}

    def attempt(self, directory, more):
        env = place.environment(directory, **self.preload(more))
        return trial.run(self.command(directory), env, directory,
                         self.stdin(directory))

    def count(self):
        """How many allocations there are, without a fault."""
        directory = place.fresh()
        try:
            self.prepare(directory)
            counts = os.path.join(directory, ".count")
            status, _, err = self.attempt(directory, {"OOM_COUNT": counts})
            if status not in self.good:
                raise RuntimeError("%s: status %s: %s" % (self.name, status,
                                                          err))
            self.settle(directory)
            with open(counts) as file:
                return max(int(line) for line in file)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def settle(self, directory):
        pass

    def one(self, at, sticky):
        """One trial, like trial.one()."""
        directory = place.fresh()
        try:
            self.prepare(directory)
            more = {"OOM_AT": str(at)}
            if sticky:
                more["OOM_STICKY"] = "1"
            status, out, err = self.attempt(directory, more)
            word, why = self.judge_memory(directory, status, out, err)
            if status is None:
                word, why = "HANG", "it hangs"
            elif status not in STATUSES | self.good:
                word, why = "CRASH", "it dies"
            elif status == LIBRARY_DIED and why is None:
                word = "library died"
            if why:
                why = "%s: allocation %d%s: %s, status %s; %s" % (
                    self.name, at, " and later" if sticky else "", why,
                    status, err.strip())
            return word, why
        finally:
            shutil.rmtree(directory, ignore_errors=True)


class Submitting(Program, submit.Piped):
    name = "sendmail -t"

    def judge_memory(self, directory, status, out, err):
        return self.judge_queue(directory, status, True)


class Sending(Program, flush.Three):
    name = "relay-flush"

    def settle(self, directory):
        self.host("strict").collect()

    def judge_memory(self, directory, status, out, err):
        first = self.host("strict").collect()
        queue = flush.Queue(os.path.join(directory, "queue"))
        recorded = self.recorded(queue)
        second, why = self.again(directory)
        if why:
            return "trouble", why
        word, why, twice = self.tell(queue, [first, second])
        if why is None and recorded & twice:
            why = "delivered twice although it was recorded"
        return word, why


class SendingEncrypted(Sending):
    name = "relay-flush with TLS"
    kind = "-tls"


class Listing(Program, submit.Plain):
    name = "relay queue"
    program = ["RELAY", "queue"]

    def prepare(self, directory):
        submit.Plain.prepare(self, directory)
        status, _, err = trial.run(submit.Plain.command(self, directory),
                                   place.environment(directory), directory,
                                   self.stdin(directory))
        if status != 0:
            raise RuntimeError("cannot submit: " + err)

    def command(self, directory):
        return [getattr(place, self.program[0]), *self.program[1:]]

    def judge_memory(self, directory, status, out, err):
        if status == 0 and b"you@example.net" not in out:
            return "silent", "0, but the message is not listed"
        return self.judge_queue(directory, 0, True)


class ListingMail(Listing):
    name = "sendmail -bp"
    program = ["SENDMAIL", "-bp"]


WORKLOADS = [Submitting, Sending, SendingEncrypted, Listing, ListingMail]


def count(workload):
    return workload.count()


def one(workload, at, sticky):
    return workload.one(at, sticky)


def loop(pool, workload):
    """Every allocation of one program: (how many, of them tried, Tally)."""
    total = pool.submit(count, workload).result()
    stride = -(-total // MOST)
    tried = range(1, total + 1, stride)
    tally = trial.Tally()
    jobs = [pool.submit(one, workload, at, sticky)
            for sticky in (False, True) for at in tried]
    for job in jobs:
        tally.add(*job.result())
    return total, len(tried), tally


def suite(pool, tap):
    for workload in WORKLOADS:
        total, tried, tally = loop(pool, workload())
        tap.result(not tally.bad, "%s, memory runs out" % workload.name,
                   tally.bad)
        tap.comment("allocations %d, of them tried %d" % (total, tried))
        tap.figures([tally], points=tried)
