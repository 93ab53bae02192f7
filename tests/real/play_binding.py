# SPDX-License-Identifier: GPL-3.0-or-later
"""binding - SCRAM that is bound to the TLS connection, and who is in the middle

No server of Debian 12 offers SCRAM-*-PLUS, so this is tests/smarthost, with
libgsasl's own server side.
"""
import contextlib
import re

import middle
import servers
from client import Client

ADDRESS = "127.0.4.1"
BOUND = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"]
ALL = " ".join(BOUND + ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"])
IMPLICIT = {"port": "465", "tls": "implicit"}


def smarthost(*places):
    return servers.Smarthost("bound", [
        *places, "--cert", servers.PKI + "/real.pem", "--key",
        servers.PKI + "/real.key", "--user", servers.USER, "--mechanisms",
        ALL])


def send_one(login, keys):
    client = Client("smarthost.test", login=login, **keys)
    client.submit(["you@example.net"])
    return client, client.flush("--verbose")


def direct(t):
    with smarthost("--listen", ADDRESS + ":587", "--implicit",
                   ADDRESS + ":465") as host:
        for keys in ({}, IMPLICIT):
            for login in BOUND + ["auto"]:
                client, result = send_one(login.lower(), keys)
                want = BOUND[0] if login == "auto" else login
                t.equal("%s on %s: logged in by %s" %
                        (login, keys.get("port", 587), want),
                        [s.login for s in host.collect()],
                        ["%s %s" % (servers.USER, want)], result.err)


def pretend(text):
    """What the man in the middle makes of the server's refusal."""
    return text.replace(b"535 5.7.8 authentication failed",
                        b"235 2.7.0 welcome")


def strip(text):
    """Without the binding among the mechanisms offered."""
    return text.replace(b"SCRAM-SHA-256-PLUS ", b"").replace(
        b"SCRAM-SHA-1-PLUS ", b"")


@contextlib.contextmanager
def in_the_middle(edit=lambda text: text):
    with smarthost("--implicit", ADDRESS + ":10465") as host:
        man = middle.Middle(ADDRESS, 465, (ADDRESS, 10465), edit)
        try:
            yield host
        finally:
            man.stop()


def passed(t, login):
    """It works for those who do not bind: TLS alone cannot tell."""
    with in_the_middle() as host:
        _, result = send_one(login, IMPLICIT)
        t.equal("through the middle, %s: arrives" % login,
                [s.login for s in host.collect()],
                ["%s %s" % (servers.USER, login.upper())], result.err)


def refused(t, name, login, edit, tried, said):
    """Kept, one line that says why, nothing at the server.  `tried`: the
    mechanism that the server saw fail, or None; `said`: in the line."""
    with in_the_middle(edit) as host:
        client, result = send_one(login, IMPLICIT)
        logins = re.findall(r"^A \d+: (\S+) (\S+)", host.log.whole(), re.M)
        arrived = host.collect()
    name = "%s, %s: " % (name, login)
    t.equal(name + "refused", logins, [("failed", tried)] if tried else [],
            result.err)
    t.equal(name + "kept, for a person to look at",
            (arrived, len(client.names()), result.status), ([], 1, 78),
            result.err)
    lines = [line for line in result.err.splitlines() if "dsn=" in line]
    t.is_true(name + "one line says so",
              len(lines) == 1 and said in lines[0], result.err)


def play(t, world):
    direct(t)
    passed(t, "plain")
    passed(t, "scram-sha-256")
    for login in BOUND:
        refused(t, "through the middle", login.lower(), lambda text: text,
                login, "535 5.7.8")
        refused(t, "the middle says yes", login.lower(), pretend, login,
                "without proving that it knows the password")
        refused(t, "the middle hides the binding", login.lower(), strip, None,
                "`login` allows " + login.lower())
    refused(t, "through the middle", "auto", lambda text: text, BOUND[0],
            "535 5.7.8")
