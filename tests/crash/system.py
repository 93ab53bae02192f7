# SPDX-License-Identifier: GPL-3.0-or-later
"""system - the machine's queue: relay-drop, and relay-flush that picks up

"OK ID" means: the whole entry is in drop/, under that name, and stays there.
Any other answer, or none: nothing in drop/ is torn, and there is an entry only
if the fault came at or after the rename.  relay-flush, killed or hindered while
it moves mail from drop/ to new/ and sends it, loses nothing.

Both are built for this with "queue" as their place (Makefile.am), and run with
the ids that they have on a real machine.
"""
import os
import re
import socket

import flush
import place
import powercut
import smarthost
import submit
import trial
from spool import Queue, crc32c

RELAY, DROP, QUEUE, ALICE = 64100, 64101, 64102, 64111
LIVES_ON = ("err:EIO", "err:ENOSPC", "err:EMFILE", "err:EROFS")


def seal(data):
    return data + b"= %016X %08X\n" % (len(data), crc32c(data))


def make_queue(directory):
    """As setup-spool makes it."""
    os.chmod(directory, 0o711)
    for name, group, mode in (
            ("", RELAY, 0o711), ("drop", DROP, 0o1770),
            ("new", QUEUE, 0o1770), ("hold", QUEUE, 0o1770),
            ("failed", QUEUE, 0o1770), ("log", QUEUE, 0o2750),
            ("tmp", RELAY, 0o700), ("bad", RELAY, 0o700),
            ("pause", RELAY, 0o700)):
        path = os.path.join(directory, "queue", name)
        os.mkdir(path)
        os.chown(path, RELAY, group)
        os.chmod(path, mode)


def run_as(uid, gid, groups, *command):
    ids = ["setpriv", "--reuid=%d" % uid, "--regid=%d" % gid]
    ids.append("--groups=" + ",".join(map(str, groups)) if groups
               else "--clear-groups")
    return [*ids, *command]


class DropQueue(Queue):
    """Names in drop/ begin with a letter and a dot."""

    def whole(self):
        """({name: Entry}, [what is wrong])"""
        found, torn = {}, []
        for name in self.names("drop"):
            if re.fullmatch(r"m\.[0-9A-F]{22}", name):
                try:
                    found[name] = self.read("drop", name)
                except Exception as why:  # whatever it is, it is torn
                    torn.append("%s: %s" % (name, why))
            elif not re.fullmatch(r"t\.[0-9A-F]{22}", name):
                torn.append(name)
        return found, torn

    def litter(self):
        return [n for n in self.names("drop") if n.startswith("t.")]


# --- relay-drop --------------------------------------------------------------

