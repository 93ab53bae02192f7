# SPDX-License-Identifier: GPL-3.0-or-later
"""reports - what the sender is told, once, and what he asked not to be told"""
import email
import email.policy
import time

import stage
from naming import expect, send

NEVER = ("--refuse-rcpt", "never@*:550 5.1.1 no such user")
LATER = ("--refuse-rcpt", "later@*:450 4.2.1 busy")
NO_DSN = ("--extensions", "SIZE=52428800 8BITMIME PIPELINING "
          "ENHANCEDSTATUSCODES")
TEXT = (b"From: Me <me@example.org>\nTo: never@x.test\nSubject: caf\xc3\xa9"
        b"\n\nthe body\n")


def begin(its_stage, *options, top="", lines=()):
    host = its_stage.host(*options)
    scene = its_stage.scene()
    scene.configure(host.ports[0], *lines, top=top)
    return host, scene


def flush(scene, times=2):
    """A report is sent by the pass after the one that made it, or by the
    same."""
    for _ in range(times):
        ran = scene.flush_now("--verbose")
    return ran


def reports(host, to="me@example.org"):
    """What arrived of reports: parsed."""
    found = []
    for recipients, content in host.messages():
        mail = email.message_from_bytes(content, policy=email.policy.default)
        if mail.get_content_type() == "multipart/report":
            found.append((recipients, mail))
    return [mail for recipients, mail in found if recipients == [to]]


def fields(mail):
    """The groups of its machine part."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            return part.get_payload()
    return []


def bounced(its_stage):
    """refused for good: one report, with all that people and programs need"""
    host, scene = begin(its_stage, *NEVER)
    why = []
    send(scene, ["-f", "me@example.org", "-V", "id 1", "never@x.test"], TEXT)
    name, = scene.names("new")
    ran = scene.flush_now("--verbose")
    expect(why, "said", b"report=" in ran.err, ran.err)
    flush(scene)
    found = reports(host)
    expect(why, "one report", len(found) == 1, host.counts())
    expect(why, "failed/", scene.place(name) == "failed" and
           not scene.names("new"), scene.names("new"))
    if not found:
        return why
    mail = found[0]
    groups = fields(mail)
    expect(why, "two groups", len(groups) == 2, groups)
    expect(why, "envelope id", groups[0]["Original-Envelope-Id"] == "id 1",
           groups[0].items())
    expect(why, "failed", (groups[1]["Action"], groups[1]["Status"]) ==
           ("failed", "5.1.1") and "never@x.test" in
           groups[1]["Final-Recipient"], groups[1].items())
    expect(why, "the words", "no such user" in groups[1]["Diagnostic-Code"],
           groups[1].items())
    text = next(p for p in mail.walk()
                if p.get_content_type() == "text/plain").get_content()
    expect(why, "for people", "never@x.test" in text and
           "no such user" in text and name in text, text)
    kinds = [p.get_content_type() for p in mail.iter_parts()]
    expect(why, "header only", kinds[-1] == "text/rfc822-headers", kinds)
    expect(why, "no loop", mail["Auto-Submitted"].startswith("auto-"))
    mails = [c for c in host.lines("C") if c.startswith("MAIL")]
    expect(why, "null sender", mails[-1].startswith("MAIL FROM:<>"), mails)
    expect(why, "no rule broken", not host.lines("E"), host.lines("E"))
    return why


def full(its_stage):
    """RET=FULL: the message too; 8 bits through seven"""
    host, scene = begin(its_stage, *NEVER, "--extensions", "SIZE=52428800")
    why = []
    send(scene, ["-f", "me@example.org", "-R", "full", "never@x.test"],
         TEXT + b"caf\xc3\xa9\n")
    flush(scene, 3)
    found = reports(host)
    expect(why, "one report", len(found) == 1, host.counts())
    inner = [p for mail in found for p in mail.walk()
             if p.get_content_type() == "message/rfc822"]
    expect(why, "inside", len(inner) == 1 and b"caf" in
           inner[0].get_payload(0).get_payload(decode=True), inner)
    expect(why, "no rule broken", not host.lines("E"), host.lines("E"))
    return why


def unwanted(its_stage):
    """NEVER, no FAILURE, the null sender, a failed report: nothing"""
    host, scene = begin(its_stage, *NEVER)
    why = []
    send(scene, ["-fme@example.org", "-N", "never", "never@x.test"], TEXT)
    send(scene, ["-fme@example.org", "-N", "success,delay", "never@x.test"],
         TEXT)
    send(scene, ["-f", "<>", "never@x.test"], TEXT)
    flush(scene)
    expect(why, "none", not host.messages() and not scene.names("new"),
           host.counts())
    expect(why, "kept", len(scene.names("failed")) == 3)
    send(scene, ["-fnever@x.test", "never@x.test"], TEXT)
    flush(scene, 3)
    expect(why, "a failed report has none", not host.messages() and
           len(scene.names("failed")) == 5 and not scene.names("new"),
           scene.names("failed"))
    return why


def success(its_stage):
    """SUCCESS: by the server that can, else by us"""
    why = []
    for options, wanted in (((), 0), (NO_DSN, 1)):
        host, scene = begin(its_stage, *options)
        send(scene, ["-fme@example.org", "-N", "success", "you@x.test"],
             TEXT)
        flush(scene)
        found = reports(host)
        expect(why, "%d report" % wanted, len(found) == wanted,
               host.counts())
        for mail in found:
            expect(why, "relayed", fields(mail)[1]["Action"] == "relayed",
                   fields(mail))
        expect(why, "gone", not scene.names("new") and
               not scene.names("failed"))
    return why


def some(its_stage):
    """of three: one report when all are settled, about those who matter"""
    host, scene = begin(its_stage, *NEVER, *LATER)
    why = []
    send(scene, ["-fme@example.org", "ok@x.test", "later@x.test",
                 "never@x.test"], TEXT)
    flush(scene)
    expect(why, "not yet", not reports(host), host.counts())
    scene.configure(its_stage.host().ports[0])
    other = its_stage.hosts[-1]
    scene.configure(other.ports[0])
    flush(scene)
    found = reports(other)
    expect(why, "one", len(found) == 1, (host.counts(), other.counts()))
    for mail in found:
        groups = fields(mail)[1:]
        expect(why, "only the failed", len(groups) == 1 and "never@x.test" in
               groups[0]["Final-Recipient"], groups)
    return why


def alias(its_stage):
    """an alias: the sender's name for it, and the address that failed"""
    host, scene = begin(its_stage, *NEVER)
    why = []
    path = scene.write("aliases", "team: ok@x.test, never@x.test\n")
    scene.configure(host.ports[0], top="aliases %s\n" % path)
    send(scene, ["-fme@example.org", "team"], TEXT)
    flush(scene)
    found = reports(host)
    expect(why, "one", len(found) == 1, host.counts())
    for mail in found:
        groups = fields(mail)[1:]
        expect(why, "final", len(groups) == 1 and
               groups[0]["Final-Recipient"].endswith("never@x.test"), groups)
        text = next(p for p in mail.walk()
                    if p.get_content_type() == "text/plain").get_content()
        expect(why, "team", "team@example.org" in text, text)
    return why


