# SPDX-License-Identifier: GPL-3.0-or-later
"""peer_msmtp - msmtp-enqueue.sh and msmtp-runqueue.sh; nothing is synced

Several writers in one second overwrite each other's mail: it gets one.
"""
import os

import mailer
from sink import PASSWORD, USER

SCRIPTS = "/usr/libexec/msmtp/msmtpqueue/"
QUEUE = "/root/.msmtpqueue"
CONFIGURATION = """\
defaults
auth on
tls on
tls_starttls on
tls_trust_file /ca.pem
syslog off
account default
host smarthost.test
port %d
from bench@bench.test
user %s
password %s
"""


class Peer(mailer.Mailer):
    submit = ["/usr/bin/env", "HOME=/root", SCRIPTS + "msmtp-enqueue.sh",
              "-t", "-i"]
    list = ["/usr/bin/env", "HOME=/root", SCRIPTS + "msmtp-listqueue.sh"]
    spools = (QUEUE,)
    is_durable = False
    writers = 1

    def configure(self, port):
        self.write("/etc/msmtprc", CONFIGURATION % (port, USER, PASSWORD),
                   0o600)
        os.makedirs(self.root + QUEUE, 0o700, exist_ok=True)

    def count(self):
        return len(self.files(lambda name: name.endswith(".mail")))

    def begin(self):
        self.daemon("/usr/bin/env", "HOME=/root",
                    SCRIPTS + "msmtp-runqueue.sh")
