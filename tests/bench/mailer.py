# SPDX-License-Identifier: GPL-3.0-or-later
"""mailer - another program to compare with, in a root of its own

What the adapters have in common.  One adapter is one file, peer_NAME.py, with a
class Peer; DIR/NAME is its root (tests/bench/peers).  All of them queue only,
until ready() and flush().
"""
import fcntl
import importlib
import os
import shutil
import subprocess
import sys
import time

import memory
from place import ENVIRONMENT

NAMES = ("nullmailer", "dma", "postfix", "exim", "opensmtpd", "msmtp")
PAUSE = 0.02  # seconds between looks at the queue


def lock(directory):
    """Their queues can serve one run at a time; held until we end."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("bench: another run uses %s" % directory)


def find(place, directory):
    """Those who are there; and the names of the others."""
    peers, missing = [], []
    if directory is not None:
        lock(directory)
    for name in NAMES:
        root = os.path.join(directory or "", name)
        if directory is None or not os.path.isdir(root):
            missing.append(name)
            continue
        module = importlib.import_module("peer_" + name)
        peers.append(module.Peer(name, os.path.realpath(root), place))
    return peers, missing


class Mailer:
    submit = ["/usr/sbin/sendmail", "-t", "-i"]
    list = ["/usr/bin/mailq"]
    spools = ()        # folders with what is queued, in the root
    is_durable = True  # what it accepted survives a power cut
    writers = 64       # that it bears at once
    most_flushed = 10 ** 9  # messages that one flush bears
    spent = None       # what a flush cost: not known of daemons

    def __init__(self, name, root, place):
        self.name = name
        self.root = root
        self.place = place
        self._prefix = []
        self._daemons = []
        self.pss = 0
        self._open()

    def _open(self):
        """In our own mount namespace, which is gone after us."""
        if not os.path.exists(self.root + "/proc/self"):
            subprocess.run(["mount", "-t", "proc", "proc",
                            self.root + "/proc"], check=True)
        self.write("/etc/hosts", "127.0.0.1 localhost bench.test\n"
                   "10.99.0.2 smarthost.test\n")
        shutil.copy(self.place.certs() + "/ca.pem", self.root + "/ca.pem")
        os.chmod(self.root + "/ca.pem", 0o644)

    def write(self, path, text, mode=0o644, group=None):
        whole = self.root + path
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(whole, mode)
        if group is not None:
            self.run("chgrp", group, path)

    def run(self, *argv, check=True):
        """A command in its root and its network, and what it says."""
        return subprocess.run(
            [*self._prefix, "chroot", self.root, *argv], env=ENVIRONMENT,
            check=check, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace").stdout

    def daemon(self, *argv):
        self._daemons.append(subprocess.Popen(
            [*self._prefix, "chroot", self.root, *argv], env=ENVIRONMENT,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL))

    def end_daemons(self):
        for process in self._daemons:
            process.terminate()
            process.wait()
        self._daemons = []

    def files(self, accept=lambda name: True):
        """What is queued: names of files, below the spools."""
        return [os.path.join(folder, name) for spool in self.spools
                for folder, _, names in os.walk(self.root + spool)
                for name in names if accept(name)]

    # --- what an adapter may say for itself

    def start(self, port, prefix, keys=()):
        """Configure, and run what has to run."""
        del keys
        self._prefix = prefix
        self.configure(port)

    def configure(self, port):
        raise NotImplementedError

    def settle(self):
        """Until what was accepted is where it stays."""

    def ready(self):
        """From now on it may send; not timed."""

    def begin(self):
        """Send."""
        raise NotImplementedError

    def stop(self):
        self.end_daemons()

    def count(self):
        return len(self.files())

    def wipe(self):
        for spool in self.spools:
            for folder, _, names in os.walk(self.root + spool):
                for name in names:
                    os.unlink(os.path.join(folder, name))

    def flush(self, limit):
        end = time.monotonic() + limit
        with memory.Peak(lambda: memory.of_root(self.root)) as peak:
            self.begin()
            while self.count() > 0 and time.monotonic() < end:
                time.sleep(PAUSE)
        self.pss = peak.kilobytes
