# SPDX-License-Identifier: GPL-3.0-or-later
"""peer_exim - queue_only, a split spool, and `exim -qqff`"""
import os

import mailer
from sink import PASSWORD, USER

INPUT = "/var/spool/exim4/input"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CONFIGURATION = """\
primary_hostname = bench.test
qualify_domain = bench.test
domainlist local_domains =
queue_only
split_spool_directory = true
trusted_users = root : mail
untrusted_set_sender = *
local_from_check = false
log_selector = -all
never_users =
daemon_smtp_ports = 10999
local_interfaces = 127.0.0.1
queue_run_max = 5
remote_max_parallel = 4
begin acl
begin routers
smart:
  driver = manualroute
  transport = smart_smtp
  route_list = * smarthost.test byname
  host_find_failed = defer
  self = send
  no_more
begin transports
smart_smtp:
  driver = smtp
  port = %d
  hosts_require_tls = *
  hosts_require_auth = *
  tls_verify_certificates = /ca.pem
  multi_domain
  connection_max_messages = 500
begin retry
* * F,2h,15m; G,16h,1h,1.5; F,4d,6h
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  client_send = ^%s^%s
"""


class Peer(mailer.Mailer):
    spools = (INPUT, "/var/spool/exim4/msglog", "/var/spool/exim4/db")

    def configure(self, port):
        self.write("/etc/exim4/exim4.conf",
                   CONFIGURATION % (port, USER, PASSWORD), 0o640,
                   "Debian-exim")

    def count(self):
        return len(self.files(lambda name: name.endswith("-H")))

    def begin(self):
        self.daemon("/usr/sbin/exim4", "-qqff")

    def clone(self, count):
        (head,) = self.files(lambda name: name.endswith("-H"))
        parts = os.path.basename(head)[:-2].split("-")
        pieces = []
        for end in ("-H", "-D"):
            path = head[:-2] + end
            with open(path, "rb") as file:
                pieces.append((end, file.read(), os.stat(path)))
        for i in range(1, count):
            name = "-".join((parts[0][:5] + DIGITS[i % 62],
                             number(i, len(parts[1])), parts[2]))
            self._copy("-".join(parts), name, pieces)

    def _copy(self, old, name, pieces):
        """The length of what the header says must stay."""
        folder = os.path.join(self.root + INPUT, name[5])
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o750)
            self.run("chown", "Debian-exim:Debian-exim",
                     INPUT + "/" + name[5])
        for end, data, state in pieces:
            path = os.path.join(folder, name + end)
            with open(path, "wb") as file:
                file.write(data.replace(old.encode(), name.encode()))
            os.chown(path, state.st_uid, state.st_gid)
            os.chmod(path, state.st_mode & 0o7777)


def number(value, width):
    text = ""
    for _ in range(width):
        value, digit = divmod(value, 62)
        text = DIGITS[digit] + text
    return text
