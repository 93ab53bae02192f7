# SPDX-License-Identifier: GPL-3.0-or-later
"""fitting - messages in a form that the server takes, and the same inside"""
import email
import email.policy
import os

import stage
from naming import expect, send

SEVEN = ("--extensions", "SIZE=52428800 PIPELINING ENHANCEDSTATUSCODES")
EIGHT = ("--extensions", "SIZE=52428800 8BITMIME")
CHUNKS = ("--extensions", "CHUNKING SIZE=52428800")
UTF8 = ("--extensions", "8BITMIME SMTPUTF8")
CAFE = "caf\u00e9 \u20ac".encode()


def begin(its_stage, options, *lines):
    host = its_stage.host(*options)
    scene = its_stage.scene()
    scene.configure(host.ports[0], *lines)
    return host, scene


def one(why, its_stage, options, text, argv=("-fme", "you@x.test")):
    """What arrives of one message, and its parsed form; None: nothing."""
    host, scene = begin(its_stage, options)
    send(scene, ["-i", *argv], text)
    ran = scene.flush_now()
    expect(why, "no rule broken", not host.lines("E"), host.lines("E"))
    found = host.messages()
    if len(found) != 1:
        why.append("nothing arrived: %r" % ran.err)
        return b"", email.message_from_bytes(b""), ran
    content = found[0][1]
    return content, email.message_from_bytes(
        content, policy=email.policy.default), ran


def narrow(why, what, content):
    """Only what every server takes."""
    expect(why, what + ": 7-bit", all(byte < 128 for byte in content))
    longest = max((len(line) for line in content.split(b"\r\n")), default=0)
    expect(why, what + ": no long line", longest <= 998, longest)


def text_of(part):
    return part.get_payload(decode=True).replace(b"\r\n", b"\n")


def cron_text(its_stage):
    """A64 cron: 8-bit and NUL, no MIME header, no 8BITMIME"""
    why = []
    for name, options in (("DATA", SEVEN), ("BDAT", CHUNKS)):
        content, mail, _ = one(why, its_stage, options,
                               b"Subject: caf\xc3\xa9\n\na\x00b " + CAFE +
                               b"\n.dot\n")
        narrow(why, name, content)
        expect(why, name + ": body", text_of(mail) == b"a\0b " + CAFE +
               b"\n.dot\n", content)
        expect(why, name + ": charset", mail.get_content_charset() ==
               "utf-8", content)
        expect(why, name + ": subject", mail["Subject"] == "caf\u00e9",
               content)
    return why


def eight_bit(its_stage):
    """8BITMIME: the body as it is, MIME said, the subject encoded"""
    why = []
    content, mail, _ = one(why, its_stage, EIGHT,
                           b"Subject: caf\xc3\xa9\n\n" + CAFE + b"\n")
    expect(why, "body", content.endswith(b"\r\n\r\n" + CAFE + b"\r\n"),
           content)
    expect(why, "MIME", mail["MIME-Version"] == "1.0" and
           mail["Content-Transfer-Encoding"] == "8bit", content)
    expect(why, "subject", mail["Subject"] == "caf\u00e9" and
           b"Subject: caf\xc3" not in content, content)
    return why


def untouched(its_stage):
    """what every server takes arrives byte for byte"""
    why = []
    for name, options in (("7-bit", SEVEN), ("8BITMIME", EIGHT),
                          ("CHUNKING", CHUNKS)):
        text = (b"From: me@x.test\nTo: you@x.test\nDate: Mon, 2 Nov 2026 "
                b"10:00:00 +0000\nMessage-ID: <a@b>\nSubject: plain\n\tfolded"
                b"\n\n" + b"x" * 998 + b"\n..\n")
        content, _, _ = one(why, its_stage, options, text)
        expect(why, name, content == text.replace(b"\n", b"\r\n"), content)
    return why


