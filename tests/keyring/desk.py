# SPDX-License-Identifier: GPL-3.0-or-later
"""desk - a session bus with a keyring, and questions to relay-keyring

A Place knows the build and makes directories.  A Desk is a desktop's session
in one of them: dbus-daemon and, unless it is told otherwise, gnome-keyring,
opened with a password.  Nothing here judges, but for what holds for every
answer: ask() raises when relay-keyring says anything on stderr, or tells a
secret where it should not.
"""
import collections
import os
import shutil
import signal
import subprocess
import tempfile
import time
import traceback

Answer = collections.namedtuple("Answer", "status pairs seconds")

HOST, USER = "smtp.example.org", "me@example.org"
PATIENCE = 60


class Place:
    def __init__(self, build):
        self.build = build
        self.keyring = os.path.join(build, "src/keyring/relay-keyring")
        self.relay = os.path.join(build, "src/relay/relay")
        self.folder = tempfile.mkdtemp(prefix="relay-keyring.")
        self.desks = []

    def directory(self):
        return tempfile.mkdtemp(dir=self.folder)

    def desk(self, **more):
        desk = Desk(self, **more)
        self.desks.append(desk)
        return desk

    def __enter__(self):
        return self

    def __exit__(self, *why):
        for desk in self.desks:
            desk.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, verb, env, secrets=(), timeout=PATIENCE, raw=None, **pairs):
        """One question; a pair that is None is left out."""
        question = {"account": "mine", "kind": "password", "service": "smtp",
                    "host": HOST, "user": USER, **pairs}
        lines = raw
        if raw is None:
            lines = b"".join(
                key.encode() + b"=" + to_bytes(value) + b"\n"
                for key, value in question.items() if value is not None)
            lines += b"\n"
        start = time.monotonic()
        ran = subprocess.run([self.keyring, verb], input=lines, env=env,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             timeout=timeout)
        seconds = time.monotonic() - start
        if ran.stderr and ran.returncode != 64:
            raise RuntimeError("on stderr: %r" % ran.stderr)
        told = dict(line.split(b"=", 1) for line in ran.stdout.split(b"\n")
                    if line)
        if ran.returncode != 0 and set(told) - {b"error"}:
            raise RuntimeError("with status %d: %r" % (ran.returncode, told))
        for secret in list(secrets) + [question.get("secret")]:
            if secret and to_bytes(secret) in told.get(b"error", b""):
                raise RuntimeError("a secret in %r" % told)
        return Answer(ran.returncode,
                      {key.decode(): value for key, value in told.items()},
                      seconds)


def to_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode()


class Desk:
    """A session.  keyring: "open" with a password, "plain" without one,
    "started" by the bus alone so that there is none yet, or None: nobody can
    provide one."""

    def __init__(self, place, keyring="open", password="of the person"):
        self.place = place
        self.directory = place.directory()
        self.runtime = os.path.join(self.directory, "run")
        self.home = os.path.join(self.directory, "home")
        os.mkdir(self.runtime, 0o700)
        os.mkdir(self.home, 0o700)
        self.password = password
        self.daemon = None
        self.bare = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                     "LC_ALL": "C", "HOME": self.home}
        self.address = "unix:path=%s/bus" % self.runtime
        self.env = dict(self.bare, XDG_RUNTIME_DIR=self.runtime,
                        DBUS_SESSION_BUS_ADDRESS=self.address)
        if keyring == "plain":
            self._make_plain()
        self.bus = self._start_bus(keyring)
        if keyring == "open":
            self.open()

    def _start_bus(self, keyring):
        env = dict(self.bare, XDG_RUNTIME_DIR=self.runtime)
        starts = keyring in ("started", "plain")  # else it would race ours
        kind = "--session" if starts else "--config-file=" + \
            self._bare_config()
        bus = subprocess.Popen(
            ["dbus-daemon", kind, "--nofork", "--nopidfile",
             "--address=" + self.address], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(self.runtime + "/bus"))
        return bus

    def _bare_config(self):
        """A session bus that starts nobody."""
        path = os.path.join(self.directory, "bus.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write("<busconfig><type>session</type>"
                       "<listen>%s</listen><auth>EXTERNAL</auth>"
                       "<policy context='default'><allow send_destination='*'"
                       " eavesdrop='true'/><allow eavesdrop='true'/>"
                       "<allow own='*'/></policy>"
                       "</busconfig>" % self.address)
        return path

    def _make_plain(self):
        """A keyring in clear, as who wants no password gets it."""
        folder = os.path.join(self.home, ".local/share/keyrings")
        os.makedirs(folder, 0o700)
        with open(folder + "/login.keyring", "w", encoding="ascii") as file:
            file.write("[keyring]\ndisplay-name=login\nctime=0\nmtime=0\n"
                       "lock-on-idle=false\nlock-after=false\n")
        with open(folder + "/default", "w", encoding="ascii") as file:
            file.write("login")

    def open(self):
        """Start gnome-keyring, which makes or opens the keyring `login`."""
        self.daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock",
             "--components=secrets"], env=self.env, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.daemon.stdin.write(self.password.encode())
        self.daemon.stdin.close()
        file = os.path.join(self.home, ".local/share/keyrings/login.keyring")
        if not wait_until(lambda: os.path.exists(file) and
                          self.ask("get").status == 0):
            raise RuntimeError("gnome-keyring does not open")

    def close_keyring(self):
        self.daemon.kill()
        self.daemon.wait()
        self.daemon = None

    def lock(self):
        """`secret-tool lock` of Debian 12 dies of it."""
        subprocess.run(["busctl", "--address=" + self.address, "call",
                        "org.freedesktop.secrets", "/org/freedesktop/secrets",
                        "org.freedesktop.Secret.Service", "Lock", "ao", "1",
                        "/org/freedesktop/secrets/collection/login"],
                       check=True, stdout=subprocess.DEVNULL)

    def tool(self, *words, text=b""):
        return subprocess.run(["secret-tool", *words], env=self.env,
                              input=text, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE).stdout

    def ask(self, verb, env=None, **pairs):
        return self.place.ask(verb, self.env if env is None else env, **pairs)

    def store(self, secret, **pairs):
        answer = self.ask("store", secret=secret, **pairs)
        if answer.status != 0:
            raise RuntimeError("store: %s" % (answer,))

    def stop_answering(self):
        """The program of the keyring hangs."""
        self.daemon.send_signal(signal.SIGSTOP)

    def close(self):
        for process in (self.daemon, self.bus):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


def wait_until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def differs(got, status, **pairs):
    """What is wrong with an answer: its status, and the pairs it must have;
    None: must not; an `error` is a part of it."""
    why = []
    if got.status != status:
        why.append("status %d, not %d" % (got.status, status))
    for key, value in pairs.items():
        told = got.pairs.get(key)
        if value is None or told is None:
            if told != value:
                why.append("%s=%r" % (key, told))
        elif key == "error" and to_bytes(value) not in told or \
                key != "error" and to_bytes(value) != told:
            why.append("%s=%r, not %r" % (key, told, value))
    return ["%s: %s" % (line, got) for line in why]


def run_all(place, pool, tap, cases):
    def run_one(case):
        try:
            return case(place) or []
        except Exception:  # pylint: disable=broad-except
            return traceback.format_exc().splitlines()[-12:]

    for case, why in zip(cases, pool.map(run_one, cases)):
        tap.result(not why, case.__doc__.partition("\n")[0], why)
