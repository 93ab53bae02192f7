# SPDX-License-Identifier: GPL-3.0-or-later
"""oauth - from `relay login` to the message that arrived, and all that ends it

A real OAuth2 server that rotates refresh tokens and is strict, a person who logs
in at it, and Dovecot's submission service, which asks it about every token.
"""
import os
import pty
import re
import subprocess
import time

import tap
from client import Client
from oauth_lab import HOST, Lab
from person import Person

LIFE = 6  # seconds of an access token
PATIENCE = 60


# --- a person at a terminal --------------------------------------------------------

def read_until(terminal, pattern, said=""):
    """What was said, and the match; None at the end."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = re.search(pattern, said) if pattern else None
        if found:
            return said, found
        try:
            more = os.read(terminal, 4096)
        except OSError:  # its other end is closed
            more = b""
        if not more:
            return said, None
        said += more.decode("utf-8", "replace").replace("\r\n", "\n")
    raise RuntimeError("nothing comes: " + said)


def log_in(lab, client, *options, device=True):
    """`relay login` at a terminal: (status, all that it said)."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [client.build + "/src/relay/relay", "login", *options, "real"],
        stdin=its, stdout=its, stderr=its, env=client.environment(),
        start_new_session=True)
    os.close(its)
    said, found = read_until(ours, r"(https://\S*(?:user_code|code_challenge)="
                             r"\S*)\s")
    if found and device:
        Person(lab.place.ca).type_code(found[1])
    elif found:
        back = Person(lab.place.ca).log_in(found[1])
        os.write(ours, (back + "\n").encode())
    said, _ = read_until(ours, None, said)
    os.close(ours)
    return process.wait(PATIENCE), said


def relay(client, *words):
    done = subprocess.run([client.build + "/src/relay/relay", *words],
                          env=client.environment(), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE)
    return done.returncode, done.stdout + done.stderr


def tokens(client):
    place = client.queue + "/tokens"
    for name in os.listdir(place):
        if not name.endswith(".lock"):
            with open(os.path.join(place, name)) as file:
                return dict(line.rstrip("\n").split("=", 1)
                            for line in file if "=" in line)
    return {}


# --- the scenes --------------------------------------------------------------------

def someone(lab, **keys):
    return Client(HOST, **lab.keys(**keys))


def logged_in(t, lab, name, **keys):
    client = someone(lab, **keys)
    status, said = log_in(lab, client)
    t.equal(name + ": logged in", status, 0, said)
    return client


def arrived(world, count):
    return len(world.next_hop.collect(count))


def play_login(t, world, lab):
    for name, options, device in (("by device", [], True),
                                  ("by an address that is pasted",
                                   ["--paste"], False)):
        client = someone(lab, oauth_flow="device" if device else "code")
        client.submit(["you@example.net"])
        before = client.flush()
        t.equal("%s: nobody is logged in, and mail waits" % name,
                (before.status, len(client.names())), (78, 1), before.err)
        t.is_true("%s: it says what to do" % name,
                  "relay login real" in before.err, before.err)
        status, said = log_in(lab, client, *options, device=device)
        t.equal("%s: logged in" % name, status, 0, said)
        shown = [key for key in ("access_token", "refresh_token")
                 if tokens(client)[key] in said]
        t.equal("%s: no token on the screen" % name, shown, [])
        result, log = lab.dovecot.session(client, "--debug")
        t.equal("%s: sent" % name, (result.status, client.names(),
                                    arrived(world, 1)), (0, [], 1),
                result.err + log)
        t.is_true("%s: no token in the dialogue" % name,
                  tokens(client)["access_token"] not in result.err)
        status, said = relay(client, "status")
        t.equal("%s: all is well" % name, status, 0, said)


