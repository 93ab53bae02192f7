# SPDX-License-Identifier: GPL-3.0-or-later
"""spooler - relay-flush and what it finds in drop/

It works as the user relay, whoever starts it; what is no entry goes to bad/
with one line in the log and stops nobody; a ring wakes it.
"""
import os
import socket
import subprocess
import time

import machine
from machine import DROP, QUEUE, RELAY, USERS, entry, wait_until
from rights import read_status
from service import Listen
from shares import ident, place

ALICE, BOB = USERS["alice"], USERS["bob"]
TOO_LARGE = (128 << 20) + 4097


def hostile(m):
    """Everything in drop/ that is no entry; how many lines that is worth."""
    drop = m.spool + "/drop/"
    count = 0

    def name(kind="m."):
        nonlocal count
        count += 1
        return drop + kind + ident(1000 + count)

    def shape(path, uid=ALICE, gid=DROP, mode=0o640):
        os.chown(path, uid, gid, follow_symlinks=False)
        if not os.path.islink(path):
            os.chmod(path, mode)

    def file(path, data=entry(), **more):
        with open(path, "wb") as f:
            f.write(data)
        shape(path, **more)

    for kind in ("m.", "w.", "t.", "x"):
        path = name(kind)
        os.symlink("/etc/shadow", path)
        shape(path)
        path = name(kind)
        os.mkfifo(path)
        shape(path)
        path = name(kind)
        os.mkdir(path)
        shape(path, mode=0o750)
        path = name(kind)
        os.mknod(path, 0o020640, os.makedev(1, 5))  # /dev/zero
        shape(path)
        path = name(kind)
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
        shape(path)
    os.symlink("nowhere", name())
    shape(drop + "m." + ident(1000 + count))
    for kind in ("m.", "w."):
        path = name(kind)
        file(path)
        os.link(path, m.spool + "/tmp/second" + kind)
        file(name(kind), mode=0o644)
        file(name(kind), mode=0o4755)
        file(name(kind), mode=0)
        file(name(kind), gid=ALICE)
        path = name(kind)
        file(path, b"")
        os.truncate(path, TOO_LARGE)
        path = name(kind)
        file(path, b"")
        os.truncate(path, 8 << 40)
    for odd in ("evil", "m.", "m.1", "w." + "A" * 23, "M." + "A" * 22,
                "m." + "a" * 22, "n." + "A" * 22, "core", "..x", "-rf",
                "x\n\x1b[2J\xff", "%n%s", "A" * 255, "m." + "A" * 22 + ".x"):
        count += 1
        file(drop + odd)
    return count


def to_bad(m):
    m.make_spool()
    m.start_host()
    count = hostile(m)
    for number, uid in ((1, ALICE), (2, BOB)):
        place(m, "drop", "m." + ident(number), uid)
    begin = time.monotonic()
    ran = m.flush_now("--quiet")
    seconds = time.monotonic() - begin
    lines = ran.err.decode(errors="replace").splitlines()
    refused = [line for line in lines if "status=refused" in line]
    why = [] if len(m.host.messages()) == 2 else ["not all went on"]
    if ran.status != 0 or seconds > 20:
        why.append("status %s, %s s" % (ran.status, seconds))
    if len(refused) != count or len(lines) != count or \
            any(len(line) > 1000 or not line.isprintable() for line in lines):
        why += ["%d lines about %d" % (len(lines), count), *lines]
    moved = len(m.names("bad"))
    left = m.names("drop")
    if moved + len(left) != count or \
            any(not n.startswith("x.") for n in left):
        why.append("%d in bad/, left: %s" % (moved, left))
    again = m.flush_now("--quiet")
    if again.err or again.status != 0 or m.names("drop") != left:
        why.append("the second time: %s" % (again,))
    if os.path.exists("/etc/shadow") and "root:" not in machine.run(
            "cat", "/etc/shadow"):
        why.append("/etc/shadow")
    return why


def damaged(m):
    """Files as relay-drop makes them, with nonsense inside: by a hole in it."""
    m.make_spool()
    m.start_host()
    small = entry()
    for number, data in enumerate((b"", b"x", small[:-1], small + b"x",
                                   small.replace(b"one", b"two"),
                                   b"\0" * 4096)):
        path = place(m, "drop", "m." + ident(number), ALICE)
        with open(path, "wb") as file:
            file.write(data)
    sparse = place(m, "drop", "m." + ident(98), ALICE, 100 << 20)
    place(m, "drop", "m." + ident(99), BOB)
    ran = m.flush_now("--quiet")
    why = [] if len(m.host.messages()) == 1 else ["not all went on"]
    if len(m.names("bad")) != 7 or m.names("drop") or m.names("new"):
        why.append("bad: %s, %s" % (m.names("bad"), sparse))
    if len(ran.err.splitlines()) != 7:
        why.append(str(ran))
    return why


def unfinished(m):
    """What relay-drop was killed over: not touched while it may be at work,
    removed later; links and FIFOs go at once."""
    m.make_spool()
    m.start_host()
    young = place(m, "drop", "t." + ident(1), ALICE)
    old = place(m, "drop", "t." + ident(2), ALICE)
    long_ago = time.time() - 3700
    os.utime(old, (long_ago, long_ago))
    ran = m.flush_now()
    if ran.status != 0 or ran.err or m.names() != [os.path.basename(young)]:
        return [str(ran), str(m.names())]
    return []


