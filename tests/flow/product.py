# SPDX-License-Identifier: GPL-3.0-or-later
"""product - each step of the dialogue times each thing a server can do wrong

A trial queues one message, lets the smarthost do one thing wrong, and looks at
what became of the message.  Then a smarthost without fault takes over.
Expected is
  kept        it waits, nobody has it; the next flush delivers it once
  doubt       the end of it was sent and no whole answer came: it waits, is
              called doubtful, and the next flush delivers it
  delivered   it is gone from the queue and there is one copy
  failed      the server refused it for good; it is in failed/
"""
import os
import re

import stage

FACTOR = 50        # of hurry.c: 300 s are 6 s
MORE_MEMORY = 8192 # KiB that a server may make us use

YES = {"greeting": "220", "ehlo": "250", "starttls": "220", "auth": "235",
       "mail": "250", "rcpt": "250", "data": "354", "final": "250",
       "rset": "250", "quit": "221"}
# what EHLO must still say for the dialogue to go on
OFFER = {"ehlo:1": "\\n{0}-STARTTLS", "ehlo:2": "\\n{0}-AUTH PLAIN"}

GOOD, BROKEN, GOODBYE, LATER, NEVER, ODD = (
    "good", "broken", "421", "4yz", "5yz", "odd")
HURRIED = "hurried"  # broken, by a deadline

# Replies: name, text ({0} is the code that says yes, {1} the same without its
# last digit), kind.  A text with {2} keeps what EHLO must offer.
REPLIES = [
    ("escapes", "{0}-\\x1b[31mred\\x1b]0;title\\x07 \\x08\\xc2\\x9b{2}\\n"
     "{0} \\xff\\xfe bye", GOOD),
    ("NUL", "{0}-a\\x00b{2}\\n{0} \\x00", GOOD),
    ("ended by LF only", "{0}-a\\x0a{0}-b{2}\\x0a{0} c\\x0a", GOOD),
    ("many lines", "{0}-" + "\\n{0}-".join("x" * 60 for _ in range(40)) +
     "{2}\\n{0} y", GOOD),
    ("no text", "{0}-{2}\\n{0}", GOOD),
    ("status that contradicts", "{0}-5.7.1 no{2}\\n{0} 5.7.1 no", GOOD),
    ("line of 2000", "{0}-" + "l" * 2000 + "{2}\\n{0} ok", GOOD),
    ("empty line", "", BROKEN),
    ("two digits", "{1} ok", BROKEN),
    ("four digits", "{0}0 ok", BROKEN),
    ("letter for digit", "{1}O ok", BROKEN),
    ("leading space", " {0} ok", BROKEN),
    ("000", "000 ok", BROKEN),
    ("199", "199 ok", BROKEN),
    ("600", "600 ok", BROKEN),
    ("codes that differ", "{0}-a\\n559 b", BROKEN),
    ("HTTP", "HTTP/1.1 400 Bad Request", BROKEN),
    ("no last line", "{0}-a", HURRIED),
    ("421", "421 4.3.2 going down", GOODBYE),
    ("450", "450 4.2.1 later\\x1b[2J", LATER),
    ("550", "550 5.7.0 no\\x1b[2J", NEVER),
]
ACTS = [
    ("drop", BROKEN), ("lost", BROKEN), ("reset", BROKEN),
    ("stall", HURRIED), ("slow 1", GOOD), ("slow 1000", HURRIED),
    ("flood 4000", GOOD), ("flood 60000000", BROKEN),
    ("garbage", BROKEN), ("halfline", BROKEN),
    ("longline 1000", HURRIED), ("longline 60000000", BROKEN),
    ("count 1", BROKEN), ("count 20", BROKEN),
]
BARE = ["reply 220 too early", "reply \\x00\\x01\\x02", "drop", "reset",
        "stall", "slow 1000", "flood 60000000", "garbage", "halfline",
        "longline 60000000"]

VARIANTS = {
    # options of the smarthost, its place, tls of ours
    "starttls": ([], "--listen", "starttls"),
    "lockstep": (["--extensions", "SIZE=50000000 8BITMIME"], "--listen",
                 "starttls"),
    "chunking": (["--extensions", "PIPELINING CHUNKING 8BITMIME"], "--listen",
                 "starttls"),
    "implicit": ([], "--implicit", "implicit"),
}


