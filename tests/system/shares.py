# SPDX-License-Identifier: GPL-3.0-or-later
"""shares - one user who fills the queue, and a disk that is nearly full

The others go on, root always.  Whoever is refused hears why, and nothing of
what was refused is left.
"""
import contextlib
import os
import subprocess

import machine
from hardened import owners, submit_no_new_privs
from machine import DROP, USERS, entry
from service import Listen

ALICE, BOB = USERS["alice"], USERS["bob"]
COUNT, BYTES = 5000, 1 << 30  # src/queue/share.h
MIB = 1 << 20
TOO_MUCH = b"too much mail in the queue of this machine: Disk quota exceeded"
FULL = b"the queue of this machine is full: No space left on device"


def place(m, where, name, uid, size=None):
    """A file as relay-drop makes them; `size`: sparse."""
    path = os.path.join(m.spool, where, name)
    with open(path, "wb") as file:
        if size is None:
            file.write(entry(uid=uid))
        else:
            file.truncate(size)
    os.chown(path, uid, DROP)
    os.chmod(path, 0o640)
    return path


def ident(number):
    return "%022X" % (0x0629C5C4F43F6A00000000 + number)


def refused(ran, word):
    if ran.status == 74 and word in ran.err and ran.err.count(b"\n") == 1:
        return []
    return ["not refused: %s" % (ran,)]


def accepted(*rans):
    return ["not accepted: %s" % (ran,) for ran in rans if ran.status != 0]


def limits_of_one(m, name):
    """alice has used up hers: she is refused, by both ways; others are not."""
    before = len(m.names())
    why = refused(m.submit(ALICE), TOO_MUCH)
    why += accepted(m.submit(BOB), m.submit(0))
    with Listen(m):
        why += refused(submit_no_new_privs(m, ALICE), TOO_MUCH)
        why += accepted(submit_no_new_privs(m, BOB))
    if len(m.names()) != before + 3:
        why.append("%s: %d files" % (name, len(m.names())))
    return why


def count(m):
    why = []
    for kind in "mtw":
        m.make_spool()
        for i in range(COUNT - 1):
            place(m, "drop", "%s.%s" % (kind, ident(i)), ALICE, 0)
        why += accepted(m.submit(ALICE))  # her last one
        why += limits_of_one(m, kind)
    return why


def size(m):
    m.make_spool()
    half = BYTES // 2
    place(m, "drop", "m." + ident(1), ALICE, half)
    why = accepted(m.submit(ALICE))
    place(m, "drop", "w." + ident(2), ALICE, half)
    return why + limits_of_one(m, "bytes")


def waiting(m):
    """Her share of new/ is used up: what she submits waits in drop/, and comes
    when there is room; bob's is sent at once."""
    m.make_spool()
    m.start_host()
    for i in range(COUNT - 1):
        path = place(m, ("new", "hold", "failed")[i % 3], ident(i), ALICE)
        soon = os.stat(path).st_mtime + 1800
        os.utime(path, (soon, soon))
    why = []
    for text in (b"first", b"second", b"third"):
        why += accepted(m.submit(ALICE, text=text + b"\n"))
    why += accepted(m.submit(BOB, text=b"of bob\n"))
    for wanted, left in ((["first", "of bob"], 2), (["second"], 1),
                         (["third"], 0)):
        seen = len(m.host.names())
        ran = m.flush_now("--quiet")
        got = sorted(s.content.split(b"\r\n")[-2].decode()
                     for s in m.host.messages()[seen:])
        names = m.names()
        if ran.status not in (0, 75) or got != sorted(wanted) or \
                len(names) != left or \
                not all(n.startswith("w.") for n in names):
            why.append("%s: %s %s %s" % (wanted, got, names, ran))
    return why


@contextlib.contextmanager
def disk(m, options):
    """The spool on a file system of its own."""
    machine.run("mount", "-t", "tmpfs", "-o", options, "spool", m.spool)
    try:
        m.make_spool()
        yield
    finally:
        # A program that has answered may not have ended yet.
        if not machine.wait_until(lambda: is_left(m.spool)):
            machine.run("umount", m.spool)


def is_left(path):
    return subprocess.run(["umount", path],
                          stderr=subprocess.DEVNULL).returncode == 0


def ballast(m, mebibytes):
    with open(m.spool + "/tmp/ballast", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, mebibytes * MIB)


def blocks(m):
    why = []
    with disk(m, "size=64m"):
        why += accepted(m.submit(ALICE))
        # begins above the floor, and would end below it
        why += refused(m.submit(ALICE, text=(b"x" * 63 + b"\n") * 16384 * 40),
                       FULL)
        ballast(m, 40)
        why += refused(m.submit(ALICE), FULL)
        with Listen(m):
            why += refused(submit_no_new_privs(m, ALICE), FULL)
        why += accepted(m.submit(0))
        # no room at all
        ran = m.submit(0, text=(b"x" * 63 + b"\n") * 16384 * 30)
        why += refused(ran, b"cannot write the message to the queue: "
                       b"No space left")
        if owners(m) != [0, ALICE] or len(m.names()) != 2:
            why.append("left: %s" % m.names())
    return why


def inodes(m):
    why = []
    with disk(m, "size=64m,nr_inodes=1100"):
        why += accepted(m.submit(ALICE))
        for i in range(100):
            place(m, "tmp", str(i), 0)
        why += refused(m.submit(ALICE), FULL)
        why += accepted(m.submit(0))
        with contextlib.suppress(OSError):
            for i in range(1100):
                place(m, "bad", str(i), 0)
        ran = m.submit(0)
        if ran.status != 73 or b"cannot create a file in the queue: No " \
                not in ran.err:
            why.append(str(ran))
        if owners(m) != [0, ALICE] or len(m.names()) != 2:
            why.append("left: %s" % m.names())
    return why


def read_only(m):
    why = []
    with disk(m, "size=64m"):
        machine.run("mount", "-o", "remount,ro", m.spool)
        for uid in (ALICE, 0):
            ran = m.submit(uid)
            if ran.status != 73 or b"Read-only file system" not in ran.err:
                why.append(str(ran))
        with Listen(m):
            ran = submit_no_new_privs(m, ALICE)
            if ran.status != 73 or b"Read-only file system" not in ran.err:
                why.append(str(ran))
        if m.names():
            why.append(str(m.names()))
    return why


CASES = [
    ("a user who has 5,000 messages in drop/ stops no other", count),
    ("a user who has 1 GiB in drop/ stops no other", size),
    ("a user who has 5,000 messages in the queue: the rest waits", waiting),
    ("a disk with less than 32 MiB left: for root only", blocks),
    ("a disk with less than 1,024 inodes left: for root only", inodes),
    ("a disk that is read-only", read_only),
]


def run(m, tap):
    for name, case in CASES:
        why = case(m)
        tap.result(not why, name, why)
