# SPDX-License-Identifier: GPL-3.0-or-later
"""digest - a sender with much to be told of: 20 reports in an hour, then one

Each message is told of once: in a report of its own, or in one digest.
"""
import email
import email.policy
import fcntl
import os
import re
import time

import stage
from crc import crc32c
from naming import expect, send
from reports import LATER, NEVER, NO_DSN, TEXT, at, begin, reports

MOST = 20  # TALLY_MOST
HOUR = 3600
ID = re.compile(r"^Message ([0-9A-F]{22}),", re.MULTILINE)


def digests(host, to="me@example.org"):
    """The text of each digest, and the ids it names."""
    found = []
    for recipients, content in host.messages():
        mail = email.message_from_bytes(content, policy=email.policy.default)
        if recipients == [to] and mail["Auto-Submitted"] and \
                mail.get_content_type() == "text/plain":
            text = mail.get_content()
            found.append((text, ID.findall(text)))
    return found


def submit(scene, count, *options, to="never@x.test"):
    """The new names."""
    before = set(scene.names("new"))
    for _ in range(count):
        send(scene, ["-fme@example.org", *options, to], TEXT)
    return sorted(set(scene.names("new")) - before)


def flood(its_stage, count, *options, host_options=NEVER):
    """That many messages have failed, and 20 were reported."""
    host, scene = begin(its_stage, *host_options)
    names = submit(scene, count, *options)
    start = int(time.time())
    for second in range(3):
        scene.run([its_stage.flush, "--now"], env=at(start + second))
    return host, scene, names, start


def told_of(host):
    """Ids of messages, each as often as it was told of."""
    ids = [name for _, names in digests(host) for name in names]
    for mail in reports(host):
        text = next(p for p in mail.walk()
                    if p.get_content_type() == "text/plain").get_content()
        ids.append(re.search(r"retry ([0-9A-F]{22})|is ([0-9A-F]{22})\.",
                             " ".join(text.split())).group(1) or "?")
    return sorted(ids)


