# SPDX-License-Identifier: GPL-3.0-or-later
"""peer_dma - no daemon: DEFER keeps mail until `dma -q`, a process for each

It syncs both files, but neither the link that it makes afterwards nor the
directory; and it cannot be told whom to trust.
"""
import mailer
from sink import PASSWORD, USER


class Peer(mailer.Mailer):
    spools = ("/var/spool/dma",)
    is_durable = False
    most_flushed = 1000  # that many processes at once

    def configure(self, port):
        self.write("/etc/dma/dma.conf",
                   "SMARTHOST smarthost.test\nPORT %d\n"
                   "AUTHPATH /etc/dma/auth.conf\nSECURETRANSFER\nSTARTTLS\n"
                   "MAILNAME /etc/mailname\nNULLCLIENT\nDEFER\n" % port,
                   0o640, "mail")
        self.write("/etc/dma/auth.conf", "%s|smarthost.test:%s\n"
                   % (USER, PASSWORD), 0o640, "mail")

    def count(self):
        return len(self.files(lambda name: name.startswith("Q")))

    def begin(self):
        self.run("/usr/sbin/dma", "-q")
