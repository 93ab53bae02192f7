# SPDX-License-Identifier: GPL-3.0-or-later
"""boot - a Debian with systemd as process 1 and the package installed

What systemd-analyze cannot know: whether the programs still work behind all
that the units take from them, and what starts what, and when.  It has its own
mounts, processes, network (lo only, with tests/smarthost on it) and cgroups.
"""
import os
import re
import shutil
import subprocess
import time

import stage
from place import run

# Nothing of this machine is its business.
MASKED = """
apt-daily.timer apt-daily-upgrade.timer console-getty.service
dev-hugepages.mount dev-mqueue.mount dpkg-db-backup.timer e2scrub_all.timer
e2scrub_reap.service fstrim.timer getty@tty1.service
proc-sys-fs-binfmt_misc.automount sys-fs-fuse-connections.mount
sys-kernel-debug.mount sys-kernel-tracing.mount systemd-binfmt.service
systemd-hwclock.service systemd-logind.service systemd-modules-load.service
systemd-pstore.service systemd-random-seed.service systemd-remount-fs.service
systemd-sysctl.service systemd-udevd.service
""".split()

SMARTHOST = """[Service]
ExecStart=/srv/smarthost --store /srv/store --log /srv/log --user %s \
    --password %s --cert /srv/pki/good.pem --key /srv/pki/good.key \
    --listen 127.0.0.1:587
[Install]
WantedBy=multi-user.target
"""

# Readable for relay and nobody else, with a program that says the password.
RELAYRC = """domain example.org
smarthost it
    host localhost
    tls_ca /etc/relay-ca.pem
    user %s
    password command /usr/local/bin/password
"""

START = """
echo $$ >"$2/cgroup.procs"
exec unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup \\
    sh -ec '
cd "$1"
ip link set lo up
mount -t proc none proc
mount --bind proc/sys proc/sys
mount -o remount,ro,bind proc/sys
mount -t tmpfs none sys
mkdir -p sys/fs/cgroup
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs -o mode=755 none dev
for name in null zero full random urandom tty; do
    touch dev/$name
    mount --bind /dev/$name dev/$name
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 none dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs none run
pivot_root . mnt
umount -l /mnt
mount --make-rshared /
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
    /lib/systemd/systemd --system --show-status=no
' sh "$1"
"""

machine = None


