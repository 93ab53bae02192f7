# SPDX-License-Identifier: GPL-3.0-or-later
"""place - where a run keeps its things, and the programs that it measures"""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
SOURCE = os.path.join(os.path.dirname(TESTS), "src")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

Spent = collections.namedtuple("Spent", "seconds status kilobytes cpu")
Crowd = collections.namedtuple("Crowd", "failed seconds each cpu")


class Place:
    """A directory beside the build: /tmp may be memory, which never syncs."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        if not os.path.isdir(self.build):
            sys.exit("bench: %s is no directory" % build)
        self.dir = tempfile.mkdtemp(prefix="bench.", dir=self.build)
        self._compiled = {}
        self._certs = None

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def program(self, name):
        path = os.path.join(self.build, name)
        if not os.access(path, os.X_OK):
            sys.exit("bench: %s is not built: make, make check_PROGRAMS"
                     % path)
        return path

    def tool(self, name, *parts):
        """A program of this folder, with what of ours it measures."""
        if name not in self._compiled:
            path = self.path(name)
            subprocess.run(
                [os.environ.get("CC", "cc"), "-O2", "-std=gnu11",
                 "-D_GNU_SOURCE", "-pthread", "-I", SOURCE, "-I", self.build,
                 "-o", path, os.path.join(HERE, name + ".c")] +
                [os.path.join(SOURCE, part) for part in parts], check=True)
            self._compiled[name] = path
        return self._compiled[name]

    def libraries(self, program):
        """A folder with copies of its own, as a peer has in its root."""
        folder = self.path("lib")
        if not os.path.isdir(folder):
            os.mkdir(folder)
            out = subprocess.run(["ldd", program], stdout=subprocess.PIPE,
                                 check=True, text=True).stdout
            for path in re.findall(r"=> (/\S+)", out):
                shutil.copy(path, folder)
        return folder

    def certs(self):
        if self._certs is None:
            self._certs = self.path("certs")
            subprocess.run(["sh", os.path.join(TESTS, "smarthost/certs"),
                            self._certs], check=True)
        return self._certs

    def message(self, name, size):
        path = self.path(name)
        head = b"From: me@example.org\nTo: you@example.net\n" \
               b"Subject: bench\n\n"
        line = b"x" * 71 + b"\n"
        with open(path, "wb") as file:
            file.write(head + line * ((size - len(head)) // len(line)))
        return path

    def spawn(self, argv, stdin="/dev/null", env=None, prefix=()):
        """Fork to exit of one command, by measure.c."""
        out = subprocess.run(
            [*prefix, self.tool("measure"), stdin, *argv],
            env=env or ENVIRONMENT, check=True, stdout=subprocess.PIPE,
            text=True).stdout
        return spent(out)

    def crowd(self, argv, *, env=None, root=None, count=1, at_once=1,
              size=4096, first=1, may_fail=False):
        """The same command, often, each with a message: by crowd.c."""
        words = ["-n", str(count), "-c", str(at_once), "-s", str(size),
                 "-f", str(first)]
        if root is not None:
            words += ["-r", root]
        out = subprocess.run([self.tool("crowd"), *words, *argv],
                             env=env or ENVIRONMENT, check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        *lines, last = [line.split() for line in out.splitlines()]
        if int(last[0]) > 0 and not may_fail:
            sys.exit("bench: %s failed to take %s of %d messages"
                     % (" ".join(argv), last[0], count))
        return Crowd(int(last[0]), float(last[1]),
                     [float(line[0]) for line in lines],
                     sum(float(line[1]) + float(line[2]) for line in lines))


def spent(out):
    """The words of measure.c."""
    words = out.split()
    return Spent(float(words[0]), int(words[1]), int(words[2]),
                 float(words[3]) + float(words[4]))
