# SPDX-License-Identifier: GPL-3.0-or-later
"""answers - what becomes of mail that a server refuses, puts off or divides

A wait is not waited for: Client.wait() makes the queue believe that it was.
"""
import collections
import os
import re
import time

import middle
import servers
from client import Client, wire


def commands(log):
    """What Postfix counted of the last connection: {"mail": 2, ...}."""
    lines = [line for line in log.splitlines() if ": disconnect from" in line]
    words = re.findall(r"(\w+)=(?:\d+/)?(\d+)", lines[-1]) if lines else []
    return {name: int(count) for name, count in words}


def trouble(result):
    """The lines about it, without the sum at the end."""
    return [line for line in result.err.splitlines() if "dsn=" in line]


def flush_in_vain(world, client):
    """A flush that should call nobody: (its result, connections)."""
    world.postfix.log.mark()
    result = client.flush()
    time.sleep(0.3)
    return result, world.postfix.log.since().count(": connect from ")


def wrong_password(t, world):
    client = Client("postfix.test")
    client.write("password", "sakret\n")
    for name in ("one", "two", "three"):
        client.submit([name + "@example.net"])
    result, log = world.postfix.session(client)
    t.equal("wrong password: tried once for three messages",
            log.count("authentication failed"), 1, log)
    t.equal("wrong password: all are kept", len(client.names()), 3)
    t.equal("wrong password: a person must act", result.status, 78)
    t.is_true("wrong password: one clear line",
              len(result.err.splitlines()) == 1 and
              "535 5.7.8" in result.err and "`password`" in result.err and
              "mail is kept, next try after" in result.err, result.err)
    t.is_true("wrong password: it is not in the line",
              "sakret" not in result.err, result.err)
    result, calls = flush_in_vain(world, client)
    t.equal("wrong password: the second flush does not try again",
            (calls, len(client.names()), result.err), (0, 3, ""))
    t.equal("wrong password: its status says that mail waits", result.status,
            78)
    client.configure("postfix.test")
    result, _ = world.postfix.session(client)
    t.equal("wrong password: mended, all go at once",
            (result.status, len(world.next_hop.collect(3)), client.names()),
            (0, 3, []), result.err)


def refused_recipient(t, world):
    client = Client("postfix.test")
    client.submit(["refused@example.net"])
    entry, = client.names()
    message = client.message(entry)
    result, _ = world.postfix.session(client)
    t.equal("refused recipient: the message is in failed/",
            (client.names(), client.names("failed")), ([], [entry]))
    t.equal("refused recipient: whole", client.message(entry, "failed"),
            message)
    t.is_true("refused recipient: with the reason", re.search(
        r"^F \d+ 0 5\.1\.1 RCPT: 550 5\.1\.1 .*no such person here",
        client.journal(entry), re.M), client.journal(entry))
    t.is_true("refused recipient: one line says so",
              len(trouble(result)) == 1 and
              "to=<refused@example.net>" in result.err and
              "status=failed" in result.err and
              "no such person here" in result.err, result.err)


def some_refused(t, world):
    client = Client("postfix.test")
    client.submit(["one@example.net", "refused@example.net",
                   "later@example.net", "two@example.net"])
    entry, = client.names()
    message = client.message(entry)
    result, _ = world.postfix.session(client, "--verbose")
    arrived = world.next_hop.collect(1)
    t.equal("some refused: the others have it",
            [sorted(s.recipients) for s in arrived],
            [["one@example.net", "two@example.net"]], result.err)
    t.is_true("some refused: unaltered",
              arrived and arrived[0].content.endswith(message))
    kinds = re.findall(r"^([DFL]) \d+ (\d+) ", client.journal(entry), re.M)
    t.equal("some refused: each has its line in the journal", sorted(kinds),
            [("D", "0"), ("D", "3"), ("F", "1"), ("L", "2")])
    t.equal("some refused: the message waits", (client.names(),
                                                result.status),
            ([entry], 75))
    client.wait(entry)
    _, log = world.postfix.session(client)
    t.equal("some refused: only the late one is asked again",
            (re.findall(r"reject: RCPT .* to=<(\S+)> ", log),
             commands(log).get("rcpt")), (["later@example.net"], 1), log)
    t.equal("some refused: nobody has it twice", world.next_hop.collect(), [])


