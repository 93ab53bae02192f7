# SPDX-License-Identifier: GPL-3.0-or-later
"""callers - the programs that a machine's mail comes from, themselves

Debian's cron and at, PHP, and a uid that nobody knows: what they submit arrives
at the smarthost, with the uid of whoever they ran it for.
"""
import os
import subprocess

from machine import RELAY, STRANGER, USERS, wait_until, write

WWW_DATA = 33
PHP = """$ok = mail('you@example.net', 'from php', "hello\\nworld\\n",
    'From: web@example.org', '-fweb@example.org'); exit($ok ? 0 : 1);"""


def arrived(m, words, count=1):
    """Messages that have all of these, as soon as there are so many."""
    def found():
        return [s for s in m.host.messages()
                if all(w in s.content for w in words)]
    wait_until(lambda: len(found()) >= count)
    return found()


def judge(tap, name, m, ran, words, uid, to):
    found = arrived(m, words)
    why = []
    if ran is not None and (ran.status, ran.err) != (0, b""):
        why.append(str(ran))
    if len(found) != 1:
        why += ["%d messages" % len(found), *map(str, m.host.messages())]
    else:
        if b"(relay, from userid %d)" % uid not in found[0].content:
            why.append("userid: %r" % found[0].content)
        if found[0].recipients != [to]:
            why.append("to %s" % found[0].recipients)
    tap.result(not why, name, why)


def start_cron(m):
    """Its jobs are for the start of the machine, so that nobody waits for a
    minute to end."""
    folder = "/var/spool/cron/crontabs"
    for name, uid in (("root", 0), ("alice", USERS["alice"])):
        write("%s/%s" % (folder, name), "MAILTO=%s@example.net\n"
              "@reboot echo cron of %s\n" % (name, name), 0o600, (uid, 0))
    write("/etc/crontab", "@reboot dave echo the crontab of all\n")
    for name in os.listdir("/etc/cron.d"):
        os.unlink("/etc/cron.d/" + name)
    return m.start(["cron", "-f", "-L", "0"], stdin=subprocess.DEVNULL)


def cron(m, tap):
    daemon = start_cron(m)
    judge(tap, "cron: a job of root", m, None, [b"cron of root"], 0,
          "root@example.net")
    # cron runs sendmail as the owner of the job
    judge(tap, "cron: a job of an unprivileged user", m, None,
          [b"cron of alice"], USERS["alice"], "alice@example.net")
    judge(tap, "cron: /etc/crontab for a user", m, None,
          [b"the crontab of all"], USERS["dave"], "dave@example.org")
    m.stop(daemon)


def at(m, tap):
    for name, gid in (("atjobs", 1), ("atspool", 1)):
        os.makedirs("/var/spool/cron/" + name, exist_ok=True)
    daemon = m.start(["atd", "-f", "-l", "1000"], stdin=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists("/run/atd.pid"))
    for name, uid in (("root", 0), ("bob", USERS["bob"])):
        ran = m.run(["at", "now"], b"echo at of %s\n" % name.encode(), uid,
                    env={"USER": name, "LOGNAME": name, "HOME": "/"})
        judge(tap, "at: a job of %s" % name, m,
              None if ran.status == 0 else ran,
              [b"at of " + name.encode()], uid, name + "@example.org")
    m.stop(daemon)


def php(m, tap):
    ran = m.run(["php", "-r", PHP], uid=WWW_DATA)
    judge(tap, "PHP: mail() as www-data", m, ran,
          [b"Subject: from php", b"hello\r\nworld\r\n"], WWW_DATA,
          "you@example.net")


def stranger(m, tap):
    ran = m.submit(STRANGER, text=b"who am I\n")
    judge(tap, "a uid without an entry in the password file", m, ran,
          [b"who am I"], STRANGER, "you@example.net")


def run(m, tap):
    m.make_spool()
    m.start_host()
    watcher = m.start([m.flush, "--watch"], RELAY,
                      groups=m.groups_of_relay, stdin=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(m.spool + "/wake"))
    for part in (stranger, php, at, cron):
        part(m, tap)
    m.stop(watcher)
    tap.result(watcher.returncode == 0 and not m.names("drop") and
               not m.names("new"), "relay-flush --watch ends when it is told "
               "to, and nothing is left", [str(watcher.returncode),
                                           str(m.names("drop")),
                                           str(m.names("new"))])
