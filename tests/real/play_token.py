# SPDX-License-Identifier: GPL-3.0-or-later
"""token - access tokens, at Postfix and at Dovecot's submission service

Both ask Dovecot's auth, which looks at JWTs itself.  The tokens come from a
command, as a helper would print them; it prints the next one each time.
"""
import base64
import hashlib
import hmac
import json
import os
import re
import time

from client import Client
from servers import USER

MECHANISMS = ["XOAUTH2", "OAUTHBEARER"]
WAYS = [("STARTTLS", {}), ("TLS on 465", {"port": "465", "tls": "implicit"})]
KEY = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                   "etc/dovecot/keys/default/HS256/default")


def part(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def token(email=USER, seconds=3600, length=0):
    """A JWT of at least so many bytes, good for so many seconds."""
    now = int(time.time())
    claims = {"iss": "https://idp.example.test", "sub": email, "email": email,
              "upn": email, "aud": "relay-tests", "scp": "SMTP.Send",
              "iat": now - 3600, "exp": now + seconds, "jti": part(os.urandom(9))}
    if length:
        claims["pad"] = "x" * (length * 3 // 4 - 200)
    with open(KEY, "rb") as file:
        key = base64.b64decode(file.read())
    text = "%s.%s" % (part(b'{"alg":"HS256","typ":"JWT"}'),
                      part(json.dumps(claims).encode()))
    return text + "." + part(
        hmac.new(key, text.encode(), hashlib.sha256).digest())


def client_of(host, mechanism, tokens, **keys):
    home = Client(host).home
    client = Client(host, login=mechanism.lower(),
                    password="command %s/command" % home, **keys)
    for number, text in enumerate(tokens):
        client.write("token-%d" % number, text + "\n")
    client.write("command", """#!/bin/sh
cd %s
n=$(cat asked)
[ -e token-$((n + 1)) ] && echo $((n + 1)) >asked
exec cat token-$n
""" % home)
    client.write("asked", "0\n")
    os.chmod(home + "/command", 0o700)
    return client


def flush(world, host, mechanism, tokens, **keys):
    """One message: its fate, the server's log, what was said."""
    server = world.server(host)
    client = client_of(host, mechanism, tokens, **keys)
    client.submit(["you@example.net"])
    result, log = server.session(client, "--debug")
    server.deliver()
    arrived = world.next_hop.collect(1 if result.status == 0 else 0)
    waits = client.names()
    if result.status == 0 and len(arrived) == 1 and not waits:
        fate = "delivered"
    elif result.status in (75, 78) and not arrived and len(waits) == 1 and \
            not client.names("failed"):
        fate = "waits, %d" % result.status
    else:
        fate = "status %s, %d arrived, %s" % (result.status, len(arrived),
                                              waits)
    secrets = [text[-40:] for text in tokens]
    if any(secret in result.err for secret in secrets):
        fate += ", a token is shown"
    return fate, log, result.err


def logins(host, log):
    if host == "postfix.test":
        return re.findall(r"sasl_method=(\S+), sasl_username=(\S+)", log)
    return [(method, user) for user, method in
            re.findall(r"Login: user=<(\S+)>, method=(\S+),.* TLS,", log)]


def accepted(t, world, host):
    # Dovecot's submission service takes 8,192 octets in a line.
    for length in (0, 2000, 8000 if host == "postfix.test" else 5800):
        for mechanism in MECHANISMS:
            for way, keys in WAYS:
                text = token(length=length)
                fate, log, said = flush(world, host, mechanism, [text], **keys)
                t.is_true("%s, %s, %s, a token of %d octets" %
                          (host, mechanism, way, len(text)),
                          fate == "delivered" and
                          logins(host, log) == [(mechanism, USER)],
                          "%s\n%s%s" % (fate, log, said))


def refused(t, world, host):
    for mechanism in MECHANISMS:
        old = token(seconds=-60)
        fate, log, said = flush(world, host, mechanism, [old, token()])
        t.is_true("%s, %s: expired, and a newer one on the same connection" %
                  (host, mechanism),
                  fate == "delivered" and said.count("> AUTH ***") >= 2 and
                  said.count("> STARTTLS") == 1 and
                  logins(host, log) == [(mechanism, USER)],
                  "%s\n%s%s" % (fate, log, said))
        for name, tokens in (("expired", [old, token(seconds=-60)]),
                             ("another user's", [token("eve@example.org")] * 2),
                             ("no JWT", ["ya29.opaque"] * 2)):
            fate, log, said = flush(world, host, mechanism, tokens)
            t.is_true("%s, %s: %s, and the account waits" %
                      (host, mechanism, name),
                      fate == "waits, 78" and "scope=login" in said and
                      "status=" in said and
                      ("scp=SMTP.Send" in said) == ("opaque" not in tokens[0]),
                      "%s\n%s%s" % (fate, log, said))


def too_long(t, world):
    for mechanism in MECHANISMS:
        fate, log, said = flush(world, "dovecot.test", mechanism,
                                [token(length=8000)])
        t.is_true("Dovecot, %s: longer than its lines" % mechanism,
                  fate == "waits, 78" and
                  "longer than the server takes" in said,
                  "%s\n%s%s" % (fate, log, said))


def play(t, world):
    for host in ("postfix.test", "dovecot.test"):
        accepted(t, world, host)
        refused(t, world, host)
    too_long(t, world)
