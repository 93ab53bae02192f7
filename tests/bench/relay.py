# SPDX-License-Identifier: GPL-3.0-or-later
"""relay - the programs of the build, with a queue and a configuration"""
import os
import shutil
import signal
import subprocess
import time

import memory
from place import ENVIRONMENT, spent
from sink import PASSWORD, USER


class Relay:
    """Personal mode."""

    name = "relay"
    root = None
    writers = 64
    most_flushed = 10 ** 9

    def __init__(self, place, network):
        self.place = place
        self._network = network
        self.queue = place.path("queue")
        self.rc = place.path("relayrc")
        self.env = dict(ENVIRONMENT, RELAY_QUEUE=self.queue,
                        RELAY_CONFIG=self.rc, RELAY_FLUSH="/bin/true")
        self.sendmail = place.program("src/sendmail/sendmail")
        self.program = place.program("src/flush/relay-flush")
        self.submit = [self.sendmail, "-t", "-i"]
        self.submit_only = [self.sendmail, "-t", "-i", "-odq"]
        self.list = [self.sendmail, "-bp"]
        self.spent = None  # by the last flush
        self.pss = 0       # kilobytes, at its peak; 0: not known
        self._prefix = []

    def knows(self, key):
        """Is it a key of the configuration?"""
        out = subprocess.run([self.place.program("src/relay/relay"), "check",
                              "--options"], env=ENVIRONMENT, check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        return any(line.split()[:1] == [key] for line in out.splitlines())

    def configure(self, port, keys=()):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with open(os.open(self.rc, flags, 0o600), "w",
                  encoding="ascii") as file:
            file.write("domain example.org\nlog none\nsmarthost bench\n"
                       " host %s\n port %d\n tls starttls\n"
                       " tls_ca %s/ca.pem\n user %s\n password %s\n"
                       % (self._network.host, port, self.place.certs(), USER,
                          PASSWORD))
            file.writelines(" %s\n" % key for key in keys)

    # --- as the peers

    def wipe(self):
        shutil.rmtree(self.queue, ignore_errors=True)

    def start(self, port, prefix, keys=()):
        self.configure(port, keys)
        self._prefix = prefix

    def settle(self):
        pass

    def ready(self):
        pass

    def stop(self):
        pass

    def count(self):
        try:
            return len(os.listdir(os.path.join(self.queue, "new")))
        except FileNotFoundError:
            return 0

    def flush(self, limit):
        """Until the queue is empty, or `limit` seconds have gone."""
        process = subprocess.Popen(
            [*self._prefix, self.place.tool("measure"), "/dev/null",
             self.program, "--now", "--quiet"], text=True, env=dict(
                 self.env,
                 LD_LIBRARY_PATH=self.place.libraries(self.program)),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with memory.Peak(lambda: memory.descendants(process.pid)) as peak:
            try:
                out, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                for pid in memory.children(process.pid):
                    os.kill(pid, signal.SIGTERM)
                out, _ = process.communicate()
        self.spent = spent(out)
        self.pss = peak.kilobytes

    def clone(self, count):
        """Of the one message that waits, so many: its file holds no id."""
        new = os.path.join(self.queue, "new")
        (name,) = os.listdir(new)
        with open(os.path.join(new, name), "rb") as file:
            data = file.read()
        since = int(time.time() * 1e6) - count
        for i in range(count - 1):
            path = os.path.join(new, "%014X%08X" % (since + i, i))
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(fd, data)
            os.close(fd)
