# SPDX-License-Identifier: GPL-3.0-or-later
"""races - several relay-token at once, and the lock between them"""
import os
import signal
import time

from endpoint import Answer, error, hang, tokens

ROUNDS = 100


def one_round(server, client, number):
    """Two at once, at an endpoint that gives each refresh token once."""
    lines = client.tokens()
    old = lines["refresh_token"]
    server.script(tokens("access-%d" % number, "refresh-%d" % number),
                  error("invalid_grant"))
    client.clock += 3600
    both = [client.start("get"), client.start("get")]
    said = [process.communicate(timeout=40) for process in both]
    got = [dict(line.split("=", 1) for line in out.splitlines() if line)
           .get("secret") for out, _ in said]
    if [p.returncode for p in both] != [0, 0] or \
            got != ["access-%d" % number] * 2:
        return "round %d: %s" % (number, said)
    if [h["refresh_token"] for h in server.heard] != [old]:
        return "round %d: %d POSTs" % (number, len(server.heard))
    if client.tokens()["refresh_token"] != "refresh-%d" % number:
        return "round %d: the store is behind" % number
    return None


def run_rounds(place, tap):
    server = place.endpoint()
    client = place.client(server.origin)
    client.clock = 2000000000
    client.write(refresh_token="refresh-start")
    bad = [why for why in (one_round(server, client, i)
                           for i in range(ROUNDS)) if why]
    tap.result(not bad, "two at once, %d rounds: one POST each, one token for "
               "both, and the next one is in the store" % ROUNDS, bad)
    tap.result(client.litter() == [], "and nothing beside the store",
               client.litter())


def run_slow(place, tap):
    """The first is at an endpoint that hangs; the second has a good token."""
    server = place.endpoint()
    client = place.client(server.origin)
    now = int(time.time())
    client.write(refresh_token="old", access_token="good", obtained=now - 3500,
                 expires=now + 100)
    server.script(Answer(do=hang))
    first = client.start("get")
    while not server.heard:
        time.sleep(0.02)
    begin = time.monotonic()
    second = client.run("get")
    took = time.monotonic() - begin
    tap.result(second.answer.get("secret") == "good" and took < 12,
               "who does not get the lock uses what is still good (%.1f s)"
               % took, second.lines())
    out, err = first.communicate(timeout=40)
    tap.result("secret=good" in out and first.returncode == 0 and
               len(server.heard) == 1, "and so does the first, after a while",
               [out, err])


def run_signals(place, tap):
    """A hand that is impatient does not cost the login."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        server = place.endpoint()
        server.pause = 1
        client = place.client(server.origin)
        client.write(refresh_token="old")
        server.script(tokens("access", "new"))
        process = client.start("get")
        while not server.heard:
            time.sleep(0.02)
        os.kill(process.pid, number)
        process.communicate(timeout=40)
        tap.result(client.tokens()["refresh_token"] == "new" and
                   client.litter() == [],
                   "signal %d between the question and the disk" % number,
                   ["status %s" % process.returncode, str(client.tokens())])


def run(place, tap):
    run_rounds(place, tap)
    run_slow(place, tap)
    run_signals(place, tap)
