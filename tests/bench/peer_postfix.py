# SPDX-License-Identifier: GPL-3.0-or-later
"""peer_postfix - a null client with TLS connection reuse and 20 connections

Debian leaves tlsproxy off, and without it no connection is used again.
"""
import os
import shutil
import time

import mailer
from sink import PASSWORD, USER

SPOOL = "/var/spool/postfix"
MAIN = """\
compatibility_level = 3.6
myhostname = bench.test
myorigin = bench.test
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks_style = host
local_transport = error:local mail delivery is disabled
alias_maps =
relayhost = [smarthost.test]:%d
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = texthash:/etc/postfix/sasl_passwd
smtp_sasl_security_options = noanonymous
smtp_sasl_mechanism_filter = plain
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = hostname
smtp_tls_CAfile = /ca.pem
smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache
smtp_tls_connection_reuse = yes
default_destination_concurrency_limit = 20
initial_destination_concurrency = 20
default_process_limit = 100
in_flow_delay = 0
message_size_limit = 40000000
maillog_file = /var/log/postfix.log
"""


class Peer(mailer.Mailer):
    spools = tuple(SPOOL + "/" + name for name in (
        "maildrop", "incoming", "active", "deferred", "defer"))

    def configure(self, port):
        self.write("/etc/postfix/main.cf",
                   MAIN % port + "defer_transports = smtp\n")
        self.write("/etc/postfix/sasl_passwd", "[smarthost.test]:%d %s:%s\n"
                   % (port, USER, PASSWORD), 0o600)
        master = self.root + "/etc/postfix/master.cf"
        with open(master, encoding="ascii") as file:
            lines = file.readlines()
        with open(master, "w", encoding="ascii") as file:
            for line in lines:
                words = line.split()
                if words[:2] == ["smtp", "inet"]:
                    line = "#" + line
                elif words[:2] == ["#tlsproxy", "unix"]:
                    line = line[1:]
                file.write(line)
        self._furnish()

    def _furnish(self):
        """What its processes need inside of their own root in the root."""
        jail = self.root + SPOOL
        os.makedirs(jail + "/etc", exist_ok=True)
        for name in ("/etc/hosts", "/etc/services", "/ca.pem"):
            shutil.copy(self.root + name, jail + name)
        with open(jail + "/etc/nsswitch.conf", "w", encoding="ascii") as file:
            file.write("hosts: files\n")
        self.run("sh", "-c", "cd / && cp --parents -u "
                 "lib/*-linux-gnu/libnss_files* " + SPOOL, check=False)

    def start(self, port, prefix, keys=()):
        super().start(port, prefix, keys)
        self.run("/usr/sbin/postfix", "start")

    def _waiting(self, names):
        return [path for path in self.files() if
                path[len(self.root + SPOOL) + 1:].split("/")[0] in names]

    def settle(self):
        while self._waiting(("maildrop", "incoming", "active")):
            time.sleep(mailer.PAUSE)

    def ready(self):
        self.run("/usr/sbin/postconf", "-X", "defer_transports")
        self.run("/usr/sbin/postfix", "reload")
        time.sleep(1)

    def begin(self):
        self.run("/usr/sbin/postqueue", "-f")

    def count(self):
        return len(self._waiting(("maildrop", "incoming", "active",
                                  "deferred")))

    def stop(self):
        self.run("/usr/sbin/postfix", "stop", check=False)
