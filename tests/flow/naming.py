# SPDX-License-Identifier: GPL-3.0-or-later
"""naming - addresses as the configuration wants them, and aliases half done"""
import os
import sys

import stage

sys.path.append(os.path.join(stage.TESTS, "crash"))
from spool import crc32c  # noqa: E402

CRON = (b"From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@h> true\n"
        b"\nout\n")


def expect(why, what, good, more=None):
    if not good:
        why.append(what + ("" if more is None else ": %r" % (more,)))


def send(scene, argv, text):
    ran = scene.run([scene.stage.sendmail, "-odq"] + argv, text)
    if ran.status != 0 or ran.out or ran.err:
        raise RuntimeError("sendmail: %s %r" % (ran.status, ran.err))


def header(content):
    return content.split(b"\r\n\r\n")[0].decode().split("\r\n")


def begin(its_stage, *lines, options=(), aliases=None, top=""):
    host = its_stage.host(*options)
    scene = its_stage.scene()
    if aliases is not None:
        scene.write("aliases", aliases)
        top += "aliases %s/aliases\n" % scene.directory
    scene.configure(host.ports[0], *lines, top=top)
    return host, scene


def cron(its_stage):
    """A01 Debian cron: root gets its domain, its name stays"""
    host, scene = begin(its_stage)
    why = []
    send(scene, "-FCronDaemon -i -B8BITMIME -oem -froot root".split(), CRON)
    ran = scene.flush_now()
    expect(why, "status", ran.status == 0, ran.err)
    (to, content), = host.messages()
    expect(why, "to", to == ["root@example.org"], to)
    lines = header(content)
    expect(why, "From", "From: root@example.org (Cron Daemon)" in lines,
           lines)
    expect(why, "To", "To: root@example.org" in lines, lines)
    expect(why, "MAIL", any(c.startswith("MAIL FROM:<root@example.org>")
                            for c in host.lines("C")), host.lines("C"))
    expect(why, "body", content.endswith(b"\r\n\r\nout\r\n"), content)
    return why


def fail2ban(its_stage):
    """A33 fail2ban: sender, recipient and From without a domain"""
    host, scene = begin(its_stage)
    why = []
    send(scene, ["-f", "fail2ban", "root"],
         b"Subject: s\nDate:   Mon, 2 Nov 2026 10:00:00 +0000\n"
         b"From: Fail2Ban <fail2ban>\nTo: root\n\nx\n")
    scene.flush_now()
    (to, content), = host.messages()
    lines = header(content)
    expect(why, "to", to == ["root@example.org"], to)
    for line in ("From: Fail2Ban <fail2ban@example.org>",
                 "To: root@example.org",
                 "Date:   Mon, 2 Nov 2026 10:00:00 +0000"):
        expect(why, line, line in lines, lines)
    return why


def forced(its_stage):
    """from_force: envelope and From, the original kept"""
    host, scene = begin(its_stage, "from_allow *@example.org ann@x.test",
                        "from_force mail@example.net")
    why = []
    send(scene, ["-f", "bob@y.test", "you@x.test"],
         b"From: Bob <bob@y.test>\nTo: you@x.test\n\nx\n")
    send(scene, ["-f", "ann@x.test", "you@x.test"],
         b"From: ann@x.test\n\ny\n")
    send(scene, ["-f", "<>", "you@x.test"], b"From: d@z.test\n\nz\n")
    scene.flush_now()
    contents = [header(content) for _, content in host.messages()]
    mails = [c for c in host.lines("C") if c.startswith("MAIL")]
    for sender, command in zip(("mail@example.net", "ann@x.test", ""),
                               mails):
        expect(why, "MAIL", command.startswith("MAIL FROM:<%s>" % sender),
               command)
    expect(why, "From", "From: Bob <mail@example.net>" in contents[0] and
           "X-Original-From: Bob <bob@y.test>" in contents[0] and
           "Reply-To: Bob <bob@y.test>" in contents[0], contents[0])
    expect(why, "allowed", "From: ann@x.test" in contents[1] and
           not any(line.startswith(("X-Orig", "Reply"))
                   for line in contents[1]), contents[1])
    expect(why, "null sender", "From: mail@example.net" in contents[2],
           contents[2])
    return why


def scopes(its_stage):
    """from_scope: only there"""
    why = []
    for scope, sender, author in (
            ("envelope", "mail@example.net", "b@y.test"),
            ("header", "b@y.test", "mail@example.net"),
            ("both", "mail@example.net", "mail@example.net")):
        host, scene = begin(its_stage, "from_force mail@example.net",
                            "from_scope " + scope)
        send(scene, ["-f", "b@y.test", "you@x.test"],
             b"From: b@y.test\n\nx\n")
        scene.flush_now()
        mail, = [c for c in host.lines("C") if c.startswith("MAIL")]
        (_, content), = host.messages()
        expect(why, scope + " sender",
               mail.startswith("MAIL FROM:<%s>" % sender), mail)
        expect(why, scope + " From", "From: " + author in header(content),
               header(content))
    return why


