# SPDX-License-Identifier: GPL-3.0-or-later
"""stage - the programs, a queue and a smarthost, for tests that look on

A Stage knows a build and makes what all cases share: certificates, a preload
library, directories.  A Scene is one queue with its configuration, and runs the
programs on it.  A Host is a running tests/smarthost.  Nothing here judges; what
cannot be set up raises.
"""
import collections
import hashlib
import os
import subprocess
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
USER, PASSWORD = "alice", "sekret"
PATIENCE = 60  # seconds until a program that does not end counts as hung
PLACES = ("new", "hold", "failed", "bad")

Ran = collections.namedtuple("Ran", "status out err seconds peak")


class Stage:
    def __init__(self, build):
        build = os.path.abspath(build)
        self.sendmail = os.path.join(build, "src/sendmail/sendmail")
        self.relay = os.path.join(build, "src/relay/relay")
        self.flush = os.path.join(build, "src/flush/relay-flush")
        self.smarthost = os.path.join(build, "tests/smarthost/smarthost")
        for path in (self.sendmail, self.relay, self.flush, self.smarthost):
            if not os.access(path, os.X_OK):
                raise RuntimeError(path + " is not there: make, make check")
        self.build = build
        with open(self.flush, "rb") as file:
            self.is_sanitized = b"__asan_init" in file.read()
        self._folder = tempfile.TemporaryDirectory(prefix="relay-")
        self.folder = self._folder.name
        self.pki = os.path.join(self.folder, "pki")
        subprocess.run(["sh", os.path.join(TESTS, "smarthost/certs"),
                        self.pki], check=True)
        self.hurry = self.preload(os.path.join(HERE, "hurry.c"))
        self._lock = threading.Lock()
        self._count = 0
        self.hosts = []
        self.started = []

    def preload(self, source):
        """The preload library of a C file."""
        name = os.path.basename(source).replace(".c", ".so")
        path = os.path.join(self.folder, name)
        subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-O1",
                        "-shared", "-fPIC", "-o", path, source, "-ldl"],
                       check=True)
        return path

    def directory(self):
        with self._lock:
            self._count += 1
            path = os.path.join(self.folder, str(self._count))
        os.mkdir(path, 0o700)
        return path

    def cert(self, name):
        return os.path.join(self.pki, name + ".pem")

    def key(self, name):
        return os.path.join(self.pki, name + ".key")

    def host(self, *options, cert="good", places=("--listen",)):
        host = Host(self, options, cert, places)
        self.hosts.append(host)
        return host

    def scene(self):
        return Scene(self)

    def close(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        for host in self.hosts:
            host.stop()
        self._folder.cleanup()


class Host:
    """A smarthost; `ports` in the order of `places`."""

    def __init__(self, stage, options, cert, places):
        self.stage = stage
        self.directory = stage.directory()
        self.store = os.path.join(self.directory, "store")
        self.log = os.path.join(self.directory, "log")
        os.mkdir(self.store)
        argv = [stage.smarthost, "--store", self.store, "--log", self.log,
                "--user", USER, "--password", PASSWORD]
        if cert:
            argv += ["--cert", stage.cert(cert), "--key", stage.key(cert)]
        for place in places:
            argv += [place, "127.0.0.1:0"]
        self.process = subprocess.Popen(argv + list(options),
                                        stdout=subprocess.PIPE, text=True)
        self.ports = []
        for _ in places:
            line = self.process.stdout.readline()
            if not line.startswith("listening "):
                raise RuntimeError("smarthost %s: %r" % (options, line))
            self.ports.append(int(line.split()[-1]))

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.process.stdout.close()

    def lines(self, kind=None):
        """The log: (kind, text), or the texts of one kind."""
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8", errors="replace") as file:
            pairs = [(line[0], line.rstrip("\n").partition(": ")[2])
                     for line in file]
        if kind is None:
            return pairs
        return [text for k, text in pairs if k == kind]

    def commands(self):
        """The words that commands began with, in order."""
        return [text.split(" ")[0].upper() for text in self.lines("C")]

    def messages(self):
        """(recipients, content) of all that was stored."""
        found = []
        for name in sorted(os.listdir(self.store)):
            if name.startswith(".") or not name.endswith(".eml"):
                continue
            path = os.path.join(self.store, name)
            with open(path, "rb") as file:
                content = file.read()
            with open(path[:-4] + ".env", encoding="utf-8") as file:
                to = [line.split("<")[1].split(">")[0] for line in file
                      if line.startswith("to ")]
            found.append((to, content))
        return found

    def counts(self):
        """How often each recipient got something."""
        return collections.Counter(
            to for recipients, _ in self.messages() for to in recipients)


class Scene:
    """One queue.  `env` may be changed; it goes to every program."""

    def __init__(self, stage):
        self.stage = stage
        self.directory = stage.directory()
        self.queue = os.path.join(self.directory, "queue")
        self.config = os.path.join(self.directory, "relayrc")
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C",
            "HOME": self.directory,
            "RELAY_CONFIG": self.config,
            "RELAY_QUEUE": self.queue,
            "RELAY_FLUSH": "/bin/true",
            # a build with sanitizers must bear our preload library
            "ASAN_OPTIONS": "verify_asan_link_order=0",
        }

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                             0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def configure(self, port, *lines, tls="starttls", host="127.0.0.1",
                  login=True, top="", ca=True):
        """relayrc for one smarthost; `lines` go into its block."""
        block = ["host " + host, "port %d" % port, "tls " + tls]
        if ca:
            block.append("tls_ca " + self.stage.cert("ca"))
        if login:
            block += ["user " + USER, "password inline " + PASSWORD]
        text = "log none\ndomain example.org\n" + top + "smarthost it\n"
        self.write("relayrc", text + "".join(
            "    %s\n" % line for line in block + list(lines)))

    def run(self, argv, stdin=b"", env=None, patience=PATIENCE, hurry=0):
        """Run a program to its end.  Status None: it hung."""
        peak = os.path.join(self.stage.folder, "peak-%d-%d" % (
            threading.get_ident(), time.monotonic_ns()))
        environment = dict(self.env, **(env or {}))
        environment["HURRY_PEAK"] = peak
        environment["LD_PRELOAD"] = " ".join(
            [self.stage.hurry] + environment.get("LD_PRELOAD", "").split())
        if hurry:
            environment["HURRY"] = str(hurry)
        start = time.monotonic()
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment, cwd=self.directory)
        try:
            out, err = process.communicate(stdin, timeout=patience)
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            status = None
        return Ran(status, out, err, time.monotonic() - start,
                   read_peak(peak))

    def start(self, argv, env=None, hurry=0, **more):
        """A program that goes on beside us."""
        environment = dict(self.env, **(env or {}))
        if hurry:
            environment["HURRY"] = str(hurry)
            environment["LD_PRELOAD"] = self.stage.hurry
        process = subprocess.Popen(argv, env=environment,
                                   cwd=self.directory, **more)
        self.stage.started.append(process)
        return process

    def submit(self, to, body=b"one line\n", env=None, sender=None):
        """Queue a message; its id."""
        before = set(self.names("new"))
        ran = self.run([self.stage.sendmail, "-i", "-f",
                        sender or "me@example.org"] +
                       ([to] if isinstance(to, str) else list(to)),
                       b"Subject: flow\n\n" + body, env)
        if ran.status != 0 or ran.err or ran.out:
            raise RuntimeError("sendmail: %s %r" % (ran.status, ran.err))
        return (sorted(set(self.names("new")) - before) or [None])[-1]

    def flush_now(self, *options, **more):
        return self.run([self.stage.flush, "--now", *options], **more)

    def relay(self, *words, **more):
        return self.run([self.stage.relay, *words], **more)

    def names(self, place):
        path = os.path.join(self.queue, place)
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def place(self, name):
        """Where an entry is: a place, or None."""
        for place in PLACES:
            if os.path.exists(os.path.join(self.queue, place, name)):
                return place
        return None

    def journal(self, name):
        path = os.path.join(self.queue, "log", name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as file:
            return file.read()

    def bytes(self, place, name):
        with open(os.path.join(self.queue, place, name), "rb") as file:
            return file.read()

    def digest(self):
        """Of all that waits."""
        whole = hashlib.sha256()
        for name in self.names("new"):
            whole.update(name.encode() + self.bytes("new", name))
        return whole.hexdigest()


def read_peak(path):
    """Peak memory in KiB, 0: not known."""
    try:
        with open(path, encoding="ascii") as file:
            words = file.read().split()
        os.unlink(path)
    except FileNotFoundError:
        return 0
    return int(words[1]) if len(words) > 1 else 0


def unprintable(text):
    """What of this must not reach a terminal: the first such character."""
    for character in text.decode("utf-8", "replace"):
        code = ord(character)
        if code != 10 and (code < 32 or 127 <= code < 160 or code == 0xfffd):
            return "U+%04X" % code
    return None


def unshare(script, *arguments):
    """A command that runs the rest of its arguments behind `script`, with
    mounts of its own."""
    user = [] if os.getuid() == 0 else ["-r"]
    return ["unshare", *user, "-m", "sh", "-ec",
            script + '\nshift %d\nexec "$@"' % len(arguments), "sh",
            *arguments]


def own_trust(its_stage):
    """The same, where this system trusts the CA of the tests and no other."""
    return unshare("mount -t tmpfs none /etc/ssl/certs\n"
                   'cp "$1" /etc/ssl/certs/ca-certificates.crt',
                   its_stage.cert("ca"))


def attempt(its_stage, case):
    """What a function of the stage says is wrong, or where it stopped."""
    try:
        return case(its_stage) or []
    except Exception:  # pylint: disable=broad-except
        return traceback.format_exc().splitlines()[-12:]


def run_all(its_stage, pool, tap, cases):
    """cases: functions of the stage, named by their first line, that return
    what is wrong."""
    def run_one(case):
        return attempt(its_stage, case)

    for case, why in zip(cases, pool.map(run_one, cases)):
        tap.result(not why, case.__doc__.partition("\n")[0], why)


def wait_until(condition, seconds=20.0):
    """True as soon as it is; False when it never was."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())
