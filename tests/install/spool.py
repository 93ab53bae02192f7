# SPDX-License-Identifier: GPL-3.0-or-later
"""spool - setup-spool on fresh systems: with useradd, with busybox's adduser,
with the tools of systemd, twice, and against a user relay who means harm"""
import os
import shutil

from place import PROGRAMS, difference, listing, run

SPOOL = "/usr/local/var/spool/relay"
SETUP = "/usr/local/libexec/relay/setup-spool"
DONE = "setup-spool: everything is as it should be"

# What busybox's programs of these names do, in terms of Debian's.
BUSYBOX = {
    "adduser": """
name=
while getopts SDHh:g:s:G: o; do
	case $o in S | D | H) ;; h) home=$OPTARG ;; g) gecos=$OPTARG ;;
	s) shell=$OPTARG ;; G) group=$OPTARG ;; *) exit 1 ;; esac
done
shift $((OPTIND - 1))
exec /root/useradd -r -M -d "$home" -c "$gecos" -s "$shell" -g "$group" "$1"
""",
    "addgroup": """
[ "$1" = -S ] && exec /root/groupadd -r "$2"
exec /root/usermod -a -G "$2" "$1"
""",
}


def prepare(place):
    """A fresh system with relay below /usr/local."""
    system = place.system()
    shutil.copytree(place.installed() + "/usr/local",
                    system.path("/usr/local"), symlinks=True,
                    dirs_exist_ok=True)
    return system


def wrong_layout(system):
    got = [line for line in listing(system.root, ["usr/local/var/spool"], True)
           if SPOOL in line]
    return difference(system.spool_layout(SPOOL), got)


def wrong_programs(system, is_set=True):
    why = []
    for name, group in PROGRAMS.items():
        st = os.stat(system.path("/usr/local/libexec/relay/" + name))
        want = (0, system.number("group", group), 0o2755)
        if not is_set:
            want = (0, 0, 0o755)
        if (st.st_uid, st.st_gid, st.st_mode & 0o7777) != want:
            why.append("%s: %d:%d %o" % (name, st.st_uid, st.st_gid,
                                         st.st_mode & 0o7777))
    return why


def wrong_user(system):
    why = []
    groups = system.run("id", "-nG", "relay").stdout.split()
    if set(groups) != {"relay", "relaydrop", "relayq"}:
        why.append("relay is in %s" % groups)
    groups = system.run("id", "-nG", "relay-smtp").stdout.split()
    if groups != ["relay-smtp"]:
        why.append("relay-smtp is in %s" % groups)
    for name in ("relay", "relay-smtp"):
        words = system.run("getent", "passwd", name).stdout.strip().split(":")
        if words[5] != "/nonexistent" or "nologin" not in words[6]:
            why.append("%s: %s" % (name, words))
    return why


def wrong(system):
    return wrong_user(system) + wrong_layout(system) + wrong_programs(system)


def twice(system, *argv):
    """Run setup-spool, look, run it again: it has nothing to do, and has."""
    why = []
    for is_second in (False, True):
        said = system.run(*argv, SETUP).stdout.splitlines()
        if len(said) != 2 or not said[1].startswith("next: write "):
            why += said
        if (said[0] == DONE) != is_second:
            why += said
        why += wrong(system)
    return why


def with_useradd(place):
    """setup-spool makes users and layout, exactly; nothing the second time"""
    return twice(prepare(place))


def with_busybox(place):
    """setup-spool does the same with busybox's adduser and without getent"""
    system = prepare(place)
    for name in ("useradd", "groupadd", "usermod"):
        os.rename(system.path("/usr/sbin/" + name), system.path("root/" + name))
    os.remove(system.path("/usr/bin/getent"))
    for name, text in BUSYBOX.items():
        os.remove(system.path("usr/sbin/" + name))
        system.write("usr/sbin/" + name, "#!/bin/sh" + text, 0o755)
    said = system.run(SETUP).stdout
    again = system.run(SETUP).stdout.splitlines()
    shutil.copy("/usr/bin/getent", system.path("/usr/bin/getent"))
    return wrong(system) + ([] if again[0] == DONE else [said, *again])


def with_systemd(place):
    """sysusers.d and tmpfiles.d make the layout that setup-spool wants"""
    system = prepare(place)
    root = "--root=" + system.root
    lib = system.path("/usr/local/lib")
    run("systemd-sysusers", root, lib + "/sysusers.d/relay.conf")
    os.makedirs(system.path("/usr/local/var/spool"))
    run("systemd-tmpfiles", root, "--create", lib + "/tmpfiles.d/relay.conf")
    why = wrong_user(system) + wrong_layout(system)
    if not os.path.isdir(system.path("/run/relay")):
        why.append("/run/relay is missing")
    said = system.run(SETUP, "--no-programs").stdout.splitlines()
    return why + ([] if said[0] == DONE else said)


