# SPDX-License-Identifier: GPL-3.0-or-later
"""waiting - what a person does to the queue, and what time does"""
import os
import subprocess
import time

import stage

BUSY = "rcpt:1:reply 450 4.2.1 mailbox busy"
HOUR, DAY = 3600, 86400


def one(its_stage, *options):
    """A smarthost and a scene with one message for it."""
    host = its_stage.host(*options)
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    return host, scene, scene.submit("you@example.net")


def expect(why, what, good, ran=None):
    if not good:
        why.append(what + ("" if ran is None else ": %s %r %r" % (
            ran.status, ran.out, ran.err)))


def got(host):
    return host.counts()["you@example.net"]


# --- what a person does ----------------------------------------------------

def hold_release(its_stage):
    """hold: not sent; release: sent"""
    host, scene, message = one(its_stage)
    why = []
    ran = scene.relay("queue", "hold", message)
    expect(why, "hold", ran.status == 0 and scene.place(message) == "hold",
           ran)
    scene.flush_now()
    expect(why, "it was sent although it is held", got(host) == 0)
    ran = scene.relay("queue")
    expect(why, "list", b"held" in ran.out, ran)
    ran = scene.relay("queue", "retry", message)
    expect(why, "retry of a held one", ran.status == 69, ran)
    ran = scene.relay("queue", "release", message)
    expect(why, "release", ran.status == 0 and
           scene.place(message) == "new", ran)
    ran = scene.run([its_stage.flush])
    expect(why, "it was not sent", got(host) == 1, ran)
    return why


def remove(its_stage):
    """remove: gone for good, with its journal"""
    host, scene, message = one(its_stage, "--fault", BUSY)
    why = []
    scene.flush_now()
    expect(why, "a journal", scene.journal(message) != "")
    ran = scene.relay("queue", "remove", message)
    expect(why, "remove", ran.status == 0 and scene.place(message) is None,
           ran)
    scene.flush_now()
    expect(why, "left", not scene.journal(message) and got(host) == 0)
    ran = scene.relay("queue", "remove", message)
    expect(why, "remove twice", ran.status == 69 and
           b"no such message" in ran.err, ran)
    return why


def retry(its_stage):
    """put off: not sent before its time, but after retry"""
    host, scene, message = one(its_stage, "--fault", BUSY)
    why = []
    ran = scene.run([its_stage.flush])
    expect(why, "first try", ran.status == 75, ran)
    ran = scene.run([its_stage.flush])
    expect(why, "too early", got(host) == 0, ran)
    ran = scene.relay("queue", "retry", message)
    expect(why, "retry", ran.status == 0, ran)
    ran = scene.run([its_stage.flush])
    expect(why, "not sent", got(host) == 1 and ran.status == 0, ran)
    return why


def show(its_stage):
    """show: envelope, reason and text, without control characters"""
    host, scene, _ = one(its_stage, "--fault",
                         BUSY + " \\x1b[2J \\xc2\\x9b")
    why = []
    message = scene.submit("you@example.net", b"a \x1b]0;x\x07 line\n\xff\n")
    scene.relay("queue", "remove", scene.names("new")[0])
    scene.flush_now()
    for words in (("queue", "show", message), ("queue",),
                  ("queue", "--json"), ("queue", "show", "--json", message)):
        ran = scene.relay(*words)
        expect(why, " ".join(words), ran.status == 0 and
               b"mailbox busy" in ran.out and b"you@example.net" in ran.out
               and not stage.unprintable(ran.out), ran)
    expect(why, "delivered", got(host) == 0)
    return why


