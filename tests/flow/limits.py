# SPDX-License-Identifier: GPL-3.0-or-later
"""limits - what a large message costs"""
import stage

SIZE = 25000000
FLUSH_MOST, SENDMAIL_MOST = 24 * 1024, 8 * 1024  # KiB
UNBOUND_MOST = 16 * 1024


def cost(its_stage, tap, name, *options):
    host = its_stage.host(*options)
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    line = b".0123456789" * 7 + b"\n"
    body = line * (SIZE // len(line))
    submitted = scene.run([its_stage.sendmail, "-i", "you@example.net"],
                          b"Subject: large\n\n" + body)
    flushed = scene.flush_now()
    host.stop()
    why = []
    if submitted.status != 0 or flushed.status != 0:
        why.append("%s %r, %s %r" % (submitted.status, submitted.err,
                                     flushed.status, flushed.err))
    contents = [content for _, content in host.messages()]
    if len(contents) != 1 or not contents[0].endswith(
            b"\r\n\r\n" + body.replace(b"\n", b"\r\n")):
        why.append("it did not arrive as it was")
    bear = 4 if its_stage.is_sanitized else 1
    for program, ran, most in (("sendmail", submitted, SENDMAIL_MOST),
                               ("relay-flush", flushed, FLUSH_MOST)):
        if not 0 < ran.peak <= most * bear:
            why.append("%s: %d KiB" % (program, ran.peak))
    tap.result(not why, "25 MB, %s: sendmail %d KiB of %d, relay-flush %d "
               "KiB of %d" % (name, submitted.peak, SENDMAIL_MOST,
                              flushed.peak, FLUSH_MOST), why)


def many_recipients(its_stage):
    """2000 recipients, the first 100 refused: each of the others once"""
    host = its_stage.host("--refuse-rcpt", "no*:550 5.1.1 no such user")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    people = ["no%d@example.net" % i for i in range(100)] + [
        "yes%d@example.net" % i for i in range(1900)]
    scene.submit(people)
    ran = scene.flush_now("--quiet")
    counts = host.counts()
    why = ["%s: %d" % (to, counts[to]) for to in people
           if counts[to] != (1 if to.startswith("yes") else 0)][:10]
    bear = 4 if its_stage.is_sanitized else 1
    if why or ran.peak > FLUSH_MOST * bear or scene.names("new"):
        why.append("%s, %d KiB" % (ran.status, ran.peak))
    return why


def nested(depth):
    """Parts in parts, each opened and closed."""
    parts = b"".join(b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n"
                     % (i, i + 1) for i in range(depth))
    ends = b"".join(b"--b%d--\n" % i for i in range(depth - 1, -1, -1))
    return (b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0\n"
            b"\n" + parts + b"x\n" + ends)


def without_bound(its_stage, tap):
    """What no person sends: queued whole, in the memory of a small message."""
    line = b".0123456789" * 9 + b"\n"
    people = ["r%d@y.test" % i for i in range(50000)]
    every = b", ".join(name.encode() for name in people)
    short = b"Subject: s\n\nhello\n"
    comments = b"(" * 100000 + b")" * 100000
    cases = (
        ("100 MB", ["-i", "root"], b"Subject: s\n\n" + line * 1000000, 0),
        ("a header line of 1,000,000 bytes", ["-i", "root"],
         b"X-Long: " + b"x" * 1000000 + b"\n" + short, 0),
        ("50,000 recipients as words", ["-i", *people], short, 0),
        ("50,000 recipients with -t", ["-t"], b"To: " + every + b"\n" + short,
         0),
        ("50,000 fields Bcc with -t", ["-t"], b"Bcc: " + every.replace(
            b", ", b"\nBcc: ") + b"\n" + short, 0),
        ("10,000 parts, each in the one before", ["-i", "root"],
         nested(10000), 0),
        ("100,000 comments, each in the one before", ["-t"], b"To: root " +
         comments + b"\n" + short, 0),
        ("10,000 groups, each in the one before", ["-t"],
         b"To: " + b"g:" * 10000 + b";" * 10000 + b"\n" + short, 65),
        ("100,001 fields", ["-i", "root"], b"X: x\n" * 100001 + short, 65),
        ("100,001 recipients", ["-t"], b"To: " + b", ".join(
            b"%d@y.test" % i for i in range(100001)) + b"\n" + short, 65),
        ("a header of 4 MiB", ["-i", "root"],
         b"X: " + b"x" * (4 << 20) + b"\n" + short, 65))
    for name, argv, message, status in cases:
        submit_large(its_stage, tap, name, argv, message, status)


def submit_large(its_stage, tap, name, argv, message, status):
    scene = its_stage.scene()
    ran = scene.run([its_stage.sendmail, *argv], message)
    names = scene.names("new")
    why = []
    if ran.status != status or ran.out or len(ran.err.splitlines()) != (
            1 if status else 0):
        why.append("%s %r" % (ran.status, ran.err[:500]))
    if len(names) != (0 if status else 1):
        why.append("in new/: %s" % names)
    for entry in names:
        why += entry_flaws(scene.bytes("new", entry), argv, message)
    bear = 4 if its_stage.is_sanitized else 1
    if not 0 < ran.peak <= UNBOUND_MOST * bear:
        why.append("%d KiB" % ran.peak)
    tap.result(not why, "%s: %s, %d KiB of %d" % (
        name, "queued" if status == 0 else "refused in one line", ran.peak,
        UNBOUND_MOST), why)


def entry_flaws(entry, argv, message):
    """Are all recipients and the whole body in it?"""
    want = max(sum("@" in word for word in argv), message.count(b"@y.test"), 1)
    recipients = entry.partition(b"\n\n")[0].count(b"\nR ")
    body = message.partition(b"\n\n")[2].replace(b"\n", b"\r\n")
    why = []
    if recipients != want:
        why.append("%d recipients of %d" % (recipients, want))
    if b"\r\n\r\n" + body + b"= " not in entry:
        why.append("the body is not what it was")
    return why


def sent_large(its_stage):
    """1,000,000 bytes of header line and 10,000 nested parts: sent in lines"""
    host = its_stage.host()
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    words = b"Subject: " + b"word " * 200000 + b"\n"
    for message in (words + b"\nhello\n", b"X: " + b"x" * 1000000 +
                    b"\n\nhello\n", nested(10000)):
        scene.run([its_stage.sendmail, "-i", "you@example.net"], message)
    ran = scene.flush_now("--quiet")
    why = ["a line of %d" % len(text) for _, content in host.messages()
           for text in content.split(b"\r\n") if len(text) > 998][:5]
    bear = 4 if its_stage.is_sanitized else 1
    if len(host.messages()) != 3 or scene.names("new") or \
            ran.peak > FLUSH_MOST * bear:
        why.append("%d came, %s %r, %d KiB" % (
            len(host.messages()), ran.status, ran.err[-500:], ran.peak))
    return why


def sent_to_all(its_stage):
    """50,000 recipients: each of them once, in a kilobyte for each"""
    host = its_stage.host()
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    people = ["r%d@y.test" % i for i in range(50000)]
    scene.submit(people)
    ran = scene.flush_now("--quiet", patience=180)
    counts = host.counts()
    why = ["%s: %d" % (to, counts[to]) for to in people
           if counts[to] != 1][:5]
    bear = 4 if its_stage.is_sanitized else 1
    if why or ran.status != 0 or ran.peak > 64 * 1024 * bear:
        why.append("%s %r, %d KiB, %.1f s" % (ran.status, ran.err[-500:],
                                              ran.peak, ran.seconds))
    return why


def run(its_stage, pool, tap):
    without_bound(its_stage, tap)
    cost(its_stage, tap, "DATA")
    cost(its_stage, tap, "BDAT", "--extensions",
         "PIPELINING CHUNKING 8BITMIME")
    stage.run_all(its_stage, pool, tap, [many_recipients, sent_large,
                                    sent_to_all])