def postmaster(its_stage):
    """cron's mail fails: the postmaster is told, by rules like all mail"""
    host, scene = begin(its_stage, *NEVER, top="postmaster boss@x.test\n",
                        lines=("from_force robot@example.org",))
    why = []
    send(scene, ["-froot", "never@x.test"],
         b"From: root (Cron Daemon)\nTo: never@x.test\nSubject: s\n\nx\n")
    flush(scene)
    found = reports(host, "boss@x.test")
    expect(why, "one", len(found) == 1, host.counts())
    for mail in found:
        expect(why, "From", "robot@example.org" in mail["From"],
               mail["From"])
    return why


def again(its_stage):
    """retry of what failed: a new try, and then a report of its own"""
    host, scene = begin(its_stage, *NEVER)
    why = []
    send(scene, ["-fme@example.org", "never@x.test"], TEXT)
    name, = scene.names("new")
    flush(scene)
    expect(why, "first", len(reports(host)) == 1, host.counts())
    ran = scene.relay("queue", "retry", name)
    expect(why, "retry", ran.status == 0, ran.err)
    flush(scene)
    expect(why, "second", len(reports(host)) == 2 and
           scene.place(name) == "failed", host.counts())
    return why


def told_before(its_stage):
    """what the first report said of others is not said by the second"""
    host, scene = begin(its_stage, *NEVER, *NO_DSN)
    why = []
    send(scene, ["-fme@example.org", "-Nsuccess,failure", "never@x.test",
                 "ok@x.test"], TEXT)
    name, = scene.names("new")
    flush(scene)
    scene.relay("queue", "retry", name)
    flush(scene)
    found = [[group["Action"] for group in fields(mail)[1:]]
             for mail in reports(host)]
    expect(why, "each once", found == [["failed", "relayed"], ["failed"]],
           found)
    return why


def held(its_stage):
    """a warning that leaves while its message is held is the only one"""
    host, scene = begin(its_stage, "--fault", "rcpt:1:drop",
                        top="warn 1h\n")
    why = []
    start = time.time() + 60
    send(scene, ["-fme@example.org", "later@x.test"], TEXT)
    name, = scene.names("new")
    scene.flush_now(env=at(start + 7200))
    expect(why, "waits", not host.messages() and len(scene.names("new")) == 2,
           (host.counts(), scene.names("new")))
    scene.relay("queue", "hold", name)
    host = its_stage.host(*LATER)
    scene.configure(host.ports[0], top="warn 1h\n")
    scene.flush_now(env=at(start + 7300))
    expect(why, "one", len(reports(host)) == 1, host.counts())
    scene.relay("queue", "release", name)
    scene.flush_now(env=at(start + 7400))
    scene.flush_now(env=at(start + 7500))
    expect(why, "no other", len(reports(host)) == 1, host.counts())
    return why