def being_sent(its_stage):
    """hold, release, remove, retry of what is being sent: "being sent now\""""
    host, scene, message = one(its_stage, "--fault", "final:1:stall")
    why = []
    before = scene.digest()
    flush = scene.start([its_stage.flush, "--now", "--quiet"],
                        stderr=subprocess.DEVNULL)
    stage.wait_until(lambda: host.lines("F"))
    for word in ("hold", "release", "remove", "retry"):
        ran = scene.relay("queue", word, message)
        expect(why, word, ran.status == 69 and
               b"being sent now" in ran.err and not ran.out, ran)
    for words in (("queue",), ("queue", "show", message)):
        ran = scene.relay(*words)
        expect(why, " ".join(words), b"being sent now" in ran.out, ran)
    expect(why, "the flush ended too soon", flush.poll() is None)
    host.stop()
    flush.wait(timeout=stage.PATIENCE)
    expect(why, "the entry", scene.digest() == before and
           flush.returncode == 75)
    ran = scene.relay("queue", "hold", message)
    expect(why, "hold, later", ran.status == 0, ran)
    return why


# --- what is wrong here ----------------------------------------------------

def damaged(its_stage):
    """a damaged entry goes to bad/ with one line, the others are sent"""
    host, scene, _ = one(its_stage)
    why = []
    message = scene.submit("damaged@example.net")
    scene.submit("you@example.net")
    path = os.path.join(scene.queue, "new", message)
    with open(path, "r+b") as file:
        text = file.read()
        file.seek(text.index(b"one line"))
        file.write(b"One")
    ran = scene.flush_now()
    expect(why, "the others", got(host) == 2 and not scene.names("new"), ran)
    expect(why, "sent", host.counts()["damaged@example.net"] == 0)
    expect(why, "where it is", scene.place(message) == "bad")
    expect(why, "status and line", ran.status == 78 and
           ran.err.count(b"\n") == 1 and message.encode() in ran.err, ran)
    ran = scene.flush_now()
    expect(why, "the next flush", ran.status == 0 and not ran.err, ran)
    return why


def broken_configuration(its_stage):
    """a broken configuration: accepted, then file:line; mended: delivered"""
    host, scene, _ = one(its_stage)
    why = []
    good = open(scene.config, encoding="utf-8").read()
    scene.write("relayrc", good.replace("    port", "    prot"))
    scene.submit("you@example.net")
    ran = scene.flush_now()
    expect(why, "flush", ran.status == 78 and ran.err.count(b"\n") == 1 and
           b"relayrc:5: " in ran.err and b"port" in ran.err, ran)
    expect(why, "kept", len(scene.names("new")) == 2)
    os.unlink(scene.config)
    scene.submit("you@example.net")
    ran = scene.flush_now()
    expect(why, "without a file", ran.status == 78 and
           scene.config.encode() in ran.err, ran)
    scene.write("relayrc", good)
    ran = scene.run([its_stage.flush])
    expect(why, "mended", ran.status == 0 and got(host) == 3, ran)
    return why


def environment(its_stage):
    """RELAY_HOST, _PORT, _USER, _PASSWORD without any file: delivered"""
    host = its_stage.host()
    scene = its_stage.scene()
    del scene.env["RELAY_CONFIG"]
    scene.env.update(RELAY_HOST="localhost", RELAY_USER=stage.USER,
                     RELAY_PORT=str(host.ports[0]),
                     RELAY_PASSWORD=stage.PASSWORD)
    why = []
    scene.submit("you@example.net")
    ran = scene.run([*stage.own_trust(its_stage), its_stage.flush, "--now"])
    expect(why, "flush", ran.status == 0 and not ran.err, ran)
    expect(why, "delivered", got(host) == 1 and bool(host.lines("A")))
    scene.env["RELAY_PASSWORD"] = "wrong"
    scene.submit("you@example.net")
    ran = scene.run([*stage.own_trust(its_stage), its_stage.flush, "--now"])
    expect(why, "wrong password", ran.status == 78 and b"wrong" not in
           ran.err and len(scene.names("new")) == 1, ran)
    return why


# --- what time does --------------------------------------------------------

def at(when):
    return {"RELAY_TEST_CLOCK": str(int(when))}


def timed(its_stage, *options, top=""):
    """As one(), at a time of its own."""
    host = its_stage.host(*options)
    scene = its_stage.scene()
    scene.configure(host.ports[0], top=top)
    start = time.time() + 60  # after the real time that files are given
    message = scene.submit("you@example.net", env=at(start))
    return host, scene, message, start