def together(its_stage):
    """25 fail in an hour: 20 reports, and one digest of 5 when it is over"""
    host, scene, names, start = flood(its_stage, MOST + 5)
    why = []
    expect(why, "20 reports", len(reports(host)) == MOST and
           not digests(host), host.counts())
    left = scene.names("new")
    expect(why, "5 wait", len(left) == 5 and set(left) <= set(names), left)
    expect(why, "settled", all("\nR " not in scene.journal(name) and
                               scene.journal(name).startswith("F ")
                               for name in left))
    due = [os.stat(os.path.join(scene.queue, "new", name)).st_mtime - start
           for name in left]
    expect(why, "until the hour is over", all(HOUR - 5 < d < HOUR + 5
                                              for d in due), due)
    ran = scene.relay("queue", env=at(start))
    expect(why, "said", ran.out.count(b"settled; its sender is told in 6") +
           ran.out.count(b"settled; its sender is told in 59") == 5, ran.out)
    asked = len(host.lines("C"))
    scene.run([its_stage.flush, "--now"], env=at(start + HOUR // 2))
    expect(why, "not before, whatever a person says", not digests(host) and
           scene.names("new") == left and len(host.lines("C")) == asked,
           host.lines("C")[asked:])
    for second in range(2):
        ran = scene.run([its_stage.flush, "--verbose"],
                        env=at(start + HOUR + 10 + second))
    found = digests(host)
    expect(why, "one digest", len(found) == 1 and found[0][1] == left,
           (found, ran.err))
    expect(why, "each once", told_of(host) == names, told_of(host))
    expect(why, "all are kept", not scene.names("new") and
           scene.names("failed") == names, scene.names("new"))
    text = found[0][0] if found else ""
    expect(why, "its words", all(word in text for word in (
        "never@x.test", "550 5.1.1 no such user", "What it means:",
        "Subject: caf", "relay queue retry", "these 5 messages")), text)
    mails = [c for c in host.lines("C") if c.startswith("MAIL")]
    expect(why, "null sender", mails[-1].startswith("MAIL FROM:<>"), mails)
    expect(why, "no rule broken", not host.lines("E"), host.lines("E"))
    return why


def own_hour(its_stage):
    """after the digest 19 more have reports of their own; others always had"""
    host, scene, _, start = flood(its_stage, MOST + 2)
    why = []
    send(scene, ["-fother@example.org", "never@x.test"], TEXT)
    for second in range(2):
        scene.flush_now(env=at(start + 60 + second))
    expect(why, "another sender", len(reports(host, "other@example.org")) ==
           1, host.counts())
    later = start + HOUR + 60
    for second in range(2):
        scene.flush_now(env=at(later + second))
    submit(scene, MOST)
    for second in range(3):
        scene.flush_now(env=at(later + 60 + second))
    expect(why, "one digest, 19 reports", len(digests(host)) == 1 and
           len(reports(host)) == MOST + MOST - 1, host.counts())
    expect(why, "one waits", len(scene.names("new")) == 1,
           scene.names("new"))
    scene.flush_now(env=at(later + HOUR + 60))
    scene.flush_now(env=at(later + HOUR + 61))
    expect(why, "one alone is no digest", len(digests(host)) == 1 and
           len(reports(host)) == MOST + MOST and not scene.names("new"),
           host.counts())
    return why


def large(its_stage):
    """more than 500: two digests, an hour apart"""
    host, scene, names, start = flood(its_stage, MOST + 504)
    why = []
    for second in range(3):
        scene.flush_now(env=at(start + HOUR + 60 + second))
    expect(why, "500", [len(ids) for _, ids in digests(host)] == [500],
           host.counts())
    expect(why, "4 wait", len(scene.names("new")) == 4, scene.names("new"))
    for second in range(3):
        scene.flush_now(env=at(start + 2 * HOUR + 180 + second))
    expect(why, "and 4", sorted(len(ids) for _, ids in digests(host)) ==
           [4, 500], host.counts())
    expect(why, "each once", told_of(host) == names and not
           scene.names("new"))
    return why


def forgotten(its_stage):
    """the count is lost: reports one by one, of each message once"""
    host, scene, names, start = flood(its_stage, MOST + 5)
    why = []
    os.unlink(os.path.join(scene.queue, "pause", "count.reports"))
    for second in range(2):
        scene.flush_now(env=at(start + 60 + second))
    expect(why, "each once", told_of(host) == names and not digests(host) and
           not scene.names("new"), host.counts())
    return why


def clock_back(its_stage):
    """a clock that goes back a year: the rest is told of, together"""
    host, scene, names, start = flood(its_stage, MOST + 5)
    why = []
    for second in range(2):
        scene.flush_now(env=at(start - 365 * 86400 + second))
    expect(why, "each once", told_of(host) == names and
           len(digests(host)) == 1, host.counts())
    return why


def held(its_stage):
    """held while it waits: it has a report of its own when it is released"""
    host, scene, names, start = flood(its_stage, MOST + 3)
    why = []
    name = scene.names("new")[1]
    scene.relay("queue", "hold", name)
    for second in range(2):
        scene.flush_now(env=at(start + HOUR + 60 + second))
    expect(why, "two of three", [len(ids) for _, ids in digests(host)] == [2],
           host.counts())
    scene.relay("queue", "release", name)
    for second in range(2):
        scene.flush_now(env=at(start + HOUR + 120 + second))
    expect(why, "each once", told_of(host) == names and
           scene.names("failed") == names, host.counts())
    return why


def in_hand(its_stage):
    """one that somebody has in his hands keeps no other waiting"""
    host, scene, names, start = flood(its_stage, MOST + 4)
    why = []
    left = scene.names("new")
    for name in left:  # as a crash leaves it
        add_line(scene, name, start, "%014X%08X" % (start * 1000000, 7))
    path = os.path.join(scene.queue, "new", left[2])
    with open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for second in range(2):
            scene.flush_now(env=at(start + HOUR + 60 + second))
    expect(why, "three of four", [len(ids) for _, ids in digests(host)] ==
           [3] and scene.names("new") == [left[2]], host.counts())
    for second in range(2):
        scene.flush_now(env=at(start + HOUR + 120 + second))
    expect(why, "each once", told_of(host) == names and
           scene.names("failed") == names, (told_of(host), names))
    return why


def add_line(scene, name, when, report):
    """To the journal: it has that report."""
    line = ("R %d - - %s" % (when, report)).encode()
    with open(os.path.join(scene.queue, "log", name), "ab") as file:
        file.write(line + b" *%08X\n" % crc32c(name.encode() + line))


def broken_off(its_stage):
    """named, and then held, and the digest not made: one report each"""
    host, scene, names, start = flood(its_stage, MOST + 4)
    why = []
    left = scene.names("new")
    # as a crash leaves it: all four have the name of a digest that is not
    digest = "%014X%08X" % (start * 1000000, 7)
    for name in left:
        add_line(scene, name, start, digest)
    scene.relay("queue", "hold", left[0])
    for second in range(2):
        scene.flush_now(env=at(start + HOUR + 60 + second))
    expect(why, "three", [ids for _, ids in digests(host)] == [left[1:]],
           (digests(host), host.counts()))
    scene.relay("queue", "release", left[0])
    for second in range(2):
        scene.flush_now(env=at(start + HOUR + 120 + second))
    expect(why, "each once", told_of(host) == names and
           scene.names("failed") == names, (told_of(host), names))
    return why


ENDING = """
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int fsync(int fd)
{
	char link[64], path[4096] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) > 7 &&
	    strcmp(path + strlen(path) - 7, "/failed") == 0)
		_exit(9);
	return (int)syscall(SYS_fsync, fd);
}
"""


def queued(its_stage):
    """queued, and an end before two are moved, one of which is then held"""
    host, scene, names, start = flood(its_stage, MOST + 3)
    why = []
    left = scene.names("new")
    library = its_stage.preload(scene.write("digest.c", ENDING))
    ran = scene.flush_now(env={"LD_PRELOAD": library,
                               **at(start + HOUR + 60)})
    expect(why, "ended", ran.status == 9 and
           len(scene.names("new")) == len(left) and not digests(host),
           (ran.status, ran.err, scene.names("new")))
    scene.relay("queue", "hold", left[1])
    for second in range(2):
        scene.flush_now(env=at(start + HOUR + 120 + second))
    expect(why, "all three", [ids for _, ids in digests(host)] == [left] and
           scene.journal(left[1]).count(" done ") == 1, host.counts())
    scene.relay("queue", "release", left[1])
    for second in range(2):
        scene.flush_now(env=at(start + HOUR + 180 + second))
    expect(why, "each once", told_of(host) == names and
           scene.names("failed") == names, (told_of(host), names))
    return why


def refused(its_stage):
    """a digest that fails is never reported; what it is about stays"""
    host, scene = begin(its_stage, *NEVER, "--refuse-rcpt",
                        "me@*:550 5.1.1 gone")
    why = []
    submit(scene, MOST + 3)
    start = int(time.time())
    for when in (0, 1, HOUR + 60, HOUR + 61):
        scene.flush_now(env=at(start + when))
    expect(why, "nothing waits", not scene.names("new") and
           len(scene.names("failed")) == 2 * MOST + 3 + 1 and
           not host.messages(), scene.names("failed"))
    return why


def successes(its_stage):
    """SUCCESS counts, too: 22 delivered, 20 reports and one digest"""
    host, scene = begin(its_stage, *NO_DSN)
    why = []
    submit(scene, MOST + 2, "-Nsuccess", to="ok@x.test")
    start = int(time.time())
    for when in (0, 1):
        scene.flush_now(env=at(start + when))
    expect(why, "20 reports", len(reports(host)) == MOST and
           len(scene.names("new")) == 2, host.counts())
    for when in (HOUR + 60, HOUR + 61):
        scene.flush_now(env=at(start + when))
    found = digests(host)
    expect(why, "a digest", len(found) == 1 and len(found[0][1]) == 2 and
           "relay queue retry" not in found[0][0], found)
    expect(why, "nobody twice", host.counts()["ok@x.test"] == MOST + 2 and
           not scene.names("new") and not scene.names("failed"),
           host.counts())
    return why


def warnings(its_stage):
    """warnings count, too; what is too many waits for the next try"""
    host, scene = begin(its_stage, *LATER, top="warn 1h\n")
    why = []
    start = int(time.time()) + 60
    scene.env.update(at(start))
    names = submit(scene, MOST + 2, to="later@x.test")
    for hour in (0.1, 1.05):
        scene.flush_now(env=at(start + HOUR * hour))
    scene.flush_now(env=at(start + HOUR * 1.05 + 1))
    expect(why, "20 warnings", len(reports(host)) == MOST, host.counts())
    scene.flush_now(env=at(start + HOUR * 1.5))
    expect(why, "and no more", len(reports(host)) == MOST, host.counts())
    scene.flush_now(env=at(start + HOUR * 2.5))
    scene.flush_now(env=at(start + HOUR * 2.5 + 1))
    expect(why, "the others at a later try", len(reports(host)) == MOST + 2
           and scene.names("new") == names, host.counts())
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        together, own_hour, large, forgotten, clock_back, held, in_hand,
        broken_off, queued, refused, successes, warnings))
