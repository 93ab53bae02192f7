# SPDX-License-Identifier: GPL-3.0-or-later
"""hostile - relay-drop, run by users who mean it ill

Whatever they leave it: it answers in one line, in time, and either the entry is
whole in drop/, with the right owner and mode, or nothing is.
"""
import concurrent.futures
import fcntl
import itertools
import os
import re
import resource
import signal
import subprocess
import time

import machine
from machine import DROP, USERS, entry, sealed, wait_until

ALICE = USERS["alice"]
SMALL = entry()
LONG_AGO = b"relay 1\nS a@b.c\nR d@e.f\nU 1\n\n"
MIB = 1 << 20
STORED = None
ANY = {"any"}


def limit(name, value):
    def change():
        number = getattr(resource, "RLIMIT_" + name)
        resource.setrlimit(number, (value, value))
    return change


def close(*numbers):
    def change():
        for number in numbers:
            os.close(number)
    return change


def reopen(number, path, flags):
    def change():
        os.dup2(os.open(path, flags), number)
    return change


def many_descriptors():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        while True:
            os.dup(2)
    except OSError:
        pass


def all_descriptors():
    """But one, for the loader."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    for number in range(3, 63):
        os.dup2(2, number)


def block_signals():
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
    for number in range(1, 32):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_IGN)


def dead_reader(number):
    def change():
        reading, writing = os.pipe()
        os.close(reading)
        os.dup2(writing, number)
    return change


def not_blocking():
    fcntl.fcntl(0, fcntl.F_SETFL,
                fcntl.fcntl(0, fcntl.F_GETFL) | os.O_NONBLOCK)


def gone_directory():
    os.mkdir("/var/tmp/gone")
    os.chdir("/var/tmp/gone")
    os.rmdir("/var/tmp/gone")


def oddly(mask):
    return lambda: os.umask(mask) and None


# name, what the child does before, STORED or the statuses that may be, has it
# an answer
CALLERS = [
    ("nothing odd", None, STORED, True),
    ("stdin closed", close(0), {65, 66}, True),
    ("stdout closed", close(1), STORED, False),
    ("stderr closed", close(2), STORED, True),
    ("all three closed", close(0, 1, 2), {65, 66}, False),
    ("stdin and stderr closed", close(0, 2), {65, 66}, True),
    ("stdout full", reopen(1, "/dev/full", os.O_WRONLY), STORED, False),
    ("stdout without a reader", dead_reader(1), STORED, False),
    ("stdin is a directory", reopen(0, "/", os.O_RDONLY), {66}, True),
    ("stdin is for writing", reopen(0, "/dev/null", os.O_WRONLY), {66}, True),
    ("stdin does not block", not_blocking, STORED, True),
    ("stdin is full of zeros", reopen(0, "/dev/zero", os.O_RDONLY), {65},
     True),
    ("as many descriptors as there may be", many_descriptors, STORED, True),
    ("no descriptor left", all_descriptors, STORED, True),
    ("all signals blocked and ignored", block_signals, STORED, True),
    ("umask 0", oddly(0), STORED, True),
    ("umask 0777", oddly(0o777), STORED, True),
    ("a directory that is gone", gone_directory, STORED, True),
    ("nice", lambda: os.nice(19) and None, STORED, True),
    ("no file may be written", limit("FSIZE", 0), {74}, True),
    ("100 bytes may be written", limit("FSIZE", 100), {74}, True),
    ("no process may be made", limit("NPROC", 0), STORED, True),
    ("nothing may be locked", limit("MEMLOCK", 0), STORED, True),
    ("no stack", limit("STACK", 4096), ANY, False),
    ("no data", limit("DATA", 0), ANY, False),
    *(("%d KiB of memory" % size, limit("AS", size << 10), ANY, False)
      for size in (64, 1024, 2048, 2304, 2560, 2816, 3072, 4096, 16384)),
    *(("%d descriptors" % count, limit("NOFILE", count), ANY, False)
      for count in range(8)),
]


def look(m, uid=ALICE):
    """What is wrong in drop/, or None; and how many are whole."""
    names = m.names()
    for name in names:
        st = m.stat("drop", name)
        if not re.fullmatch(r"m\.[0-9A-F]{22}", name):
            return "there is " + name, 0
        if (st.st_uid, st.st_gid, st.st_mode) != (uid, DROP, 0o100640):
            return "owner or mode: %s" % (st,), 0
    return None, len(names)


def judge(m, ran, want, has_answer, whole=None):
    """After one run with an empty drop/: what is wrong, or None."""
    wrong, count = look(m)
    if wrong is None and ran.status is None:
        wrong = "it hangs"
    if wrong is None and (ran.out.count(b"\n") > 1 or
                          ran.err and (want is not ANY or ran.status != 127)):
        wrong = "it talks"
    if wrong is None and want is ANY:
        # the loader itself may fail: 127 or a signal, before our first line
        if count != (1 if ran.status == 0 else 0):
            wrong = "%d entries" % count
    elif wrong is None and want is STORED:
        if ran.status != 0 or count != 1:
            wrong = "not stored"
        elif has_answer and ran.out != b"OK %s\n" % m.names()[0][2:].encode():
            wrong = "the answer"
    elif wrong is None:
        if ran.status not in want or count != 0:
            wrong = "not refused"
        elif has_answer and not ran.out.startswith(b"NO %d " % ran.status):
            wrong = "the answer"
    if wrong is None and whole and count and \
            m.read("drop", m.names()[0]) != whole:
        wrong = "it is not what was given"
    return wrong and "%s: %s" % (wrong, ran)


def empty(m):
    for name in m.names():
        os.unlink(os.path.join(m.spool, "drop", name))


def callers(m):
    why = []
    for name, before, want, has_answer in CALLERS:
        wrong = judge(m, m.drop_entry(SMALL, ALICE, before=before), want,
                      has_answer, entry(uid=ALICE))
        empty(m)
        why += [name + ": " + wrong] if wrong else []
    return why


ARGUMENTS = [
    (["relay-drop"], STORED), ([""], STORED), ([], STORED),
    (["x" * 100000], STORED), (["relay-drop", "--serve"], {77}),
    (["relay-drop", "--listen"], {64}), (["relay-drop", "--help"], {64}),
    (["relay-drop", ""], {64}), (["relay-drop", "%n%s%n"], {64}),
    (["relay-drop", "--serve", "--listen"], {77}),
    (["relay-drop", "-" * 100000], {64}), (["relay-drop", *"x" * 9999], {64}),
    (["relay-drop", "\x1b[2J\n\xff"], {64}),
]


def arguments(m):
    """argv and the environment."""
    why = []
    rows = [(argv, want, {}) for argv, want in ARGUMENTS]
    rows += [(["relay-drop"], STORED, env) for env in (
        {"X%d" % i: "y" * 100000 for i in range(19)}, {"PATH": ""},
        {"A": "=" * 1000, "B\n": "\n"})]
    for argv, want, env in rows:
        ran = run_with(m, argv, env)
        wrong = judge(m, ran, want, True, entry(uid=ALICE))
        empty(m)
        why += ["%.60s: %.400s" % (argv, wrong)] if wrong else []
    return why


# exec with any argv, which the shell cannot do; an empty one, too
EXEC = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
def array(words):
    return (ctypes.c_char_p * (len(words) + 1))(*words, None)
count = int(sys.argv[2])
words = [os.fsencode(w) for w in sys.argv[3:]]
libc.execve(os.fsencode(sys.argv[1]), array(words[:count]),
            array(words[count:]))
os._exit(126)
"""