class Machine:
    def __init__(self, place):
        self.system = place.system()
        self._install(place)
        self.cgroups = place.directory()
        run("mount", "-t", "cgroup2", "none", self.cgroups)
        self.cgroup = os.path.join(self.cgroups, "relay-test-%d" % os.getpid())
        os.mkdir(self.cgroup)
        self.process = subprocess.Popen(
            ["sh", "-ec", START, "sh", self.system.root, self.cgroup],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def _install(self, place):
        system = self.system
        place.make("tests/smarthost/smarthost")
        shutil.copy(place.package(), system.path("/root/relay.deb"))
        system.run("apt-get", "-q", "update")
        system.run("apt-get", "-q", "-y", "--no-install-recommends", "install",
                   "systemd", "systemd-sysv", "/root/relay.deb")
        for unit in MASKED:
            path = system.path("/etc/systemd/system/" + unit)
            if os.path.lexists(path):
                os.remove(path)
            os.symlink("/dev/null", path)
        system.write("/etc/hosts", "127.0.0.1 localhost\n")
        shutil.copy(place.build + "/tests/smarthost/smarthost",
                    system.path("/srv/smarthost"))
        run("sh", place.source + "/tests/smarthost/certs",
            system.path("/srv/pki"))
        os.mkdir(system.path("/srv/store"))
        system.write("/etc/systemd/system/smarthost.service",
                     SMARTHOST % (stage.USER, stage.PASSWORD))
        system.run("systemctl", "enable", "smarthost.service")
        shutil.copyfile(system.path("/srv/pki/ca.pem"),
                        system.path("/etc/relay-ca.pem"))
        system.write("/usr/local/bin/password",
                     "#!/bin/sh\necho %s\n" % stage.PASSWORD, 0o755)
        system.write("/etc/relayrc", RELAYRC % stage.USER, 0o640)
        system.run("chown", "root:relay", "/etc/relayrc")
        os.remove(system.path("/usr/sbin/policy-rc.d"))

    def first(self):
        """Our number of systemd; "" while it is not there."""
        with open("/proc/%d/task/%d/children" % (
                self.process.pid, self.process.pid), encoding="ascii") as file:
            for pid in file.read().split():
                with open("/proc/%s/comm" % pid, encoding="ascii") as name:
                    if name.read() == "systemd\n":
                        return pid
        return ""

    def run(self, *argv, **more):
        """A program inside; more may have stdin."""
        return subprocess.run(
            ["nsenter", "--target", self.first(), "--mount", "--pid", "--uts",
             "--ipc", "--net", "--cgroup", "--", *argv],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
            check=False, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, **more)

    def submit(self, uid, to, shut_in=True):
        words = ["--no-new-privs"] if shut_in else []
        return self.run("setpriv", "--reuid", str(uid), "--regid", str(uid),
                        "--clear-groups", *words, "/usr/sbin/sendmail", to,
                        input="Subject: boot\n\nHello\n")

    def stored(self):
        return len([name for name in
                    os.listdir(self.system.path("/srv/store"))
                    if name.endswith(".eml")])

    def is_active(self, *units):
        """Those that are not."""
        states = self.run("systemctl", "is-active", *units).stdout.split()
        return ["%s is %s" % pair for pair in zip(units, states)
                if pair[1] != "active"]

    def what_failed(self):
        return self.run("systemctl", "--failed", "--plain", "--no-legend",
                        "--no-pager").stdout.splitlines()

    def journal(self):
        return self.run("journalctl", "--no-pager", "-b", "-o", "cat", "-n",
                        "20").stdout.splitlines()

    def stop(self):
        self.process.kill()
        self.process.wait()
        for folder, _, _ in os.walk(self.cgroup, topdown=False):
            stage.wait_until(lambda path=folder: remove(path))


def remove(path):
    try:
        os.rmdir(path)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def shut_down():
    if machine is not None:
        machine.stop()


OURS = ("relay-drop.socket", "relay-flush.path", "relay-flush.timer")


def comes_up(place):
    """a boot: socket, path and timer are active, and nothing has failed"""
    global machine  # pylint: disable=global-statement
    machine = Machine(place)
    state = ""

    def is_up():
        nonlocal state
        state = machine.run("systemctl", "is-system-running").stdout.strip()
        return state in ("running", "degraded")

    stage.wait_until(machine.first)
    stage.wait_until(is_up, 40)
    return (machine.is_active(*OURS, "smarthost.service") +
            machine.what_failed() + ([] if state == "running" else [state]))


def arrive(count, seconds):
    """What is wrong when not so many more messages arrive."""
    if stage.wait_until(lambda: machine.stored() >= count, seconds) and \
            machine.stored() == count:
        return []
    return ["%d of %d arrived" % (machine.stored(), count),
            *machine.journal()]


def is_sent_at_once(_place):
    """mail of root, www-data and a nameless uid, under no_new_privs, is sent"""
    why = []
    start = time.monotonic()
    for number, uid in enumerate((0, 33, 12345)):
        done = machine.submit(uid, "you%d@example.net" % number)
        if done.returncode or done.stdout:
            why.append("%d: %d %s" % (uid, done.returncode, done.stdout))
    why += arrive(3, 8)
    print("# sent after %.1f s" % (time.monotonic() - start))
    return why + machine.what_failed()


def works_without_the_socket(_place):
    """without the socket: the set-gid program, and 73 where it cannot be"""
    before = machine.stored()
    machine.run("systemctl", "stop", "relay-drop.socket")
    why = []
    done = machine.submit(33, "you@example.net", shut_in=False)
    if done.returncode or done.stdout:
        why.append("set-gid: %d %s" % (done.returncode, done.stdout))
    start = time.monotonic()
    done = machine.submit(33, "you@example.net")
    if done.returncode != 73 or done.stdout.count("\n") != 1 or \
            time.monotonic() - start > 2:
        why.append("neither: %d %s" % (done.returncode, done.stdout))
    machine.run("systemctl", "start", "relay-drop.socket")
    return why + arrive(before + 1, 8) + machine.is_active(*OURS)


MANY = """seq %d | xargs -P 16 -I{} sh -c '
    printf "Subject: {}\\n\\nHello\\n" |
    setpriv --reuid $((20000 + {} %% 4)) --regid 33 --clear-groups \\
        --no-new-privs sendmail many{}@example.net || echo {} failed'
"""


def bears_many(_place):
    """400 messages of 4 users, 16 at a time: each is sent, no unit gives up"""
    before = machine.stored()
    count = 400
    said = machine.run("sh", "-c", MANY % count).stdout.splitlines()
    return (said[:10] + arrive(before + count, 40) +
            machine.is_active(*OURS) + machine.what_failed())


def bears_a_flush_that_fails(_place):
    """a flush that fails before it begins: not again at once, nothing lost"""
    before = machine.stored()
    start = time.time()
    spool = machine.system.path("/var/spool/relay")
    os.chmod(spool, 0o777)
    done = machine.submit(33, "you@example.net")
    time.sleep(3)
    starts = machine.run("journalctl", "--no-pager", "-b", "-o", "cat", "-u",
                         "relay-flush.service", "--since", "@%.3f" % start).stdout.count("Starting")
    why = [] if done.returncode == 0 else [done.stdout]
    if not 1 <= starts <= 2:
        why.append("started %d times in 3 s" % starts)
    os.chmod(spool, 0o711)
    # The first one waits for the end of the one that failed.
    for _ in range(2):
        machine.run("systemctl", "start", "relay-flush.service")
    return why + arrive(before + 1, 8) + machine.is_active(*OURS)


def takes_a_credential(_place):
    """a password that only root can read, by LoadCredential"""
    before = machine.stored()
    system = machine.system
    system.write("/etc/relay.password", stage.PASSWORD + "\n", 0o600)
    os.mkdir(system.path("/etc/systemd/system/relay-flush.service.d"))
    system.write("/etc/systemd/system/relay-flush.service.d/own.conf",
                 "[Service]\nLoadCredential=smarthost:/etc/relay.password\n")
    machine.run("systemctl", "daemon-reload")
    with open(system.path("/etc/relayrc"), "w", encoding="utf-8") as file:
        file.write(re.sub("password .*", "password credential smarthost",
                          RELAYRC % stage.USER))
    done = machine.submit(33, "you@example.net")
    return ([done.stdout] if done.returncode else []) + arrive(before + 1, 8)


def is_due_every_minute(_place):
    """the timer is due within a minute"""
    said = machine.run("systemctl", "show", "--value", "--property",
                       "NextElapseUSecRealtime", "relay-flush.timer").stdout
    due = machine.run("date", "+%s", "-d", said.strip()).stdout
    return [] if 0 <= int(due) - time.time() < 72 else [said, due]


def goes_with_the_package(_place):
    """dpkg --remove stops all of it"""
    machine.run("dpkg", "--remove", "relay")
    said = machine.run("systemctl", "is-active", *OURS,
                       "relay-flush.service").stdout.split()
    return said if {*said} - {"inactive", "unknown"} else []


TALK = """
say() {
    [ -z "$1" ] || printf '%s\\r\\n' "$1" >&3
    while read -r -t 20 line <&3 && echo "$line" && [ "${line:3:1}" = - ]; do :
    done
}
exec 3<>"/dev/tcp/$1/25"
for line in '' 'EHLO x' 'MAIL FROM:<me@example.org>' \\
    'RCPT TO:<smtp@example.net>' DATA $'Subject: smtp\\r\\n\\r\\nHello\\r\\n.' \\
    QUIT; do
    say "$line"
done
"""


def takes_smtp_when_asked(_place):
    """relay-smtp.socket: off; enabled, mail that comes by SMTP is sent"""
    before = machine.stored()
    socket = "relay-smtp.socket"
    state = machine.run("systemctl", "is-enabled", socket).stdout.strip()
    why = [] if state == "disabled" else [state]
    why += machine.run("systemctl", "enable", "--quiet", "--now",
                       socket).stdout.splitlines()
    said = machine.run("bash", "-c", TALK, "talk", "127.0.0.1").stdout
    said += machine.run("bash", "-c", TALK, "talk", "::1").stdout
    codes = [line[:3] for line in said.splitlines() if line[3:4] == " "]
    if codes != ["220", "250", "250", "250", "354", "250", "221"] * 2:
        why += said.splitlines()
    why += arrive(before + 2, 8) + machine.is_active(*OURS, socket)
    machine.run("systemctl", "disable", "--now", socket)
    return why + machine.what_failed()


CASES = (comes_up, is_sent_at_once, works_without_the_socket, bears_many,
         takes_smtp_when_asked,
         bears_a_flush_that_fails, takes_a_credential, is_due_every_minute,
         goes_with_the_package)
