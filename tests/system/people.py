# SPDX-License-Identifier: GPL-3.0-or-later
"""people - names of the machine: aliases, the postmaster, mail that stays

As the user relay and in the sandbox, which opens neither the aliases file nor
a Maildir: one is read before it begins, the other is the keeper's business.
"""
import os

from machine import RELAY, USERS, write

ALICE = USERS["alice"]


def configure(m, *lines):
    """/etc/relayrc with more lines in front."""
    m.start_host()
    with open(m.config, encoding="utf-8") as file:
        text = file.read()
    write(m.config, "".join(line + "\n" for line in lines) + text, 0o640,
          (0, RELAY))


def counts(m):
    got = {}
    for message in m.host.messages():
        for to in message.recipients:
            got[to] = got.get(to, 0) + 1
    return got


def flushed(m, *options):
    ran = m.flush_now("--now", *options)
    return [] if ran.status == 0 else [str(ran)]


def aliases(m, tap):
    path = m.directory() + "/aliases"
    write(path, "root: ann@x.test, bob\nbob: bob@y.test\npipe: |/bin/cat\n")
    configure(m, "aliases " + path, "postmaster me@w.test")
    m.make_spool()
    for uid, to in ((0, "root"), (ALICE, "bob"), (ALICE, "daemon")):
        m.submit(uid, to)
    ran = m.flush_now("--now")
    why = [] if ran.status == 0 else [str(ran)]
    if counts(m) != {"ann@x.test": 1, "bob@y.test": 2, "me@w.test": 1}:
        why.append(str(counts(m)))
    tap.result(not why, "aliases and the postmaster, in the sandbox", why)
    m.submit(ALICE, "pipe")
    ran = m.flush_now("--now")
    why = [] if ran.status == 78 and b"aliases:3" in ran.err and \
        m.names("new") else [str(ran), str(m.names("new"))]
    tap.result(not why, "a program as an alias is not run, and said", why)
    # another can write it: whoever can gets everybody's mail
    os.chmod(path, 0o666)
    m.make_spool()
    m.submit(ALICE, "root")
    ran = m.flush_now("--now")
    why = [] if ran.status == 78 and not counts(m).get("ann@x.test", 0) > 1 \
        else [str(ran), str(counts(m))]
    tap.result(not why, "aliases that anybody can change count for nothing",
               why)


def stays(m, tap):
    folder = m.directory(RELAY, 0o750)
    configure(m, "local maildir:%s/%%u" % folder)
    m.make_spool()
    for uid, to in ((0, "root"), (ALICE, "alice"), (ALICE, "you@x.test")):
        m.submit(uid, to)
    why = flushed(m)
    if counts(m) != {"you@x.test": 1}:
        why.append(str(counts(m)))
    for name, uid in (("root", 0), ("alice", ALICE)):
        place = "%s/%s/new" % (folder, name)
        found = os.listdir(place) if os.path.isdir(place) else []
        if len(found) != 1:
            why.append("%s: %s" % (place, found))
            continue
        with open(os.path.join(place, found[0]), "rb") as file:
            content = file.read()
        if b"(relay, from userid %d)" % uid not in content or \
                b"Delivered-To: %s\n" % name.encode() not in content:
            why.append(repr(content))
    tap.result(not why, "local maildir: root's mail stays, by the keeper",
               why)
    agent = m.directory(RELAY, 0o755) + "/agent"
    box = m.directory(RELAY, 0o750) + "/box"
    write(agent, "#!/bin/sh\n{ id -u; cat; } >>%s\n" % box, 0o755)
    configure(m, "local command %s %%u" % agent)
    m.make_spool()
    m.submit(ALICE, "root")
    why = flushed(m)
    content = b""
    if os.path.exists(box):
        with open(box, "rb") as file:
            content = file.read()
    if not content.startswith(b"%d\nReturn-Path: <me@example.org>\n" % RELAY):
        why.append(repr(content))
    tap.result(not why, "local command: run by the keeper, as relay", why)


def explained(m, tap):
    """relay explain for root, and for who may not read the configuration."""
    configure(m, "postmaster me@w.test")
    m.make_spool()
    m.submit(ALICE, "root")
    ran = m.run([m.relay, "explain", m.names()[0][2:]], uid=0)
    why = [] if ran.status in (0, 66) else [str(ran)]
    m.flush_now()
    ran = m.run([m.relay, "explain", "-"], b"To: root\n\nx\n")
    if ran.status != 0 or b"me@w.test" not in ran.out:
        why.append(str(ran))
    tap.result(not why, "relay explain, by root", why)
    ran = m.run([m.relay, "explain", "-"], b"To: root\n\nx\n", uid=ALICE)
    why = [] if ran.status != 0 and b"relayrc" in ran.err and \
        len(ran.err.splitlines()) == 1 else [str(ran)]
    tap.result(not why, "relay explain, by who may not read relayrc", why)


def run(m, tap):
    aliases(m, tap)
    stays(m, tap)
    explained(m, tap)
