# SPDX-License-Identifier: GPL-3.0-or-later
"""oauth_lab - a real OAuth2 server, and a Dovecot that asks it about each token

The server is that of tests/oauth; this Dovecot is a second one, oauth.test, which
knows no passwords and believes a token because the server says that it is active
(RFC 7662).
"""
import os
import re
import shutil
import sys

import client
import servers
import tap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(ROOT, "oauth"))

import place  # noqa: E402
import provider  # noqa: E402

HOST, ADDRESS = "oauth.test", "127.0.3.2"
HERE = servers.SPOOL + "/oauth"
INTROSPECTION = """\
introspection_mode = post
introspection_url = %(url)s
tls_ca_cert_file = %(ca)s
force_introspection = yes
username_attribute = sub
active_attribute = active
active_value = true
timeout_msecs = 10000
"""


class Dovecot(servers.Server):
    log = servers.Log(servers.SPOOL + "/log/dovecot-oauth")
    end = ": Info: Disconnected"

    def start(self, authority, ca):
        os.makedirs(HERE + "/state")
        shutil.copy(ca, HERE + "/ca.pem")
        os.chmod(HERE + "/ca.pem", 0o644)  # it reads it as another user
        with open(HERE + "/oauth2.conf.ext", "w") as file:
            file.write(INTROSPECTION % {
                "ca": HERE + "/ca.pem", "url": "https://look:look@%s/token/introspection" %
                authority.origin.partition("//")[2]})
        with open(HERE + "/dovecot.conf", "w") as file:
            file.write(self.configuration())
        servers.run("dovecot", "-c", HERE + "/dovecot.conf")
        if not tap.wait_for(lambda: servers.is_listening(ADDRESS, 587)):
            raise RuntimeError("it does not listen:\n" + self.log.whole())

    @staticmethod
    def configuration():
        """That of the other one, at another place and without passwords."""
        with open("/etc/dovecot/dovecot.conf") as file:
            text = file.read()
        for old, new in (
                ("/var/spool/run/dovecot-state", HERE + "/state"),
                ("/var/spool/run/dovecot", HERE + "/run"),
                ("/var/spool/log/dovecot", Dovecot.log.path),
                ("127.0.3.1", ADDRESS), ("dovecot.test", HOST),
                ("/etc/dovecot/oauth2.conf.ext", HERE + "/oauth2.conf.ext"),
                ("plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2",
                 "xoauth2")):
            if old not in text:
                raise RuntimeError("dovecot.conf has no %r" % old)
            text = text.replace(old, new)
        return re.sub(r"passdb \{\n  driver = passwd-file\n.*?\n\}\n", "",
                      text, flags=re.S)


class Lab:
    def __init__(self, life):
        self.place = place.Place(client.Client.build)
        self.authority = provider.Provider(self.place, life,
                                           servers.USER)
        self.dovecot = Dovecot()
        self.dovecot.start(self.authority, self.place.ca)

    def close(self):
        servers.run("doveadm", "-c", HERE + "/dovecot.conf", "stop")
        self.authority.close()
        self.place.close()

    def keys(self, **more):
        """Of the smarthost, as a person writes them for a server of his own."""
        origin = self.authority.origin
        return {"user": servers.USER, "login": "oauth", "password": None,
                "oauth_client": "relay", "oauth_flow": "device",
                "oauth_scope": '"%s"' % provider.SCOPE,
                "oauth_auth_url": origin + "/auth?prompt=consent",
                "oauth_token_url": origin + "/token",
                "oauth_device_url": origin + "/device/auth",
                "oauth_ca": self.place.ca} | more
