# SPDX-License-Identifier: GPL-3.0-or-later
"""rights - what a user can do to the mail of another: nothing

bob knows every name, and the kernel's protections of links, FIFOs and files in
sticky directories are off, so that only our own modes are in his way.
"""
import contextlib
import json
import os
import socket
import subprocess

import machine
from machine import DROP, QUEUE, RELAY, USERS, wait_until, write

ALICE, BOB = USERS["alice"], USERS["bob"]
PROTECTIONS = ["hardlinks", "symlinks", "fifos", "regular"]
ID = "0629C5C4F43F6A1A2B3C4D"

# Prints "what path" for whatever bob could do.
ATTACK = """
import os, sys
own, places, files = sys.argv[1], sys.argv[2].split(), sys.argv[3].split()
count = 0

def attempt(what, path, do):
    global count
    count += 1
    try:
        do()
    except OSError:
        return
    print(what, path)

def fresh():
    path = own + "/mine"
    with open(path, "w") as f:
        f.write("mine")
    return path

for path in files:
    attempt("read", path, lambda: open(path, "rb").read(1))
    attempt("write", path, lambda: os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    attempt("truncate", path, lambda: os.truncate(path, 0))
    attempt("link", path, lambda: os.link(path, own + "/link%d" % count))
    attempt("link-in", path, lambda: os.link(path, path + "x"))
    attempt("rename", path, lambda: os.rename(path, path + "y"))
    attempt("take", path, lambda: os.rename(path, own + "/taken"))
    attempt("replace", path, lambda: os.rename(fresh(), path))
    attempt("unlink", path, lambda: os.unlink(path))
    attempt("chmod", path, lambda: os.chmod(path, 0o666))
    attempt("chown", path, lambda: os.chown(path, os.getuid(), -1))
    attempt("touch", path, lambda: os.utime(path))
    attempt("attribute", path, lambda: os.setxattr(path, "user.x", b"x"))
for path in places:
    attempt("list", path, lambda: os.listdir(path))
    attempt("create", path, lambda: os.open(path + "/m." + "A" * 22,
                                            os.O_CREAT | os.O_WRONLY))
    attempt("symlink", path, lambda: os.symlink("/etc/passwd", path + "/s"))
    attempt("mkdir", path, lambda: os.mkdir(path + "/d"))
    attempt("mkfifo", path, lambda: os.mkfifo(path + "/f"))
    attempt("link-own", path, lambda: os.link(fresh(), path + "/l"))
    attempt("move-own", path, lambda: os.rename(fresh(), path + "/o"))
    attempt("rename", path, lambda: os.rename(path, path + "x"))
    attempt("rmdir", path, lambda: os.rmdir(path))
    attempt("chmod", path, lambda: os.chmod(path, 0o777))
print("attempts", count)
"""

# The same for a process that we were allowed to start.
PRY = """
import ctypes, os, sys
pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, pid, None, None) == 0:  # PTRACE_ATTACH
    print("ptrace")
for name in ("mem", "environ", "maps", "auxv"):
    try:
        open("/proc/%d/%s" % (pid, name), "rb").read(1)
        print(name)
    except OSError:
        pass
for name in ("fd", "cwd/x", "root/etc/passwd"):
    try:
        os.listdir("/proc/%d/fd" % pid) if name == "fd" else \\
            os.stat("/proc/%d/%s" % (pid, name))
        print(name)
    except OSError:
        pass
"""


@contextlib.contextmanager
def unprotected():
    """These are the whole machine's: they are as before in the end."""
    before = {}
    try:
        for name in PROTECTIONS:
            path = "/proc/sys/fs/protected_" + name
            with open(path, encoding="ascii") as file:
                before[path] = file.read()
            write_to(path, "0")
        yield
    finally:
        for path, value in before.items():
            write_to(path, value)