def greylist(t, world):
    policy = middle.Greylist("127.0.1.5", 10023)
    client = Client("grey.postfix.test")
    body = b"All of this must be the same.\n\xff\n.\n"
    client.submit(["grey@example.net"], body,
                  b"Subject: real\nMIME-Version: 1.0\n"
                  b"Content-Transfer-Encoding: 8bit\n")
    entry, = client.names()
    message = client.message(entry)
    result, _ = world.postfix.session(client, "--verbose")
    t.is_true("greylist: put off", result.status == 75 and
              client.names() == [entry] and "greylisted" in result.err and
              "status=deferred" in result.err, result.err)
    result, calls = flush_in_vain(world, client)
    t.equal("greylist: not tried again too early", calls, 0, result.err)
    client.wait(entry)
    result, _ = world.postfix.session(client)
    arrived = world.next_hop.collect(1)
    t.equal("greylist: delivered later", (result.status, client.names(),
                                          len(arrived)), (0, [], 1),
            result.err)
    t.is_true("greylist: as it was queued, Date and Message-ID too",
              arrived and arrived[0].content.endswith(message) and
              message.endswith(b"\r\n\r\n" + wire(body)))
    policy.stop()


def too_large(t, world):
    client = Client("small.postfix.test")
    client.submit(["large@example.net"], b"x" * 70 + b"\n" + b"y\n" * 15000)
    entry, = client.names()
    result, log = world.postfix.session(client)
    t.equal("too large: the server heard nothing of it",
            [commands(log).get(name) for name in
             ("auth", "mail", "rcpt", "bdat", "data", "quit")],
            [1, None, None, None, None, 1], log)
    t.is_true("too large: failed, and why", client.names() == [] and
              client.names("failed") == [entry] and
              re.search(r"^F \d+ 0 5\.3\.4 .*20000", client.journal(entry),
                        re.M), result.err + str(client.names()))
    client.submit(["small@example.net"], b"y\n" * 5000)
    result, _ = world.postfix.session(client)
    t.equal("too large: a smaller one arrives",
            [s.recipients for s in world.next_hop.collect(1)],
            [["small@example.net"]], result.err)


def many_recipients(t, world):
    client = Client("ten.postfix.test")
    everybody = ["r%d@example.net" % i for i in range(25)]
    client.submit(everybody)
    result, log = world.postfix.session(client, "--verbose")
    count = commands(log)
    arrived = world.next_hop.collect(3)
    came = collections.Counter(r for s in arrived for r in s.recipients)
    t.equal("ten at a time: all 25 have it once", came,
            collections.Counter(everybody), result.err)
    t.equal("ten at a time: in three transactions",
            sorted(len(s.recipients) for s in arrived), [5, 10, 10])
    t.equal("ten at a time: done in one flush and connection",
            (result.status, client.names(), log.count("disconnect from"),
             count.get("auth")), (0, [], 1, 1), result.err)
    t.comment("ten at a time: Postfix counted mail=%s rcpt=%s" %
              (count.get("mail"), count.get("rcpt")))


def field(message, name):
    return re.findall(rb"^%s: (.*)\r$" % name,
                      message[:message.index(b"\r\n\r\n")], re.M)


def same_bytes(t):
    """A server that takes the message and goes away without a word."""
    with servers.Smarthost("lossy", [
            "--listen", "127.0.4.1:587", "--cert", servers.PKI + "/real.pem",
            "--key", servers.PKI + "/real.key", "--user", servers.USER,
            "--fault", "final:1:lost"]) as host:
        client = Client("smarthost.test")
        client.submit(["you@example.net"], b"Once more.\n", b"To: you\n")
        entry, = client.names()
        message = client.message(entry)
        result = client.flush("--verbose")
        due = os.stat("%s/new/%s" % (client.queue, entry)).st_mtime
        t.is_true("lost answer: in doubt, not before 15 minutes",
                  client.names() == [entry] and
                  "status=in-doubt" in result.err and
                  due >= time.time() + 14 * 60, result.err)
        time.sleep(1.1)  # a Date of the second try would differ
        client.wait(entry)
        result = client.flush()
        first, *rest = host.collect(2)
    t.equal("lost answer: sent again", (result.status, client.names(),
                                        len(rest)), (0, [], 1), result.err)
    t.equal("lost answer: the same bytes", [s.content for s in rest],
            [first.content])
    for name in (b"Message-ID", b"Date"):
        values = [field(s.content, name) for s in (first, *rest)]
        t.equal("lost answer: one %s, the same as in the queue" %
                name.decode(), values, [field(message, name)] * 2)
        t.is_true("lost answer: the %s is there" % name.decode(),
                  len(values[0]) == 1, values)


def play(t, world):
    wrong_password(t, world)
    refused_recipient(t, world)
    some_refused(t, world)
    greylist(t, world)
    too_large(t, world)
    many_recipients(t, world)
    same_bytes(t)
