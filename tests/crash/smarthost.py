# SPDX-License-Identifier: GPL-3.0-or-later
"""smarthost - the servers that the flush talks to, one set for each worker

"strict" puts later@ off (451) and refuses never@ (550); "normal" refuses
never@ only.  Both in clear, and both with STARTTLS and a login; and "normal"
with CHUNKING.
"""
import collections
import os
import shutil
import socket
import subprocess
import time

import place

WAIT = 10  # seconds for a server to finish with a connection

LATER = ["--refuse-rcpt", "later@*:451 4.2.1 later"]
NEVER = ["--refuse-rcpt", "never@*:550 5.1.1 never"]
CLEAR = ["--no-starttls", "--no-auth"]
CHUNKS = ["--extensions", "PIPELINING CHUNKING 8BITMIME ENHANCEDSTATUSCODES"]

Message = collections.namedtuple("Message", "recipients content number",
                                 defaults=(None,))


class Smarthost:
    def __init__(self, directory, options):
        self.directory = directory
        self.options = options
        self.seen = None  # number of the last connection that is over

    def start(self):
        os.makedirs(os.path.join(self.directory, "store"))
        self.log = os.path.join(self.directory, "log")
        self.process = subprocess.Popen(
            [place.SMARTHOST, "--listen", "127.0.0.1:0", "--store",
             os.path.join(self.directory, "store"), "--log", self.log,
             *self.options], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE)
        words = self.process.stdout.readline().split()
        self.port = int(words[2])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def settle(self):
        """Wait until all that clients sent was dealt with: connections are
        taken in order, so when ours was, the earlier ones were."""
        with socket.create_connection(("127.0.0.1", self.port)) as probe:
            probe.recv(1000)
            probe.sendall(b"QUIT\r\n")
            probe.recv(1000)
        end = time.monotonic() + WAIT
        while not self._is_idle():
            if time.monotonic() > end:
                raise RuntimeError("the smarthost is still busy")
            time.sleep(0.001)

    def _is_idle(self):
        opened, closed = set(), set()
        with open(self.log, errors="replace") as log:
            for line in log:
                if line.startswith("O "):
                    number, _, what = line[2:].rstrip().partition(": ")
                    if what == "open":
                        opened.add(int(number))
                    elif what == "closed":
                        closed.add(int(number))
        last = max(opened, default=0)
        first = min(opened, default=1)
        if self.seen is not None:
            first = self.seen + 1
        if first > last or not set(range(first, last + 1)) <= closed:
            return False
        self.seen = last
        return True

    def collect(self):
        """What was stored since the last time, in order."""
        self.settle()
        os.truncate(self.log, 0)
        store = os.path.join(self.directory, "store")
        names = [n for n in os.listdir(store) if n[0] != "."]
        messages = []
        for name in sorted(names, key=lambda n: int(n.split(".")[0])):
            if name.endswith(".eml"):
                messages.append(self._read(os.path.join(store, name)))
        for name in names:
            os.unlink(os.path.join(store, name))
        return messages

    @staticmethod
    def _read(path):
        with open(path, "rb") as file:
            content = file.read()
        with open(path[:-3] + "env") as file:
            recipients = [line.split("<")[1].split(">")[0]
                          for line in file if line.startswith("to ")]
        number = int(os.path.basename(path).split(".")[0])
        return Message(recipients, content, number)


class Set:
    """The servers of one worker."""

    def __init__(self, number):
        self.top = os.path.join(place.BASE, "smarthosts-%d" % number)
        self.pki = os.path.join(place.BASE, "pki")
        tls = ["--cert", os.path.join(self.pki, "good.pem"),
               "--key", os.path.join(self.pki, "good.key")]
        self.hosts = {}
        for name, options in (("strict", LATER + NEVER + CLEAR),
                              ("normal", NEVER + CLEAR),
                              ("strict-tls", LATER + NEVER + tls),
                              ("normal-tls", NEVER + tls),
                              ("normal-chunks", CHUNKS + CLEAR)):
            self.hosts[name] = Smarthost(os.path.join(self.top, name), options)

    def start(self):
        subprocess.run([place.CERTS, self.pki], check=True)
        for host in self.hosts.values():
            host.start()

    def stop(self):
        for host in self.hosts.values():
            host.stop()
        shutil.rmtree(self.top, ignore_errors=True)

    def configuration(self, name):
        more = IN_CLEAR
        if name.endswith("-tls"):
            more = ["tls starttls",
                    "tls_ca " + os.path.join(self.pki, "ca.pem"),
                    "user alice", "password command echo sekret"]
        return configuration(self.hosts[name].port, more)


IN_CLEAR = ["tls none", "login none"]


def configuration(port, more):
    """A relayrc for one smarthost, with these lines about it."""
    lines = ["host 127.0.0.1", "port %d" % port, "helo client.test", *more]
    return ("domain example.org\nlog none\nsmarthost one\n" +
            "".join("\t%s\n" % line for line in lines)).encode()


# The set of this process; a worker gets its own.
mine = None


def adopt(sets, counter):
    """Called once in each worker."""
    global mine
    with counter.get_lock():
        mine = sets[counter.value]
        counter.value += 1