class Dropping(trial.Workload):
    name = "relay-drop"
    prefixes = ["queue", "message"]
    message = b"Subject: hello\r\n\r\nfirst line\r\n.\r\nlast line\r\n"
    owner = ALICE
    modes = submit.MODES

    def entry(self, uid):
        return seal(b"relay 1\nS me@example.org\nR you@example.net\n"
                    b"R them@example.net\nU %d\nB 8BITMIME\n\n" % uid +
                    self.message)

    def prepare(self, directory):
        make_queue(directory)
        place.write(directory, "message", self.entry(0))

    def command(self, directory):
        return run_as(ALICE, DROP, (), place.DROP)

    def stdin(self, directory):
        return os.path.join(directory, "message")

    def queue(self, directory):
        return DropQueue(os.path.join(directory, "queue"))

    def answer(self, outcome):
        return outcome.out.decode(errors="replace")

    def judge(self, directory, outcome, mode, call):
        said = self.answer(outcome)
        word, why = self.judge_queue(directory, said, outcome.status == 0,
                                     was_renamed(outcome.calls, call, mode))
        if why is None and mode not in trial.KILLS:
            why = self.judge_words(directory, outcome, said, mode, call)
        if why is None and mode in trial.KILLS:
            why = self.judge_next(directory)
        return word, why

    def judge_queue(self, directory, said, is_done, may_be_kept):
        queue = self.queue(directory)
        whole, torn = queue.whole()
        if torn:
            return "torn", " ".join(torn)
        for name in whole:
            path = os.path.join(queue.path, "drop", name)
            st = os.stat(path)
            with open(path, "rb") as file:
                data = file.read()
            if data != self.entry(self.owner):
                return "torn", "it is not what was given"
            if (st.st_uid, st.st_gid, st.st_mode) != (self.owner, DROP,
                                                      0o100640):
                return "torn", "owner or mode: %s" % (st,)
        if len(whole) > 1:
            return "duplicate", "%d entries" % len(whole)
        if said.startswith("OK ") or is_done:
            names = ["m." + said[3:].rstrip()] if said else list(whole)
            good = bool(whole) and list(whole) == names
            return ("accepted", None) if good else ("lost", said)
        if not whole:
            return "refused", None
        return "kept", None if may_be_kept else "queued, but refused"

    def judge_words(self, directory, outcome, said, mode, call):
        if mode.startswith("sig:") and outcome.status >= 128:
            return None
        if outcome.err:
            return "it talks"
        if outcome.status == 0:
            if call is not None and call.name == "fsync" and \
                    mode.startswith("err:"):
                return "accepted after a failed fsync"
            return None
        if outcome.status not in submit.REFUSALS:
            return "a strange status"
        if not re.fullmatch(r"NO %d \d+ .+\n" % outcome.status, said) and \
                self.must_answer(call):
            return "the answer: %r" % said
        if not mode.endswith("+") and self.queue(directory).litter() and \
                not (call is not None and call.name == "unlinkat"):
            return "something is left in drop/"
        return None

    def must_answer(self, call):
        return True

    def judge_cut(self, directory, state):
        """A power cut: whoever was told OK finds the message."""
        said = state.said.decode(errors="replace").replace("READY\n", "")
        word, why = self.judge_queue(directory, said, state.status == 0, True)
        return word, why

    def judge_next(self, directory):
        """After a crash the next submission works, and harms no other."""
        before = self.queue(directory).names("drop")
        message = place.write(directory, "again", self.entry(0))
        status, out, err = trial.run(
            run_as(ALICE, DROP, (), place.DROP),
            place.environment(directory), directory, message)
        now = self.queue(directory).names("drop")
        if status != 0 or not out.startswith(b"OK ") or \
                not set(before) < set(now) or len(now) != len(before) + 1:
            return "the next submission: status %s %s %s" % (status, out, err)
        return None


class Large(Dropping):
    name = "relay-drop, 200 kB"
    message = b"Subject: large\r\n\r\n" + (b"0123456789" * 7 + b"\r\n") * 2800
    prefixes = ["queue"]
    modes = [*trial.KILLS, "short", *LIVES_ON]


class Serving(Dropping):
    """The socket is stdin and stdout, as systemd gives it."""
    name = "relay-drop --serve"
    prefixes = ["queue"]
    net = True
    owner = 0  # of the peer: we are that
    calls = trial.FILE_CALLS + trial.NET_CALLS
    peer = None

    def command(self, directory):
        return ["sh", "-c", 'exec "$@" >&0', "sh", place.DROP, "--serve"]

    def stdin(self, directory):
        ours, theirs = socket.socketpair()
        ours.sendall(self.entry(0))
        ours.shutdown(socket.SHUT_WR)
        self.peer = ours
        return theirs.detach()

    def answer(self, outcome):
        said = b""
        with self.peer:
            self.peer.setblocking(False)
            try:
                while True:
                    piece = self.peer.recv(4096)
                    if not piece:
                        break
                    said += piece
            except OSError:
                pass  # it was broken
        text = said.decode(errors="replace")
        return text[6:] if text.startswith("READY\n") else text

    def must_answer(self, call):
        """Not over a connection that was broken."""
        return call is not None and not call.path.startswith("socket:")


