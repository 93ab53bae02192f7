# SPDX-License-Identifier: GPL-3.0-or-later
"""system - a flush for the whole machine, in its sandbox

Root only, with mounts of its own: the prefix that the build is for has only the
configuration and a queue, which belong to users that nobody is, and /dev has a
log that we listen to.
"""
import os
import pwd
import re
import socket
import stat

import stage

WORDS = "correct horse battery"
OWNER, DROP, QUEUE = 47110, 47111, 47112
TREE = (("", OWNER, 0o711), ("drop", DROP, 0o1770), ("new", QUEUE, 0o1770),
        ("hold", QUEUE, 0o1770), ("failed", QUEUE, 0o1770),
        ("log", QUEUE, 0o2750), ("tmp", OWNER, 0o700), ("bad", OWNER, 0o700),
        ("pause", OWNER, 0o700))


def prefix(its_stage):
    """Of the build; None: where we must not mount."""
    with open(os.path.join(its_stage.build, "Makefile"),
              encoding="utf-8") as file:
        words = dict(re.findall(r"^(\w+) = (.*)$", file.read(),
                                re.MULTILINE))
    path = words["prefix"]
    is_below = (words["sysconfdir"], words["localstatedir"]) == (
        "${prefix}/etc", "${prefix}/var")
    return path if is_below and os.path.isdir(path) and path not in (
        "/", "/usr") else None


