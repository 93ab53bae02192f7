# SPDX-License-Identifier: GPL-3.0-or-later
"""tree - what `make install` brings, against the list in `files`"""
import os
import re

from place import HERE, difference, listing, run


def has_all_files(place):
    """make install brings these files with these modes, and no others"""
    with open(os.path.join(HERE, "files"), encoding="utf-8") as file:
        want = [line.strip() for line in file if not line.startswith("#")]
    return difference(want, listing(place.installed()))


def stays_below_destdir(place):
    """make install DESTDIR=... works where all the rest is read-only"""
    to = place.directory()
    done = run("unshare", "--mount", "sh", "-ec",
               'mount --bind "$1" "$1"\n'
               "mount -o remount,ro,bind /\n"
               'cd "$1"\n'
               'exec make -s install DESTDIR="$2"',
               "sh", place.build, to, check=False)
    if done.returncode:
        return done.stdout.splitlines()[-20:]
    return difference(listing(place.installed()), listing(to))


def is_taken_back(place):
    """make uninstall leaves nothing"""
    to = place.directory()
    place.make("install", "DESTDIR=" + to)
    place.make("uninstall", "DESTDIR=" + to)
    return listing(to)


def links_lead_home(place):
    """mailq, newaliases and lib/sendmail lead to sendmail below DESTDIR"""
    top = place.installed()
    why = []
    for line in listing(top):
        path, _, target = line.partition(" /")[2].partition(" -> ")
        if target and os.path.realpath(os.path.join(top, path)) != \
                os.path.join(top, "usr/local/sbin/sendmail"):
            why.append("%s -> %s" % (path, target))
    return why


def places_are_filled_in(place):
    """no file has an @PLACE@ that was not filled in, or knows DESTDIR"""
    top = place.installed()
    forgotten = re.compile(rb"@[A-Za-z]+dir@|@SPOOLDIR@|" + top.encode())
    why = []
    for folder, _, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                continue
            with open(path, "rb") as file:
                found = forgotten.search(file.read())
            if found:
                why.append("%s: %s" % (path, found.group(0)))
    return why


CASES = (has_all_files, stays_below_destdir, is_taken_back, links_lead_home,
         places_are_filled_in)