def was_renamed(calls, hit, mode):
    if hit is None:
        return False
    for call in calls:
        if call.name.startswith(("rename", "link")) and \
                "/drop/m." in call.second:
            return hit.order > call.order or \
                (mode != "kill" and hit.order == call.order)
    return False


# --- relay-flush -------------------------------------------------------------

class SharedQueue(DropQueue):
    def standing(self, people=None):
        standing, torn = super().standing(people)
        whole, bad = self.whole()
        for entry in whole.values():
            for recipient in entry.recipients:
                standing.setdefault(recipient, "open")
        return standing, torn + bad


class Pickup(flush.Flush):
    name = "relay-flush from drop/"

    def prepare(self, directory):
        make_queue(directory)
        path = os.path.join(directory, "queue/drop/m.0629C5C4F43F6A1A2B3C4D")
        with open(path, "wb") as file:
            file.write(seal(b"relay 1\nS me@example.org\nR ok@example.net\n"
                            b"U %d\nN never\n\n" % ALICE + self.message()))
        os.chown(path, ALICE, DROP)
        os.chmod(path, 0o640)
        self.configure(directory, "strict")
        for name in ("strict", "normal"):
            self.host(name).collect()

    def configure(self, directory, name):
        super().configure(directory, name)
        path = os.path.join(directory, "relayrc")
        os.chown(path, 0, RELAY)
        os.chmod(path, 0o640)

    def command(self, directory):
        return run_as(RELAY, RELAY, (DROP, QUEUE), place.SYSTEM_FLUSH,
                      "--now", "--quiet")

    def environment(self, directory):
        env = super().environment(directory)
        return {key: value for key, value in env.items()
                if key not in ("RELAY_QUEUE", "RELAY_CONFIG")}

    def queue(self, directory):
        return SharedQueue(os.path.join(directory, "queue"))

    def judge_cut(self, directory, state):
        """What is above the tree was no part of the cut."""
        os.chmod(directory, 0o711)
        top = os.path.join(directory, "queue")
        os.chown(top, RELAY, RELAY)
        os.chmod(top, 0o711)
        return super().judge_cut(directory, state)

    def tell(self, queue, rounds):
        rounds = [[smarthost.Message(m.recipients, without_received(m.content))
                   for m in got] for got in rounds]
        return super().tell(queue, rounds)


def without_received(content):
    """Without the line that names the submitter, if it is the right one."""
    return re.sub(rb"\AReceived: by client\.test \(relay, from userid %d\)"
                  rb"\r\n\t.*\r\n" % ALICE, b"", content)


def suite(pool, tap):
    for workload in (Dropping, Large, Serving):
        calls, tally = trial.points(pool, workload(), workload.modes)
        tap.result(not tally.bad, "%s, a fault at every call" % workload.name,
                   tally.bad)
        tap.figures([tally], points=len(calls))
        if workload is Dropping:
            syncs = sum(c.name == "fsync" for c in calls)
            tap.result(syncs == 2, "relay-drop costs two fsyncs",
                       ["it costs %d" % syncs])
    for title, modes in (("killed", trial.KILLS), ("hindered", LIVES_ON)):
        calls, tally = trial.points(pool, Pickup(), modes)
        tap.result(not tally.bad, "%s, %s at every call" % (Pickup.name,
                                                            title), tally.bad)
        tap.figures([tally], points=len(calls))


def powercut_suite(pool, tap):
    for model in powercut.MODELS:
        jobs = [pool.submit(powercut.cuts, workload(), model)
                for workload in (Dropping, Large, Serving, Pickup)]
        tallies = [job.result() for job in jobs]
        bad = [line for tally in tallies for line in tally.bad]
        tap.result(not bad, "the machine's queue, power cut at every moment, "
                   "%s" % model, bad)
        tap.figures(tallies, "states")
