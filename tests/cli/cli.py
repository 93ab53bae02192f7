# SPDX-License-Identifier: GPL-3.0-or-later
"""cli - what the tests of the command line share

A Box is a temporary directory with a queue of its own and an environment of
nine variables at most.  Its run() starts one program; expect() compares what
that said and what is in the queue then.  Entries are read, and made, by the
description at the head of src/queue/entry.h and with none of our own code.
"""
import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("abs_top_srcdir") or os.path.dirname(
    os.path.dirname(HERE))
BUILD = os.environ.get("abs_top_builddir") or SOURCE
SENDMAIL = os.path.join(BUILD, "src/sendmail/sendmail")
RELAY = os.path.join(BUILD, "src/relay/relay")
FLUSH = os.path.join(BUILD, "src/flush/relay-flush")

PLACES = ("new", "hold", "failed", "bad")
ID = re.compile(r"[0-9A-F]{22}\Z")
TRAILER = re.compile(rb"= ([0-9A-F]{16}) ([0-9A-F]{8})\n\Z")
PATIENCE = 60  # seconds until a program hangs
signal.alarm(300)  # ... or we do
IS_ROOT = os.getuid() == 0
# nohup and `&` in a script have it ignored, and what is ignored is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)


def holds(program, text):
    with open(program, "rb") as file:
        return text in file.read()


# A sanitizer needs memory, descriptors and system calls of its own.
IS_SANITIZED = holds(SENDMAIL, b"__asan_init")


def login():
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "uid%d" % os.getuid()


LOGIN = login()

# --- TAP ---------------------------------------------------------------------

_count = 0
_failed = 0


def test(name, flaws):
    """One test; `flaws`: what is wrong, as a list of texts."""
    global _count, _failed
    _count += 1
    print("%sok %d - %s" % ("not " if flaws else "", _count, name))
    for flaw in list(flaws)[:10]:
        for line in str(flaw).splitlines()[:30]:
            print("#   " + line[:300])
    _failed += bool(flaws)
    sys.stdout.flush()


def ok(name, good, *why):
    test(name, [] if good else list(why) or ["it is not so"])


def done():
    """Ends the program."""
    print("1..%d" % _count)
    sys.exit(1 if _failed or not _count else 0)


# --- the format of an entry --------------------------------------------------

def _table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()


def crc32c(data):
    crc = 0xffffffff
    table = _TABLE
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


assert crc32c(b"123456789") == 0xe3069283


class Torn(Exception):
    pass


class Entry:
    """sender, recipients, dsn, values {letter: text}, message, fields, body"""

    def __init__(self, data):
        match = TRAILER.match(data[-28:])
        data = data[:-28]
        if not match:
            raise Torn("no trailer")
        if int(match[1], 16) != len(data):
            raise Torn("length")
        if int(match[2], 16) != crc32c(data):
            raise Torn("checksum")
        envelope, _, self.message = data.partition(b"\n\n")
        header, end, self.body = self.message.partition(b"\r\n\r\n")
        if not end:
            raise Torn("no end of the header")
        self.fields = re.split(rb"\r\n(?![ \t])", header)
        self._read_envelope(envelope.decode().split("\n"))
        self._check_lines()

    def _read_envelope(self, lines):
        self.sender = None
        self.recipients = []
        self.dsn = []  # of each: {letter: text}
        self.values = {}
        if lines.pop(0) != "relay 1":
            raise Torn("version")
        for line in lines:
            letter, value = line[0], line[2:]
            if line[1] != " " or letter not in "SROYUBNTVE":
                raise Torn("envelope: " + line)
            if letter == "R":
                self.recipients.append(value)
                self.dsn.append({})
            elif letter in "OY":
                self.dsn[-1][letter] = value
            elif letter == "S":
                self.sender = value
            else:
                self.values[letter] = value
        if self.sender is None or not self.recipients:
            raise Torn("the envelope is not complete")
        if self.values.get("U") != str(os.getuid()):
            raise Torn("the uid")

    def _check_lines(self):
        """Wire form: CRLF and no other CR or LF."""
        rest = self.message.replace(b"\r\n", b"")
        if b"\r" in rest or b"\n" in rest:
            raise Torn("a bare CR or LF")
        if not self.message.endswith(b"\r\n"):
            raise Torn("the last line has no end")

    def named(self, name):
        """The values of all fields of that name."""
        start = name.lower().encode() + b":"
        return [field[len(start):].strip() for field in self.fields
                if field.lower().startswith(start)]