def expanded(its_stage):
    """an alias: all its people, each once"""
    host, scene = begin(
        its_stage, aliases="root: ann, bob@y.test\n"
        "staff: bob@y.test, root, cy\nann: ann@x.test\n")
    why = []
    send(scene, ["-f", "me", "root", "staff", "bob@y.test", "other"],
         b"To: root, staff\n\nx\n")
    ran = scene.flush_now("--verbose")
    expect(why, "status", ran.status == 0, ran.err)
    expect(why, "once", host.counts() == {
        "ann@x.test": 1, "bob@y.test": 1, "cy@example.org": 1,
        "other@example.org": 1}, host.counts())
    orcpt = [c for c in host.lines("C") if c.startswith("RCPT")]
    expect(why, "ORCPT", any(
        "RCPT TO:<ann@x.test> ORCPT=rfc822;root@example.org" in c
        for c in orcpt), orcpt)
    expect(why, "orig_to", b"to=<cy@example.org> orig_to=<staff>" in ran.err,
           ran.err)
    lines = header(host.messages()[0][1])
    expect(why, "To", "To: root@example.org, staff@example.org" in lines,
           lines)
    return why


def half_done(its_stage):
    """an alias half delivered: the rest later, nobody twice"""
    host, scene = begin(
        its_stage, aliases="root: ann@x.test, bob@y.test, cy@z.test\n",
        options=("--refuse-rcpt", "cy@*:550 5.1.1 no such user",
                 "--fault", "rcpt:2:reply 450 4.2.1 busy"))
    why = []
    send(scene, ["-f", "me", "root"], b"Subject: s\n\nx\n")
    name, = scene.names("new")
    ran = scene.flush_now()
    expect(why, "status", ran.status == 75, (ran.status, ran.err))
    journal = scene.journal(name)
    expect(why, "parts", " 0 2.0.0 10:ann@x.test " in journal and
           "f " in journal and "9:cy@z.test" in journal, journal)
    # the aliases change in between: who has it still has it
    scene.write("aliases", "root: bob@y.test, ann@x.test, dan@x.test, "
                "cy@z.test\n")
    ran = scene.flush_now()
    expect(why, "counts, and a report", host.counts() == {
        "ann@x.test": 1, "bob@y.test": 1, "dan@x.test": 1,
        "me@example.org": 1}, host.counts())
    expect(why, "failed", scene.place(name) == "failed", ran.err)
    journal = scene.journal(name)
    expect(why, "the reason", "F " in journal and "no such user" in journal,
           journal)
    return why


def broken(its_stage):
    """a broken alias: its mail waits and says why, the rest goes"""
    host, scene = begin(its_stage, aliases="list: |/bin/cat\nroot: ann\n")
    why = []
    send(scene, ["-f", "me", "list", "root", "b@x.test"], b"\nx\n")
    name, = scene.names("new")
    ran = scene.flush_now()
    expect(why, "status", ran.status == 78, (ran.status, ran.err))
    expect(why, "the words", b"aliases:1: `|/bin/cat` is a program" in ran.err, ran.err)
    expect(why, "the rest", host.counts() == {
        "ann@example.org": 1, "b@x.test": 1}, host.counts())
    expect(why, "kept", scene.place(name) == "new")
    shown = scene.relay("queue", "show", name)
    expect(why, "shown", b"aliases:1" in shown.out, shown.out)
    scene.write("aliases", "list: cy@z.test\n")
    ran = scene.flush_now()
    expect(why, "mended", host.counts()["cy@z.test"] == 1 and
           host.counts()["b@x.test"] == 1 and not scene.names("new"),
           ran.err)
    return why


def broken_alone(its_stage):
    """only a broken alias: tried later, no connection, the reason listed"""
    host, scene = begin(its_stage, aliases="list: /var/mail/x\n")
    why = []
    send(scene, ["-f", "me", "list"], b"\nx\n")
    name, = scene.names("new")
    ran = scene.flush_now()
    expect(why, "status", ran.status == 78, (ran.status, ran.err))
    expect(why, "no connection", not host.lines("O"), host.lines())
    expect(why, "a try", "\nA " in "\n" + scene.journal(name),
           scene.journal(name))
    ran = scene.run([its_stage.flush])
    expect(why, "later, and still said", ran.status == 0 and
           ran.err.count(b"aliases:1") == 1, (ran.status, ran.err))
    shown = scene.relay("queue")
    expect(why, "listed", b"/var/mail/x" in shown.out, shown.out)
    return why