class Trial:
    """`step` as in --fault with the time: "ehlo:2"."""

    def __init__(self, variant, step, name, action, kind):
        self.variant = variant
        self.step, self.nth = (step.split(":") + ["*"])[:2]
        self.name = "%s: %s: %s" % (variant, step, name)
        self.action = action
        self.kind = kind
        self.want = expected(variant, self.step, name, kind)
        self.recipient = None
        self.why = []

    # --- the trial ---------------------------------------------------------

    def run(self, its_stage, good_port, number):
        self.recipient = "trial%d@example.net" % number
        options, place, tls = VARIANTS[self.variant]
        host = its_stage.host(
            *options, "--fault",
            "%s:%s:%s" % (self.step, self.nth, self.action),
            "--refuse-rcpt", "refused@*:550 5.1.1 no such user",
            places=(place,))
        scene = its_stage.scene()
        scene.configure(host.ports[0], tls=tls)
        refused = None
        if self.step == "rset":  # there is one after a refusal only
            refused = scene.submit("refused@example.net")
        message = scene.submit(self.recipient)
        ran = scene.flush_now(
            "--debug", hurry=FACTOR if self.kind == HURRIED else 0)
        host.stop()
        self.judge(scene, host, message, ran)
        if refused and scene.place(refused) != "failed":
            self.why.append("the refused one is in %s" % scene.place(refused))
        self.again(scene, good_port, message)
        self.peak = ran.peak
        self.seconds = ran.seconds
        return self

    def judge(self, scene, host, message, ran):
        self.got = state(scene, message)
        self.copies = host.counts()[self.recipient]
        complain = self.why.append
        if self.got != self.want:
            complain("%s, expected %s" % (self.got, self.want))
        if ran.status is None:
            complain("it hung")
        elif ran.status not in statuses(self.got, self.action):
            complain("exit status %s" % ran.status)
        possible = {"delivered": (1,), "doubt": (0, 1)}
        if self.copies not in possible.get(self.got, (0,)):
            complain("%d copies" % self.copies)
        bad = stage.unprintable(ran.err)
        if bad:
            complain("%s reached stderr" % bad)
        if b"Sanitizer" in ran.err or b"runtime error" in ran.err:
            complain("a sanitizer speaks")
        if self.tells_deadline() and not re.search(
                rb"did not answer in time|took nothing", ran.err):
            complain("it was no deadline that ended it")
        if not host.lines("F"):
            complain("the fault never struck")
        if self.got == "doubt":
            shown = scene.relay("queue").out
            if b"may already be delivered" not in shown:
                complain("relay queue does not call it doubtful")
        if self.why:
            self.why += ran.err.decode("utf-8", "replace").splitlines()[-8:]
            self.why += ["log: %s %s" % pair for pair in host.lines()[-12:]]

    def tells_deadline(self):
        if self.kind != HURRIED or self.step == "quit":
            return False
        # sent ahead: the next answer becomes a part of the one begun
        return not (self.name.endswith("no last line") and
                    self.variant == "starttls" and
                    self.step in ("mail", "rcpt"))

    def again(self, scene, good_port, message):
        """The fault is lifted."""
        scene.configure(good_port)
        ran = scene.flush_now()
        if self.got in ("kept", "doubt") and scene.place(message):
            self.why.append("flushed again: still there: %r" % ran.err)
        if ran.status != 0:
            self.why.append("flushed again: status %s, %r" % (
                ran.status, ran.err))
        if os.path.exists(os.path.join(scene.queue, "log", message)) and \
                self.got != "failed":
            self.why.append("flushed again: a journal is left")

    def count(self, counts):
        """After all: what the good smarthost got."""
        more = counts[self.recipient]
        if more != (1 if self.got in ("kept", "doubt") else 0):
            self.why.append("the good smarthost got it %d times" % more)


def state(scene, message):
    place = scene.place(message)
    if place is None:
        return "delivered"
    if place == "new":
        lines = scene.journal(message).splitlines()
        return "doubt" if any(l.startswith("I ") for l in lines) else "kept"
    return place


def statuses(got, name):
    if got in ("kept", "doubt"):
        return (75, 78)
    if name.startswith("count"):  # its server is in trouble
        return (0, 75)
    return (0,)


# --- what is expected ------------------------------------------------------

