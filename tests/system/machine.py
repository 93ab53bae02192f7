# SPDX-License-Identifier: GPL-3.0-or-later
"""machine - a machine of the tests' own, on which relay is the sendmail

Made in namespaces that the caller is in already.  What is written is in
`place`; over /etc, /usr and /var/spool lies what is ours.  Nothing here judges;
what cannot be set up raises.
"""
import collections
import errno
import grp
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.append(os.path.join(TESTS, "crash"))

from spool import crc32c  # noqa: E402

RELAY, DROP, QUEUE = 64100, 64101, 64102  # user and group relay; the groups
SMTP = 64103  # user and group relay-smtp
USERS = {"alice": 64111, "bob": 64112, "carol": 64113, "dave": 64114}
STRANGER = 64199  # has no entry in the password file
PATIENCE = 60
LAYOUT = {  # of the spool: group and mode
    "": (RELAY, 0o711), "drop": (DROP, 0o1770), "new": (QUEUE, 0o1770),
    "hold": (QUEUE, 0o1770), "failed": (QUEUE, 0o1770),
    "log": (QUEUE, 0o2750), "tmp": (RELAY, 0o700), "bad": (RELAY, 0o700),
    "pause": (RELAY, 0o700),
}

Ran = collections.namedtuple("Ran", "status out err seconds")
Stored = collections.namedtuple("Stored", "sender recipients content")


def run(*command, **more):
    """For what must work."""
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          text=True, errors="replace", **more)
    if done.returncode != 0:
        raise RuntimeError("%s: %d: %s" % (command, done.returncode,
                                           done.stdout[-2000:]))
    return done.stdout


def write(path, text, mode=0o644, owner=(0, 0)):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chown(path, *owner)
    os.chmod(path, mode)
    return path


