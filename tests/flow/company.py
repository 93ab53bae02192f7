# SPDX-License-Identifier: GPL-3.0-or-later
"""company - submissions and flushers at the same time, and signals"""
import concurrent.futures
import fcntl
import os
import signal
import subprocess
import sys
import time

import stage

ROUNDS, MESSAGES = 100, 20       # of two flushers at once
SUBMISSIONS, AT_A_TIME = 200, 32
SLOW_ANSWER = "final:1:slow 80"  # about three seconds
BIG = b"x" * 70 + b"\n"


def is_locked(scene):
    """Does a flusher hold this queue?"""
    path = os.path.join(scene.queue, "lock")
    if not os.path.exists(path):
        return False
    with open(path, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def struck(host):
    return bool(host.lines("F"))


def once_each(host, recipients):
    counts = host.counts()
    return ["%s: %d times" % (to, counts[to]) for to in recipients
            if counts[to] != 1][:10]


# --- flushers --------------------------------------------------------------

def one_round(its_stage, port, number):
    scene = its_stage.scene()
    scene.configure(port)
    for i in range(MESSAGES):
        scene.submit("r%d.%d@example.net" % (number, i))
    pair = [scene.start([its_stage.flush], stderr=subprocess.PIPE)
            for _ in range(2)]
    why = []
    for process in pair:
        try:
            err = process.communicate(timeout=stage.PATIENCE)[1]
        except subprocess.TimeoutExpired:
            why.append("it hung")
            continue
        if process.returncode != 0 or err:
            why.append("status %s %r" % (process.returncode, err))
    if scene.names("new"):
        why.append("%d are left" % len(scene.names("new")))
    return ["round %d: %s" % (number, text) for text in why]


def two_flushers(its_stage):
    """two flushers at once, 100 rounds of 20 messages: each delivered once"""
    host = its_stage.host("--deadline", "300")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        why = []  # one bad round is enough

        def next_round(number):
            if not why:
                why.extend(one_round(its_stage, host.ports[0], number))

        list(pool.map(next_round, range(ROUNDS)))
    return why + once_each(host, ["r%d.%d@example.net" % (n, i)
                                  for n in range(ROUNDS)
                                  for i in range(MESSAGES)])


def race(its_stage, host, number, *words):
    """A flush and a person at the same message: (did he succeed?, his words,
    the scene, the message, its recipient)."""
    scene = its_stage.scene()
    scene.configure(host.ports[0], tls="none", login=False, ca=False)
    to = "%s%d@example.net" % (words[-1], number)
    message = scene.submit(to)
    argv = [its_stage.relay, *words, message]
    both = [scene.start(command, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE)
            for command in ([its_stage.flush, "--now", "--quiet"], argv)[
                ::1 if number % 2 else -1]]
    said = {process.args[0]: process.communicate(timeout=stage.PATIENCE)
            for process in both}
    status = {process.args[0]: process.returncode for process in both}
    return (status[its_stage.relay] == 0, said[its_stage.relay], scene,
            message, to)


def races(its_stage, word):
    """Either he had it, or it was delivered; once, and never half."""
    host = its_stage.host("--no-starttls", "--no-auth", "--deadline", "300")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: race(
            its_stage, host, n, "queue", word), range(ROUNDS)))
    counts, why, won = host.counts(), [], 0
    for has_won, said, scene, message, to in found:
        won += has_won
        where = {"remove": None, "hold": "hold"}[word] if has_won else None
        if counts[to] != (0 if has_won else 1) or \
                scene.place(message) != where or scene.names("log"):
            why.append("%s: %d times, in %s, %r" % (
                to, counts[to], scene.place(message), said))
    if not 0 < won < ROUNDS:
        why.append("he won %d times of %d" % (won, ROUNDS))
    return why[:10]


def remove_or_send(its_stage):
    """remove beside a flush, 100 rounds: removed or delivered, never both"""
    return races(its_stage, "remove")