class System(stage.Scene):
    """A scene whose flush is in system mode."""

    def __init__(self, its_stage):
        super().__init__(its_stage)
        self.tree = os.path.join(self.directory, "tree")
        self.etc = os.path.join(prefix(its_stage), "etc")
        self.spool = os.path.join(self.tree, "var/spool/relay")
        os.makedirs(os.path.join(self.tree, "etc"))
        os.makedirs(self.spool)
        for name, group, mode in TREE:
            path = os.path.join(self.spool, name)
            os.makedirs(path, exist_ok=True)
            os.chown(path, OWNER, group)
            os.chmod(path, mode)
        for path in (self.tree, os.path.join(self.tree, "etc"),
                     os.path.join(self.tree, "var"),
                     os.path.join(self.tree, "var/spool")):
            os.chmod(path, 0o755)
        with open(its_stage.cert("ca"), encoding="ascii") as file:
            self.give("ca", file.read())
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log.bind(os.path.join(self.directory, "log"))
        self.log.setblocking(False)
        self.inside = stage.unshare(
            'mount --bind "$2/tree" "$1"\n'
            "mount -t tmpfs none /dev; chmod 755 /dev\n"
            "mknod /dev/null c 1 3; mknod /dev/urandom c 1 9\n"
            "chmod 666 /dev/null /dev/urandom\n"
            'ln -s "$2/log" /dev/log', prefix(its_stage), self.directory)
        del self.env["RELAY_CONFIG"], self.env["RELAY_QUEUE"]

    def give(self, name, text, mode=0o640):
        """A file in etc/, root's, that the queue's owner can read."""
        path = os.path.join(self.tree, "etc", name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chown(path, 0, OWNER)
        os.chmod(path, mode)

    def logged(self):
        lines = []
        while True:
            try:
                lines.append(self.log.recv(4096).decode())
            except BlockingIOError:
                return lines

    def lay(self, to):
        """A message in new/, as if it had come through drop/."""
        own = {"RELAY_CONFIG": self.config, "RELAY_QUEUE": self.queue}
        name = self.submit(to, env=own)
        path = os.path.join(self.spool, "new", name)
        os.rename(os.path.join(self.queue, "new", name), path)
        os.chown(path, 0, DROP)
        os.chmod(path, 0o640)
        return name

    def set_up(self, host, *lines, top="log none\n", name="127.0.0.1",
               tls="starttls"):
        self.give("relayrc", top + "domain example.org\nsmarthost it\n" +
                  "".join("    %s\n" % line for line in (
                      "host " + name, "port %d" % host.ports[0],
                      "tls " + tls) + lines))

    def flush_all(self, *options):
        return self.run(self.inside + [self.stage.flush, "--now", *options])


def with_password(source):
    def case(its_stage):
        host = its_stage.host("--password", WORDS)
        scene = System(its_stage)
        scene.give("password", WORDS + "\n")
        scene.give("command", "#!/bin/sh\ncat %s/password\n" % scene.etc,
                   0o755)
        scene.set_up(host, "user alice", "password " + source.replace(
            "ETC", scene.etc), "tls_ca %s/ca" % scene.etc)
        scene.lay("you@example.net")
        ran = scene.flush_all("--debug")
        why = []
        if ran.status != 0 or host.counts()["you@example.net"] != 1:
            why.append("%s %r" % (ran.status, ran.err))
        if b"landlock=" not in ran.err:
            why.append("no sandbox: %r" % ran.err)
        return why
    case.__doc__ = "it logs in with password " + source.split(" ")[0]
    return case


def by_name(its_stage):
    """it finds a server by name, and logs to /dev/log"""
    host = its_stage.host("--no-auth")
    scene = System(its_stage)
    scene.set_up(host, top="", name="localhost", tls="none")
    name = scene.lay("you@example.net")
    scene.logged()
    ran = scene.flush_all("--quiet")
    logged = [line for line in scene.logged() if name in line]
    if ran.status == 0 and any("status=sent" in line for line in logged):
        return []
    return ["%s %r" % (ran.status, ran.err)] + logged


def hostile_arrivals(its_stage):
    """what is no message is moved out of drop/ from inside the sandbox, too"""
    host = its_stage.host("--no-auth")
    scene = System(its_stage)
    scene.set_up(host, tls="none")
    good = scene.lay("you@example.net")
    drop = os.path.join(scene.spool, "drop")
    os.rename(os.path.join(scene.spool, "new", good),
              os.path.join(drop, "m." + good))
    names = ["m.%s%02X" % (good[:-2], i) for i in range(4)]
    paths = [os.path.join(drop, name) for name in names]
    os.symlink("/etc/shadow", paths[0])
    os.mkfifo(paths[1], 0o666)
    os.mknod(paths[2], 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(paths[3])
    ran = scene.flush_all("--quiet")
    why = ["%s is still there" % name for name in os.listdir(drop)
           if name.startswith("m.")]
    bad = os.listdir(os.path.join(scene.spool, "bad"))
    if len(bad) != 4 or host.counts()["you@example.net"] != 1:
        why.append("%s %s %r" % (bad, ran.status, ran.err))
    return why


def status_of(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file
                    if ":\t" in line)


def what_is_in_force(its_stage):
    """relay-flush is confined, its keeper is not; neither can be dumped"""
    host = its_stage.host("--fault", "mail:1:stall")
    scene = System(its_stage)
    scene.set_up(host, "user alice", "password inline " + stage.PASSWORD,
                 "tls_ca %s/ca" % scene.etc)
    scene.lay("you@example.net")
    process = scene.start(scene.inside + [its_stage.flush, "--quiet", "--now"])
    why = []
    if not stage.wait_until(lambda: "MAIL" in host.commands()):
        why.append("it did not come to MAIL")
    mine = status_of(process.pid)
    if not its_stage.is_sanitized and (
            mine["Seccomp"], mine["NoNewPrivs"]) != ("2", "1"):
        why.append("relay-flush: %s" % mine)
    with open("/proc/%d/task/%d/children" % (process.pid, process.pid),
              encoding="ascii") as file:
        keepers = file.read().split()
    if len(keepers) != 1:
        why.append("keepers: %s" % keepers)
    for keeper in keepers:
        its = status_of(int(keeper))
        if its["Name"] != "relay-keeper" or its["NoNewPrivs"] != "0":
            why.append("keeper: %s" % its)
    process.kill()
    process.wait()
    for keeper in keepers:
        if not stage.wait_until(lambda k=keeper: not os.path.exists(
                "/proc/" + k)):
            why.append("the keeper goes on")
    return why


def run(its_stage, pool, tap):
    home = pwd.getpwuid(os.getuid()).pw_dir
    if os.getuid() != 0 or prefix(its_stage) is None or os.path.exists(
            os.path.join(home, ".relayrc")):
        tap.comment("system: only root without a ~/.relayrc, and a build for "
                    "a prefix of its own")
        return
    stage.run_all(its_stage, pool, tap, [
        with_password("file ETC/password"), with_password(
            "command ETC/command"), with_password('inline "%s"' % WORDS),
        by_name, hostile_arrivals, what_is_in_force])
