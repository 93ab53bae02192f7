# SPDX-License-Identifier: GPL-3.0-or-later
"""bulk - a thousand messages in one flush: each once, few connections

As many logins as connections, and no more of those than are worth it; one,
where the configuration says so.  What is counted is in the servers' logs.  The
rates are for reading only: queue and servers are in memory here, on the same
machine.
"""
import collections
import concurrent.futures
import re

import tap
from client import Client

COUNT = 1000
BODY = b"This is a line of a message that a program sent.\n" * 20


def submit_all(client):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda i: client.submit(["m%d@example.net" % i], BODY),
                      range(COUNT)))


def postfix(log):
    """(connections, logins, messages)"""
    ends = [dict(re.findall(r"(\w+)=(\d+)", line))
            for line in log.splitlines() if ": disconnect from" in line]
    return (len(ends), sum(int(e.get("auth", 0)) for e in ends),
            sum(int(e.get("mail", 0)) for e in ends))


def exim(log):
    return (log.count(" SMTP connection from [127.0.0.1] (TCP/IP"),
            log.count(" login asked for by "), log.count(" <= "))


def dovecot(log):
    return (log.count(": Info: Disconnected"), log.count("-login: Info: Login"),
            log.count(": Info: Successfully relayed message"))


def play_one(t, world, name, host, count, most):
    server = world.server(host)
    client = Client(host, connections=most)
    name = "%s, connections %d" % (name, most)
    watch = tap.Watch()
    submit_all(client)
    submitting = watch.seconds
    watch = tap.Watch()
    result, log = server.session(client)
    flushing = watch.seconds
    t.equal("%s: nothing was said" % name, (result.status, result.err),
            (0, ""))
    t.equal("%s: the queue is empty" % name, client.names(), [])
    watch = tap.Watch()
    server.deliver()
    arrived = world.next_hop.collect(COUNT, 60)
    tap.wait_for(server.is_empty)
    arrived += world.next_hop.collect()
    delivery = watch.seconds
    came = collections.Counter(r for s in arrived for r in s.recipients)
    wrong = {"m%d@example.net" % i for i in range(COUNT)} ^ set(came) | \
        {r for r in came if came[r] != 1}
    t.is_true("%s: each message came once" % name, not wrong, wrong)
    # Of several connections the log may not have heard the end yet.
    connections, logins, messages = count(log)
    t.is_true("%s: no more logins, %d messages" % (name, COUNT),
              1 <= logins <= most and connections <= logins and
              (most > 1 or (connections, messages) == (1, COUNT)),
              "%s %s" % (count(log), log[-2000:]))
    t.comment("%s: %d messages submitted in %.1f s, sent in %.2f s: %.0f/s; "
              "it delivered them in %.1f s more" %
              (name, COUNT, submitting, flushing, COUNT / flushing, delivery))


def play(t, world):
    for most in (1, 8):
        play_one(t, world, "Postfix", "postfix.test", postfix, most)
        play_one(t, world, "Exim", "exim.test", exim, most)
        play_one(t, world, "Dovecot", "dovecot.test", dovecot, most)
