# SPDX-License-Identifier: GPL-3.0-or-later
"""hardened - callers whose set-gid programs have no rights, and the socket

A service under no_new_privs, whose whole file system is read-only: it submits
over the socket.  Without that it hears so at once; from a socket that is in
trouble nobody waits long, and no message comes twice or is lost in silence.
"""
import concurrent.futures
import os
import re
import socket
import time

from machine import USERS, wait_until
from service import Idlers, Inetd, Listen, Pretender, bind, speak

ALICE, BOB, CAROL, DAVE = USERS.values()
READ_ONLY = """
findmnt -rno TARGET | grep -v -E '^/(proc|dev|sys)(/|$)' |
while read -r place; do mount -o remount,bind,ro "$place"; done
test ! -w / && test ! -w "$2" && test ! -w /var/tmp || exit 99
exec setpriv --reuid "$1" --regid "$1" --clear-groups --no-new-privs \\
    /usr/sbin/sendmail -i -f me@example.org you@example.net
"""
LARGE = b"0123456789" * 7 + b"\n"


def submit_hardened(m, uid, text=b"hardened\n", **more):
    return m.run(["unshare", "-m", "--propagation", "private", "sh", "-ec",
                  READ_ONLY, "sh", str(uid), m.spool],
                 b"Subject: hardened\n\n" + text, **more)


def submit_no_new_privs(m, uid, **more):
    return m.run(["setpriv", "--no-new-privs", "/usr/sbin/sendmail", "-i",
                  "-f", "me@example.org", "you@example.net"],
                 b"Subject: hardened\n\nhardened\n", uid, **more)


def in_namespace(m, uid, **more):
    """As "root" of a user namespace of one's own."""
    return m.run(["unshare", "-U", "-r", "/usr/sbin/sendmail", "-i", "-f",
                  "me@example.org", "you@example.net"],
                 b"Subject: hardened\n\nhardened\n", uid, **more)


def owners(m):
    """Of what is complete."""
    return sorted(m.stat("drop", name).st_uid for name in m.names()
                  if name.startswith("m."))


class Case:
    """Collects what is wrong, about an empty spool."""

    def __init__(self, m):
        self.m = m
        self.why = []
        m.make_spool()

    def want(self, good, *what):
        if not good:
            self.why.append(" ".join(str(w) for w in what))

    def stored(self, ran, *uids):
        self.want((ran.status, ran.err, ran.out) == (0, b"", b""), ran)
        self.want(owners(self.m) == sorted(uids), "owners", owners(self.m))
        self.want(len(uids) == len(self.m.names()), self.m.names())

    def refused(self, ran, status, seconds, word=b""):
        self.want(ran.status == status, ran)
        self.want(ran.seconds < seconds, ran.seconds, "seconds")
        self.want(ran.err.count(b"\n") == 1 and word in ran.err, ran.err)
        self.want(not self.m.names(), self.m.names())


def by_socket(serve):
    def case(m):
        c = Case(m)
        with serve(m):
            c.stored(submit_hardened(m, ALICE), ALICE)
            c.stored(submit_hardened(m, BOB, LARGE * 40000), ALICE, BOB)
            c.stored(in_namespace(m, CAROL), ALICE, BOB, CAROL)
            c.stored(submit_no_new_privs(m, 0), 0, ALICE, BOB, CAROL)
            sizes = [m.stat("drop", n).st_size for n in m.names()]
            c.want(max(sizes) > 2800000, "sizes", sizes)
        return c.why
    return case


def without_socket(m):
    c = Case(m)
    c.refused(submit_no_new_privs(m, ALICE), 73, 2, b"relay-drop.socket")
    c.refused(submit_hardened(m, ALICE), 73, 2, b"relay-drop.socket")
    c.refused(in_namespace(m, ALICE), 73, 2, b"relay-drop.socket")
    os.chmod(m.drop, 0o755)
    c.refused(m.submit(ALICE), 73, 2, b"relay-drop.socket")
    os.rename(m.drop, m.drop + "-")
    c.refused(m.submit(ALICE), 73, 2, b"relay-drop.socket")
    os.rename(m.drop + "-", m.drop)
    os.chmod(m.drop, 0o2755)
    c.stored(m.submit(ALICE), ALICE)
    return c.why


def stale(m):
    c = Case(m)
    bind(m).close()
    c.stored(m.submit(ALICE), ALICE)
    m.make_spool()
    c.refused(submit_no_new_privs(m, ALICE), 73, 2)
    os.unlink(m.socket)
    return c.why


def full_backlog(m):
    """Nobody accepts, and the kernel keeps no more."""
    c = Case(m)
    with bind(m, 0):
        with Idlers(m, DAVE, 1):
            c.stored(m.submit(ALICE), ALICE)
            m.make_spool()
            c.refused(submit_no_new_privs(m, ALICE), 73, 2)
    os.unlink(m.socket)
    return c.why


def silent(m):
    c = Case(m)
    with Pretender(m, lambda s: s.recv(1)):
        c.stored(m.submit(ALICE), ALICE)
        m.make_spool()
        c.refused(submit_no_new_privs(m, ALICE), 73, 20)
    return c.why


def talk(*steps):
    """Bytes are sent; a number: so many are read, -1: all."""
    def one(s):
        for step in steps:
            if isinstance(step, bytes):
                s.sendall(step)
                continue
            left = step
            while left != 0:
                piece = s.recv(65536 if left < 0 else min(left, 65536))
                if not piece:
                    break
                left -= len(piece) if left > 0 else 0
    return one


