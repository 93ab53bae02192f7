# SPDX-License-Identifier: GPL-3.0-or-later
"""login - every way in, at every server: its own log says which was taken"""
import re

from client import Client
from servers import USER

POSTFIX = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
# Exim has no SCRAM of its own.
EXIM = ["PLAIN", "LOGIN"]

WAYS = [("STARTTLS on 587", {}),
        ("TLS on 465", {"port": "465", "tls": "implicit"})]


def send_one(world, host, mechanism, keys):
    """One message: (it came to the next hop, the server's log, all there is to
    know)."""
    server = world.server(host)
    client = Client(host, login=mechanism.lower(), **keys)
    recipient = "%s@example.net" % mechanism.lower()
    client.submit([recipient])
    result, log = server.session(client, "--verbose")
    server.deliver()
    arrived = world.next_hop.collect(1 if result.status == 0 else 0)
    good = result.status == 0 and client.names() == [] and \
        [s.recipients for s in arrived] == [[recipient]]
    return good, log, result.err + log


def postfix(t, world):
    for way, keys in WAYS:
        steps = " ehlo=1 auth=1 " if keys else " ehlo=2 starttls=1 auth=1 "
        for mechanism in POSTFIX:
            good, log, why = send_one(world, "postfix.test", mechanism, keys)
            used = re.findall(r"sasl_method=(\S+), sasl_username=(\S+)", log)
            t.is_true("Postfix, %s, %s" % (way, mechanism),
                      good and used == [(mechanism, USER)] and steps in log,
                      why)


def exim(t, world):
    for way, keys in WAYS:
        for mechanism in EXIM:
            good, log, why = send_one(world, "exim.test", mechanism, keys)
            arrival = "".join(line + " " for line in log.splitlines()
                              if " <= " in line)
            t.is_true("Exim, %s, %s" % (way, mechanism),
                      good and " X=TLS1.3" in arrival and
                      " A=%s:%s " % (mechanism.lower(), USER) in arrival, why)
            t.is_true("Exim, %s, %s: BDAT (K in its log)" % (way, mechanism),
                      " K " in arrival, why)


def dovecot(t, world):
    for way, keys in WAYS:
        for mechanism in POSTFIX:
            good, log, why = send_one(world, "dovecot.test", mechanism, keys)
            used = re.findall(r"Login: user=<(\S+)>, method=(\S+),.* TLS,",
                              log)
            t.is_true("Dovecot, %s, %s" % (way, mechanism),
                      good and used == [(USER, mechanism)], why)


def play(t, world):
    postfix(t, world)
    exim(t, world)
    dovecot(t, world)