def play_expiry(t, world, lab):
    """Each token lives for six seconds, and the flush for more."""
    client = logged_in(t, lab, "it ends meanwhile", connections=1,
                       messages_per_connection=1, rate="4/s")
    for number in range(60):
        client.submit(["u%d@example.net" % number])
    lab.authority.events()
    watch = tap.Watch()
    result = client.flush("--verbose")
    t.equal("it ends meanwhile: all are sent",
            (result.status, client.names(), client.names("failed"),
             arrived(world, 60)), (0, [], [], 60), result.err[-3000:])
    asked = lab.authority.events().count("token")
    t.is_true("it ends meanwhile: asked as often as it ended, not more",
              1 <= asked <= watch.seconds / (LIFE / 2) + 1,
              "%d in %.1f s" % (asked, watch.seconds))
    t.comment("60 messages on 60 connections in %.1f s, tokens of %d s: %d "
              "requests for one" % (watch.seconds, LIFE, asked))


def is_kept(client):
    return len(client.names()) == 1 and client.names("failed") == []


def old(client):
    """Seconds later than the access token's end."""
    time.sleep(LIFE + 0.5)
    for name in client.names():
        client.wait(name)


def play_faults(t, world, lab):
    client = logged_in(t, lab, "trouble there")
    client.submit(["you@example.net"])
    old(client)
    before = tokens(client)
    lab.authority.faults({"kind": "reply", "status": 503, "type": "text/html",
                          "headers": {"retry-after": "1"},
                          "body": "<html>no</html>"})
    result = client.flush("--verbose")
    t.equal("503: it waits, and says so", (result.status, is_kept(client),
                                           "503" in result.err),
            (75, True, True), result.err)
    t.equal("503: the login is kept", tokens(client)["refresh_token"],
            before["refresh_token"])
    time.sleep(1.5)
    old(client)
    result = client.flush("--verbose")
    t.equal("503: later it goes", (result.status, arrived(world, 1)), (0, 1),
            result.err)


def play_revoked(t, world, lab):
    """The answer to a refresh is lost: this server then ends the login."""
    client = logged_in(t, lab, "the end of a login")
    client.submit(["you@example.net"])
    old(client)
    lab.authority.faults({"kind": "drop-after"})
    result = client.flush("--verbose")
    t.equal("the end of a login: an answer is lost, mail waits",
            (result.status, is_kept(client)), (75, True), result.err)
    # A question that was lost is not asked again for a minute.
    time.sleep(max(0, int(tokens(client)["wait"]) + 1 - time.time()))
    old(client)
    result = client.flush("--verbose")
    t.equal("the end of a login: a person is asked for, mail waits",
            (result.status, is_kept(client)), (78, True), result.err)
    t.is_true("the end of a login: it says what to do",
              "relay login real" in result.err, result.err)
    status, said = relay(client, "status")
    t.equal("the end of a login: so does status",
            (status, "relay login real" in said), (78, True), said)
    status, said = log_in(lab, client)
    t.equal("the end of a login: logged in again", status, 0, said)
    result = client.flush("--verbose")
    t.equal("the end of a login: what waited is sent",
            (result.status, client.names(), arrived(world, 1)), (0, [], 1),
            result.err)


def play_taken_back(t, world, lab):
    """The token looks good here; there it is no longer."""
    client = logged_in(t, lab, "taken back")
    first = tokens(client)["access_token"]
    lab.authority.revoke(first)
    client.submit(["you@example.net"])
    lab.authority.events()
    result, log = lab.dovecot.session(client, "--debug")
    t.equal("taken back: another one, on the same connection, and it is sent",
            (result.status, arrived(world, 1),
             lab.authority.events().count("token"),
             log.count("Info: Disconnected")), (0, 1, 1, 1),
            result.err + log)
    t.is_true("taken back: the new one is kept",
              tokens(client)["access_token"] != first)
    lab.dovecot.log.forgive()


def play(t, world):
    lab = Lab(LIFE)
    try:
        for part in (play_login, play_expiry, play_faults, play_revoked,
                     play_taken_back):
            part(t, world, lab)
    finally:
        lab.close()
