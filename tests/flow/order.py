# SPDX-License-Identifier: GPL-3.0-or-later
"""order - a bad message does not hold up those behind it

Five messages; one thing happens to the second.  After that pass and the next
the four others were delivered, each once.
"""
import os

import stage

ONCE, TWICE, REFUSED = "once", "perhaps twice", "refused"

FAULTS = [
    ("mail", "reply 450 4.7.1 later", ONCE),
    ("mail", "reply 550 5.7.1 no", REFUSED),
    ("mail", "reply 421 4.3.2 bye", ONCE),
    ("mail", "drop", ONCE),
    ("rcpt", "reply 450 4.2.1 later", ONCE),
    ("rcpt", "reply 550 5.1.1 no", REFUSED),
    ("rcpt", "reset", ONCE),
    ("rcpt", "garbage", ONCE),
    ("data", "reply 451 4.3.0 later", ONCE),
    ("data", "reply 554 5.6.0 no", REFUSED),
    ("data", "lost", ONCE),
    ("content", "drop", TWICE),
    ("content", "reply 552 5.3.4 no", REFUSED),
    ("final", "reply 451 4.3.0 later", ONCE),
    ("final", "reply 554 5.6.0 no", REFUSED),
    ("final", "reply 421 4.3.2 bye", ONCE),
    ("final", "drop", TWICE),
    ("final", "lost", TWICE),
    ("final", "halfline", TWICE),
    ("final", "count 1", ONCE),
]


def behind(step, action, fate):
    def run(its_stage):
        host = its_stage.host("--fault", "%s:2:%s" % (step, action))
        scene = its_stage.scene()
        scene.configure(host.ports[0])
        ids = [scene.submit("m%d@example.net" % i) for i in range(5)]
        passes = [scene.flush_now() for _ in range(2)]
        host.stop()
        return judge(host, scene, ids, fate, passes)

    run.__doc__ = "behind a message with %s at %s: all delivered" % (
        action, step)
    return run


def judge(host, scene, ids, fate, passes):
    counts, why = host.counts(), []
    for i in range(5):
        got = counts["m%d@example.net" % i]
        good = got == 1
        if i == 1 and fate == REFUSED:
            good = got == 0 and scene.place(ids[1]) == "failed"
        elif i == 1 and fate == TWICE:
            good = got in (1, 2)
        if not good:
            why.append("message %d: %d times, in %s" % (
                i, got, scene.place(ids[i])))
    if scene.names("new"):
        why.append("new/ is not empty")
    if why:
        why += ["%s %r" % (ran.status, ran.err) for ran in passes]
    return why


def configure_two(its_stage, scene, one, other):
    """By sender: what is from dead.example goes to `one`."""
    block = ("smarthost %s\n    host 127.0.0.1\n    port %d\n    tls_ca %s\n"
             "    user alice\n    password inline sekret\n    from %s\n")
    scene.write("relayrc", "log none\n" + "".join(
        block % (name, port, its_stage.cert("ca"), glob)
        for name, port, glob in (
            ("dead", one.ports[0], "*@dead.example"),
            ("good", other.ports[0], "*@example.org"))))


def two_smarthosts(its_stage):
    """a smarthost that does not answer does not hold up another one"""
    host = its_stage.host()
    dead = its_stage.host("--fault", "connect:*:stall")
    scene = its_stage.scene()
    configure_two(its_stage, scene, dead, host)
    for i in range(3):
        scene.submit("a%d@example.net" % i, sender="x@dead.example")
        scene.submit("b%d@example.net" % i)
    flush = scene.start([its_stage.flush, "--now", "--quiet"])
    good = stage.wait_until(lambda: len(host.messages()) == 3, 5)
    flush.terminate()
    flush.wait()
    left = len(scene.names("new"))
    dead.stop()
    return [] if good and left == 3 else [
        "delivered %d, left %d" % (len(host.messages()), left)]


def clone(scene, name, count):
    """So many more of an entry, which does not hold its own name."""
    new = os.path.join(scene.queue, "new")
    with open(os.path.join(new, name), "rb") as file:
        data = file.read()
    since = int(name[:14], 16)
    for i in range(1, count):
        path = os.path.join(new, "%014X%s" % (since + i, name[14:]))
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600),
                  "wb") as file:
            file.write(data)


def shared_out_in_parts(its_stage):
    """700 and 600 for two smarthosts: all by their own way, each once"""
    hosts = [its_stage.host(), its_stage.host()]
    scene = its_stage.scene()
    configure_two(its_stage, scene, *hosts)
    clone(scene, scene.submit("a@example.net", sender="x@dead.example"), 700)
    clone(scene, scene.submit("b@example.net"), 600)
    ran = scene.flush_now()
    counts = [dict(host.counts()) for host in hosts]
    if counts == [{"a@example.net": 700}, {"b@example.net": 600}] and \
            ran.status == 0 and not scene.names("new"):
        return []
    return ["%r, %d left, %r" % (counts, len(scene.names("new")), ran)]


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap,
                  [behind(*row) for row in FAULTS] +
                  [two_smarthosts, shared_out_in_parts])
