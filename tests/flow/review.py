# SPDX-License-Identifier: GPL-3.0-or-later
"""review - what readers who looked for harm found, one case for each

Each case did harm once: mail that kept other mail from going, mail that went
twice, a secret in the wrong place.
"""
import os
import signal
import subprocess
import sys
import time

import stage
from waiting import expect

SOON = 20      # seconds that suffice on a busy machine
MINUTES = 60
QUOTED = "AGFsaWNlAHNla3JldA=="  # of alice and sekret, as AUTH PLAIN says it

BLOCKED = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
os.execv(sys.argv[1], sys.argv[1:])
"""


def due_in(scene, message):
    """Seconds until its next try."""
    path = os.path.join(scene.queue, "new", message)
    return os.stat(path).st_mtime - time.time()


def kinds(scene, message):
    """The lines of its journal: of each kind, the recipients."""
    found = {}
    for line in scene.journal(message).splitlines():
        words = line.split(" ")
        found.setdefault(words[0], set()).add(words[2])
    return found


def pauses(scene):
    """What pause/ says, of all smarthosts."""
    found = b""
    for name in scene.names("pause"):
        found += scene.bytes("pause", name)
    return found


def ends(process, seconds=SOON):
    """Its status, or None: it went on."""
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None


# --- some messages and the others ------------------------------------------

def unbearable(answer):
    def run(its_stage):
        host = its_stage.host("--refuse-rcpt", "first@*:" + answer)
        scene = its_stage.scene()
        scene.configure(host.ports[0])
        ids = [scene.submit(name + "@example.net")
               for name in ("first", "second", "third")]
        why = []
        ran = scene.run([its_stage.flush])
        expect(why, "the others: %s" % host.counts(), host.counts() == {
            "second@example.net": 1, "third@example.net": 1}, ran)
        expect(why, "status", ran.status == 75, ran)
        expect(why, "left: %s" % scene.names("new"),
               scene.names("new") == ids[:1])
        expect(why, "journal: " + scene.journal(ids[0]),
               "A" in kinds(scene, ids[0]))
        expect(why, "it is due at once", due_in(scene, ids[0]) > 30)
        return why

    run.__doc__ = "a message that gets %s each time: the others go" % answer
    return run


def one_mail_each(its_stage):
    """250 recipients, 421 at the second MAIL of a connection: each once"""
    host = its_stage.host("--fault", "mail:2:reply 421 4.7.0 enough",
                          "--fault", "mail:4:reply 421 4.7.0 enough")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    names = ["r%d@example.net" % i for i in range(250)]
    message = scene.submit(names)
    why = []
    ran = scene.run([its_stage.flush])
    expect(why, "delivered: %d" % len(host.counts()),
           host.counts() == dict.fromkeys(names, 1), ran)
    expect(why, "status", ran.status == 0, ran)
    expect(why, "it is still there", scene.place(message) is None)
    expect(why, "a pause: %r" % pauses(scene),
           "it" not in scene.names("pause"))
    return why


def now_counts_once(its_stage):
    """--now, and somebody rings: what is in doubt is not sent again"""
    host = its_stage.host("--fault", "final:2:lost",
                          "--fault", "final:3:slow 60")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    ids = [scene.submit(name + "@example.net")
           for name in ("first", "doubt", "slow")]
    why = []
    flush = scene.start([its_stage.flush, "--now", "--quiet"],
                        stderr=subprocess.DEVNULL)
    expect(why, "no slow answer", stage.wait_until(
        lambda: len(host.lines("F")) == 2, SOON))
    scene.submit("rang@example.net")
    expect(why, "it goes on", ends(flush) == 75)
    expect(why, "delivered: %s" % host.counts(), host.counts() == {
        name + "@example.net": 1
        for name in ("first", "doubt", "slow", "rang")})
    expect(why, "left: %s" % scene.names("new"),
           scene.names("new") == [ids[1]])
    return why


def arrival(its_stage):
    """a silent smarthost does not hold what arrives for another one"""
    good = its_stage.host()
    silent = its_stage.host("--fault", "greeting:*:stall")
    scene = its_stage.scene()
    block = ("smarthost %s\n    host 127.0.0.1\n    port %d\n    tls_ca %s\n"
             "    user alice\n    password inline sekret\n    from %s\n")
    scene.write("relayrc", "log none\n" + "".join(
        block % (name, port, its_stage.cert("ca"), glob)
        for name, port, glob in (
            ("silent", silent.ports[0], "*@silent.example"),
            ("good", good.ports[0], "*@example.org"))))
    message = scene.submit("a@example.net", sender="x@silent.example")
    why = []
    flush = scene.start([its_stage.flush, "--quiet"],
                        stderr=subprocess.DEVNULL)
    expect(why, "it was not called", stage.wait_until(
        lambda: silent.lines("F"), SOON))
    time.sleep(1.1)  # due later than the pass began
    scene.submit("b@example.net")
    expect(why, "not delivered", stage.wait_until(
        lambda: good.lines("M"), SOON))
    expect(why, "it ended", flush.poll() is None)
    flush.terminate()
    expect(why, "it goes on", ends(flush) is not None)
    expect(why, "left: %s" % scene.names("new"),
           scene.names("new") == [message])
    return why


def late_ring(its_stage):
    """what arrives late in a pass is sent before relay-flush ends"""
    host = its_stage.host("--fault", "final:1:slow 60")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    scene.submit("slow@example.net")
    why = []
    flush = scene.start([its_stage.flush, "--quiet"],
                        stderr=subprocess.DEVNULL)
    expect(why, "no slow answer", stage.wait_until(
        lambda: host.lines("F"), SOON))
    time.sleep(1.1)  # due later than the pass began
    expect(why, "it ended too soon", flush.poll() is None)
    scene.submit("late@example.net")
    expect(why, "status", ends(flush) == 0)
    expect(why, "delivered: %s" % host.counts(), host.counts() == {
        "slow@example.net": 1, "late@example.net": 1})
    return why


def ascii_goes(its_stage):
    """no SMTPUTF8: the recipient that is ASCII gets it, the other failed"""
    host = its_stage.host("--extensions", "PIPELINING SIZE=50000000 8BITMIME")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    message = scene.submit(["ascii@example.net", "j\u00f6rg@example.net"])
    why = []
    ran = scene.run([its_stage.flush])
    expect(why, "delivered: %s" % host.counts(),
           host.counts() == {"ascii@example.net": 1, "me@example.org": 1},
           ran)
    expect(why, "journal: " + scene.journal(message),
           kinds(scene, message) == {"D": {"0"}, "F": {"1"},
                                     "R": {"-"}})
    expect(why, "place", scene.place(message) == "failed")
    return why


# --- signals ---------------------------------------------------------------

def told_to_end(its_stage):
    """SIGTERM before the final answer: in doubt, and not sent again at once"""
    host = its_stage.host("--fault", "final:1:stall")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    message = scene.submit("you@example.net")
    why = []
    flush = scene.start([its_stage.flush, "--quiet"], hurry=10,
                        stderr=subprocess.DEVNULL)
    expect(why, "no message", stage.wait_until(
        lambda: host.lines("F"), SOON))
    flush.terminate()
    expect(why, "it goes on", ends(flush) == 75)
    expect(why, "journal: " + scene.journal(message),
           kinds(scene, message).get("I") == {"0"})
    expect(why, "place", scene.place(message) == "new")
    expect(why, "it is due soon", due_in(scene, message) > 10 * MINUTES)
    for name in scene.names("pause"):
        os.unlink(os.path.join(scene.queue, "pause", name))
    ran = scene.run([its_stage.flush])
    expect(why, "sent again", not host.lines("M"), ran)
    return why


def blocked(its_stage):
    """started with SIGTERM blocked: --watch ends on SIGTERM all the same"""
    host = its_stage.host()
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    scene.submit("you@example.net")
    why = []
    flush = scene.start([sys.executable, "-c", BLOCKED, its_stage.flush,
                         "--watch", "--quiet"], stderr=subprocess.DEVNULL)
    expect(why, "not delivered", stage.wait_until(
        lambda: host.lines("M") and not scene.names("new"), SOON))
    expect(why, "it ended", flush.poll() is None)
    flush.send_signal(signal.SIGTERM)
    expect(why, "it goes on", ends(flush) == 0)
    return why


# --- secrets and trust -----------------------------------------------------

def no_key_log(its_stage):
    """SSLKEYLOGFILE: nothing is written there"""
    host = its_stage.host()
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    scene.submit("you@example.net")
    path = os.path.join(scene.directory, "keys")
    why = []
    ran = scene.run([its_stage.flush], env={"SSLKEYLOGFILE": path})
    expect(why, "not delivered", len(host.messages()) == 1, ran)
    expect(why, "the keys are in a file", not os.path.exists(path))
    return why


def strange_command(its_stage):
    """password command ~/x: not the one below the current directory"""
    host = its_stage.host()
    scene = its_stage.scene()
    trace = os.path.join(scene.directory, "trace")
    os.mkdir(os.path.join(scene.directory, "~"), 0o700)
    path = scene.write("~/x", "#!/bin/sh\necho >'%s'\necho sekret\n" % trace)
    os.chmod(path, 0o700)
    scene.configure(host.ports[0], "user alice", "password command ~/x",
                    login=False)
    message = scene.submit("you@example.net")
    why = []
    ran = scene.flush_now()
    expect(why, "status", ran.status in (75, 78), ran)
    expect(why, "it was run", not os.path.exists(trace), ran)
    expect(why, "it was sent", scene.place(message) == "new" and
           not host.messages())
    scene.configure(host.ports[0], "user alice", "password command " + path,
                    login=False)
    ran = scene.flush_now()
    expect(why, "the same by its whole name", ran.status == 0 and
           os.path.exists(trace) and len(host.messages()) == 1, ran)
    return why


def quoted_login(its_stage):
    """a server that quotes AUTH: the login is shown nowhere"""
    host = its_stage.host("--fault", "auth:*:reply 501 5.5.4 cannot decode " +
                          QUOTED)
    scene = its_stage.scene()
    scene.configure(host.ports[0], "login plain")
    message = scene.submit("you@example.net")
    why = []
    ran = scene.run([its_stage.flush, "--debug"])
    expect(why, "status", ran.status in (75, 78) and
           b"cannot decode" in ran.err, ran)
    expect(why, "the answer is not in pause/", b"decode" in pauses(scene))
    seen = {
        "stderr": ran.err,
        "pause/": pauses(scene),
        "log/": scene.journal(message).encode(),
        "list": scene.relay("queue").out,
        "--json": scene.relay("queue", "--json").out,
        "show": scene.relay("queue", "show", message).out,
    }
    for name, text in seen.items():
        expect(why, "in %s: %r" % (name, text),
               QUOTED[:-2].encode() not in text and b"sekret" not in text)
    return why


def open_ca(its_stage):
    """a tls_ca that others can write: 78, mail is kept, one line says chmod"""
    host = its_stage.host()
    scene = its_stage.scene()
    with open(its_stage.cert("ca"), encoding="ascii") as file:
        path = scene.write("ca.pem", file.read())
    os.chmod(path, 0o666)
    scene.configure(host.ports[0], "tls_ca " + path, ca=False)
    message = scene.submit("you@example.net")
    why = []
    ran = scene.flush_now("--quiet")
    lines = ran.err.decode().splitlines()
    expect(why, "status", ran.status == 78, ran)
    expect(why, "one line", len(lines) == 1 and
           "chmod go-w " + path in lines[0], ran)
    expect(why, "it was sent", scene.place(message) == "new" and
           not host.messages())
    os.chmod(path, 0o644)
    ran = scene.flush_now()
    expect(why, "mended", ran.status == 0 and len(host.messages()) == 1, ran)
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, [
        unbearable("421 4.7.0 not that one"), unbearable("452 4.3.1 full"),
        one_mail_each, now_counts_once, arrival, late_ring, ascii_goes,
        told_to_end, blocked, no_key_log, strange_command, quoted_login,
        open_ca])
