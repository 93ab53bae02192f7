# SPDX-License-Identifier: GPL-3.0-or-later
"""play_listing - what monitoring reads of mailq"""
import signal

from machine import STRANGER

CHECK = "/usr/lib/nagios/plugins/check_mailq"
ONE_LINERS = {  # and what they print
    "mailq | grep -c '^[A-F0-9]'": b"3\n",
    "mailq | tail -1 | awk '{print $5}'": b"3\n",
    "mailq | head -1 | cut -c1-10": b"-Queue ID-\n",
    "sendmail -bp | sed -n 's/^.*Total Requests: //p'": b"3\n",
    "/usr/lib/sendmail -bP": b"3\n",
}


def check(o, tap, name, user, warning, critical, status, says):
    """check_mailq, as the machine's MTA were Postfix and as it were sendmail:
    the same answer."""
    for mta in ("postfix", "sendmail"):
        ran = o.call([CHECK, "-M", mta, "-w", str(warning), "-c",
                      str(critical)], user)
        tap.result(ran.status == status and says in ran.out and not ran.err,
                   "check_mailq -M %s: %s" % (mta, name), [str(ran)])


def listing(o, tap, name, sender, reader):
    """Three messages that wait."""
    check(o, tap, "an empty queue " + name, reader, 1, 9, 0, b"OK")
    for i in range(3):
        ran = o.call(["/usr/sbin/sendmail", "listed-%d@example.net" % i],
                     sender, b"Subject: s\n\nx\n")
        if ran.status != 0:
            tap.result(False, "a message that waits", [str(ran)])
    check(o, tap, "3 below -w 4 " + name, reader, 4, 9, 0, b"OK")
    check(o, tap, "3 above -w 2 " + name, reader, 2, 9, 1, b"WARNING")
    check(o, tap, "3 above -c 2 " + name, reader, 1, 2, 2, b"CRITICAL")
    for line, out in ONE_LINERS.items():
        ran = o.call(["sh", "-c", line], sender)
        tap.result(ran.status == 0 and ran.out == out and not ran.err,
                   "%s: %s" % (line, name), [str(ran)])


def personal(o, tap):
    o.give_queue("carol", port=1)
    listing(o, tap, "of one's own", "carol", "carol")


def common(o, tap):
    """The flusher stands still; who reads has no account and no mail."""
    o.watcher.send_signal(signal.SIGSTOP)
    try:
        listing(o, tap, "of the machine", "bob", STRANGER)
    finally:
        o.watcher.send_signal(signal.SIGCONT)
    for i in range(3):
        o.judge(tap, "... and %d is sent then" % i, None,
                {"sender": "bob@example.org",
                 "to": ["listed-%d@example.net" % i]})


def newaliases(o, tap):
    """Packages run it when they are set up."""
    for line in ("newaliases", "/usr/bin/newaliases", "sendmail -bi"):
        ran = o.call(line.split(), 0)
        tap.result((ran.status, ran.out, ran.err) == (0, b"", b""), line,
                   [str(ran)])


def run(o, tap):
    for part in (common, personal, newaliases):
        part(o, tap)
