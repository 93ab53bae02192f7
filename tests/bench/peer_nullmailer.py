# SPDX-License-Identifier: GPL-3.0-or-later
"""peer_nullmailer - a set-uid program queues, a resident one sends"""
import os
import re

import mailer
from sink import PASSWORD, USER


class Peer(mailer.Mailer):
    spools = ("/var/spool/nullmailer/queue", "/var/spool/nullmailer/tmp",
              "/var/spool/nullmailer/failed")

    def configure(self, port):
        self.write("/etc/nullmailer/remotes",
                   "smarthost.test smtp --port=%d --starttls --user=%s "
                   "--pass=%s --x509cafile=/ca.pem\n"
                   % (port, USER, PASSWORD), 0o640, "mail")
        self.write("/etc/nullmailer/defaultdomain", "bench.test\n")
        self.write("/etc/nullmailer/adminaddr", "")
        trigger = self.root + "/var/spool/nullmailer/trigger"
        if not os.path.exists(trigger):
            os.mkfifo(trigger, 0o622)
            self.run("chown", "mail:root", "/var/spool/nullmailer/trigger")

    def begin(self):
        self.daemon("/usr/bin/setpriv", "--reuid=mail", "--regid=mail",
                    "--clear-groups", "/usr/sbin/nullmailer-send")

    def clone(self, count):
        (first,) = self.files()
        with open(first, "rb") as file:
            data = file.read()
        state = os.stat(first)
        for i in range(1, count):
            path = "%s.%d" % (first.rsplit(".", 1)[0], 900000 + i)
            with open(path, "wb") as file:
                file.write(re.sub(rb"(?m)^Message-ID: .*$",
                                  b"Message-Id: <c.%d@bench.test>" % i, data))
            os.chown(path, state.st_uid, state.st_gid)
            os.chmod(path, state.st_mode & 0o7777)
