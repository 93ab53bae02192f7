# SPDX-License-Identifier: GPL-3.0-or-later
"""servers - Postfix, Exim, Dovecot and the next hop that all of them feed

Everything a server wrote since mark() is since(): a test looks at its own part
of the log.  Configurations are files in etc/; what the servers took comes out
at the next hop, tests/smarthost, octet by octet.
"""
import collections
import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile

import tap

SPOOL = "/var/spool"
PKI = SPOOL + "/pki"
USER = "alice@example.org"
PASSWORD = "sekret"
LIMIT = 100  # seconds a command may take

Stored = collections.namedtuple("Stored", "recipients login how content")


def run(*command):
    """Run to the end; not with a pipe, which a daemon would keep open."""
    with tempfile.TemporaryFile("w+") as said:
        status = subprocess.run(command, stdin=subprocess.DEVNULL,
                                stdout=said, stderr=said,
                                timeout=LIMIT).returncode
        said.seek(0)
        if status != 0:
            raise RuntimeError("%s: status %d: %s" %
                               (command[0], status, said.read()))


def is_listening(address, port):
    """By the kernel's table: a connection would be in the server's log."""
    place = "%08X:%04X" % (
        int.from_bytes(socket.inet_aton(address), sys.byteorder), port)
    with open("/proc/net/tcp") as table:
        return any(words[1] == place and words[3] == "0A"  # LISTEN
                   for words in map(str.split, table))


class Log:
    """A log file that others append to."""

    def __init__(self, path):
        self.path = path
        self.begin = 0
        self.forgiven = ""

    def mark(self):
        if os.path.exists(self.path):
            self.begin = os.path.getsize(self.path)

    def since(self):
        try:
            with open(self.path, errors="backslashreplace") as file:
                file.seek(self.begin)
                return file.read()
        except FileNotFoundError:
            return ""

    def wait(self, text):
        """What was written, as soon as `text` is in it."""
        tap.wait_for(lambda: text in self.since(), 10)
        return self.since()

    def forgive(self):
        """What came since mark() was meant to happen."""
        self.forgiven = self.since()

    def whole(self):
        with open(self.path, errors="backslashreplace") as file:
            return file.read().replace(self.forgiven, "")


class Smarthost:
    """tests/smarthost, with a store of its own."""
    program = None  # set by the suite

    def __init__(self, name, options):
        self.store = "%s/%s" % (SPOOL, name)
        self.log = Log("%s/log/%s" % (SPOOL, name))
        self.options = options
        self.process = None

    def start(self):
        os.makedirs(self.store)
        self.process = subprocess.Popen(
            [self.program, "--store", self.store, "--log", self.log.path,
             "--deadline", "300", *self.options], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True)
        for _ in range(self.options.count("--listen") +
                       self.options.count("--implicit")):
            if not self.process.stdout.readline().startswith("listening"):
                raise RuntimeError("smarthost does not listen")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.store)
        if os.path.exists(self.log.path):
            os.unlink(self.log.path)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def names(self):
        """Without those that are being written."""
        return [n for n in os.listdir(self.store)
                if n.endswith(".eml") and n[0] != "."]

    def collect(self, count=0, seconds=20):
        """What came since the last time, at least so many if they come; in the
        order of arrival.  It is gone then."""
        tap.wait_for(lambda: len(self.names()) >= count, seconds)
        names = sorted(self.names(), key=lambda n: int(n.split(".")[0]))
        return [self._take(os.path.join(self.store, n[:-4])) for n in names]

    @staticmethod
    def _take(path):
        recipients, login, how = [], "", ""
        with open(path + ".env") as file:
            for line in file:
                word, _, rest = line.rstrip().partition(" ")
                if word == "to":
                    recipients.append(rest.split("<")[1].split(">")[0])
                elif word == "login":
                    login = rest
                elif word == "how":
                    how = rest
        with open(path + ".eml", "rb") as file:
            content = file.read()
        os.unlink(path + ".eml")
        os.unlink(path + ".env")
        return Stored(recipients, login, how, content)


class Server:
    """What they have in common: a log that says when a connection ended."""
    log = None
    end = ""

    def session(self, client, *options):
        """One flush, which is one connection: (its result, the log of it)."""
        self.log.mark()
        result = client.flush(*options)
        return result, self.log.wait(self.end)

    def deliver(self):
        """Hand to the next hop what waits."""

    def is_empty(self):
        return True


class Postfix(Server):
    log = Log(SPOOL + "/log/postfix")
    end = ": disconnect from"

    def start(self):
        os.makedirs(SPOOL + "/postfix")
        os.makedirs(SPOOL + "/postfix-data")
        shutil.chown(SPOOL + "/postfix-data", "postfix")
        run("postfix", "start")
        if not tap.wait_for(lambda: is_listening("127.0.1.5", 587)):
            raise RuntimeError("Postfix does not listen:\n" +
                               self.log.whole())

    def is_empty(self):
        return not any(glob.glob("%s/postfix/%s/*" % (SPOOL, queue))
                       for queue in ("incoming", "active", "deferred",
                                     "maildrop", "hold"))


class Exim(Server):
    log = Log(SPOOL + "/log/exim/mainlog")
    end = " closed by QUIT"

    def start(self):
        for path in ("/exim", "/log/exim"):
            os.makedirs(SPOOL + path)
            shutil.chown(SPOOL + path, "Debian-exim", "Debian-exim")
        run("exim4", "-bd")
        if not tap.wait_for(lambda: is_listening("127.0.2.1", 465)):
            raise RuntimeError("Exim does not listen")

    def deliver(self):
        run("exim4", "-q")

    def is_empty(self):
        return not glob.glob(SPOOL + "/exim/input/**/*-H", recursive=True)


class Dovecot(Server):
    log = Log(SPOOL + "/log/dovecot")
    end = ": Info: Disconnected"

    def start(self):
        os.makedirs(SPOOL + "/run/dovecot-state")
        run("dovecot")
        if not tap.wait_for(lambda: is_listening("127.0.3.1", 465)):
            raise RuntimeError("Dovecot does not listen:\n" +
                               self.log.whole())

def next_hop():
    return Smarthost("nexthop", [
        "--listen", "127.0.9.1:25", "--no-auth", "--no-starttls", "--quickack",
        "--extensions",
        "PIPELINING SIZE=104857600 8BITMIME CHUNKING ENHANCEDSTATUSCODES"])
