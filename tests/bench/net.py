# SPDX-License-Identifier: GPL-3.0-or-later
"""net - the networks in which client and smarthost meet, near or far apart

Root gets two namespaces and the delay line between them (delayline.c): a round
trip of 0 is both of them in the far one.  Whoever is not root gets the loopback
of this machine, and no round trip but 0.
"""
import os
import subprocess

from place import ENVIRONMENT

ADDRESS = "10.99.0.2"
NAME = "smarthost.test"  # in the certificate, and in everybody's /etc/hosts


class Line:
    """The delay line; ends with close()."""

    can_delay = True
    address = ADDRESS
    host = NAME
    port = 2587

    def __init__(self, place):
        self._process = subprocess.Popen(
            [place.tool("delayline")], stdin=subprocess.PIPE, bufsize=1,
            stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        self._spaces = dict(self._process.stdout.readline().split()
                            for _ in range(2))
        self._name_it(place)

    def _name_it(self, place):
        """In our own mount namespace, for the programs of this machine."""
        hosts = place.path("hosts")
        with open("/etc/hosts", encoding="utf-8") as file:
            text = file.read()
        with open(hosts, "w", encoding="utf-8") as file:
            file.write("%s %s\n%s" % (ADDRESS, NAME, text))
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)

    def client(self, milliseconds):
        """How to start a client that is so far away."""
        self._process.stdin.write("%d\n" % (milliseconds * 500))
        self._process.stdin.flush()
        self._process.stdout.readline()
        return self._inside("near" if milliseconds > 0 else "far")

    def server(self):
        return self._inside("far")

    def _inside(self, name):
        return ["nsenter", "--net=" + self._spaces[name], "--"]

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Loopback:
    can_delay = False
    address = "127.0.0.1"
    host = "localhost"
    port = 0

    def client(self, milliseconds):
        assert milliseconds == 0
        return []

    def server(self):
        return []

    def close(self):
        pass


def make(place):
    """A line if we may and the kernel can, else the loopback."""
    if os.geteuid() == 0 and os.path.exists("/dev/net/tun"):
        return Line(place)
    return Loopback()
