# SPDX-License-Identifier: GPL-3.0-or-later
"""place - the programs under test, and directories to test them in

start() is called once, before any worker is made.  Directories are on tmpfs
where there is one: what a power cut does is modelled, and nothing here waits
for a real disk but realfs.py.
"""
import os
import shutil
import tempfile

SENDMAIL = FLUSH = RELAY = SMARTHOST = FPT = OOM = LEAVEOUT = CERTS = ""
DROP = SYSTEM_FLUSH = TOKEN = ""
BASE = ""

TIMEOUT = 20  # seconds: whatever takes longer hangs


def start(build, source):
    global SENDMAIL, FLUSH, RELAY, SMARTHOST, FPT, OOM, LEAVEOUT, CERTS, BASE
    global DROP, SYSTEM_FLUSH, TOKEN
    SENDMAIL = os.path.join(build, "src/sendmail/sendmail")
    FLUSH = os.path.join(build, "src/flush/relay-flush")
    RELAY = os.path.join(build, "src/relay/relay")
    SMARTHOST = os.path.join(build, "tests/smarthost/smarthost")
    TOKEN = os.path.join(build, "src/token/relay-token")
    FPT = os.path.join(build, "tests/crash/fpt")
    OOM = os.path.join(build, "tests/crash/oom.so")
    LEAVEOUT = os.path.join(build, "tests/crash/leaveout.so")
    DROP = os.path.join(build, "tests/crash/relay-drop")
    SYSTEM_FLUSH = os.path.join(build, "tests/crash/relay-flush")
    CERTS = os.path.join(source, "tests/smarthost/certs")
    os.umask(0o077)
    fast = "/dev/shm"
    base = fast if os.access(fast, os.W_OK) else None
    BASE = tempfile.mkdtemp(prefix="relay-crash.", dir=base)
    os.chmod(BASE, 0o755)


def end():
    shutil.rmtree(BASE, ignore_errors=True)


def fresh():
    """A new directory for one trial, with an empty configuration."""
    directory = tempfile.mkdtemp(prefix="t.", dir=BASE)
    write(directory, "relayrc", b"")
    return directory


def pki():
    """Certificates for 127.0.0.1; tests/smarthost/certs made them."""
    return os.path.join(BASE, "pki")


def write(directory, name, content):
    path = os.path.join(directory, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def environment(directory, **more):
    """What a program under test sees; nothing of ours but PATH."""
    env = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C",
        "HOME": directory,
        "RELAY_QUEUE": os.path.join(directory, "queue"),
        "RELAY_CONFIG": os.path.join(directory, "relayrc"),
        "RELAY_FLUSH": "/bin/true",
    }
    env.update(more)
    return env
