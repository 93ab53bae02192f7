# SPDX-License-Identifier: GPL-3.0-or-later
"""office - a machine on which many programs send mail

tests/system/machine.py with the programs of `fetch` laid over it, a flusher and
a smarthost.  alice has a queue of her own (~/.relayrc), everybody else uses the
machine's.  judge() compares what arrived with what was wanted; it reads mail
with Python's parser and none of our code.
"""
import email
import email.header
import email.utils
import os
import re
import subprocess

import machine
from machine import RELAY, USERS, wait_until, write

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "programs")
HOMES = "/run/home"  # what is built and fetched may be in /home
WWW_DATA = 33
ONCE = ("Date", "From", "Message-ID", "Subject", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding")
NEVER = ("Bcc", "Resent-Bcc", "Return-Path", "Content-Length")


class Message:
    """One that arrived."""

    def __init__(self, stored):
        self.sender = stored.sender
        self.recipients = sorted(stored.recipients)
        self.raw = stored.content
        header, self.has_end, self.body = self.raw.partition(b"\r\n\r\n")
        self.fields = []
        for field in re.split(rb"\r\n(?![ \t])", header):
            name, _, value = field.partition(b":")
            self.fields.append((name.decode("ascii", "replace"),
                                re.sub(rb"\r\n(?=[ \t])", b"", value)))

    def values(self, name):
        """Of all fields of that name, as they are."""
        return [value.decode("utf-8", "surrogateescape").strip()
                for field, value in self.fields
                if field.lower() == name.lower()]

    def decoded(self):
        """The body, if it came in another encoding than it was given in."""
        whole = email.message_from_bytes(self.raw)
        if not self.values("Content-Transfer-Encoding") or \
                whole.is_multipart():
            return None
        content = whole.get_payload(decode=True)
        return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    def parts(self):
        """(type, content) of each part that has no parts, decoded; text with
        LF."""
        found = []
        for part in email.message_from_bytes(self.raw).walk():
            if part.is_multipart():
                continue
            content = part.get_payload(decode=True)
            if part.get_content_maintype() == "text":
                content = content.replace(b"\r\n", b"\n")
            found.append((part.get_content_type(), content))
        return found


def decode(text):
    """Words of RFC 2047, and plain ones."""
    return "".join(
        word if isinstance(word, str) else word.decode(charset or "ascii")
        for word, charset in email.header.decode_header(text))


def mailboxes(values):
    """(name, address) of each."""
    return [(decode(name), address)
            for name, address in email.utils.getaddresses(values) if address]


# --- what is wrong -----------------------------------------------------------

def form_flaws(message):
    """What no message may have."""
    why = []
    if not message.has_end:
        why.append("no end of the header")
    if re.search(rb"\r(?!\n)|(?<!\r)\n", message.raw):
        why.append("a bare CR or LF")
    if any(len(line) > 998 for line in message.raw.split(b"\r\n")):
        why.append("a line of more than 998 octets")
    names = [name.lower() for name, _ in message.fields]
    for name in ONCE:
        if names.count(name.lower()) > 1:
            why.append("%s %d times" % (name, names.count(name.lower())))
    why += ["no " + name for name in ("Date", "From", "Message-ID")
            if name.lower() not in names]
    return why + ["a " + name for name in NEVER if name.lower() in names]


def mailbox_flaws(message, want):
    """From, To and Cc, each as (name, address) pairs."""
    why = []
    for name in ("From", "To", "Cc"):
        if name in want and mailboxes(message.values(name)) != want[name]:
            why.append("%s: %r" % (name, message.values(name)))
    return why


def content_flaws(message, want):
    why = []
    if "body" in want and want["body"] not in (message.body,
                                               message.decoded()):
        why.append("body: %r" % message.body[:2000])
    if "parts" in want and message.parts() != want["parts"]:
        why += ["part: %s %r" % (kind, content[:200])
                for kind, content in message.parts()]
    bodies = message.body, message.decoded() or b""
    why += ["body lacks %r: %r" % (text, message.body)
            for text in want.get("inside", ())
            if not any(text in body for body in bodies)]
    return why


def flaws_of(message, want):
    why = form_flaws(message) + mailbox_flaws(message, want)
    if "sender" in want and message.sender != want["sender"]:
        why.append("sender: " + message.sender)
    if message.recipients != sorted(want["to"]):
        why.append("recipients: %s" % message.recipients)
    for name, values in want.get("fields", {}).items():
        if [decode(text) for text in message.values(name)] != values:
            why.append("%s: %r" % (name, message.values(name)))
    return why + content_flaws(message, want)


def ran_flaws(ran, out, status):
    if ran is None:
        return []
    why = []
    if ran.status != status:
        why.append("exit status %s" % ran.status)
    if ran.err:
        why.append("stderr: %r" % ran.err)
    if out is not None and ran.out != out:
        why.append("stdout: %r" % ran.out)
    return why


# --- the place ---------------------------------------------------------------

def at_home(user, *names):
    return os.path.join(HOMES, user, *names)


class Office(machine.Machine):
    def __init__(self, build, place, programs):
        super().__init__(build, place, over=programs)
        with open("/etc/passwd", encoding="utf-8") as file:
            text = file.read()
        os.mkdir(HOMES)
        for name, uid in USERS.items():
            text = text.replace(":/home/%s:" % name, ":%s:" % at_home(name))
            os.mkdir(at_home(name), 0o700)
            os.chown(at_home(name), uid, uid)
        write("/etc/passwd", text)
        self.make_spool()
        self.open()

    def open(self, seven_bits=False):
        """Begin to send, to a smarthost that can do all or nothing."""
        self.seven_bits = seven_bits
        self.seen = set()
        self.start_host(*(["--extensions", "PIPELINING"] if seven_bits
                          else []))
        self.give_queue("alice")
        self.watcher = self.start([self.flush, "--watch"], RELAY,
                                  groups=self.groups_of_relay,
                                  stdin=subprocess.DEVNULL)
        if not wait_until(lambda: os.path.exists(self.spool + "/wake")):
            raise RuntimeError("relay-flush --watch does not begin")

    def give_queue(self, user, port=None):
        """A personal queue; the port of a smarthost that is not there, too."""
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        if port is not None:
            text = text.replace("port %d\n" % self.host.port,
                                "port %d\n" % port)
        uid = USERS[user]
        write(at_home(user, ".relayrc"), text, 0o600, (uid, uid))

    def file(self, user, name, content):
        """A file in a user's home, of bytes."""
        path = at_home(user, name)
        with open(path, "wb") as file:
            file.write(content)
        os.chown(path, USERS[user], USERS[user])
        return path

    def call(self, argv, user="bob", stdin=b"", env=None, **more):
        """Run a program as a user (a name, or a uid without a home), in
        UTF-8."""
        uid = user if isinstance(user, int) else USERS[user]
        home = "/" if isinstance(user, int) else at_home(user)
        base = {"HOME": home, "LC_ALL": "C.UTF-8", "TERM": "dumb",
                "TMPDIR": "/var/tmp"}  # which is the machine's own
        more.setdefault("cwd", home)
        return self.run(argv, stdin, uid, env=base | (env or {}), **more)

    def arrived(self, to, count=1):
        """Messages to any of these, as soon as there are so many."""
        def found():
            return [s for s in self.host.messages()
                    if set(s.recipients) & set(to)]
        wait_until(lambda: len(found()) >= count, 20)
        return found()

    def judge(self, tap, name, ran, want, out=b"", status=0):
        """One test: what a program did, and the one message that came of it.
        `out`: what it prints; None for anything.  `want`: to, and any of
        sender, From, To, Cc, fields, body, parts, inside."""
        found = self.arrived(want["to"])
        why = ran_flaws(ran, out, status)
        if len(found) != 1:
            why.append("%d messages" % len(found))
        for stored in found:
            self.seen.add(tuple(stored.recipients))
            why += flaws_of(Message(stored), want)
            if self.seven_bits and not stored.content.isascii():
                why.append("8 bits for a server that does not take them")
        if why and ran is not None:
            why += ["it said: %r %r" % (ran.out[-600:], ran.err[-600:])]
        if why:
            why += [repr(line)[:200] for s in found
                    for line in s.content[:3000].split(b"\r\n")]
        tap.result(not why, name + (" (7 bits)" if self.seven_bits else ""),
                   why)

    def judge_rest(self, tap):
        """Nothing else came, and nothing is left; it sends no more."""
        self.stop(self.watcher)
        more = [s for s in self.host.messages()
                if tuple(s.recipients) not in self.seen]
        left = [n for place in ("drop", "new", "hold", "failed", "bad")
                for n in self.names(place)]
        tap.result(not more and not left, "nothing else arrived, and nothing "
                   "is left in the queue", [str(left), *map(str, more)])