def run_with(m, argv, env):
    words = ["%s=%s" % pair for pair in env.items()]
    return m.run(["/usr/bin/python3", "-c", EXEC, m.drop, str(len(argv)),
                  *argv, *words], SMALL, ALICE)


def pieces(data, size):
    def feed(pipe):
        for at in range(0, len(data), size):
            pipe.write(data[at:at + size])
            pipe.flush()
    return feed


def fed(m, feed, uid=ALICE):
    """relay-drop, its stdin given by a function."""
    process = m.start([m.drop], uid, stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    begin = time.monotonic()
    try:
        feed(process.stdin)
        process.stdin.close()
    except BrokenPipeError:
        pass
    out, err = process.stdout.read(), process.stderr.read()
    status = process.wait()
    process.stdout.close()
    process.stderr.close()
    try:
        process.stdin.close()
    except BrokenPipeError:
        pass
    m.children.remove(process)
    return machine.Ran(status, out, err, time.monotonic() - begin)


def recipients(count):
    return (b"relay 1\nS a@b.c\n",
            *itertools.repeat(b"R d@e.f\n" * 1000, count // 1000),
            b"U 1\n\nx\r\n")


def lines(count):
    return (LONG_AGO, *itertools.repeat((b"x" * 62 + b"\r\n") * 16384,
                                        count))


def written(parts):
    def feed(pipe):
        for part in parts:
            pipe.write(part)
    return feed


INPUTS = [
    ("nothing", b"", {65}), ("one byte", b"r", {65}),
    ("no trailer", SMALL[:-28], {65}), ("another's uid", SMALL, STORED),
    ("two of them", SMALL * 2, {65}), ("a NUL at the end", SMALL + b"\0",
                                       {65}),
    ("a version that is not yet", sealed(b"relay 2" + SMALL[7:-28]), {65}),
    ("a control byte", sealed(SMALL[:-28].replace(b"me@", b"m\x1b@")), {65}),
    ("8-bit addresses", sealed(SMALL[:-28].replace(b"me@", b"\xff\xc3@")),
     STORED),
    ("a lone LF", sealed(SMALL[:-28] + b"x\n"), {65}),
    ("a lone CR", sealed(SMALL[:-28] + b"x\ry\r\n"), {65}),
    ("no recipient", sealed(b"relay 1\nS a@b.c\nU 1\n\nx\r\n"), {65}),
    ("SMTP", b"EHLO x\r\nMAIL FROM:<a@b.c>\r\n", {65}),
    ("HTTP", b"GET / HTTP/1.1\r\n\r\n", {65}),
]
STREAMS = [
    ("1,000,000 recipients", written(recipients(1000000)), {65}),
    ("17 MiB on one line", written([b"relay 1\nS "] + [b"a" * MIB] * 17),
     {65}),
    ("129 MiB of message", written(lines(129)), {65}),
    ("byte by byte", pieces(SMALL, 1), STORED),
    ("in pieces of 29", pieces(SMALL, 29), STORED),
]


def inputs(m):
    why = []
    for name, data, want in INPUTS:
        wrong = judge(m, m.drop_entry(data, ALICE), want, True,
                      data == SMALL and entry(uid=ALICE))
        empty(m)
        why += [name + ": " + wrong] if wrong else []
    for name, feed, want in STREAMS:
        wrong = judge(m, fed(m, feed), want, True)
        empty(m)
        why += [name + ": " + wrong] if wrong else []
    return why


def stopped(m, signals, end):
    """It begins, gets these signals, then the rest of its input."""
    process = m.start([m.drop], ALICE, stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE)
    process.stdin.write(SMALL[:50])
    process.stdin.flush()
    wait_until(lambda: m.names())
    for number in signals:
        # a user may send these to its own set-gid process
        m.run(["kill", "-%d" % number, str(process.pid)], uid=ALICE)
        if number == signal.SIGSTOP:
            wait_until(lambda: state(process.pid) == "T")
    if end:
        process.stdin.write(SMALL[50:])
    try:
        process.stdin.close()
    except BrokenPipeError:
        pass
    out = process.stdout.read()
    status = process.wait()
    process.stdout.close()
    m.children.remove(process)
    return status, out


def state(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0]


def signals(m):
    why = []
    harmless = [signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD,
                signal.SIGWINCH, signal.SIGURG, signal.SIGCONT]
    status, out = stopped(m, [signal.SIGSTOP, signal.SIGCONT, *harmless],
                          True)
    wrong, count = look(m)
    if (status, count, wrong) != (0, 1, None) or not out.startswith(b"OK "):
        why.append("stopped: %s %s %s" % (status, out, wrong))
    empty(m)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                   signal.SIGALRM, signal.SIGKILL, signal.SIGSEGV,
                   signal.SIGUSR1):
        status, out = stopped(m, [number], True)
        # what it has begun may stay: it is its user's, and is removed later
        if status != -number or out or len(m.names()) != 1 or \
                not m.names()[0].startswith("t."):
            why.append("%s: %s %s %s" % (number, status, out, m.names()))
        empty(m)
    return why


def tracer(m):
    """Under a tracer, or started by one without rights, it has none."""
    why = []
    for argv in (["strace", "-f", "-o", "/dev/null", m.drop],
                 ["setpriv", "--no-new-privs", m.drop]):
        ran = m.run(argv, SMALL, ALICE)
        if ran.status != 77 or not ran.out.startswith(b"NO 77 13 ") or \
                m.names():
            why.append(str(ran))
    return why


def patience(m):
    """Who does not go on is ended after five seconds, with nothing left."""
    m.make_spool()

    def wait(first):
        return fed(m, lambda pipe: (pipe.write(first), pipe.flush(),
                                    time.sleep(7)))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        rans = list(pool.map(wait, (b"", SMALL[:100])))
    why = [str(ran) for ran in rans if ran.status != 66 or
           not ran.out.startswith(b"NO 66 110 ")]
    return why + m.names()


CASES = [
    ("what a caller left it", callers),
    ("its arguments and its environment", arguments),
    ("what it is given", inputs),
    ("signals, and stopped in the middle", signals),
    ("under strace, under no_new_privs", tracer),
    ("who does not go on", patience),
]


def run(m, tap):
    for name, case in CASES:
        m.make_spool()
        why = case(m)
        tap.result(not why, "relay-drop: " + name, why)
