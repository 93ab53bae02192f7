# SPDX-License-Identifier: GPL-3.0-or-later
"""sink - the smarthost that counts what it gets: tests/smarthost

The smarthost of the tests is fast enough: 27,000 messages a second on one
connection, 35,000 to 55,000 on several, 1 GB/s, on the machine of
doc/PERFORMANCE.  So there is no other one.
"""
import json
import signal
import subprocess

from place import ENVIRONMENT

USER, PASSWORD = "alice", "sekret"
DATA = "PIPELINING SIZE=99999999 8BITMIME ENHANCEDSTATUSCODES"
CHUNKING = DATA + " CHUNKING"


class Sink:
    """Serves as long as its block lasts; after that its `stats` are there."""

    def __init__(self, place, network, extensions=DATA, options=()):
        self._argv = network.server() + [
            place.program("tests/smarthost/smarthost"), "--listen",
            "%s:%d" % (network.address, network.port), "--cert",
            place.certs() + "/good.pem", "--key",
            place.certs() + "/good.key", "--stats", place.path("stats"),
            "--deadline", "3000", "--mechanisms", "PLAIN LOGIN",
            "--extensions", extensions, *options]
        self._path = place.path("stats")
        self._process = None
        self.port = None
        self.stats = {}

    def __enter__(self):
        self._process = subprocess.Popen(self._argv, env=ENVIRONMENT,
                                         stdout=subprocess.PIPE, text=True)
        self.port = int(self._process.stdout.readline().split()[2])
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self._process.stdout.close()
        with open(self._path, encoding="ascii") as file:
            self.stats = json.load(file)
