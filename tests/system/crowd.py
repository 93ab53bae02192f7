# SPDX-License-Identifier: GPL-3.0-or-later
"""crowd - 1,000 submissions by four users, 32 at a time

Each is stored once, whole, under its own uid; then each arrives once, and the
users take turns.
"""
import collections
import re
import subprocess
import time

import machine
from machine import DROP, USERS, entry
from shares import ident, place
from service import Listen

EACH = 250
AT_A_TIME = 8  # of each of the four
SCRIPT = """
seq %d | xargs -P %d -I @ sh -c 'printf "Subject: of $1 number @.\\n\\nx\\n" |
    $0 /usr/sbin/sendmail -i you@example.net || echo failed @' "$0" "$1"
"""


def submit_all(m, prefix):
    """What the callers said."""
    processes = [m.start(["sh", "-c", SCRIPT % (EACH, AT_A_TIME), prefix,
                          name], uid, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                 for name, uid in USERS.items()]
    said = []
    for process in processes:
        said += process.communicate()[0].decode().splitlines()
        m.children.remove(process)
    return said


def subjects(texts):
    """How often each (name, number) is there."""
    found = collections.Counter()
    for text in texts:
        for name, number in re.findall(rb"Subject: of (\w+) number (\d+)\.",
                                       text):
            found[name.decode(), int(number)] += 1
    return found


ALL = {(name, number): 1 for name in USERS for number in range(1, EACH + 1)}


def odd(m, name, data):
    """Is there anything wrong with this one in drop/?"""
    st = m.stat("drop", name)
    owner = next((n for n, uid in USERS.items() if uid == st.st_uid), None)
    whole = machine.sealed(data[:-28]) == data
    return not (re.fullmatch(r"m\.[0-9A-F]{22}", name) and whole and
                st.st_gid == DROP and st.st_mode == 0o100640 and owner and
                b"\nU %d\n" % st.st_uid in data and
                b"Subject: of %s number " % owner.encode() in data)


def stored(m, tap, how, said):
    data = {name: m.read("drop", name) for name in m.names()}
    why = said + ["odd: " + name for name in data if odd(m, name, data[name])]
    found = subjects(data.values())
    if found != ALL:
        why.append("%d of %d" % (len(found), len(ALL)))
    tap.result(not why, "1,000 submissions of four users, 32 at a time, %s: "
               "each stored once" % how, why)


def delivered(m, tap, how):
    m.start_host()
    begin = time.monotonic()
    ran = m.flush_now("--quiet")
    tap.comment("flush: %.0f messages a second" % (
        len(ALL) / (time.monotonic() - begin)))
    messages = m.host.messages()
    why = [] if ran.status == 0 else [str(ran)]
    if subjects(s.content for s in messages) != ALL:
        why.append("%d messages" % len(messages))
    for s in messages:
        name = re.search(rb"Subject: of (\w+)", s.content)[1].decode()
        if not s.content.startswith(
                b"Received: by client.test (relay, from userid %d)\r\n"
                % USERS[name]):
            why.append("%s: %r" % (name, s.content[:80]))
    if m.names("drop") or m.names("new") or m.names("bad"):
        why.append("something is left")
    tap.result(not why, "%s: each delivered once, with its user's uid" % how,
               why)


def turns(m, tap):
    """alice was first, with very much."""
    m.make_spool()
    m.start_host()
    backlog = ["alice"] * 60 + ["bob"] * 5 + ["carol"] * 3 + ["dave"]
    for number, name in enumerate(backlog):
        path = place(m, "drop", "m." + ident(number), USERS[name])
        with open(path, "wb") as file:
            file.write(entry(sender="%s@example.org" % name))
    ran = m.flush_now("--quiet")
    order = [s.sender.split("@")[0] for s in m.host.messages()]
    wanted = ["alice", "bob", "carol", "dave"]
    wanted += ["alice", "bob", "carol"] * 2 + ["alice", "bob"] * 2
    wanted += ["alice"] * 55
    tap.result(ran.status == 0 and order == wanted,
               "users take turns, whoever was first with a backlog",
               [str(ran), " ".join(order)])


def run(m, tap):
    m.make_spool()
    stored(m, tap, "set-gid program", submit_all(m, ""))
    delivered(m, tap, "set-gid program")
    m.make_spool()
    with Listen(m):
        said = submit_all(m, "setpriv --no-new-privs")
    stored(m, tap, "socket", said)
    delivered(m, tap, "socket")
    turns(m, tap)