def make_entry(sender, recipients, message, extra=()):
    """The bytes of an entry; `message` with LF."""
    lines = ["relay 1", "S " + sender]
    lines += ["R " + recipient for recipient in recipients]
    lines += ["U %d" % os.getuid(), *extra]
    data = "\n".join(lines).encode(errors="surrogateescape") + b"\n\n"
    data += message.replace(b"\n", b"\r\n")
    return data + b"= %016X %08X\n" % (len(data), crc32c(data))


def make_id(seconds, number=0):
    return "%014X%08X" % (int(seconds) * 1000000 + number, number)


def journal_line(name, kind, seconds, index, code, text):
    line = ("%s %d %s %s %s" % (kind, seconds, index, code, text)).encode(
        errors="surrogateescape")
    return line + b" *%08X\n" % crc32c(name.encode() + line)


# --- running a program -------------------------------------------------------

class Result:
    def __init__(self, status, out=b"", err=b"", seconds=0.0):
        self.status = status
        self.out = out.decode(errors="surrogateescape")
        self.err = err.decode(errors="surrogateescape")
        self.seconds = seconds

    def __str__(self):
        return "exit %s\nout: %s\nerr: %s" % (self.status, ascii(self.out),
                                              ascii(self.err))


class Box:
    """A queue in memory, where that can be: hundreds of messages are synced."""

    def __init__(self, is_on_disk=False):
        memory = "/dev/shm"
        self.path = tempfile.mkdtemp(prefix="relay-cli.")
        self.fast = None
        if not is_on_disk and os.access(memory, os.W_OK | os.X_OK):
            self.fast = tempfile.mkdtemp(prefix="relay-cli.", dir=memory)
        self.queue = os.path.join(self.fast or self.path, "queue")
        self.here = self.at("here")
        self.config = self.at("relayrc")
        os.mkdir(self.here)
        # /bin/true: a submission starts no flusher.
        self.env = {"RELAY_QUEUE": self.queue, "RELAY_CONFIG": self.config,
                    "RELAY_FLUSH": "/bin/true", "LC_ALL": "C",
                    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                    "HOME": self.path}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def __enter__(self):
        return self

    def __exit__(self, *why):
        for path in (self.path, self.fast):
            if path:
                shutil.rmtree(path, ignore_errors=True)

    def at(self, *names):
        return os.path.join(self.path, *names)

    def write(self, name, content, mode=0o600):
        path = self.at(name)
        if os.path.exists(path):
            os.unlink(path)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes)
                       else content.encode())
        os.chmod(path, mode)
        return path

    def link(self, name):
        """The path of sendmail under another name."""
        path = self.at(name)
        if not os.path.lexists(path):
            os.symlink(SENDMAIL, path)
        return path

    def flusher(self, body=""):
        """A program for RELAY_FLUSH that records its arguments; the path of
        that record."""
        record = self.at("rung")
        if os.path.exists(record):
            os.unlink(record)
        self.env["RELAY_FLUSH"] = self.write(
            "flusher", "#!/bin/sh\n%s\necho \"$*\" >'%s.new'\n"
            "mv '%s.new' '%s'\n" % (body, record, record, record), 0o700)
        return record

    # A program's own environment is `env` on top of ours; None takes away.
    def environment(self, env):
        whole = dict(self.env)
        for name, value in (env or {}).items():
            if value is None:
                whole.pop(name, None)
            else:
                whole[name] = value
        return whole

    def start(self, argv, env=None, **how):
        how.setdefault("stdin", subprocess.PIPE)
        how.setdefault("stdout", subprocess.PIPE)
        how.setdefault("stderr", subprocess.PIPE)
        how.setdefault("cwd", self.here)
        return subprocess.Popen(argv, env=self.environment(env), **how)

    def run(self, argv, stdin=b"", env=None, **how):
        """`stdin`: bytes for a pipe, or a descriptor."""
        begin = time.monotonic()
        data = None
        if isinstance(stdin, bytes):
            data = stdin
        else:
            how["stdin"] = stdin
        process = self.start(argv, env, **how)
        try:
            out, err = process.communicate(data, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return Result("never: it hangs")
        return Result(process.returncode, out or b"", err or b"",
                      time.monotonic() - begin)

    # --- the queue ---

    def names(self, place="new"):
        try:
            return sorted(os.listdir(os.path.join(self.queue, place)))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, name, place="new"):
        with open(os.path.join(self.queue, place, name), "rb") as file:
            return Entry(file.read())

    def take(self):
        """The only entry of new/, which is empty then."""
        names = self.names()
        if len(names) != 1 or not ID.match(names[0]):
            raise Torn("in new/: %s" % (names,))
        entry = self.read(names[0])
        self.clear()
        return entry

    def clear(self):
        for place in ("tmp", "log", *PLACES):
            for name in self.names(place):
                path = os.path.join(self.queue, place, name)
                if os.path.isdir(path) and not os.path.islink(path):
                    os.rmdir(path)
                else:
                    os.unlink(path)

    def put(self, name, data, place="new", journal=b""):
        """Lay an entry into the queue, without a program of ours."""
        for part in ("tmp", "log", *PLACES):
            os.makedirs(os.path.join(self.queue, part), 0o700, exist_ok=True)
        with open(os.path.join(self.queue, place, name), "wb") as file:
            file.write(data)
        if journal:
            with open(os.path.join(self.queue, "log", name), "wb") as file:
                file.write(journal)

    # --- judging a submission ---

    def queued(self, result, sender=None, to=None, body=None, has=(),
               lacks=(), values=None):
        """What is wrong with a submission that should have worked."""
        flaws = []
        if result.status != 0 or result.out or result.err:
            flaws.append(result)
        if self.names("tmp"):
            flaws.append("in tmp/: %s" % self.names("tmp"))
        try:
            entry = self.take()
        except (Torn, OSError, UnicodeDecodeError) as why:
            self.clear()
            return flaws + ["the entry: %s" % why]
        if sender is None:
            sender = LOGIN
        if entry.sender != sender:
            flaws.append("sender <%s>, not <%s>" % (entry.sender, sender))
        if to is not None and entry.recipients != list(to):
            flaws.append("recipients %s" % entry.recipients[:20])
        if body is not None and entry.body != body:
            flaws.append("body %d bytes: %s" % (len(entry.body),
                                                ascii(entry.body[:500])))
        for name in ("Date", "Message-ID", "From"):
            if len(entry.named(name)) != 1 or not entry.named(name)[0]:
                flaws.append("%s: %s" % (name, entry.named(name)))
        for field in has:
            if field.encode(errors="surrogateescape") not in entry.fields:
                flaws.append("no field %r in %s" % (field, entry.fields))
        for name in lacks:
            if entry.named(name):
                flaws.append("%s: %s" % (name, entry.named(name)))
        for letter, value in (values or {}).items():
            if entry.values.get(letter) != value:
                flaws.append("envelope: %s" % entry.values)
        return flaws

    def refused(self, result, status, text=""):
        """What is wrong with a submission that should have failed."""
        flaws = []
        lines = result.err.split("\n")
        if result.status != status:
            flaws.append("exit %s, not %s" % (result.status, status))
        if result.out or len(lines) != 2 or lines[1] != "" or \
                not lines[0].startswith("sendmail: "):
            flaws.append("one line on stderr and nothing else")
        if text not in result.err:
            flaws.append("it does not say: " + text)
        if self.names("new") or self.names("tmp"):
            flaws.append("queued: new %s tmp %s" % (self.names("new"),
                                                    self.names("tmp")))
            self.clear()
        return flaws + [result] if flaws else []


def wait_for(path, seconds=20):
    """The text of a file that another process is about to make."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            time.sleep(0.005)
    return None


class Locked:
    """`with Locked(path):` another process holds the flock of that file."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        ready, is_ready = os.pipe()
        until, self.let_go = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.let_go)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            os.write(is_ready, b"!")
            os.read(until, 1)  # ends with us, however we end
            os._exit(0)
        os.read(ready, 1)
        for fd in (ready, is_ready, until):
            os.close(fd)

    def __exit__(self, *why):
        os.close(self.let_go)
        os.waitpid(self.pid, 0)
