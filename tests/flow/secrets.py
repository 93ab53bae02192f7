# SPDX-License-Identifier: GPL-3.0-or-later
"""secrets - what is left of a password when the login is over

The smarthost lets the client log in and then stalls at MAIL (or refuses the
login and stalls at QUIT); meanwhile the memory of relay-flush and of its keeper
is searched for the password or token, in all forms in which it was there.  Only
root may look into them.
"""
import base64
import os

import stage

MECHANISMS = ("PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256",
              "SCRAM-SHA-256-PLUS")
TOKENS = ("XOAUTH2", "OAUTHBEARER")
LENGTHS = (12, 40, 100, 300)
TOKEN_LENGTHS = (40, 300, 2000, 8000)


def password_of(length):
    """Words that are nowhere else, printable, without quotes."""
    text = ""
    while len(text) < length:
        text += base64.b32encode(os.urandom(10)).decode().lower()
    return text[:length]


def forms(password):
    """Of a word, and of its end: the beginning of freed memory is reused.
    As it is, in base64 (LOGIN, and PLAIN in three alignments), in UCS-4."""
    user = stage.USER
    for text in {password, password[16:], password[-24:]}:
        if len(text) < 12:
            continue
        raw = text.encode()
        yield "as it is", raw
        yield "UCS-4", text.encode("utf-32-le")
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + raw)
            yield "base64", whole[4 if shift else 0:len(whole) // 4 * 4 - 4]
    yield "PLAIN", base64.b64encode(
        ("\0%s\0%s" % (user, password)).encode())[:-4]


def memory(pid):
    """Pieces of what the process can write to."""
    with open("/proc/%d/maps" % pid, encoding="ascii") as file:
        places = [line.split() for line in file]
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as file:
        for place in places:
            if "w" not in place[1]:
                continue
            start, end = (int(n, 16) for n in place[0].split("-"))
            file.seek(start)
            try:
                yield place[-1], file.read(end - start)
            except OSError:
                continue


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid),
              encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def comm(pid):
    with open("/proc/%d/comm" % pid, encoding="ascii") as file:
        return file.read().strip()


def hits(pid, password):
    found = []
    for name, content in memory(pid):
        for form, raw in forms(password):
            if raw in content:
                found.append("%s, %s in %s" % (comm(pid), form, name))
    return sorted(set(found))


def keeper_of(pid):
    return [child for child in children(pid) if comm(child) == "relay-keeper"]


def look(its_stage, mechanism, password, source, fault, step, is_bad=False):
    """What is left when the smarthost stalls at `step`."""
    host = its_stage.host("--password", "other" if is_bad else password,
                          "--mechanisms", mechanism, "--fault", fault)
    scene = its_stage.scene()
    scene.write("password", password + "\n")
    scene.write("command", "#!/bin/sh\ncat %s/password\n" % scene.directory)
    os.chmod(os.path.join(scene.directory, "command"), 0o700)
    scene.configure(host.ports[0], "user " + stage.USER, "password " +
                    source.replace("DIR", scene.directory).replace(
                        "PASSWORD", password),
                    "login " + mechanism.lower(), login=False)
    scene.submit("you@example.net")
    process = scene.start([its_stage.flush, "--quiet", "--now"],
                          stderr=open(os.devnull, "wb"))
    why = []
    if not stage.wait_until(lambda: step in host.commands()):
        why.append("it did not come to %s: %s" % (step, host.lines()[-3:]))
    keepers = keeper_of(process.pid)
    if len(keepers) != 1:
        why.append("keepers: %s" % keepers)
    for pid in [process.pid] + keepers:
        why += hits(pid, password)
    process.kill()
    host.stop()
    return why


def case(name, *arguments):
    def run_case(its_stage):
        return look(its_stage, *arguments)
    run_case.__doc__ = name
    return run_case


def cases():
    for mechanism in MECHANISMS:
        for length in LENGTHS:
            yield case("%s, %d bytes" % (mechanism, length), mechanism,
                       password_of(length), "file DIR/password",
                       "mail:1:stall", "MAIL")
    for source in ("inline PASSWORD", "command DIR/command"):
        yield case(source.split(" ")[0], "PLAIN", password_of(40), source,
                   "mail:1:stall", "MAIL")
    for mechanism in ("PLAIN", "SCRAM-SHA-256"):
        yield case(mechanism + " refused", mechanism, password_of(40),
                   "file DIR/password", "quit:1:stall", "QUIT", True)
    for mechanism in TOKENS:
        for length in TOKEN_LENGTHS:
            yield case("%s, a token of %d bytes" % (mechanism, length),
                       mechanism, password_of(length), "command DIR/command",
                       "mail:1:stall", "MAIL")
        # refused, asked for again, the same once more: then good-bye
        yield case(mechanism + " refused", mechanism, password_of(300),
                   "command DIR/command", "quit:1:stall", "QUIT", True)


def run(its_stage, pool, tap):
    if os.getuid() != 0 or its_stage.is_sanitized:
        tap.comment("secrets: only root, without sanitizers, can look")
        return
    stage.run_all(its_stage, pool, tap, list(cases()))
