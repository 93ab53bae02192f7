# SPDX-License-Identifier: GPL-3.0-or-later
"""logins - relay-token, killed and hindered at its calls on files and sockets

The store always has the old refresh token or the new one, whole; who was given
the access token (exit status 0) finds the new one there, after a power cut, too.
The endpoint gives a new refresh token each time.
"""
import os
import sys

import place
import powercut
import submit
import trial

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "oauth"))

import client  # noqa: E402
import endpoint  # noqa: E402

OLD, NEW, ACCESS = "old-refresh", "new-refresh", "new-access"
GOOD, LATER, PERSON, UNTOLD = 0, 75, 78, 74
ERRORS = [mode for mode in submit.MODES if mode not in trial.KILLS and
          not mode.startswith("sig:13")]

mine = None  # the endpoint of this process


def server():
    global mine
    if mine is None:
        mine = endpoint.Endpoint(place.pki())
        mine.rule = lambda form: endpoint.tokens(ACCESS, NEW)
    return mine


class Refresh(trial.Workload):
    """A store whose access token is over."""
    name = "relay-token get"
    verb = "get"
    calls = trial.FILE_CALLS + trial.NET_CALLS
    net = True
    each = 10  # a handshake is many calls, and all alike
    login = {"refresh_token": OLD}
    left = {OLD, NEW}  # what may be there after a fault

    @property
    def prefixes(self):
        """The first is all that a cut concerns."""
        return ["tokens", place.pki(), "question"]

    def account(self, directory):
        it = client.Client(place.TOKEN, directory, flow="device",
                           client_id="relay", scope="mail",
                           token_url=server().origin + "/token",
                           ca=place.pki() + "/ca.pem")
        return it

    def prepare(self, directory):
        os.mkdir(os.path.join(directory, "tokens"), 0o700)
        account = self.account(directory)
        if self.login is not None:
            account.write(**self.login)
        place.write(directory, "question", account.text().encode())

    def command(self, directory):
        return [place.TOKEN, self.verb]

    def stdin(self, directory):
        return os.path.join(directory, "question")

    def stored(self, directory):
        """Whose refresh token is there: the store is whole, or not there."""
        try:
            return self.account(directory).tokens().get("refresh_token")
        except FileNotFoundError:
            return "nothing"
        except (OSError, ValueError) as error:
            return "torn: %s" % error

    def judge(self, directory, outcome, mode, call):
        there = self.stored(directory)
        gave = ACCESS.encode() in outcome.out
        if there not in self.left:
            return "lost", "the store has %s" % there
        if gave and there != NEW and NEW in self.left:
            return "lost", "given without the new refresh token: %s" % there
        if mode not in trial.KILLS:
            why = self.judge_words(outcome, mode, gave)
            if why:
                return "wrong", why
        if mode in trial.KILLS:
            return self.judge_next(directory, there)
        return "%s, %s" % (there, outcome.status), None

    def judge_words(self, outcome, mode, gave):
        if (outcome.status == GOOD) != gave and self.verb == "get":
            return "status %s, and a token: %s" % (outcome.status, gave)
        if outcome.status not in (GOOD, LATER, PERSON, UNTOLD) and \
                not mode.startswith("sig:"):
            return "status %s" % outcome.status
        if mode == "none" and outcome.status != GOOD:
            return "status %s" % outcome.status
        secrets = (OLD.encode(), NEW.encode())
        if any(s in outcome.out or s.decode() in outcome.err for s in secrets):
            return "a refresh token was said"
        return None

    def judge_next(self, directory, there):
        """After a crash the next one works, and leaves no litter."""
        account = self.account(directory)
        ran = account.run(self.verb)
        if ran.status != GOOD or self.stored(directory) not in self.left or \
                account.litter():
            return "stuck", "the next one: %s" % ran.lines()
        return "%s, killed" % there, None

    def judge_cut(self, directory, state):
        there = self.stored(directory)
        if there not in self.left:
            return "lost", "the store has %s" % there
        if ACCESS.encode() in state.said and there != NEW and \
                NEW in self.left:
            return "lost", "given, and %s is in the store" % there
        return there, None


class Cached(Refresh):
    """A program that logs in by itself: nothing can be lost but a question."""
    name = "relay-token get, client credentials, first use"
    login = None
    left = {None, "nothing", NEW}

    def account(self, directory):
        account = super().account(directory)
        account.question |= {"flow": "client", "client_secret": "sesame"}
        return account


class Kept(Refresh):
    name = "relay-token keep"
    verb = "keep"

    def prepare(self, directory):
        self.login = {"refresh_token": OLD, "refreshed": 1000000}
        super().prepare(directory)


class Erased(Refresh):
    """Gone, or whole."""
    name = "relay-token erase"
    verb = "erase"
    left = {OLD, "nothing"}

    def judge_next(self, directory, there):
        ran = self.account(directory).run("erase")
        if ran.status != GOOD or self.stored(directory) != "nothing":
            return "stuck", "the next one: %s" % ran.lines()
        return "%s, killed" % there, None


WORKLOADS = [Refresh, Cached, Kept, Erased]


def suite(pool, tap):
    for workload in WORKLOADS:
        for title, modes in (("killed", trial.KILLS), ("hindered", ERRORS)):
            calls, tally = trial.points(pool, workload(), modes)
            tap.result(not tally.bad, "%s, %s at calls of each kind" % (
                workload.name, title), tally.bad)
            tap.figures([tally], points=len(calls))


def powercut_suite(pool, tap):
    for model in powercut.MODELS:
        jobs = [pool.submit(powercut.cuts, workload(), model)
                for workload in WORKLOADS]
        tallies = [job.result() for job in jobs]
        bad = [line for tally in tallies for line in tally.bad]
        tap.result(not bad, "relay-token, power cut at every moment, %s" %
                   model, bad)
        tap.figures(tallies, "states")
