# SPDX-License-Identifier: GPL-3.0-or-later
"""mutants - the suites must notice a program with one step left out

leaveout.c says which steps.  A mutant that nobody notices is a failure of the
suite, not of the program.
"""
import ahead
import flush
import logins
import memory
import powercut
import submit
import system
import trial


def by_points(pool, workload, modes):
    return trial.points(pool, workload, modes)[1]


def by_cuts(pool, workload, model):
    return pool.submit(powercut.cuts, workload, model).result()


def by_memory(pool, workload, _):
    return memory.loop(pool, workload)[2]


KILLS = trial.KILLS

# letter, what it leaves out, where it must be noticed, how
MUTANTS = [
    ("f", "fsync of a new entry", submit.Plain, by_cuts, "posix"),
    ("f", "fsync of a new entry", submit.Piped, by_cuts, "linux"),
    ("f", "fsync of a new entry", submit.Plain, by_cuts, "journal"),
    ("d", "fsync of new/", submit.Plain, by_cuts, "posix"),
    ("d", "fsync of new/", submit.Plain, by_cuts, "linux"),
    ("d", "fsync of new/", submit.Plain, by_cuts, "journal"),
    ("f", "fsync of a new entry", submit.Session, by_cuts, "linux"),
    ("d", "fsync of new/", submit.Session, by_cuts, "posix"),
    ("x", "failure of fsync", submit.Session, by_points, ["err:EIO"]),
    ("w", "rest of a short write", submit.Piped, by_points, ["short"]),
    ("x", "failure of fsync", submit.Plain, by_points, ["err:EIO"]),
    ("d", "fsync of new/ after a delivery", flush.One, by_cuts, "posix"),
    ("d", "fsync of new/ after a delivery", flush.One, by_cuts, "journal"),
    ("l", "fsync of the journal", flush.Three, by_cuts, "posix"),
    ("l", "fsync of the journal", flush.Three, by_cuts, "journal"),
    ("e", "waiting for the answer", flush.One, by_points, KILLS),
    ("j", "order of entry and journal", flush.Settled, by_points, KILLS),
    ("d", "fsync of new/ after many", ahead.Chunks, by_cuts, "posix"),
    ("d", "fsync of new/ after many", ahead.Data, by_cuts, "journal"),
    ("s", "the record before the next words", ahead.Data, by_points, KILLS),
    ("s", "the record before the next words", ahead.Chunks, by_cuts, "posix"),
    ("F", "fsync of a new entry", system.Dropping, by_cuts, "posix"),
    ("F", "fsync of a new entry", system.Dropping, by_cuts, "journal"),
    ("D", "fsync of drop/", system.Dropping, by_cuts, "posix"),
    ("D", "fsync of drop/", system.Dropping, by_cuts, "journal"),
    ("D", "fsync of drop/", system.Serving, by_cuts, "linux"),
    ("W", "rest of a short write", system.Large, by_points, ["short"]),
    ("x", "failure of fsync", system.Dropping, by_points, ["err:EIO"]),
    ("F", "fsync of the new store", logins.Refresh, by_cuts, "posix"),
    ("F", "fsync of the new store", logins.Refresh, by_cuts, "linux"),
    ("D", "fsync of the store's directory", logins.Refresh, by_cuts, "posix"),
    ("D", "fsync of the store's directory", logins.Refresh, by_cuts, "linux"),
    ("o", "a decent end without memory", memory.Listing, by_memory, None),
]


def suite(pool, tap):
    for letter, what, workload, how, where in MUTANTS:
        made = workload()
        made.left_out = letter
        try:
            tally = how(pool, made, where)
        except RuntimeError as why:  # not even a run without a fault
            tally = trial.Tally()
            tally.add("unfit", str(why))
            tap.result(False, "%s, left out: %s" % (made.name, what),
                       tally.bad)
            continue
        name = where if isinstance(where, str) else how.__name__[3:]
        tap.result(bool(tally.bad), "noticed (%s, %s): without %s" % (
            made.name, name, what), ["nothing noticed: %s" % tally])
        tap.comment("violations %d of %d" % (len(tally.bad), tally.trials))