ENDING = """
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
int openat(int at, const char *name, int flags, ...)
{
	va_list more;
	unsigned mode;

	va_start(more, flags);
	mode = va_arg(more, unsigned);
	va_end(more);
	if (flags & O_EXCL)
		_exit(9);
	return syscall(SYS_openat, at, name, flags, mode);
}
int openat64(int, const char *, int, ...) __attribute__((alias("openat")));
"""


def crashed(its_stage):
    """delivered, and an end before the report is made: nobody twice"""
    host = its_stage.host(*NO_DSN, "--no-auth")
    scene = its_stage.scene()
    scene.configure(host.ports[0], tls="none", login=False, ca=False)
    why = []
    library = its_stage.preload(scene.write("ending.c", ENDING))
    send(scene, ["-fme@example.org", "-Nsuccess", "ok@x.test"], TEXT)
    ran = scene.flush_now(env={"LD_PRELOAD": library})
    expect(why, "ended", ran.status == 9 and host.counts() ==
           {"ok@x.test": 1}, (ran.status, ran.err, host.counts()))
    flush(scene)
    expect(why, "once", host.counts() == {"ok@x.test": 1,
                                          "me@example.org": 1} and
           not scene.names("new"), host.counts())
    return why


def late(its_stage):
    """a report that arrives after a retry is none about the new tries"""
    host, scene = begin(its_stage, *NEVER, "--refuse-rcpt",
                        "me@*:450 4.2.1 busy")
    why = []
    send(scene, ["-fme@example.org", "never@x.test"], TEXT)
    name, = scene.names("new")
    flush(scene)
    scene.relay("queue", "retry", name)
    host = its_stage.host("--refuse-rcpt", "never@*:450 4.2.1 busy")
    scene.configure(host.ports[0])
    flush(scene)
    expect(why, "the first", len(reports(host)) == 1, host.counts())
    host = its_stage.host(*NEVER)
    scene.configure(host.ports[0])
    flush(scene)
    expect(why, "the second", len(reports(host)) == 1 and
           scene.place(name) == "failed", scene.journal(name))
    return why


def at(when):
    return {"RELAY_TEST_CLOCK": str(int(when))}


def delayed(its_stage):
    """put off for 4 hours: one warning; given up after 5 days: one report"""
    host, scene = begin(its_stage, *LATER)
    why = []
    start = time.time() + 60
    scene.submit("later@x.test", env=at(start))
    name, = scene.names("new")
    hours = [0, 0.1, 0.5, 1, 2, 3, 3.9]
    for hour in hours:
        ran = scene.flush_now(env=at(start + 3600 * hour + 1))
    expect(why, "no warning yet", not reports(host), host.counts())
    for hour in (4.1, 6, 12, 24):
        ran = scene.flush_now(env=at(start + 3600 * hour))
    found = reports(host)
    expect(why, "one warning", len(found) == 1, (host.counts(), ran.err))
    for mail in found:
        group = fields(mail)[1]
        expect(why, "delayed", group["Action"] == "delayed" and
               group["Status"].startswith("4.") and
               group["Will-Retry-Until"], group.items())
    for hour in range(28, 24 * 6, 4):  # a leap of the clock ages nothing
        ran = scene.flush_now(env=at(start + 3600 * hour))
    found = reports(host)
    expect(why, "and one report", len(found) == 2 and
           fields(found[1])[1]["Action"] == "failed" and
           scene.place(name) == "failed", (host.counts(), ran.err))
    return why


def warn_key(its_stage):
    """warn 1h, warn 0s, NOTIFY without DELAY"""
    why = []
    for top, options, wanted in (("warn 1h\n", (), 1), ("warn 0s\n", (), 0),
                                 ("warn 1h\n", ("-Nfailure",), 0)):
        host, scene = begin(its_stage, *LATER, top=top)
        start = time.time() + 60
        scene.env.update(at(start))
        send(scene, ["-fme@example.org", *options, "later@x.test"], TEXT)
        for hour in (0.1, 1, 2, 5):
            scene.flush_now(env=at(start + 3600 * hour))
        expect(why, "%s %s" % (top.strip(), options),
               len(reports(host)) == wanted, host.counts())
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        bounced, full, unwanted, success, some, alias, postmaster, again,
        late, told_before, held, crashed, delayed, warn_key))
