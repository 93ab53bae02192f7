# SPDX-License-Identifier: GPL-3.0-or-later
"""container - relay as the example of doc/container runs it

Process 1 of its own process namespace, a uid without a name, no capability, a
root that is read-only but for the queue, and no configuration but its
environment.
"""
import os
import shutil
import signal
import subprocess
import time

import stage
from place import run

UID = "65532"
# What the image has of Debian, here taken from this machine.
DEBIAN = ("bin", "lib", "lib64", "usr/bin", "usr/lib", "usr/lib64",
          "etc/ld.so.cache")
SUBMIT = "/usr/local/sbin/sendmail"
FLUSH = "/usr/local/bin/relay"


class Container:
    def __init__(self, place, port, trusted):
        self.root = place.directory()
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "none", self.root)
        for name in ("proc", "dev", "queue", "usr/local", "etc/ssl/certs"):
            os.makedirs(self.path(name))
        for name in DEBIAN:
            self._bring(name)
        shutil.copyfile(trusted,
                        self.path("etc/ssl/certs/ca-certificates.crt"))
        self._mount("usr/local", place.installed() + "/usr/local")
        self._mount("dev/null", "/dev/null")
        run("mount", "-t", "proc", "none", self.path("proc"))
        run("mount", "-t", "tmpfs", "-o", "mode=0700,uid=%s" % UID, "none",
            self.path("queue"))
        run("mount", "-o", "remount,ro", self.root)
        self.env = {
            "RELAY_QUEUE": "/queue", "RELAY_HOST": "127.0.0.1",
            "RELAY_PORT": str(port), "RELAY_DOMAIN": "example.org",
            "RELAY_USER": stage.USER,
        }
        self.process = None

    def path(self, name):
        return os.path.join(self.root, name)

    def _bring(self, name):
        """A link where this machine has one, else the same thing."""
        here, there = "/" + name, self.path(name)
        os.makedirs(os.path.dirname(there), exist_ok=True)
        if os.path.islink(here):
            os.symlink(os.readlink(here), there)
        elif os.path.exists(here):
            self._mount(name, here)

    def _mount(self, name, what):
        there = self.path(name)
        if os.path.isdir(what):
            os.makedirs(there, exist_ok=True)
        elif not os.path.exists(there):
            with open(there, "w", encoding="ascii"):
                pass
        run("mount", "--bind", what, there)
        if not what.startswith("/dev/"):
            run("mount", "-o", "remount,ro,bind", there)

    def inside(self, *argv):
        return ["setpriv", "--no-new-privs", "/usr/sbin/chroot", "--userspec",
                UID + ":" + UID, self.root, *argv]

    def start(self):
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child",
             *self.inside(FLUSH, "flush", "--watch")],
            env=dict(self.env, RELAY_PASSWORD=stage.PASSWORD), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)

    def first(self):
        """Our number of its process 1."""
        with open("/proc/%d/task/%d/children" % (
                self.process.pid, self.process.pid), encoding="ascii") as file:
            return int(file.read().split()[0])

    def submit(self, to):
        subprocess.run(self.inside(SUBMIT, "-i", to), check=True,
                       input=b"Subject: container\n\nHello\n",
                       env=dict(self.env, RELAY_FLUSH="/bin/true"))


def status_of(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file)


def what_process_1_is(pid):
    """What is wrong with it."""
    why = []
    status = status_of(pid)
    if status["Name"] != "relay-flush":
        why.append("process 1 is " + status["Name"])
    if status["NSpid"].split()[-1] != "1":
        why.append("NSpid " + status["NSpid"])
    for key, want in (("CapEff", 0), ("CapPrm", 0)):
        if int(status[key], 16) != want:
            why.append("%s %s" % (key, status[key]))
    if status["Uid"].split() != [UID] * 4 or status["NoNewPrivs"] != "1":
        why.append("Uid %s, NoNewPrivs %s" % (status["Uid"],
                                             status["NoNewPrivs"]))
    return why


def as_process_1(place):
    """a container: watch as process 1, nameless, root read-only; SIGTERM"""
    place.make("tests/smarthost/smarthost")
    its_stage = stage.Stage(place.build)
    host = its_stage.host()
    box = Container(place, host.ports[0], its_stage.cert("ca"))
    try:
        return play(box, host)
    finally:
        if box.process and box.process.poll() is None:
            box.process.kill()
        its_stage.close()


def play(box, host):
    why = []
    box.submit("early@example.net")
    box.start()
    if not stage.wait_until(lambda: len(host.messages()) == 1):
        why.append("what was there did not arrive")
    why += what_process_1_is(box.first())
    box.submit("late@example.net")
    if not stage.wait_until(lambda: len(host.messages()) == 2):
        why.append("what came later did not arrive")
    start = time.monotonic()
    os.kill(box.first(), signal.SIGTERM)
    try:
        out, _ = box.process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        return why + ["does not end"]
    print("# ended in %.2f s" % (time.monotonic() - start))
    if box.process.returncode != 0:
        why.append("exit status %d" % box.process.returncode)
    if out:
        why.append("said: " + out)
    left = [name for name in os.listdir(box.path("queue/new"))]
    return why + ["left: " + name for name in left]


def image_is_right(place):
    """a container: the example's image has the libraries it needs

    What doc/container/Containerfile installs, against what the programs need;
    the image itself is built where podman is."""
    why = []
    path = os.path.join(place.source, "doc/container/Containerfile")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    system = place.system()
    system.run("apt-get", "-q", "update")
    packages = text.rpartition("--no-install-recommends")[2].partition("&&")[0]
    words = packages.replace("\\", " ").split()
    system.run("apt-get", "-q", "-y", "--no-install-recommends", "install",
               *words)
    run("cp", "-a", place.installed() + "/usr/local/.",
        system.path("/usr/local"))
    for argv in ((FLUSH, "--version"), (SUBMIT, "--version"),
                 ("/usr/local/libexec/relay/relay-flush", "--version")):
        done = system.run(*argv, check=False)
        if done.returncode:
            why += [" ".join(argv), done.stdout]
    for line in ("USER 65532:65532", "ENV RELAY_QUEUE=/queue",
                 'ENTRYPOINT ["%s", "flush", "--watch"]' % FLUSH):
        if line not in text.splitlines():
            why.append("no line " + line)
    return why


CASES = (as_process_1, image_is_right)