def expected(variant, step, name, kind):
    is_broken = kind in (BROKEN, HURRIED)
    is_sent = step in ("content", "final") or (
        variant == "chunking" and step in ("mail", "rcpt"))
    if step in ("quit", "rset"):
        # RSET follows a message that was refused; this one is the next, and
        # goes over a new connection
        return "delivered"
    if name.startswith("count"):
        # the first answer counts; with BDAT all is said before the first,
        # so which of them is about the message cannot be told
        if variant == "chunking" and is_sent:
            return "doubt"
        return "delivered" if is_sent else "kept"
    if step == "ehlo" and name == "reply NUL":
        return "kept"  # what comes behind a NUL is not believed
    if kind == GOOD:
        return "delivered"
    if kind == NEVER and (is_sent or step in ("mail", "rcpt", "data")):
        return "failed"
    return "doubt" if is_broken and is_sent else "kept"


# --- all of them -----------------------------------------------------------

def reply(step, text):
    yes = YES[step.split(":")[0]]
    keep = OFFER.get(step, "").format(yes) if "{2}" in text else ""
    return "reply " + text.format(yes, yes[:2], keep)


def of_step(variant, step):
    for name, text, kind in REPLIES:
        yield Trial(variant, step, "reply " + name, reply(step, text), kind)
    for action, kind in ACTS:
        yield Trial(variant, step, action, action, kind)


def of_content(variant):
    for name, text, kind in REPLIES:
        if kind != GOOD:  # a lie that nobody can see through
            yield Trial(variant, "content", "reply " + name,
                        reply("final", text), kind)
    for action, kind in ACTS:
        if action.split()[0] in ("lost", "halfline", "count"):
            continue
        if action == "slow 1000":  # reads slowly, but it reads
            kind = GOOD
        yield Trial(variant, "content", action, action, kind)


def of_bare(variant, step):
    for action in BARE:
        kind = HURRIED if action in ("stall", "slow 1000") else BROKEN
        yield Trial(variant, step, action, action, kind)


def of_odd(variant, steps):
    """An answer that would be right elsewhere."""
    for step in steps:
        code = "250" if YES[step][0] == "3" else "354"
        yield Trial(variant, step, "reply " + code, "reply %s ok" % code, ODD)
    if variant == "starttls":
        yield Trial(variant, "auth", "reply 334", "reply 334 AAAA", ODD)


def trials():
    found = []
    for step in ("greeting", "ehlo:1", "ehlo:2", "starttls", "auth", "mail",
                 "rcpt", "data", "final", "rset", "quit"):
        found += of_step("starttls", step)
    found += of_content("starttls")
    found += of_bare("starttls", "connect")
    found += of_bare("starttls", "handshake")
    found += of_odd("starttls", ("mail", "rcpt", "data", "final"))
    for step in ("mail", "rcpt", "data", "final"):
        found += of_step("lockstep", step)
    for step in ("mail", "rcpt", "final"):
        found += of_step("chunking", step)
    found += of_content("chunking")
    found += of_odd("chunking", ("mail", "rcpt", "final"))
    for step in ("connect", "handshake"):
        found += of_bare("implicit", step)
    for action, kind in ACTS:
        for step in ("greeting", "final", "quit"):
            found.append(Trial("implicit", step, action, action, kind))
    return found


def run(its_stage, pool, tap):
    good = its_stage.host("--deadline", "300")
    # those that wait first: the others fill the time
    todo = sorted(trials(), key=lambda t: t.kind != HURRIED)
    plain = its_stage.scene()
    plain.configure(good.ports[0])
    plain.submit("plain@example.net")
    normal = plain.flush_now("--debug").peak
    done = list(pool.map(lambda pair: pair[1].run(
        its_stage, good.ports[0], pair[0]), enumerate(todo)))
    counts = good.counts()
    for trial in done:
        trial.count(counts)
        if trial.peak > normal + MORE_MEMORY:
            trial.why.append("%d KiB of memory, %d without fault" % (
                trial.peak, normal))
        tap.result(not trial.why, "%s: %s" % (trial.name, trial.want),
                   trial.why)
    tap.comment("%d combinations; memory %d KiB without fault, %d at most; "
                "longest %.1f s" % (
                    len(done), normal, max(t.peak for t in done),
                    max(t.seconds for t in done)))
