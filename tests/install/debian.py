# SPDX-License-Identifier: GPL-3.0-or-later
"""debian - the package, through all that dpkg does with it

One fresh Debian, from case to case: another mail server is installed, relay
takes its place, mail is put into the queue, and then it is upgraded, removed,
installed again and purged.  The mail is the same after each.
"""
import glob
import hashlib
import os
import shutil
import subprocess

from place import PROGRAMS, difference, listing, run

SPOOL = "/var/spool/relay"
LIBEXEC = "/usr/libexec/relay/"
# Who has mail: root, www-data, nobody, and a uid without a name.
OWNERS = (0, 33, 65534, 12345)
EACH = 25
HELPERS = (("relay-keyring", "relay-keyring", ("libsecret-1-0",
                                               "libglib2.0-0")),
           ("relay-oauth", "relay-token", ("curl", "jansson")))
UNITS = ("sockets.target.wants/relay-drop.socket",
         "paths.target.wants/relay-flush.path",
         "timers.target.wants/relay-flush.timer")

made = {}


def is_built(place):
    """build-deb builds a package from the release archive"""
    place.package()


def lintian_is_silent(place):
    """lintian finds no error and no warning"""
    changes = glob.glob(os.path.dirname(place.package()) + "/*.changes")
    done = run("lintian", "--allow-root", "--info", "--fail-on",
               "error,warning", *changes, check=False)
    return done.stdout.splitlines() if done.returncode else []


def helpers_are_apart(place):
    """each helper is in a package of its own, and so are its libraries"""
    why = []
    for path in glob.glob(os.path.dirname(place.package()) + "/*.deb"):
        package = os.path.basename(path).split("_")[0]
        if package.endswith("-dbgsym"):
            continue
        names = run("dpkg-deb", "--contents", path).stdout
        needs = run("dpkg-deb", "--field", path, "Depends").stdout
        for its, program, libraries in HELPERS:
            for word, text in ((LIBEXEC + program, names),
                               ("man8/%s.8" % program, names),
                               *((library, needs) for library in libraries)):
                if (word in text) != (package == its):
                    why.append("%s: %s" % (package, word))
    return why


def make_next(place):
    """The same package with a higher version."""
    folder = place.directory() + "/next"
    run("dpkg-deb", "--raw-extract", place.package(), folder)
    control = folder + "/DEBIAN/control"
    with open(control, encoding="utf-8") as file:
        text = file.read()
    with open(control, "w", encoding="utf-8") as file:
        file.write(text.replace("\nVersion: ", "\nVersion: 1:"))
    path = folder + ".deb"
    run("dpkg-deb", "--root-owner-group", "-b", folder, path)
    return path


def apt(*words):
    return made["system"].run("apt-get", "-q", "-y", *words).stdout


def wrong_layout():
    system = made["system"]
    got = [line for line in listing(system.root, ["var/spool"], True)
           if SPOOL in line and line.endswith("/")]
    return difference(system.spool_layout(SPOOL), got)


def takes_the_place(place):
    """apt puts relay in the place of another mail server"""
    system = made["system"] = place.system()
    shutil.copy(place.package(), system.path("/root/deb.deb"))
    shutil.copy(make_next(place), system.path("/root/next.deb"))
    apt("update")
    apt("install", "--no-install-recommends", "nullmailer")
    said = apt("install", "--no-install-recommends", "/root/deb.deb")
    why = wrong_layout() + wrong_programs()
    if "nullmailer" not in said or os.path.exists(system.path(
            "/usr/sbin/nullmailer-send")):
        why.append("nullmailer is still there")
    if "next: write /etc/relayrc" not in said:
        why += ["does not say what is next", *said.splitlines()]
    for name in ("usr/sbin/sendmail", "usr/lib/sendmail", "usr/bin/mailq"):
        version = system.run("/" + name, "--version").stdout
        if "relay" not in version:
            why.append("%s: %s" % (name, version))
    for unit in UNITS:
        if not os.path.islink(system.path("/etc/systemd/system/" + unit)):
            why.append(unit + " is not enabled")
    if os.path.lexists(system.path("/etc/systemd/system/sockets.target.wants/"
                                   "relay-smtp.socket")):
        why.append("relay-smtp.socket is enabled")
    again = system.run(LIBEXEC + "setup-spool").stdout.splitlines()[0]
    if "everything is as it should be" not in again:
        why.append(again)
    return why