def write_to(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def fill(m):
    """Mail of alice everywhere: paths of files, of directories."""
    m.make_spool()
    files = []
    for name in ("drop/m." + ID, "drop/t." + ID, "drop/w." + ID, "new/" + ID,
                 "hold/" + ID, "failed/" + ID):
        files.append(os.path.join(m.spool, name))
        write(files[-1], "alice's mail\n", 0o640, (ALICE, DROP))
    for name, mode, group in (("log/" + ID, 0o640, QUEUE),
                              ("bad/" + ID, 0o640, DROP),
                              ("tmp/x", 0o600, RELAY),
                              ("pause/it", 0o600, RELAY),
                              ("lock", 0o600, RELAY)):
        files.append(os.path.join(m.spool, name))
        write(files[-1], "relay's\n", mode, (RELAY, group))
    fifo = os.path.join(m.spool, "wake")
    os.mkfifo(fifo)
    os.chown(fifo, RELAY, DROP)
    os.chmod(fifo, 0o620)
    write(m.config, "secret\n", 0o640, (0, RELAY))
    places = [os.path.join(m.spool, name) for name in os.listdir(m.spool)
              if os.path.isdir(os.path.join(m.spool, name))]
    return [*files, fifo, m.config], [m.spool, *places]


def state(m):
    """All that an attack could change."""
    found = {}
    for top, directories, names in os.walk(m.spool):
        for name in directories + names:
            path = os.path.join(top, name)
            st = os.lstat(path)
            content = b""
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    content = file.read()
            found[path] = (st.st_uid, st.st_gid, st.st_mode, st.st_nlink,
                           content)
    return found


def attack(m, allowed, **who):
    files, places = fill(m)
    # a place of bob's own on the same file system, so that links could work
    own = os.path.join(os.path.dirname(m.spool), "bobs")
    os.makedirs(own, exist_ok=True)
    os.chown(own, BOB, BOB)
    before = state(m)
    with unprotected():
        ran = m.run(["/usr/bin/python3", "-c", ATTACK, own, " ".join(places),
                     " ".join(files)], uid=BOB, **who)
    lines = ran.out.decode().splitlines()
    why = ["bob could " + line for line in lines[:-1]
           if line.replace(m.spool + "/", "") not in allowed]
    if not lines or lines[-1] != "attempts %d" % (
            13 * len(files) + 10 * len(places)):
        why.append(str(ran))
    after = state(m)
    why += ["changed: %s %s %s" % (path, before.get(path), after[path])
            for path in after if path in before and
            after[path][:3] + after[path][4:] !=
            before[path][:3] + before[path][4:]]
    why += ["gone: " + path for path in before if path not in after]
    why += ["new: " + path for path in after if path not in before
            and not any(line.startswith("create") for line in allowed)]
    return why


def with_nothing(m):
    """Names that everybody may look up, of what nobody may open, can have a
    second one elsewhere; that is no trouble for the flusher."""
    why = attack(m, {"link lock", "link wake", "link " + m.config})
    links = [path for path in (m.spool + "/lock", m.spool + "/wake")
             if os.lstat(path).st_nlink > 1]
    m.start_host()
    for place in ("drop", "new", "hold", "failed", "log"):
        for name in m.names(place):
            os.unlink(os.path.join(m.spool, place, name))
    ran = m.submit(ALICE)
    flushed = m.flush_now()
    if len(links) != 2 or (ran.status, flushed.status) != (0, 0) or \
            len(m.host.messages()) != 1:
        why += [str(links), str(ran), str(flushed)]
    return why


def with_the_group(m):
    """A hole in relay-drop gives its user the group of drop/, and with it a
    look at what waits there, and a second name for it; no more."""
    files = ["drop/%s.%s" % (kind, ID) for kind in "mtw"]
    allowed = {"%s %s" % (what, path) for path in files
               for what in ("read", "link", "link-in")}
    allowed |= {"%s drop" % what for what in (
        "list", "create", "symlink", "mkdir", "mkfifo", "link-own",
        "move-own")} | {"write wake", "touch wake", "link wake",
                           "link lock", "link " + m.config}
    return attack(m, allowed, gid=DROP)


def with_the_queues_group(m):
    """A hole in relay-queue: the names in the queue, and journals."""
    allowed = {"read log/" + ID, "link log/" + ID, "list log", "link wake",
               "link lock", "link " + m.config}
    allowed |= {"%s %s" % (what, place) for place in ("new", "hold", "failed")
                for what in ("list", "create", "symlink", "mkdir", "mkfifo",
                             "link-own", "move-own")}
    allowed |= {"%s %s/%s" % (what, place, ID)
                for place in ("new", "hold", "failed")
                for what in ("link", "link-in")}
    return attack(m, allowed, gid=QUEUE)


def process(m):
    """bob's own relay-drop, which waits for his message."""
    m.make_spool()
    why = []
    for argv in ([m.drop], [m.drop, "--serve"]):
        ours, theirs = socket.socketpair()
        uid = BOB if len(argv) == 1 else 0
        child = m.start(argv, uid, stdin=theirs, stdout=subprocess.PIPE)
        wait_until(lambda: m.names())  # then it is who it will be
        ran = m.run(["/usr/bin/python3", "-c", PRY, str(child.pid)], uid=BOB)
        if ran.status != 0 or ran.out:
            why.append("bob can pry: %s" % (ran,))
        status = read_status(child.pid)
        if status["Gid"] != [str(DROP)] * 4 or status["Groups"] or \
                status["NoNewPrivs"] != ["1"] or status["Seccomp"] != ["2"] \
                or int(status["CapPrm"][0], 16) and uid != 0:
            why.append(str(status))
        limits = open("/proc/%d/limits" % child.pid, encoding="ascii").read()
        if "Max core file size        0                    0" not in limits:
            why.append("core files")
        theirs.close()
        ours.close()
        child.wait()
        child.stdout.close()
        m.children.remove(child)
        m.make_spool()
    return why


def read_status(pid):
    with open("/proc/%d/status" % pid, encoding="ascii",
              errors="replace") as file:
        return {line.split(":")[0]: line.split(":")[1].split()
                for line in file}


def environment(m):
    """The loader's own variables, which show or change what it does."""
    why = []
    own = m.directory(BOB, 0o755)
    env = {"LD_PRELOAD": "/nonexistent/x.so", "LD_DEBUG": "all",
           "LD_DEBUG_OUTPUT": own + "/debug", "LD_LIBRARY_PATH": own,
           "LD_AUDIT": own + "/x.so", "GCONV_PATH": own, "LOCPATH": own,
           "MALLOC_TRACE": own + "/trace", "MALLOC_PERTURB_": "1",
           "GLIBC_TUNABLES": "glibc.malloc.perturb=1", "NLSPATH": own,
           "TMPDIR": own, "RELAY_QUEUE": own, "HOME": own,
           "LANGUAGE": "fr", "POSIXLY_CORRECT": "1"}
    m.make_spool()
    ran = m.drop_entry(machine.entry(), BOB, env=env)
    if ran.status != 0 or not ran.out.startswith(b"OK ") or ran.err:
        why.append(str(ran))
    ran = m.drop_entry(machine.entry(), BOB,
                       env=dict(env, LD_TRACE_LOADED_OBJECTS="1"))
    if ran.status == 0 or ran.out or ran.err:
        why.append(str(ran))
    if os.listdir(own) or len(m.names()) != 1:
        why.append("%s %s" % (os.listdir(own), m.names()))
    return why


def forged(m):
    """A uid that the entry names, and a sender that is somebody else."""
    m.make_spool()
    m.start_host()
    ran = m.drop_entry(machine.entry(uid=0, sender="root@example.org"), BOB)
    flushed = m.flush_now()
    why = [] if ran.status == flushed.status == 0 else [str(ran),
                                                        str(flushed)]
    contents = [s.content for s in m.host.messages()]
    if len(contents) != 1 or not contents[0].startswith(
            b"Received: by client.test (relay, from userid %d)" % BOB):
        why.append(str(contents))
    return why


def seen(m, uid, groups=()):
    """What a user hears of the queue, in all ways there are."""
    said = b""
    for argv in ([m.mailq], ["/usr/sbin/sendmail", "-bp"],
                 [m.relay, "queue"], [m.relay, "queue", "--json"],
                 [m.relay, "status"], [m.relay, "status", "--metrics"],
                 [m.drop, "--list"]):
        ran = m.run(argv, uid=uid, groups=groups)
        if ran.status != 0 or ran.err:
            raise RuntimeError("%s: %s" % (argv, ran))
        said += ran.out
    return said.decode()


def listing(m):
    """In drop/ and in new/, two of alice and two of bob: each hears of his
    own, and of the number of all; root and relay of all."""
    m.make_spool()
    m.start_host("--fault", "rcpt:*:reply 451 4.2.1 later")
    users = {"alice": ALICE, "bob": BOB}
    ids = {name: [] for name in users}
    for place in ("new", "drop"):
        for name, uid in users.items():
            m.submit(uid, to=name + "@example.net")
        for entry in m.names("drop"):
            owner = m.stat("drop", entry).st_uid
            ids["alice" if owner == ALICE else "bob"].append(entry[2:])
        if place == "new":
            m.flush_now("--quiet")
    why = []
    for who, uid, groups in (("alice", ALICE, ()), ("bob", BOB, ()),
                             ("carol", USERS["carol"], ()), ("root", 0, ()),
                             ("relay", RELAY, m.groups_of_relay)):
        said = seen(m, uid, groups)
        for name in users:
            may = who in (name, "root", "relay")
            for word in (*ids[name], name + "@example.net"):
                if (word in said) != may:
                    why.append("%s hears of %s: %s" % (who, word, not may))
        if said.count("Total Requests: 4") != 2:
            why.append("%s: the number of all" % who)
        why += status(m, who, uid, groups)
    return why + change(m, ids)


def status(m, who, uid, groups):
    """Four messages, two of them alice's and two bob's."""
    own = {"alice": 2, "bob": 2, "carol": 0}.get(who, 4)
    ran = m.run([m.relay, "status", "--json"], uid=uid, groups=groups)
    answer = json.loads(ran.out)
    found = (answer["messages"]["waiting"], answer["messages"]["others"])
    why = []
    if ran.status != 0 or found != (own, 4 - own):
        why.append("%s: status %d: %s" % (who, ran.status, found))
    if (answer["smarthosts"] != [] or "flush" in answer) != (own == 4):
        why.append("%s hears of smarthosts: %s" % (who, answer))
    return why


def change(m, ids):
    """bob may not hold or remove alice's; he may his own."""
    why = []
    before = state(m)
    for word in ("hold", "release", "remove", "show"):
        for name in ids["alice"]:
            ran = m.run([m.relay, "queue", word, name], uid=BOB)
            if ran.status == 0 or b"alice@" in ran.out + ran.err:
                why.append("%s: %s" % (word, ran))
        m.run([m.relay, "queue", word, "--all"], uid=USERS["carol"])
    if state(m) != before:
        why.append("something has changed")
    for word in ("hold", "release", "remove"):
        ran = m.run([m.relay, "queue", word, ids["bob"][0]], uid=BOB)
        if ran.status != 0:
            why.append("%s of one's own: %s" % (word, ran))
    if ids["bob"][0] in m.names("new") or ids["alice"][0] not in \
            m.names("new"):
        why.append(str(m.names("new")))
    return why


def flusher(m):
    """Neither a user nor one with the groups may send the machine's mail."""
    fill(m)
    why = []
    before = state(m)
    for uid, groups in ((BOB, ()), (BOB, (DROP, QUEUE, RELAY))):
        ran = m.flush_now(uid=uid, groups=groups)
        if ran.status != 77 or ran.err.count(b"\n") != 1:
            why.append(str(ran))
    if state(m) != before:
        why.append("something has changed")
    return why


CASES = [
    ("a user and the mail of others: all refused", with_nothing),
    ("the same with the group of drop/, should relay-drop have a hole",
     with_the_group),
    ("the same with the group of new/", with_the_queues_group),
    ("a user and the relay-drop that works for it: all refused", process),
    ("variables of the loader and of libc change nothing", environment),
    ("another's uid in the entry: the kernel's is told", forged),
    ("mailq, relay queue: one's own mail, and the number of all", listing),
    ("relay-flush of another user: 77", flusher),
]


def run(m, tap):
    for name, case in CASES:
        why = case(m)
        tap.result(not why, name, why)