def wait_until(condition, seconds=PATIENCE):
    """True as soon as it is; False when it never was."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def entry(recipients=("you@example.net",), sender="me@example.org",
          content=b"Subject: x\r\n\r\none line\r\n", uid=0, more=()):
    """One as the front end writes it."""
    lines = ["relay 1", "S " + sender, *("R " + r for r in recipients),
             "U %d" % uid, *more, "", ""]
    return sealed("\n".join(lines).encode() + content)


def sealed(data):
    return data + b"= %016X %08X\n" % (len(data), crc32c(data))


def variables(build, names):
    """What make knows."""
    out = run("make", "-s", "-C", build, "-f", "Makefile", "--eval",
              "show: ; @printf '%s\\n' " +
              " ".join("'$(%s)'" % name for name in names), "show")
    return dict(zip(names, out.splitlines()[-len(names):]))


def remove_tree(path):
    """A relay-drop of an earlier case may still be taking its file away."""
    for _ in range(200):
        try:
            shutil.rmtree(path)
            return
        except FileNotFoundError:
            if not os.path.exists(path):
                return
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                raise
        time.sleep(0.05)
    raise RuntimeError("%s: something still writes there" % path)


class Machine:
    groups_of_relay = (DROP, QUEUE)

    def __init__(self, build, place, in_memory=True, over=None):
        """`over`: a tree of more programs, to lie over /usr and /etc."""
        self.build = build
        self.place = place
        known = variables(build, ["prefix", "sbindir", "sysconfdir",
                                  "localstatedir", "runstatedir",
                                  "pkglibexecdir", "bindir"])
        self.prefix = known["prefix"]
        for name, path in known.items():
            if not (path + "/").startswith((self.prefix + "/", "/run/")):
                raise RuntimeError("%s is %s, outside of the prefix" % (
                    name, path))
        if self.prefix in ("/", "/usr"):
            raise RuntimeError("the prefix is %s" % self.prefix)
        self.sendmail = os.path.join(known["sbindir"], "sendmail")
        self.libexec = known["pkglibexecdir"]
        self.drop = os.path.join(self.libexec, "relay-drop")
        self.flush = os.path.join(self.libexec, "relay-flush")
        self.listen = os.path.join(self.libexec, "relay-listen")
        self.relay = os.path.join(known["bindir"], "relay")
        self.mailq = os.path.join(known["bindir"], "mailq")
        self.config = os.path.join(known["sysconfdir"], "relayrc")
        self.spool = os.path.join(known["localstatedir"], "spool/relay")
        self.run_place = os.path.join(known["runstatedir"], "relay")
        self.socket = os.path.join(self.run_place, "drop.sock")
        self.flood = os.path.join(build, "tests/system/flood")
        self.children = []
        self.host = None
        self._lock = threading.Lock()
        self._count = 0
        self._mount(in_memory, over)
        self._add_users()
        self._install()
        self.check_spool()

    # --- making it

    def _mount(self, in_memory, over):
        run("mount", "--make-rprivate", "/")
        if in_memory:
            run("mount", "-t", "tmpfs", "-o", "mode=755,size=2g,nr_inodes=0",
                "system", self.place)
        for name in ("usr/sbin", "usr/lib", "usr/bin", "etc", "etc-work",
                     "etc-new", "spool", "spool-work", "prefix", "run",
                     "tmp"):
            os.makedirs(os.path.join(self.place, name))
        for name in ("sbin/sendmail", "lib/sendmail", "bin/mailq",
                     "bin/newaliases"):
            os.symlink(self.sendmail, "%s/usr/%s" % (self.place, name))
        os.chmod(self.place + "/tmp", 0o1777)
        more = {name: "%s/%s:" % (over, name) if over else ""
                for name in ("usr", "etc")}
        for target, options in (
                ("/usr", "lowerdir=%%s/usr:%(usr)s/usr" % more),
                ("/etc", "lowerdir=%(etc)s/etc,upperdir=%%s/etc,"
                 "workdir=%%s/etc-work" % more),
                ("/var/spool", "lowerdir=/var/spool,upperdir=%s/spool,"
                 "workdir=%s/spool-work")):
            run("mount", "-t", "overlay", "-o",
                options.replace("%s", self.place), "system", target)
        prefix = self.prefix
        while not os.path.isdir(prefix):
            prefix = os.path.dirname(prefix)
        if prefix == "/":
            raise RuntimeError("nothing to mount over for " + self.prefix)
        run("mount", "--bind", self.place + "/prefix", prefix)
        run("mount", "--bind", self.place + "/run", "/run")
        run("mount", "--bind", self.place + "/tmp", "/var/tmp")
        run("ip", "link", "set", "lo", "up")
        run("hostname", "client.test")
        os.environ.update(LC_ALL="C", PATH="/usr/sbin:/usr/bin:/sbin:/bin")
        for name in list(os.environ):
            if name.startswith(("RELAY_", "LD_", "XDG_")):
                del os.environ[name]

    @staticmethod
    def _without(path, names):
        with open(path, encoding="utf-8") as file:
            return "".join(line for line in file
                           if line.split(":")[0] not in names)

    def _add_users(self):
        users = {**USERS, "relay": RELAY, "relay-smtp": SMTP}
        names = list(users)
        write("/etc/passwd", self._without("/etc/passwd", names) + "".join(
            "%s:x:%d:%d:%s:/home/%s:/bin/sh\n" % (
                name, uid, uid, name.capitalize(), name)
            for name, uid in users.items()))
        write("/etc/shadow", self._without("/etc/shadow", names) + "".join(
            "%s:*:19000:0:99999:7:::\n" % name for name in names),
            0o640, (0, grp.getgrnam("shadow").gr_gid))
        write("/etc/group", self._without(
            "/etc/group", [*names, "relaydrop", "relayq"]) + "".join(
            "%s:x:%d:%s\n" % (name, gid, who) for name, gid, who in (
                *((n, u, "") for n, u in users.items()),
                ("relaydrop", DROP, "relay"), ("relayq", QUEUE, "relay"))))
        write("/etc/nsswitch.conf", "".join(
            "%s: files\n" % name
            for name in ("passwd", "group", "shadow", "hosts")))
        write("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 client.test\n")

    def _install(self):
        run("make", "-s", "-C", self.build, "install-exec")
        for path in (self.config, self.run_place):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        run(self.libexec + "/setup-spool")

    def make_spool(self):
        """Empty, whatever was there; it may be mounted."""
        os.makedirs(self.spool, exist_ok=True)
        for name in os.listdir(self.spool):
            path = os.path.join(self.spool, name)
            if os.path.isdir(path):
                remove_tree(path)
            else:
                os.unlink(path)
        for name, (group, mode) in LAYOUT.items():
            path = os.path.join(self.spool, name)
            os.makedirs(path, exist_ok=True)
            os.chown(path, RELAY, group)
            os.chmod(path, mode)

    def check_spool(self):
        """Is what setup-spool made the same?"""
        for name, (group, mode) in LAYOUT.items():
            st = os.lstat(os.path.join(self.spool, name))
            if (st.st_uid, st.st_gid, st.st_mode) != (RELAY, group,
                                                      0o040000 | mode):
                raise RuntimeError("setup-spool: %s: %s" % (name, st))

    # --- the smarthost

    def start_host(self, *options):
        """The smarthost; the one before is stopped, and its store is gone."""
        self.stop_host()
        self.host = Host(self, options)
        write(self.config, "log none\ndomain example.org\nsmarthost it\n"
              "    host 127.0.0.1\n    port %d\n    tls starttls\n"
              "    tls_ca %s\n    user alice\n    password inline sekret\n" %
              (self.host.port, self.host.pki + "/ca.pem"), 0o640, (0, RELAY))
        return self.host

    def stop_host(self):
        if self.host:
            self.host.stop()
            self.host = None

    def host_lines(self, word):
        """Commands that it heard."""
        if not os.path.exists(self.host.log):
            return []
        with open(self.host.log, encoding="utf-8", errors="replace") as file:
            return [line for line in file
                    if line.startswith("C") and ": " + word in line]

    # --- running programs on it

    def directory(self, owner=0, mode=0o755):
        with self._lock:
            self._count += 1
            path = "%s/tmp/%d" % (self.place, self._count)
        os.mkdir(path, 0o700)
        os.chown(path, owner, owner)
        os.chmod(path, mode)
        return path

    def start(self, argv, uid=0, gid=None, groups=(), before=None, env=None,
              cwd="/", **more):
        """`before`: a function that is called in the child."""
        gid = uid if gid is None else gid
        process = subprocess.Popen(
            argv, user=uid, group=gid, extra_groups=list(groups),
            preexec_fn=before, close_fds=before is None, cwd=cwd,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"} |
            (env or {}), **more)
        self.children.append(process)
        return process

    def run(self, argv, stdin=b"", uid=0, patience=PATIENCE, **more):
        """To its end.  Status None: it hung."""
        begin = time.monotonic()
        process = self.start(argv, uid, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             **more)
        try:
            out, err = process.communicate(stdin, timeout=patience)
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            status = None
        self.children.remove(process)
        return Ran(status, out, err, time.monotonic() - begin)

    def stop(self, process):
        """Ask it to end."""
        process.terminate()
        process.wait(PATIENCE)
        self.children.remove(process)

    def drop_entry(self, data, uid=0, **more):
        """To the set-gid program, without a front end."""
        return self.run([self.drop], data, uid, **more)

    def submit(self, uid=0, to="you@example.net", text=b"one line\n",
               **more):
        return self.run(["/usr/sbin/sendmail", "-i", "-f", "me@example.org",
                         to], b"Subject: system\n\n" + text, uid, **more)

    def flush_now(self, *options, uid=0, **more):
        return self.run([self.flush, *options], uid=uid, **more)

    # --- looking at it

    def names(self, place="drop"):
        return sorted(os.listdir(os.path.join(self.spool, place)))

    def read(self, place, name):
        with open(os.path.join(self.spool, place, name), "rb") as file:
            return file.read()

    def stat(self, place, name):
        return os.lstat(os.path.join(self.spool, place, name))

    def serve(self):
        """relay-listen until stop_serving()."""
        listener = self.start([self.listen], stdin=subprocess.DEVNULL)
        if not wait_until(lambda: is_listening(self.socket)):
            raise RuntimeError("relay-listen does not listen")
        return listener

    def stop_serving(self, listener):
        self.stop(listener)
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def close(self):
        for process in self.children:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        self.stop_host()


def is_listening(path):
    """By the kernel's table: a connection would count."""
    with open("/proc/net/unix", encoding="utf-8") as table:
        return any(words[-1] == path and words[3] == "00010000"
                   for words in map(str.split, table))