def dies(*steps, text=b"one line\n"):
    """It dies before it has all: the message goes the other way, once."""
    def case(m):
        c = Case(m)
        with Pretender(m, talk(*steps)) as other:
            c.stored(m.submit(ALICE, text=text), ALICE)
            c.want(other.count == 1, "asked", other.count)
        return c.why
    return case


def lies(status, word, *steps):
    """It has all, and says no, or nothing that can be understood."""
    def case(m):
        c = Case(m)
        with Pretender(m, talk(b"READY\n", -1, *steps)):
            c.refused(m.submit(ALICE), status, 20, word)
        return c.why
    return case


def silence(m):
    """A client that does not go on is ended within seconds."""
    c = Case(m)
    with Listen(m), concurrent.futures.ThreadPoolExecutor(2) as pool:
        for said, seconds in pool.map(
                lambda data: speak(m, data, ALICE, end=False),
                (b"", b"relay 1\nS a\n")):
            c.want(said.startswith(b"READY\nNO 66 110 "), said)
            c.want(4 < seconds < 20, seconds)
        c.want(not m.names(), m.names())
    return c.why


def idle(serve, counts):
    def case(m):
        c = Case(m)
        with serve(m):
            held = [Idlers(m, uid, n) for uid, n in counts]
            for uid in (ALICE, 0):
                begin = time.monotonic()
                ran = submit_no_new_privs(m, uid)
                c.want(ran.status == 0, ran)
                c.want(time.monotonic() - begin < 3, "it was not first")
            c.want(owners(m) == [0, ALICE], owners(m))
            for one in held:
                one.__exit__()
        return c.why
    return case


def large(m):
    """What is too large for memory moves to a file, once, also where files
    are in memory: all in all it is copied twice."""
    c = Case(m)
    trace = m.directory(ALICE) + "/trace"
    text = LARGE * 200000
    with Listen(m):
        ran = m.run(["strace", "-f", "-e", "trace=sendfile", "-o", trace,
                     "/usr/sbin/sendmail", "-i", "you@example.net"],
                    b"Subject: large\n\n" + text, ALICE)
        c.stored(ran, ALICE)
    with open(trace, encoding="ascii") as file:
        copied = sum(int(n) for n in re.findall(r"= (\d+)$", file.read(),
                                                re.MULTILINE))
    c.want(len(text) < copied < 2 * len(text), copied, "bytes were copied")
    return c.why


def listener(m):
    """Bad clients, a second listener, SIGTERM: others notice nothing."""
    c = Case(m)
    with Listen(m) as service:
        for _ in range(20):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(m.socket)
        c.stored(submit_no_new_privs(m, ALICE), ALICE)
        children = "/proc/%d/task/%d/children" % (service.process.pid,
                                                  service.process.pid)
        with open(children, encoding="ascii") as file:
            c.want(len(file.read().split()) < 40, "the dead are not buried")
        modes = [os.stat(p).st_mode & 0o7777 for p in (m.socket, m.run_place)]
        c.want(modes == [0o666, 0o755], "modes", *map(oct, modes))
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(m.socket)
            wait_until(lambda: s.recv(6, socket.MSG_PEEK) == b"READY\n")
            service.process.terminate()
            service.process.wait()
            s.sendall(b"garbage")
            s.shutdown(socket.SHUT_WR)
            said = s.makefile("rb").read()
            c.want(said.startswith(b"READY\nNO 65 0 "), said)
    for uid in (ALICE, DAVE):
        ran = m.run([m.drop, "--listen"], uid=uid)
        c.want(ran.status == 64 and ran.out.startswith(b"NO 64"), ran)
    return c.why


CASES = [
    ("no_new_privs, all read-only, relay-listen: stored",
     by_socket(Listen)),
    ("the same where systemd would accept", by_socket(Inetd)),
    ("no_new_privs without a socket: 73 in two seconds, one line",
     without_socket),
    ("a socket that nobody serves any more", stale),
    ("a socket whose service accepts nobody", full_backlog),
    ("a socket that accepts and never speaks", silent),
    ("a service that dies at once", dies()),
    ("a service that dies before READY", dies(b"REA")),
    ("a service that says something else", dies(b"220 hello\n")),
    ("a service that says too much", dies(b"R" * 5000)),
    ("a service that dies in the middle",
     dies(b"READY\n", 5, text=LARGE * 40000)),
    ("a service that dies after the last byte",
     lies(74, b"may be queued")),
    ("a service that dies in its answer",
     lies(74, b"may be queued", b"OK 0629C5")),
    ("a service of another version",
     lies(74, b"another version", b"250 OK\n")),
    ("a service that says \"stored\" in a strange way",
     lies(74, b"another version", b"NO 0 0 ok\n")),
    ("a service that says 75", lies(74, b"another version", b"NO 75 0 x\n")),
    ("a service whose disk is full",
     lies(74, b"full: No space left", b"NO 74 28 full\n")),
    ("a client that does not go on", silence),
    ("200 idle connections of four users, relay-listen: stored at once",
     idle(Listen, [(uid, 50) for uid in USERS.values()])),
    ("200 idle connections of one user, relay-listen: stored at once",
     idle(Listen, [(DAVE, 200)])),
    ("600 idle connections of one user, relay-listen: stored at once",
     idle(Listen, [(DAVE, 600)])),
    ("200 idle connections of one user, systemd: stored at once",
     idle(Inetd, [(DAVE, 200)])),
    ("a message that is too large for memory", large),
    ("relay-listen and its clients", listener),
]


def run(m, tap):
    for name, case in CASES:
        why = case(m)
        tap.result(not why, name, why)
