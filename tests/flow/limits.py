# SPDX-License-Identifier: GPL-3.0-or-later
"""limits - what a large message costs"""
import stage

SIZE = 25000000
FLUSH_MOST, SENDMAIL_MOST = 24 * 1024, 8 * 1024  # KiB


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


def run(its_stage, pool, tap):
    cost(its_stage, tap, "DATA")
    cost(its_stage, tap, "BDAT", "--extensions",
         "PIPELINING CHUNKING 8BITMIME")
    stage.run_all(its_stage, pool, tap, [many_recipients])
