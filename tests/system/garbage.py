# SPDX-License-Identifier: GPL-3.0-or-later
"""garbage - 1,000,000 inputs to relay-drop, and some thousands to each door

flood.c makes them and judges each; here is what stays afterwards.
"""
import subprocess

from hardened import submit_no_new_privs
from machine import DROP, USERS
from service import Listen

ALICE, BOB = USERS["alice"], USERS["bob"]
INSIDE = 1000000
OUTSIDE = 6000
HANDS = 2


def flood(m, how, count, **more):
    """HANDS of them at once: (how many were accepted, what is wrong)."""
    processes = [m.start([m.flood, how, str(count // HANDS), str(seed + 1)],
                         ALICE, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         **more)
                 for seed in range(HANDS)]
    accepted, why = 0, []
    for process in processes:
        out, err = process.communicate()
        m.children.remove(process)
        why += err.decode(errors="replace").splitlines()
        if process.returncode != 0:
            why.append("status %d" % process.returncode)
        else:
            accepted += int(out)
    if not 0 < accepted < count // 2:
        why.append("%d were accepted" % accepted)
    return accepted, why


def left(m, accepted):
    """Neither more nor less than was said."""
    names = m.names()
    whole = [n for n in names if n.startswith("m.")]
    if len(names) != len(whole) or len(whole) != accepted:
        return ["%d accepted, %d there, and %d others" % (
            accepted, len(whole), len(names) - len(whole))]
    return []


def answers(m, tap, how, ran):
    good = ran.status == 0 and not ran.err and \
        any(m.stat("drop", n).st_uid == BOB for n in m.names())
    tap.result(good, "%s: it still answers" % how, [str(ran)])


def run(m, tap):
    m.make_spool()
    accepted, why = flood(m, "inside", INSIDE, gid=DROP)
    tap.comment("relay-drop's own code: %d inputs, %d accepted" % (
        INSIDE, accepted))
    tap.result(not why and not m.names(),
               "1,000,000 inputs to relay-drop: no crash, and what it takes "
               "is an entry", why + m.names()[:5])
    for how in ("program", "socket"):
        m.make_spool()
        with Listen(m):
            accepted, why = flood(m, how, OUTSIDE)
            tap.comment("%s: %d inputs, %d accepted" % (how, OUTSIDE,
                                                        accepted))
            # whoever went away may have been an entry all the same
            more = len([n for n in m.names() if n[0] == "m"]) - accepted
            why += left(m, accepted + (more if how == "socket" else 0))
            if how == "socket" and not 0 <= more < OUTSIDE // 8:
                why.append("%d that nobody waited for" % more)
            tap.result(not why, "%s: no crash, each answer is true" % how,
                       why)
            answers(m, tap, how, submit_no_new_privs(m, BOB)
                    if how == "socket" else m.submit(BOB))
