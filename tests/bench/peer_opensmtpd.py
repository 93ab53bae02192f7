# SPDX-License-Identifier: GPL-3.0-or-later
"""peer_opensmtpd - seven processes; it syncs nothing before it says yes"""
import os
import shutil
import time

import memory
import mailer
from sink import PASSWORD, USER

SPOOL = "/var/spool/smtpd/"
CONFIGURATION = """\
queue ttl 4d
table creds file:/etc/mail-creds
listen on socket
smtp max-message-size 64M
action "relay" relay host "smtp+tls://bench@smarthost.test:%d" auth <creds>
match from local for any action "relay"
"""


class Peer(mailer.Mailer):
    list = ["/usr/sbin/smtpctl", "show", "queue"]
    spools = tuple(SPOOL + name for name in (
        "queue", "incoming", "temporary", "offline"))
    is_durable = False

    def configure(self, port):
        self.write("/etc/smtpd.conf", CONFIGURATION % port)
        self.write("/etc/mail-creds", "bench %s:%s\n" % (USER, PASSWORD),
                   0o640, "opensmtpd")
        trusted = self.root + "/etc/ssl/certs/ca-certificates.crt"
        shutil.copy(self.root + "/ca.pem", trusted)
        os.chmod(trusted, 0o644)

    def start(self, port, prefix, keys=()):
        super().start(port, prefix, keys)
        self.daemon("/usr/sbin/smtpd", "-d")
        time.sleep(1)
        self.run("/usr/sbin/smtpctl", "pause", "mta")

    def count(self):
        return len([path for path in self.files(lambda name: len(name) == 16)
                    if "/queue/" in path])

    def begin(self):
        self.run("/usr/sbin/smtpctl", "resume", "mta")

    def stop(self):
        super().stop()
        while memory.of_root(self.root):
            time.sleep(mailer.PAUSE)
