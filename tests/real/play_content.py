# SPDX-License-Identifier: GPL-3.0-or-later
"""content - what arrives is what was queued, and that is what was given

All letters go to each server in one flush.  The servers add lines on top and
nothing else; the body's SHA-256 must be that of the input in wire form, and our
header must follow theirs unaltered.  With the settings in etc/ none of them
alters anything, NUL included, so there are no exceptions; but a line that no
server must be given (RFC 5321) is encoded by relay-flush, and compared decoded.
"""
import email
import hashlib
import random
import re

import servers
import tap
from client import Client, wire


# As a mail program writes it: nothing has to be added on the way.
HEADER = (b"Subject: real\nMIME-Version: 1.0\n"
          b"Content-Type: text/plain; charset=unknown-8bit\n"
          b"Content-Transfer-Encoding: 8bit\n")


def large():
    """25 MB of any bytes but CR and LF, in lines that begin with dots, too."""
    chance = random.Random(25)
    block = bytes(b for b in range(256) if b not in b"\r\n\0") * 300
    lines, size = [], 0
    while size < 25_000_000:
        begin = chance.randrange(len(block) - 998)
        line = block[begin:begin + chance.randrange(996)]
        lines.append(chance.choice([b"", b"", b"", b".", b".."]) + line)
        size += len(lines[-1]) + 2
    return b"\n".join(lines) + b"\n"


LETTERS = {
    "plain": b"Hello,\n\nworld.\n",
    "empty": b"",
    "one-newline": b"\n",
    "no-last-newline": b"first\nlast",
    "8-bit": b"Gr\xc3\xbc\xc3\x9fe, gr\xfc\xdfe\n" +
             bytes(range(0x80, 0x100)) + b"\n" + bytes([0xff]) * 900 + b"\n",
    "controls": bytes(b for b in range(1, 32) if b not in b"\r\n") + b"\x7f\n",
    "nul": b"a\0b\n\0\n\0\0.\n.\0\nend\0\n",
    "dots": b".\n.\n..\n...\n.a\n..a\n. \n.\r\n..\r\nmiddle.\n.",
    "only-a-dot": b".",
    "smuggle": b"a\r\n.\r\nMAIL FROM:<x@y>\r\n\n.\n\r\n.\n\n.\r\nb\n",
    "lf": b"one\ntwo\n\nfour\n",
    "crlf": b"one\r\ntwo\r\n\r\nfour\r\n",
    "mixed": b"one\ntwo\r\n\r\r\nfour\rfive\n\r\n\nsix\r",
    "long-line": b"short\n" + b"x" * 10000 + b"\n." + b"y" * 9999 + b"\nend\n",
    "25-MB": large(),
}

# NAME: (host, what the server says about the way it got a message)
REAL = {
    "Postfix, BDAT": ("postfix.test", r"disconnect from .* bdat=(\d+) "),
    "Postfix, DATA": ("data.postfix.test", r"disconnect from .* data=(\d+) "),
    "Exim, BDAT": ("exim.test", r" <= .* (K) "),
    "Exim, DATA": ("data.exim.test", r" <= (?!.* K )(.)"),
    "Dovecot": ("dovecot.test", None),
}

EXTENSIONS = "SIZE=52428800 8BITMIME ENHANCEDSTATUSCODES"


def explain(got, want):
    """Where two strings of bytes part."""
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b),
              min(len(got), len(want)))
    return "%d bytes, not %d; at %d got %r, want %r" % (
        len(got), len(want), at, got[at:at + 40], want[at:at + 40])


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def compare(stored, queued, body):
    """What is wrong with an arrival, or None."""
    header, _, rest = stored.content.partition(b"\r\n\r\n")
    ours = queued[:queued.index(b"\r\n\r\n")]
    want = wire(body)
    if max(map(len, want.split(b"\r\n"))) > 998:
        rest = email.message_from_bytes(stored.content).get_payload(
            decode=True)
        header, ours = (re.sub(rb"\r\nContent-Transfer-Encoding: [^\r]*", b"",
                               text) for text in (header, ours))
    if sha256(rest) != sha256(want):
        return "body: " + explain(rest, want)
    if not header.endswith(ours):
        return "header: %r\nours: %r" % (header, ours)
    added = header[:-len(ours)]
    if not re.fullmatch(rb"(Received:[^\r\n]*\r\n([ \t][^\r\n]*\r\n)*)*",
                        added):
        return "the server added %r" % added
    return None


def send_all(client):
    """Submit the letters: what is in the queue then, by recipient."""
    queued = {}
    for name, body in LETTERS.items():
        before = set(client.names())
        client.submit([name + "@example.net"], body, HEADER)
        entry, = set(client.names()) - before
        queued[name] = client.message(entry)
    return queued


def judge(t, where, client, arrived, queued, err):
    for name, body in LETTERS.items():
        mine = [s for s in arrived
                if s.recipients == [name + "@example.net"]]
        wrong = "it came %d times\n%s" % (len(mine), err)
        if len(mine) == 1:
            wrong = compare(mine[0], queued[name], body)
        t.is_true("%s: %s" % (where, name), wrong is None, wrong)
    t.equal("%s: the queue is empty" % where,
            client.names("new") + client.names("failed"), [], err)


def through_real(t, world, where, host, proof):
    server = world.server(host)
    client = Client(host)
    queued = send_all(client)
    watch = tap.Watch()
    result, log = server.session(client, "--verbose")
    seconds = watch.seconds
    server.deliver()
    arrived = world.next_hop.collect(len(LETTERS) if result.status == 0 else 0)
    judge(t, where, client, arrived, queued, result.err)
    if proof:
        found = re.findall(proof, log)
        count = int(found[0]) if found and found[0].isdigit() else len(found)
        t.equal("%s: the server's log says so" % where, count, len(LETTERS),
                log)
    t.comment("%s: %.1f s for %d messages, 25 MB" % (where, seconds,
                                                     len(LETTERS)))


def through_smarthost(t, more):
    where = "smarthost, %s" % (more or "neither")
    with servers.Smarthost("smarthost", [
            "--listen", "127.0.4.1:587", "--cert", servers.PKI + "/real.pem",
            "--key", servers.PKI + "/real.key", "--user", servers.USER,
            "--extensions", EXTENSIONS + " " + more]) as host:
        client = Client("smarthost.test")
        queued = send_all(client)
        result = client.flush("--verbose")
        arrived = host.collect(len(LETTERS) if result.status == 0 else 0)
        judge(t, where, client, arrived, queued, result.err)
        how = "BDAT" if "CHUNKING" in more else "DATA"
        t.equal("%s: all by %s" % (where, how), {s.how for s in arrived},
                {how})


def play(t, world):
    for where, (host, proof) in REAL.items():
        through_real(t, world, where, host, proof)
    for more in ("", "PIPELINING", "CHUNKING", "PIPELINING CHUNKING"):
        through_smarthost(t, more)