def mends(place):
    """setup-spool mends a layout with wrong owners and modes, and keeps mail"""
    system = prepare(place)
    system.run(SETUP)
    system.write(SPOOL + "/new/0660EA8C4731F80BD2D8AF", "mail", 0o640)
    os.rmdir(system.path(SPOOL + "/log"))
    system.run("chown", "-R", "root:root", SPOOL)
    system.run("chmod", "-R", "u=rwX,go=rX", SPOOL)
    system.run(SETUP)
    names = os.listdir(system.path(SPOOL + "/new"))
    os.remove(system.path(SPOOL + "/new/0660EA8C4731F80BD2D8AF"))
    return wrong(system) + ([] if len(names) == 1 else names)


def takes_over(place):
    """setup-spool makes what root queued before readable for relay"""
    system = prepare(place)
    system.run("sh", "-c", "echo mail | /usr/local/sbin/sendmail -odq x@y.z")
    os.mkdir(system.path(SPOOL + "/log"), 0o700)
    system.write(SPOOL + "/log/0660EA8C4731F80BD2D8AF", "", 0o600)
    closed = system.run(SETUP, check=False)
    why = [] if closed.returncode == 1 and \
        "chmod o+x /usr/local/var/spool" in closed.stdout else [closed.stdout]
    system.run("chmod", "755", "/usr/local/var", "/usr/local/var/spool")
    said = system.run(SETUP).stdout
    name = os.listdir(system.path(SPOOL + "/new"))[0]
    entry = os.stat(system.path(SPOOL + "/new/" + name))
    journal = os.stat(system.path(SPOOL + "/log/0660EA8C4731F80BD2D8AF"))
    if "took over root's queue" not in closed.stdout + said:
        why.append(said)
    drop, queue = (system.number("group", group)
                   for group in ("relaydrop", "relayq"))
    if (entry.st_uid, entry.st_gid, entry.st_mode & 0o7777) != (0, drop, 0o640):
        why.append("entry: %s" % (entry,))
    if (journal.st_uid, journal.st_gid) != (
            system.number("passwd", "relay"), queue):
        why.append("journal: %s" % (journal,))
    listed = system.run("/usr/local/bin/relay", "queue").stdout
    if name not in listed or "cannot open" in listed:
        why.append(listed)
    os.remove(system.path(SPOOL + "/new/" + name))
    os.remove(system.path(SPOOL + "/log/0660EA8C4731F80BD2D8AF"))
    return why + wrong(system)


def removes(place):
    """setup-spool --remove takes the set-gid bits and nothing of the queue"""
    system = prepare(place)
    system.run(SETUP)
    system.write(SPOOL + "/hold/0660EA8C4731F80BD2D8AF", "mail")
    said = system.run(SETUP, "--remove").stdout.splitlines()
    why = wrong_programs(system, is_set=False)
    if len(said) != 1 or not said[0].endswith(" stays (messages: 1)"):
        why += said
    os.remove(system.path(SPOOL + "/hold/0660EA8C4731F80BD2D8AF"))
    return why + wrong_layout(system)


def follows_no_link(place):
    """setup-spool changes nothing through what user relay put in its way"""
    why = []
    for trap in ("ln -s /etc drop", "ln -s /etc/shadow drop",
                 "ln /etc/shadow drop", "mkfifo drop", "ln -s . drop",
                 "ln -s ../relay/new drop", "ln -s nowhere drop"):
        system = prepare(place)
        system.run(SETUP)
        system.run("sh", "-ec", "cd %s && rmdir drop && %s" % (SPOOL, trap))
        before = listing(system.root, ["etc", "usr/local/var/spool"], True)
        done = system.run(SETUP, check=False)
        after = listing(system.root, ["etc", "usr/local/var/spool"], True)
        lines = done.stdout.splitlines()
        if done.returncode != 1 or len(lines) != 1 or "/drop" not in lines[0]:
            why += [trap, "status %d" % done.returncode, *lines]
        why += difference(before, after)
    return why


def says_what_is_wrong(place):
    """setup-spool: not root, wrong words and a linked spool, each in a line"""
    system = prepare(place)
    why = []

    def refuse(status, word, *argv):
        done = system.run(*argv, check=False)
        if (done.returncode, done.stdout.count("\n")) != (status, 1) or \
                word not in done.stdout:
            why.append("%s: %d %s" % (argv, done.returncode, done.stdout))

    refuse(1, "only root", "setpriv", "--reuid", "65534", SETUP)
    refuse(64, "usage", SETUP, "--help")
    refuse(64, "usage", SETUP, "--remove", "--remove")
    os.makedirs(system.path("/usr/local/var/spool"))
    os.symlink("/srv", system.path(SPOOL))
    refuse(1, "is a link", SETUP)
    return why


CASES = (with_useradd, with_busybox, with_systemd, mends, takes_over, removes,
         follows_no_link, says_what_is_wrong)