def no_file(its_stage):
    """no aliases file: bare names wait, addresses go"""
    host, scene = begin(its_stage, top="aliases /nonexistent/aliases\n")
    why = []
    send(scene, ["-f", "me", "root", "b@x.test"], b"\nx\n")
    ran = scene.flush_now()
    expect(why, "status", ran.status == 78, (ran.status, ran.err))
    expect(why, "addresses", host.counts() == {"b@x.test": 1}, host.counts())
    expect(why, "words", b"/nonexistent/aliases" in ran.err, ran.err)
    return why


def postmaster(its_stage):
    """system accounts: the postmaster reads it, once"""
    host, scene = begin(its_stage, top="postmaster me@w.test\n")
    why = []
    send(scene, ["-f", "me", "root", "daemon", "nosuchuser"], b"\nx\n")
    scene.flush_now()
    expect(why, "counts", host.counts() == {
        "me@w.test": 1, "nosuchuser@example.org": 1}, host.counts())
    return why


def many(its_stage):
    """an alias of 20,000: all of them, and an alias that grew"""
    people = ", ".join("u%d@x.test" % i for i in range(20000))
    host, scene = begin(its_stage, aliases="all: %s\n" % people,
                        options=("--deadline", "120"))
    why = []
    send(scene, ["-f", "me", "all"], b"\nx\n")
    ran = scene.flush_now(patience=110)
    expect(why, "status", ran.status == 0, (ran.status, ran.err[-300:]))
    counts = host.counts()
    expect(why, "counts", len(counts) == 20000 and
           set(counts.values()) == {1}, len(counts))
    expect(why, "the queue", not scene.names("new"))
    return why


# What each provider says to cron's mail as it is, and passes as configured.
PERSONAS = (
    ("ses", b"554", "from_force alerts@example.org"),
    ("sendgrid", b"403", "from_force alerts@example.org"),
    ("gmail", None, "from_force alerts@example.org"),
    ("microsoft365", b"SendAsDenied", "from_force alerts@example.org"),
)
CALLERS = (  # as they call, and what they write
    ("Debian cron", "-FCronDaemon -i -B8BITMIME -oem root",
     b"From: root (Cron Daemon)\nTo: root\n"
     b"Subject: Cron <root@h> /usr/bin/b\xc3\xa9\nMIME-Version: 1.0\n"
     b"Content-Type: text/plain; charset=UTF-8\n"
     b"Content-Transfer-Encoding: 8bit\n\ncaf\xc3\xa9\n"),
    ("cronie", "-FCronDaemon -i -odi -oem -oi -t -f root",
     b'From: "(Cron Daemon)" <root>\nTo: root\nSubject: s\n\nout\n'),
    ("mdadm", "-t", b"From: mdadm monitoring <root@h>\nTo: root\n"
     b"Subject: DegradedArray\n\nmd0\n"),
    ("at", "-i root", b"Subject: Output from your job\nTo: root\n\nx\n"),
    ("a bounce", "-i -f <> -- root",
     b"From: MAILER-DAEMON\nTo: root\nSubject: s\n\nx\n"),
)


def persona(name, words, line):
    """A case for one provider."""
    def case(its_stage):
        host, scene = begin(
            its_stage, line, top="postmaster me@example.org\n",
            options=("--persona", name, "--verified", "*@example.org"))
        bare = its_stage.scene()
        bare.configure(host.ports[0], top="domain h.example.net\n")
        bare.write("relayrc", open(bare.config).read().replace(
            "domain example.org\n", ""))
        why = []
        if words is not None:
            send(bare, CALLERS[0][1].split(), CALLERS[0][2])
            ran = bare.flush_now()
            expect(why, "not as it is", words in ran.err and
                   not host.messages(), ran.err)
        for caller, argv, text in CALLERS:
            before = len(host.messages())
            send(scene, argv.split(), text)
            ran = scene.flush_now()
            expect(why, caller, ran.status == 0 and
                   len(host.messages()) == before + 1, ran.err)
        expect(why, "no rule broken", not host.lines("E"), host.lines("E"))
        return why
    case.__doc__ = "%s: root's mail passes with three lines" % name
    return case


def long_sender(its_stage):
    """a sender longer than an address does not become the null sender"""
    host, scene = begin(its_stage)
    why = []
    send(scene, ["-fme", "you@x.test"], b"Subject: s\n\nx\n")
    name, = scene.names("new")
    data = scene.bytes("new", name)[:-28].replace(
        b"S me\n", b"S " + b"x" * 2000 + b"@x.test\n")
    with open(os.path.join(scene.queue, "new", name), "wb") as file:
        file.write(data + b"= %016X %08X\n" % (len(data), crc32c(data)))
    ran = scene.flush_now()
    expect(why, "refused", scene.place(name) == "failed" and
           not host.messages(), (ran.status, ran.err))
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        cron, fail2ban, forced, scopes, expanded, half_done, broken,
        broken_alone, no_file, postmaster, many, long_sender) +
        tuple(persona(*row) for row in PERSONAS))