def hold_or_send(its_stage):
    """hold beside a flush, 100 rounds: held or delivered, never both"""
    return races(its_stage, "hold")


def two_removes(its_stage):
    """two removals of one message, 100 rounds: one of them did it"""
    why = []
    scene = its_stage.scene()
    scene.configure(1)
    for number in range(ROUNDS):
        argv = [its_stage.relay, "queue", "remove",
                scene.submit("t%d@example.net" % number)]
        pair = [scene.start(argv, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL) for _ in range(2)]
        statuses = sorted(p.wait(timeout=stage.PATIENCE) for p in pair)
        if statuses[0] != 0 or statuses[1] == 0 or scene.names("new"):
            why.append("round %d: %s" % (number, statuses))
    return why[:10]


def same_process_id(its_stage):
    """100 submissions, each process 1 of its own world: 100 names"""
    scene = its_stage.scene()
    user = [] if os.getuid() == 0 else ["-r"]
    argv = ["unshare", *user, "--pid", "--fork", its_stage.sendmail, "-odq",
            "-i", "p@example.net"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ran = list(pool.map(lambda n: scene.run(
            argv, b"Subject: %d\n\nx\n" % n), range(ROUNDS)))
    why = ["status %s %r" % (r.status, r.err) for r in ran if r.status][:5]
    subjects = {scene.bytes("new", name).partition(b"Subject: ")[2].split(
        b"\r")[0] for name in scene.names("new")}
    if len(subjects) != ROUNDS or len(scene.names("new")) != ROUNDS:
        why.append("%d subjects, %d names" % (
            len(subjects), len(scene.names("new"))))
    return why


def watching(its_stage, host):
    """(scene, its watching flusher), ready."""
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    process = scene.start([its_stage.flush, "--watch"],
                          stderr=subprocess.PIPE)
    if not stage.wait_until(lambda: is_locked(scene) and os.path.exists(
            os.path.join(scene.queue, "wake"))):
        raise RuntimeError("relay-flush --watch does not begin")
    return scene, process


def end_watching(process):
    process.terminate()
    err = process.communicate(timeout=stage.PATIENCE)[1]
    if process.returncode != 0 or err:
        return ["--watch ended with %s %r" % (process.returncode, err)]
    return []


def many_submissions(its_stage):
    """200 submissions, 32 at a time, beside --watch: each delivered once"""
    host = its_stage.host()
    scene, process = watching(its_stage, host)
    people = ["p%d@example.net" % i for i in range(SUBMISSIONS)]
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        ran = list(pool.map(lambda to: scene.run(
            [its_stage.sendmail, "-i", to], b"Subject: many\n\nhello\n"),
            people))
    why = ["sendmail: %s %r" % (r.status, r.err) for r in ran if r.status]
    if not stage.wait_until(lambda: not scene.names("new"), 30):
        why.append("%d wait" % len(scene.names("new")))
    return why + end_watching(process) + once_each(host, people)


def woken(its_stage):
    """a submission beside --watch is delivered within a second"""
    host = its_stage.host()
    scene, process = watching(its_stage, host)
    why = []
    for i in range(5):
        start = time.monotonic()
        scene.submit("w%d@example.net" % i)
        if not stage.wait_until(lambda: len(host.messages()) > i, 10):
            why.append("message %d was not delivered" % i)
        seconds = time.monotonic() - start
        if seconds > 1:
            why.append("message %d took %.1f s" % (i, seconds))
        time.sleep(0.1)
    return why + end_watching(process)


LONG = 55  # seconds; --watch would look after a minute by itself


def mended(its_stage):
    """a configuration that is mended beside --watch counts at once"""
    host = its_stage.host()
    scene, process = watching(its_stage, host)
    scene.configure(1)  # nobody is there
    time.sleep(2)
    scene.submit("m@example.net")
    paused = os.path.join(scene.queue, "pause", "it")
    why = []
    if not stage.wait_until(lambda: os.path.exists(paused), 30):
        why.append("it was not tried")
    start = time.monotonic()
    scene.configure(host.ports[0])
    if not stage.wait_until(lambda: host.messages(), LONG):
        why.append("not delivered after %.0f s" % (time.monotonic() - start))
    process.terminate()
    process.communicate(timeout=stage.PATIENCE)
    return why


NETWORK = """
import os, subprocess, sys, time
up, flush, smarthost, rc = sys.argv[1:5]
host = subprocess.Popen([smarthost, "--listen", "127.0.0.1:0", "--store",
                         sys.argv[5], "--no-starttls", "--no-auth"],
                        stdout=subprocess.PIPE, text=True)
port = host.stdout.readline().split()[-1]
with open(os.open(rc, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
    f.write("domain example.org\\nlog none\\nsmarthost it\\n host 127.0.0.1\\n"
            " port %s\\n tls none\\n" % port)
watch = subprocess.Popen([flush, "--watch"])
while not os.path.exists(up):
    time.sleep(0.1)
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
watch.wait()
"""


def network(its_stage):
    """a network that comes up beside --watch ends the wait for it"""
    scene = its_stage.scene()
    store = os.path.join(scene.directory, "store")
    up = os.path.join(scene.directory, "up")
    os.mkdir(store)
    scene.configure(1)
    scene.submit("n@example.net")
    process = scene.start(
        ["unshare", "--net", "--kill-child", "--fork", "--pid", sys.executable,
         "-c", NETWORK, up, its_stage.flush, its_stage.smarthost,
         scene.env["RELAY_CONFIG"], store], stderr=subprocess.PIPE)
    paused = os.path.join(scene.queue, "pause", "it")
    why = []
    if not stage.wait_until(lambda: os.path.exists(paused), 30):
        why.append("it was not tried")
    start = time.monotonic()
    scene.write("up", "")
    if not stage.wait_until(lambda: os.listdir(store), LONG):
        why.append("not delivered after %.0f s" % (time.monotonic() - start))
    process.kill()
    err = process.communicate(timeout=stage.PATIENCE)[1]
    return why + ([repr(err[-300:])] if why else [])


def fills_up(its_stage):
    """what arrives during a pass is sent before the flusher ends"""
    return fill_up(its_stage, True)


def fills_up_unheard(its_stage):
    """the same when nobody can ring"""
    return fill_up(its_stage, False)


def fill_up(its_stage, can_ring):
    host = its_stage.host("--fault", SLOW_ANSWER)
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    scene.submit("f0@example.net")
    process = scene.start([its_stage.flush, "--quiet"])
    if not stage.wait_until(lambda: struck(host)):
        return ["the flusher does not begin"]
    if not can_ring:
        os.unlink(os.path.join(scene.queue, "wake"))
    for i in range(1, 4):
        scene.submit("f%d@example.net" % i)
    why = [] if process.poll() is None else ["it ended too soon"]
    process.wait(timeout=stage.PATIENCE)
    if scene.names("new"):
        why.append("%d are left" % len(scene.names("new")))
    return why + once_each(host, ["f%d@example.net" % i for i in range(4)])


def background(its_stage):
    """a submission starts a flush that holds neither its caller nor a pipe"""
    host = its_stage.host("--fault", "greeting:1:stall")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    start = time.monotonic()
    ran = scene.run(["sh", "-c", 'x=$("$0" -i b@example.net 2>&1)\n'
                     'status=$?; echo "$status $x"', its_stage.sendmail],
                    b"Subject: x\n\nx\n",
                    env={"RELAY_FLUSH": its_stage.flush})
    seconds = time.monotonic() - start
    why = []
    if ran.out.strip() != b"0" or seconds > 1:
        why.append("%r after %.1f s" % (ran.out, seconds))
    if not stage.wait_until(lambda: struck(host)) or not is_locked(scene):
        why.append("no flusher is at work")
    host.stop()  # its connection closes, the flusher ends
    if not stage.wait_until(lambda: not is_locked(scene)):
        why.append("the flusher does not end")
    if len(scene.names("new")) != 1:
        why.append("the message is not in new/")
    return why


def delivered_at_once(its_stage):
    """a submission alone is enough: the message is delivered"""
    host = its_stage.host()
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    scene.run([its_stage.sendmail, "-i", "a@example.net"], b"\nx\n",
              env={"RELAY_FLUSH": its_stage.flush})
    stage.wait_until(lambda: host.messages() and not is_locked(scene) and
                     not scene.names("new"))
    return once_each(host, ["a@example.net"]) + scene.names("new")


# --- signals ---------------------------------------------------------------

def ended_in_answer(its_stage):
    """SIGTERM while an answer is due: that message is finished, no other"""
    host = its_stage.host("--fault", SLOW_ANSWER)
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    first, second = scene.submit("s0@example.net"), scene.submit(
        "s1@example.net")
    process = scene.start([its_stage.flush, "--now", "--quiet"])
    stage.wait_until(lambda: struck(host))
    process.terminate()
    process.wait(timeout=stage.PATIENCE)
    why = [] if process.returncode in (0, 75) else [
        "status %s" % process.returncode]
    if scene.place(first) or scene.place(second) != "new":
        why.append("first in %s, second in %s" % (
            scene.place(first), scene.place(second)))
    scene.flush_now()
    return why + once_each(host, ["s0@example.net", "s1@example.net"])


def ended_in_content(its_stage):
    """SIGTERM in the middle of 25 MB: ends in 15 s, kept, delivered later"""
    host = its_stage.host("--fault", "content:1:stall")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    message = scene.submit("c@example.net", BIG * (25000000 // len(BIG)))
    before = scene.digest()
    process = scene.start([its_stage.flush, "--now", "--quiet"], hurry=5)
    stage.wait_until(lambda: struck(host))
    start = time.monotonic()
    process.terminate()
    try:
        process.wait(timeout=stage.PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        return ["it does not end"]
    seconds = time.monotonic() - start
    why = [] if seconds < 15 / 5 + 2 else ["it took %.1f s" % seconds]
    if scene.digest() != before or "\nI " in "\n" + scene.journal(message):
        why.append("the message is not whole, or in doubt")
    if scene.flush_now().status != 0:
        why.append("not delivered later")
    return why + once_each(host, ["c@example.net"])


def ended_while_silent(its_stage):
    """SIGTERM while a server says nothing: ends at once"""
    host = its_stage.host("--fault", "greeting:1:stall")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    scene.submit("q@example.net")
    process = scene.start([its_stage.flush, "--now", "--quiet"])
    stage.wait_until(lambda: struck(host))
    process.terminate()
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        return ["it does not end"]
    scene.flush_now()
    return once_each(host, ["q@example.net"])


def killed(its_stage):
    """SIGKILL in the middle of content: the lock is free, delivered later"""
    host = its_stage.host("--fault", "content:1:stall")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    scene.submit("k@example.net", BIG * 200000)
    process = scene.start([its_stage.flush, "--now", "--quiet"])
    stage.wait_until(lambda: struck(host))
    process.send_signal(signal.SIGKILL)
    process.wait()
    ran = scene.flush_now()
    return once_each(host, ["k@example.net"]) + (
        [] if ran.status == 0 else [repr(ran)])


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, [
        two_flushers, many_submissions, fills_up, fills_up_unheard,
        background, delivered_at_once, ended_in_answer, ended_in_content,
        ended_while_silent, killed, mended, remove_or_send, hold_or_send,
        two_removes, same_process_id] +
        ([network] if os.geteuid() == 0 else []))
    stage.run_all(its_stage, pool, tap, [woken])  # a clock decides: alone