def given_up(its_stage):
    """older than `lifetime`: failed/, with the reason; retry brings it back"""
    host, scene, message, start = timed(
        its_stage, "--fault", "rcpt:1:reply 450 4.2.1 mailbox busy",
        "--fault", "rcpt:2:reply 450 4.2.1 mailbox busy",
        "--fault", "rcpt:3:reply 450 4.2.1 mailbox busy",
        top="lifetime 1h\n")
    why = []
    for seconds in (1, HOUR // 2):
        ran = scene.run([its_stage.flush], env=at(start + seconds))
        expect(why, "after %d s" % seconds, ran.status == 75 and
               scene.place(message) == "new", ran)
    ran = scene.run([its_stage.flush], env=at(start + HOUR + 60))
    expect(why, "given up", scene.place(message) == "failed" and
           b"given up" in ran.err and b"mailbox busy" in ran.err and
           ran.err.count(b"\n") == 1, ran)
    ran = scene.relay("queue", "show", message)
    expect(why, "show", b"given up" in ran.out and
           b"mailbox busy" in ran.out, ran)
    expect(why, "delivered too soon", got(host) == 0)
    ran = scene.relay("queue", "retry", message,
                      env=at(start + 2 * HOUR))
    expect(why, "retry", ran.status == 0 and scene.place(message) == "new",
           ran)
    ran = scene.run([its_stage.flush], env=at(start + 2 * HOUR))
    expect(why, "delivered", got(host) == 1 and not scene.place(message),
           ran)
    return why


def jump(name, seconds):
    def run(its_stage):
        host, scene, message, start = timed(
            its_stage, "--fault", BUSY, "--fault", BUSY.replace("1", "2", 1))
        why = []
        scene.run([its_stage.flush], env=at(start))
        ran = scene.flush_now(env=at(start + seconds))
        expect(why, "expired", scene.place(message) == "new" and
               ran.status == 75, ran)
        ran = scene.flush_now(env=at(start + seconds + 60))
        expect(why, "not delivered", got(host) == 1 and ran.status == 0, ran)
        return why

    run.__doc__ = "a clock that jumps %s does not expire mail" % name
    return run


def jump_before_first_try(its_stage):
    """a laptop that slept for a month does not expire mail"""
    host, scene, message, start = timed(its_stage, "--fault", BUSY)
    why = []
    ran = scene.run([its_stage.flush], env=at(start + 30 * DAY))
    expect(why, "expired", scene.place(message) == "new" and
           ran.status == 75, ran)
    ran = scene.run([its_stage.flush], env=at(start + 30 * DAY + 120))
    expect(why, "not delivered", got(host) == 1, ran)
    return why


def never_waits_for_ever(its_stage):
    """a clock set back a year after a failure: mail does not wait a year"""
    host, scene, _, start = timed(its_stage, "--fault", BUSY)
    scene.run([its_stage.flush], env=at(start))
    ran = scene.run([its_stage.flush], env=at(start - 365 * DAY))
    return [] if got(host) == 1 else ["%s %r" % (ran.status, ran.err)]


def doubt_waits(its_stage):
    """in doubt: tried again after 15 minutes, not sooner, the same bytes"""
    host, scene, _, start = timed(its_stage, "--fault", "final:1:lost")
    why = []
    ran = scene.run([its_stage.flush], env=at(start))
    expect(why, "in doubt", ran.status == 75 and b"in-doubt" in ran.err, ran)
    ran = scene.run([its_stage.flush], env=at(start + 14 * 60))
    expect(why, "too early", got(host) == 1, ran)
    ran = scene.run([its_stage.flush], env=at(start + 25 * 60))
    expect(why, "again", got(host) == 2 and ran.status == 0, ran)
    contents = {content for _, content in host.messages()}
    expect(why, "%d different messages" % len(contents), len(contents) == 1)
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, [
        hold_release, remove, retry, show, being_sent, damaged,
        broken_configuration, environment, given_up,
        jump("a month ahead", 30 * DAY), jump("a year back", -365 * DAY),
        jump("to 1970", -int(time.time()) + 100),
        jump("past 2038", 2**31 + DAY - int(time.time())),
        jump_before_first_try, never_waits_for_ever, doubt_waits])
