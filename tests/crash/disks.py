# SPDX-License-Identifier: GPL-3.0-or-later
"""disks - a queue on a disk that is full, read-only, or somebody else's

The right exit status, one line on stderr that names the place, nothing left in
tmp/, nothing lost; and what a flush can do without space, it does.  Needs root,
for mount.
"""
import os
import resource
import shutil
import subprocess

import flush
import place
import smarthost
import trial
from spool import Queue

NOBODY = 65534
LARGE = b"Subject: large\n\n" + b"0123456789abcdef\n" * 6400  # > 100 KiB
SMALL = b"Subject: small\n\nhello\n"


def call(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


class Case:
    """A queue in a directory of its own; the mounts go with it."""

    def __init__(self, options=None):
        self.directory = place.fresh()
        os.chmod(self.directory, 0o755)
        self.path = os.path.join(self.directory, "queue")
        self.queue = Queue(self.path)
        self.mounts = []
        os.mkdir(self.path, 0o700)
        if options:
            self.mount(self.path, options)
        for name in ("tmp", "new"):
            os.mkdir(os.path.join(self.path, name), 0o700)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for point in reversed(self.mounts):
            call("umount", point)
        shutil.rmtree(self.directory, ignore_errors=True)

    def mount(self, point, options):
        call("mount", "-t", "tmpfs", "-o", "mode=0700," + options, "tmpfs",
             point)
        self.mounts.append(point)

    def remount(self, options):
        call("mount", "-o", "remount," + options, self.path)

    def fill(self):
        """Until not a byte is left."""
        with open(os.path.join(self.path, "filler"), "wb",
                  buffering=0) as file:
            for size in (4096, 1):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:
                    pass

    def fill_inodes(self):
        for i in range(10000):
            try:
                os.mknod(os.path.join(self.path, "filler%d" % i))
            except OSError:
                return

    def submit(self, message, recipients=("you@example.net",), program=None,
               **more):
        command = [program or place.SENDMAIL, "-odq", "-i", "-f",
                   "me@example.org", *recipients]
        path = place.write(self.directory, "message", message)
        os.chmod(path, 0o644)
        return trial.run(command, place.environment(self.directory),
                         self.directory, path, **more)

    def flush(self, name="normal"):
        """(status, stderr, recipients who got it)"""
        host = smarthost.mine.hosts[name]
        place.write(self.directory, "relayrc",
                    smarthost.mine.configuration(name))
        status, _, err = trial.run([place.FLUSH, "--now", "--quiet"],
                                   place.environment(self.directory),
                                   self.directory)
        got = [r for m in host.collect() for r in m.recipients]
        return status, err, got


def flaw(case, result, wanted, where, before=()):
    """What is wrong with a refused submission, or None."""
    status, _, err = result
    lines = err.splitlines()
    if status != wanted:
        return "status %s, not %d: %s" % (status, wanted, err)
    if len(lines) != 1 or where not in lines[0]:
        return "on stderr, without %s: %s" % (where, lines)
    if case.queue.names("tmp"):
        return "left in tmp/: %s" % case.queue.names("tmp")
    if case.queue.names("new") != list(before):
        return "in new/: %s" % case.queue.names("new")
    return None


# --- submission --------------------------------------------------------------

def full():
    with Case("size=64k") as case:
        yield flaw(case, case.submit(LARGE), 74, case.path)
        yield None if case.submit(SMALL)[0] == 0 else \
            "no small message afterwards"


def not_a_byte():
    with Case("size=64k") as case:
        case.fill()
        yield flaw(case, case.submit(SMALL), 74, case.path)


def no_inode():
    with Case("size=1m,nr_inodes=16") as case:
        case.fill_inodes()
        yield flaw(case, case.submit(SMALL), 73, case.path)


def read_only():
    with Case("size=1m") as case:
        case.remount("ro")
        yield flaw(case, case.submit(SMALL), 73, case.path)


def file_size():
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    with Case() as case:
        yield flaw(case, case.submit(LARGE, preexec_fn=limit), 74, case.path)


def owned_by_other():
    with Case() as case:
        os.chown(case.path, NOBODY, NOBODY)
        yield flaw(case, case.submit(SMALL), 77, case.path)


def open_to_others():
    with Case() as case:
        os.chmod(case.path, 0o777)
        yield flaw(case, case.submit(SMALL), 77, case.path)


def not_writable():
    """As an ordinary user, whom modes concern."""
    with Case() as case:
        program = os.path.join(case.directory, "sendmail")
        shutil.copy(place.SENDMAIL, program)
        os.chmod(program, 0o755)
        for name in ("", "tmp", "new"):
            os.chown(os.path.join(case.path, name), NOBODY, NOBODY)
        os.chmod(os.path.join(case.path, "tmp"), 0o500)
        yield flaw(case, case.submit(SMALL, program=program, user=NOBODY,
                                     group=NOBODY, extra_groups=[]),
                   73, os.path.join(case.path, "tmp"))


def two_devices():
    with Case() as case:
        case.mount(os.path.join(case.path, "new"), "size=1m")
        yield flaw(case, case.submit(SMALL), 74, case.path)


# --- flushing ----------------------------------------------------------------

THREE = flush.Three.recipients


def prepared(options, recipients):
    """A queue on a small disk, used once, with one message."""
    case = Case(options)
    case.submit(SMALL)
    case.flush()
    status, _, err = case.submit(SMALL, recipients)
    if status != 0 or len(case.queue.names("new")) != 1:
        raise RuntimeError("cannot prepare the queue: %s %s" % (status, err))
    return case


def empty(case, result, wanted):
    status, err, got = result
    if got != wanted or case.queue.names("new"):
        return "delivered to %s, in new/ %s, status %s: %s" % (
            got, case.queue.names("new"), status, err)
    return None


def flush_full():
    with prepared("size=64k", ["you@example.net"]) as case:
        case.fill()
        yield empty(case, case.flush(), ["you@example.net"])


def flush_no_inode():
    with prepared("size=1m,nr_inodes=32", ["you@example.net"]) as case:
        case.fill_inodes()
        yield empty(case, case.flush(), ["you@example.net"])


def flush_three_full():
    """No room to write down who has it: nothing is sent until there is."""
    with prepared("size=64k", THREE) as case:
        case.fill()
        status, err, got = case.flush("strict")
        if got or status in (0, None) or case.path not in err:
            yield "sent to %s, status %s: %s" % (got, status, err)
        os.unlink(os.path.join(case.path, "filler"))
        status, err, got = case.flush()
        if got != THREE[:2] + [flush.SENDER]:  # with the report
            yield "then sent to %s" % got
        else:
            yield None


def flush_read_only():
    """Remounted between submission and flush: said, kept, and sent later."""
    with prepared("size=1m", ["you@example.net"]) as case:
        case.remount("ro")
        status, err, got = case.flush()
        if got or status in (0, None) or case.path not in err:
            yield "sent to %s, status %s: %s" % (got, status, err)
        case.remount("rw")
        yield empty(case, case.flush(), ["you@example.net"])


CASES = [
    (full, "submit, 100 KiB on a disk of 64"),
    (not_a_byte, "submit, no byte free"),
    (no_inode, "submit, no inode free"),
    (read_only, "submit, read-only disk"),
    (file_size, "submit, file size limit of 4096"),
    (owned_by_other, "submit, the queue is somebody else's"),
    (open_to_others, "submit, the queue is open to all"),
    (not_writable, "submit, tmp/ may not be written"),
    (two_devices, "submit, tmp/ and new/ on two disks"),
    (flush_full, "flush, no byte free: delivered"),
    (flush_no_inode, "flush, no inode free: delivered"),
    (flush_three_full, "flush, 3 recipients, no byte free: kept"),
    (flush_read_only, "flush, read-only disk: kept"),
]


def one(index):
    try:
        return [why for why in CASES[index][0]() if why]
    except (RuntimeError, OSError, subprocess.CalledProcessError) as why:
        return [str(why)]


def suite(pool, tap):
    results = pool.map(one, range(len(CASES)))
    for (_, name), bad in zip(CASES, results):
        tap.result(not bad, name, bad)