def long_line(its_stage):
    """A39 fetchmail: 20,000 bytes in a line, also with 8BITMIME"""
    why = []
    line = b"0123456789 = " * 1600 + b"end"
    for name, options in (("7-bit", SEVEN), ("8BITMIME", EIGHT)):
        content, mail, _ = one(why, its_stage, options,
                               b"Subject: s\n\n" + line + b"\n",
                               ("-fo'brien@x.test", "--", "you@x.test"))
        narrow(why, name, content)
        expect(why, name + ": the line", text_of(mail) == line + b"\n")
    return why


def long_header(its_stage):
    """A65: 300 recipients in one line of To"""
    why = []
    people = ["user%03d-of-a-long-name@host.x.test" % i for i in range(300)]
    host, scene = begin(its_stage, SEVEN)
    send(scene, ["-i", "-t", "-fme"],
         b"To: " + ",".join(people).encode() + b"\nSubject: s\n\nx\n")
    scene.flush_now()
    expect(why, "all", host.counts() == {p: 1 for p in people},
           len(host.counts()))
    for _, content in host.messages():
        narrow(why, "To", content)
        mail = email.message_from_bytes(content, policy=email.policy.default)
        got = [a.addr_spec for a in mail["To"].addresses]
        expect(why, "To is the same", got == people, got[:3])
    expect(why, "no rule broken", not host.lines("E"), host.lines("E"))
    return why


def attachment(its_stage):
    """multipart: only the parts that need it change"""
    why = []
    binary = bytes(range(256)) * 40
    mail = email.message.EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "me@x.test", "b@x.test", "s"
    mail.set_content("plain\n")
    mail.add_attachment(b"one\n", "text", "x-log", filename="log")
    parts = mail.as_bytes()
    boundary = mail.get_boundary().encode()
    extra = (b"--" + boundary + b"\nContent-Type: text/plain; charset=utf-8\n"
             b"Content-Transfer-Encoding: 8bit\n\n" + CAFE + b"\n")
    parts = parts.replace(b"--" + boundary + b"--", extra +
                          b"--" + boundary + b"--")
    content, got, _ = one(why, its_stage, SEVEN, parts)
    narrow(why, "multipart", content)
    leaves = [text_of(p) for p in got.walk() if not p.is_multipart()]
    expect(why, "leaves", leaves == [b"plain\n", b"one\n", CAFE] or
           leaves == [b"plain\n", b"one\n", CAFE + b"\n"], leaves)
    expect(why, "untouched part", b"\r\nb25lCg==\r\n" in content, content)
    del binary
    return why


def signed(its_stage):
    """DKIM: not altered, given up with a reason"""
    why = []
    for name, options, body in (("8-bit", SEVEN, CAFE),
                                ("long", EIGHT, b"x" * 2000)):
        host, scene = begin(its_stage, options)
        send(scene, ["-i", "-fme", "-Nnever", "you@x.test"],
             b"DKIM-Signature: v=1; b=x\nSubject: s\nMIME-Version: 1.0\n\n" +
             body + b"\n")
        ran = scene.flush_now()
        expect(why, name + ": kept back", not host.messages() and
               len(scene.names("failed")) == 1, ran.err)
        expect(why, name + ": the reason", b"DKIM" in ran.err and
               b"sign" in ran.err, ran.err)
    return why


def idn(its_stage):
    """a domain beyond ASCII needs no SMTPUTF8, a name does"""
    why = []
    for options in (SEVEN, UTF8):
        host, scene = begin(its_stage, options)
        send(scene, ["-i", "-fme@b\u00fccher.test", "ann@b\u00fccher.test",
                     "b@x.test"], b"Subject: s\n\nx\n")
        ran = scene.flush_now()
        expect(why, "A-labels", host.counts() == {
            "ann@xn--bcher-kva.test": 1, "b@x.test": 1}, ran.err)
        expect(why, "sender", any(
            c.startswith("MAIL FROM:<me@xn--bcher-kva.test>") and
            "SMTPUTF8" not in c for c in host.lines("C")), host.lines("C"))
    host, scene = begin(its_stage, SEVEN)
    send(scene, ["-i", "-fme", "-Nnever", "j\u00f6rg@x.test", "b@x.test"],
         b"Subject: s\n\nx\n")
    ran = scene.flush_now()
    expect(why, "the rest goes", host.counts() == {"b@x.test": 1}, ran.err)
    expect(why, "the reason", b"SMTPUTF8" in ran.err and
           len(scene.names("failed")) == 1, ran.err)
    host, scene = begin(its_stage, UTF8)
    send(scene, ["-i", "-fme", "j\u00f6rg@x.test"],
         "Subject: caf\u00e9\n\nx\n".encode())
    scene.flush_now()
    (_, content), = host.messages() or [(0, b"")]
    expect(why, "raw with SMTPUTF8", "Subject: caf\u00e9\r\n".encode() in
           content, content)
    expect(why, "no rule broken", not host.lines("E"), host.lines("E"))
    return why