def fill(place):
    """Mail of all owners, waiting, put aside, failed, and just dropped."""
    system = made["system"]
    queue = place.directory()
    for number in range(EACH):
        subprocess.run(
            [place.build + "/src/sendmail/sendmail", "-i",
             "you%d@example.net" % number], check=True,
            input=b"Subject: full\n\n" + b"x" * 70 * number + b"\n",
            env={"RELAY_QUEUE": queue + "/q", "RELAY_HOST": "192.0.2.1",
                 "RELAY_FLUSH": "/bin/true"})
    group = system.number("group", "relaydrop")
    places = ("new/", "hold/", "failed/", "drop/m.")
    for number, name in enumerate(sorted(os.listdir(queue + "/q/new"))):
        path = system.path("%s/%s%s" % (SPOOL, places[number % 4], name))
        shutil.copy(queue + "/q/new/" + name, path)
        os.chown(path, OWNERS[number // 4 % 4], group)
        os.chmod(path, 0o640)
    system.write("/etc/relayrc", "smarthost it\n    host 192.0.2.1\n")


def snapshot():
    """Each file of the queue: who, how, where, when, what."""
    system = made["system"]
    lines = []
    for folder, _, files in os.walk(system.path(SPOOL)):
        for name in files:
            path = os.path.join(folder, name)
            st = os.stat(path)
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            lines.append("%o %d:%d %s %d %s" % (
                st.st_mode, st.st_uid, st.st_gid,
                os.path.relpath(path, system.root), st.st_mtime_ns, digest))
    return sorted(lines)


def wrong_programs(modes=None):
    system = made["system"]
    why = []
    for name, group in PROGRAMS.items():
        st = os.stat(system.path(LIBEXEC + name))
        got = "%o %d:%d" % (st.st_mode & 0o7777, st.st_uid, st.st_gid)
        want = "%o %d:%d" % ((modes or {}).get(name, 0o2755), 0,
                             system.number("group", group))
        if got != want:
            why.append("%s is %s, not %s" % (name, got, want))
    return why


def upgrade_keeps_mail(place):
    """upgrade with a full queue: all mail is there, programs are set-gid"""
    fill(place)
    made["full"] = snapshot()
    if len(made["full"]) != EACH:
        return made["full"]
    apt("install", "--no-install-recommends", "/root/next.deb")
    return (difference(made["full"], snapshot()) + wrong_layout() +
            wrong_programs())


def respects_the_administrator(_place):
    """a dpkg-statoverride of the administrator outlives an upgrade"""
    system = made["system"]
    system.run("dpkg-statoverride", "--remove", LIBEXEC + "relay-queue")
    system.run("dpkg-statoverride", "--update", "--add", "root", "relayq",
               "0750", LIBEXEC + "relay-queue")
    apt("install", "--reinstall", "/root/next.deb")
    return wrong_programs({"relay-queue": 0o750})


def remove_keeps_mail(_place):
    """remove with a full queue: programs go, mail and configuration stay"""
    system = made["system"]
    apt("remove", "relay")
    why = difference(made["full"], snapshot()) + wrong_layout()
    for name in ("/usr/sbin/sendmail", "/usr/lib/sendmail", LIBEXEC):
        if os.path.lexists(system.path(name)):
            why.append(name + " is still there")
    if not os.path.exists(system.path("/etc/relayrc")):
        why.append("/etc/relayrc is gone")
    return why


def comes_back(_place):
    """installed again: it finds the mail that it left"""
    said = apt("install", "--no-install-recommends", "/root/next.deb")
    why = difference(made["full"], snapshot()) + wrong_layout()
    if "everything is as it should be" not in said:
        why += said.splitlines()[-8:]
    return why


def purge_keeps_mail(_place):
    """purge with a full queue: mail stays, and it says so; the rest goes"""
    said = apt("purge", "relay")
    why = difference(made["full"], snapshot()) + wrong_layout()
    line = "relay: %s stays (messages: %d)" % (SPOOL, EACH)
    if line not in said:
        why += [line, *said.splitlines()]
    return why + left_over()


def purge_takes_an_empty_queue(_place):
    """purge with an empty queue: nothing is left but the users"""
    system = made["system"]
    apt("install", "--no-install-recommends", "/root/next.deb")
    for line in made["full"]:
        os.remove(system.path(line.split()[2]))
    apt("purge", "relay")
    why = left_over()
    if os.path.exists(system.path(SPOOL)):
        why += ["there is", *listing(system.root, ["var/spool"])]
    return why


def left_over():
    """Files that name relay, out of the queue and dpkg's own memory."""
    system = made["system"]
    found = system.run("find", "/etc", "/usr", "/lib/systemd", "/var", "/run",
                       "-name", "*relay*", "-not", "-path",
                       SPOOL + "*").stdout.split()
    overrides = system.run("dpkg-statoverride", "--list", LIBEXEC + "*",
                           check=False).stdout.splitlines()
    return found + overrides


CASES = (is_built, lintian_is_silent, helpers_are_apart, takes_the_place,
         upgrade_keeps_mail, respects_the_administrator, remove_keeps_mail,
         comes_back, purge_keeps_mail, purge_takes_an_empty_queue)
