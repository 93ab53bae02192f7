# SPDX-License-Identifier: GPL-3.0-or-later
"""place - the program under test, certificates, and directories that go"""
import os
import shutil
import subprocess
import tempfile

import client
import endpoint

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT = "relay"


class Place:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.program = os.path.join(self.build, "src/token/relay-token")
        self.dir = tempfile.mkdtemp(prefix="relay-oauth.")
        self.certs = os.path.join(self.dir, "certs")
        self.opened = []
        if not os.access(self.program, os.X_OK):
            raise SystemExit("Bail out! %s is not there" % self.program)
        subprocess.run([os.path.join(HERE, "../smarthost/certs"), self.certs],
                       check=True)

    @property
    def ca(self):
        return os.path.join(self.certs, "ca.pem")

    def directory(self):
        return tempfile.mkdtemp(prefix="d.", dir=self.dir)

    def endpoint(self, *args, **more):
        self.opened.append(endpoint.Endpoint(self.certs, *args, **more))
        return self.opened[-1]

    def client(self, origin, **question):
        """An account of the public client, that trusts our CA."""
        given = {"flow": "device", "client_id": CLIENT, "scope": "mail",
                 "token_url": origin + "/token",
                 "device_url": origin + "/device",
                 "auth_url": origin + "/auth", "ca": self.ca} | question
        return client.Client(self.program, self.directory(), **given)

    def rsa(self):
        """A key and a certificate of a program; the path without .pem."""
        base = os.path.join(self.dir, "program")
        if not os.path.exists(base + ".pem"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048",
                            "-nodes", "-keyout", base + ".key", "-out",
                            base + ".pem", "-days", "2", "-subj",
                            "/CN=relay"], check=True,
                           stderr=subprocess.DEVNULL)
            os.chmod(base + ".key", 0o600)
        return base

    def close(self):
        for each in self.opened:
            each.close()
        shutil.rmtree(self.dir, ignore_errors=True)