class Host:
    """tests/smarthost."""

    def __init__(self, its_machine, options):
        self.directory = its_machine.directory()
        self.store = self.directory + "/store"
        self.log = self.directory + "/log"
        self.pki = its_machine.place + "/pki"
        if not os.path.exists(self.pki):
            run("sh", TESTS + "/smarthost/certs", self.pki)
            os.chmod(self.pki, 0o755)
            os.chmod(self.pki + "/ca.pem", 0o644)
        os.mkdir(self.store)
        self.process = subprocess.Popen(
            [its_machine.build + "/tests/smarthost/smarthost", "--listen",
             "127.0.0.1:0", "--store", self.store, "--log", self.log,
             "--user", "alice", "--password", "sekret", "--deadline", "600",
             "--cert", self.pki + "/good.pem", "--key",
             self.pki + "/good.key", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening "):
            raise RuntimeError("smarthost: %r" % line)
        self.port = int(line.split()[-1])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def names(self):
        return sorted((name for name in os.listdir(self.store)
                       if re.fullmatch(r"\d+\.eml", name)),
                      key=lambda name: int(name[:-4]))

    def messages(self):
        """In order of arrival."""
        return [self._read(self.store + "/" + name[:-4])
                for name in self.names()]

    @staticmethod
    def _read(path):
        with open(path + ".eml", "rb") as file:
            content = file.read()
        with open(path + ".env", encoding="utf-8") as file:
            lines = [line.split("<")[1].split(">")[0] for line in file
                     if line.startswith(("from ", "to "))]
        return Stored(lines[0], lines[1:], content)