def same_name(m):
    """Ids do not return; if one does, neither message is lost."""
    m.make_spool()
    m.start_host("--fault", "mail:*:reply 451 4.3.0 later")
    place(m, "new", ident(1), ALICE)
    place(m, "drop", "m." + ident(1), BOB)
    ran = m.flush_now("--quiet")
    where = [len(m.names(p)) for p in ("drop", "new", "bad")]
    # with the warning to its sender: by its id it is old
    if where != [0, 2, 1] or m.stat("new", ident(1)).st_uid != ALICE or \
            ran.status != 75:
        return [str(ran), str(where)]
    return []


def as_relay(m):
    """Started as root, as a watcher that a stalled server holds."""
    m.make_spool()
    m.start_host("--fault", "ehlo:*:stall")
    m.submit(ALICE)
    why = []
    for argv in ([m.flush, "--quiet"], [m.relay, "flush", "--quiet"]):
        process = m.start(argv, groups=[0, 4, 27], stdin=subprocess.DEVNULL)
        heard = wait_until(lambda: m.host_lines("EHLO"))
        status = read_status(process.pid)
        ids = {key: status[key] for key in ("Uid", "Gid", "Groups")}
        if not heard or ids != {
                "Uid": [str(RELAY)] * 4, "Gid": [str(RELAY)] * 4,
                "Groups": [str(g) for g in sorted((DROP, QUEUE))]}:
            why.append("%s: %s" % (argv[0], ids))
        if int(status["CapPrm"][0], 16) or int(status["CapEff"][0], 16):
            why.append("capabilities")
        # what is not dumpable belongs to root in /proc, not to its user
        if os.stat("/proc/%d/mem" % process.pid).st_uid != 0:
            why.append("dumpable")
        process.kill()
        process.wait()
        m.children.remove(process)
        m.start_host("--fault", "ehlo:*:stall")
        if "it" in m.names("pause"):
            os.unlink(m.spool + "/pause/it")
    return why


def wake(m):
    """By either way a submission wakes the watcher, which started before."""
    m.make_spool()
    m.start_host()
    why = []
    watcher = m.start([m.flush, "--watch"], RELAY,
                      groups=m.groups_of_relay, stdin=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(m.spool + "/wake"))
    slowest = 0
    with Listen(m):
        for number in range(1, 11):
            begin = time.monotonic()
            ran = m.run(["setpriv", "--no-new-privs", m.sendmail, "-i",
                         "you@example.net"] if number % 2 else
                        [m.sendmail, "-i", "you@example.net"], b"\nx\n",
                        ALICE)
            wait_until(lambda: len(m.host.names()) >= number)
            slowest = max(slowest, time.monotonic() - begin)
            if ran.status != 0:
                why.append(str(ran))
    m.stop(watcher)
    if slowest > 5 or len(m.host.names()) != 10:
        why.append("%.1f s, %d messages" % (slowest, len(m.host.names())))
    st = m.stat(".", "wake")
    if (st.st_uid, st.st_gid, st.st_mode) != (RELAY, DROP, 0o010620):
        why.append("wake: %s" % (st,))
    return why


def refused(m):
    """The smarthost refuses for good: failed/ keeps owner and mode, and
    journals are for the group."""
    m.make_spool()
    m.start_host("--fault", "rcpt:*:reply 550 5.1.1 no such user")
    m.submit(ALICE)
    ran = m.flush_now("--quiet")
    why = []
    names = m.names("failed")  # and the report, which is refused, too
    if len(names) != 2 or m.names("new") or m.names("drop"):
        return [str(ran), str(names)]
    st = m.stat("failed", names[0])
    if (st.st_uid, st.st_gid, st.st_mode) != (ALICE, DROP, 0o100640):
        why.append("entry: %s" % (st,))
    st = m.stat("log", names[0])
    if (st.st_uid, st.st_gid, st.st_mode) != (RELAY, QUEUE, 0o100640):
        why.append("journal: %s" % (st,))
    return why


def later(m):
    """The smarthost says later: it waits for its time, not for each ring."""
    m.make_spool()
    host = m.start_host("--fault", "rcpt:*:reply 451 4.2.1 later")
    m.submit(ALICE)
    first = m.flush_now("--quiet")
    second = m.flush_now("--quiet")
    count = len([1 for line in m.host_lines("RCPT")])
    host.stop()
    if (first.status, count) != (75, 1) or second.status not in (0, 75) or \
            len(m.names("new")) != 1:
        return [str(first), str(second), str(count), str(m.names("new"))]
    return []


CASES = [
    ("what is no entry goes to bad/, with one line, and stops nobody",
     to_bad),
    ("damaged entries go to bad/, and stop nobody", damaged),
    ("what relay-drop left unfinished", unfinished),
    ("an id that is there already", same_name),
    ("started by root it becomes relay, and is not dumpable", as_relay),
    ("a submission wakes the watcher", wake),
    ("refused for good: owner, group and mode in failed/ and log/", refused),
    ("put off: it waits for its time", later),
]


def run(m, tap):
    for name, case in CASES:
        why = case(m)
        tap.result(not why, name, why)