def too_big(its_stage):
    """SIZE: told before a byte of it is sent, by the size as converted"""
    why = []
    host, scene = begin(its_stage, ("--extensions", "SIZE=30000"))
    send(scene, ["-i", "-fme", "-Nnever", "you@x.test"],
         b"Subject: s\n\n" + (b"\xe9" * 60 + b"\n") * 450)
    ran = scene.flush_now()
    expect(why, "given up", len(scene.names("failed")) == 1, ran.err)
    expect(why, "the reason", b"30000" in ran.err, ran.err)
    expect(why, "no MAIL", "MAIL" not in host.commands(), host.commands())
    return why


def large(its_stage):
    """25 MB of 8-bit text: converted on its way, in little memory"""
    why = []
    host, scene = begin(its_stage, ("--extensions", "SIZE=157286400",
                                    "--deadline", "300"))
    line = CAFE * 8 + b"\n"
    body = line * (25000000 // len(line))
    send(scene, ["-i", "-fme", "you@x.test"], b"Subject: s\n\n" + body)
    ran = scene.flush_now(patience=200)
    found = host.messages()
    expect(why, "arrived", len(found) == 1, ran.err[-300:])
    if found:
        content = found[0][1]
        narrow(why, "it", content)
        mail = email.message_from_bytes(content)
        expect(why, "the same", text_of(mail) == body)
    if os.environ.get("ASAN_OPTIONS") is None and ran.peak:
        expect(why, "memory", ran.peak < 16384, ran.peak)
    return why


def grown(its_stage):
    """a header that no buffer holds when it is encoded: given up, alone"""
    host, scene = begin(its_stage, SEVEN)
    why = []
    send(scene, ["-i", "-f<>", "a@x.test"], b"Subject: s\nTo:" +
         (b" " + b"\xe9," * 400 + b"\n") * 4700 + b"\nx\n")
    name, = scene.names("new")
    send(scene, ["-i", "-fme", "b@x.test"], b"Subject: s\n\nx\n")
    ran = scene.flush_now()
    expect(why, "given up", scene.place(name) == "failed" and
           b"too long to be converted" in ran.err, (ran.status, ran.err))
    expect(why, "the other", host.counts() == {"b@x.test": 1}, host.counts())
    return why


def changed_before(its_stage):
    """a file that changes before its form is known keeps no other back"""
    host, scene = begin(its_stage, SEVEN + (
        "--fault", "ehlo:2:slow 20"))
    why = []
    send(scene, ["-i", "-fme", "a@x.test"],
         b"Subject: s\n\n" + CAFE * 9 + b"\n")
    name, = scene.names("new")
    send(scene, ["-i", "-fme", "b@x.test"], b"Subject: s\n\nx\n")
    process = scene.start([its_stage.flush, "--now"])
    stage.wait_until(lambda: "EHLO" in host.commands())
    path = os.path.join(scene.queue, "new", name)
    with open(path, "r+b") as file:
        file.seek(-40, os.SEEK_END)
        file.write(b"#")
    process.wait(stage.PATIENCE)
    expect(why, "set aside", scene.place(name) == "bad", scene.place(name))
    expect(why, "the other", host.counts() == {"b@x.test": 1}, host.counts())
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        cron_text, eight_bit, untouched, long_line, long_header, attachment,
        signed, idn, too_big, large, grown, changed_before))
