# SPDX-License-Identifier: GPL-3.0-or-later
"""ahead - messages ahead of answers, and servers that want fewer

Postfix and Exim are known by their greeting and get them.  Dovecot is not; told
to (`overlap yes`) its process may die, and then nothing may be lost, and it is
not done again.  A Postfix that counts (anvil) is obeyed.
"""
import collections
import re

import tap
from client import Client

BODY = b"A line.\n" * 50
MOST = 8  # connections


def submit(client, count, recipients=1, prefix="m"):
    """All recipients of so many messages."""
    groups = [["%s%d.%d@example.net" % (prefix, i, k)
               for k in range(recipients)] for i in range(count)]
    for group in groups:
        client.submit(group, BODY)
    return {to for group in groups for to in group}


def depth(words):
    """The most messages that were under way on one connection."""
    under_way = most = 0
    for line in words.splitlines():
        if re.search(r" > BDAT \d+ LAST", line):
            under_way += 1
        elif re.search(r" < 250 .*((queued|stored) as|OK id=)", line):
            under_way -= 1
        most = max(most, under_way)
    return most


def arrived(world, server, count):
    """{recipient: how often}"""
    server.deliver()
    came = world.next_hop.collect(count, 60)
    tap.wait_for(server.is_empty)
    came += world.next_hop.collect()
    return collections.Counter(r for s in came for r in s.recipients)


def play_known(t, world, name, host, is_known):
    """By its greeting, without a word about it in the configuration."""
    server = world.server(host)
    client = Client(host, connections=1)
    wanted = submit(client, 100)
    result, _ = server.session(client, "--debug")
    found = depth(result.err)
    t.equal("%s: all sent" % name, (result.status, client.names()), (0, []))
    t.is_true("%s: %s" % (name, "ahead" if is_known else "one by one"),
              found > 2 if is_known else found == 1, found)
    came = arrived(world, server, 100)
    t.is_true("%s: each once" % name, came == dict.fromkeys(wanted, 1), came)


def play_counting(t, world):
    """Two connections, 30 messages in two seconds, 10 recipients at a time."""
    client = Client("rate.postfix.test", connections=MOST)
    wanted = submit(client, 100) | submit(client, 3, 25, "many")
    watch = tap.Watch()
    result = client.flush("--verbose")
    seconds = watch.seconds
    left = client.names()
    t.is_true("counting Postfix: all in one pass",
              (result.status, left) == (0, []),
              [result.status, result.err[-4000:]] +
              [client.journal(name) for name in left[:3]])
    t.is_true("counting Postfix: it had to say so",
              "too much mail" in result.err or
              "too many connections" in result.err, result.err[-2000:])
    t.is_true("counting Postfix: nobody failed", client.names("failed") == [],
              result.err[-2000:])
    came = arrived(world, world.postfix, 103)
    t.is_true("counting Postfix: each once",
              came == dict.fromkeys(wanted, 1), came)
    t.comment("counting Postfix: 103 messages in %.1f s" % seconds)


def play_breaking(t, world):
    server = world.dovecot
    server.log.mark()
    client = Client("dovecot.test", connections=1, overlap="yes")
    wanted = submit(client, 300)
    result = client.flush("--debug")
    doubtful = set(re.findall(r" to=<(\S+)> .*status=in-doubt", result.err))
    broke = "status=no-overlap" in result.err
    t.is_true("Dovecot, overlap yes: ahead, and in doubt if it broke",
              depth(result.err) > 1 and broke == bool(doubtful) and
              result.status == (75 if broke else 0), result.err[-2000:])
    found = depth(result.err)
    for name in client.names():
        client.wait(name)
    again = submit(client, 20, prefix="again")
    result = client.flush("--now", "--debug")
    t.equal("Dovecot, overlap yes: then all are sent",
            (result.status, client.names()), (0, []))
    t.is_true("Dovecot, overlap yes: one by one, once it broke",
              not broke or depth(result.err) == 1, depth(result.err))
    wanted |= again
    came = arrived(world, server, 320)
    twice = {to for to in came if came[to] > 1}
    t.is_true("Dovecot, overlap yes: nobody is lost", set(came) == wanted,
              wanted - set(came))
    t.is_true("Dovecot, overlap yes: twice only those in doubt",
              twice <= doubtful and max(came.values(), default=0) <= 2,
              twice - doubtful)
    t.comment("Dovecot, overlap yes: %d under way, %d in doubt, %d came twice"
              % (found, len(doubtful), len(twice)))
    server.log.forgive()


def play(t, world):
    play_known(t, world, "Postfix", "postfix.test", True)
    play_known(t, world, "Exim", "exim.test", True)
    play_known(t, world, "Dovecot", "dovecot.test", False)
    play_counting(t, world)
    play_breaking(t, world)
