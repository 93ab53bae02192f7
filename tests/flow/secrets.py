# SPDX-License-Identifier: GPL-3.0-or-later
"""secrets - what is left of a password when the login is over

The smarthost lets the client log in and then stalls at MAIL (or refuses the
login and stalls at QUIT); meanwhile the memory of relay-flush and of its keeper
is searched for the password or token, in all forms in which it was there.  What
is in a variable the keeper has to keep; what is in the configuration of `relay
check` it keeps as long as that.  The same of `relay check --secrets`, which has
fetched passwords and waits for another one.  Only root may look into them.
"""
import base64
import hashlib
import hmac
import os
import signal

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


SOURCES = ("file DIR/password", "credential password", "netrc DIR/netrc",
           "command DIR/command", "helper DIR/helper", "keyring",
           "ses-key file DIR/password")
SES = "email-smtp.eu-west-1.amazonaws.com"


def ses_password(key):
    """That of Amazon, by Python's own HMAC."""
    code = ("AWS4" + key).encode()
    for text in ("11111111", "eu-west-1", "ses", "aws4_request",
                 "SendRawEmail"):
        code = hmac.new(code, text.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + code).decode()


def lay(scene, password, name=""):
    """Where the password can be, and who can be asked for it."""
    scene.write("password" + name, password + "\n")
    scene.write("netrc" + name, "default password \"%s\"\n" % password)
    for program, form in (("command" + name, "cat %s"),
                          ("helper" + name, 'echo "secret=$(cat %s)"'),
                          ("relay-keyring", 'echo "secret=$(cat %s)"')):
        scene.write(program, "#!/bin/sh\n%s\n" % (
            form % os.path.join(scene.directory, "password" + name)))
        os.chmod(os.path.join(scene.directory, program), 0o700)
    scene.env.update(RELAY_LIBEXEC=scene.directory,
                     CREDENTIALS_DIRECTORY=scene.directory)


def look(its_stage, mechanism, password, source, fault, step, is_bad=False):
    """What is left when the smarthost stalls at `step`."""
    word, more = password, []
    if source.startswith("ses-key"):
        word, more = ses_password(password), ["region eu-west-1"]
    host = its_stage.host("--password", "other" if is_bad else word,
                          "--mechanisms", mechanism, "--fault", fault)
    scene = its_stage.scene()
    lay(scene, password)
    scene.env["T_WORD"] = password
    if not source.startswith("env"):
        del scene.env["T_WORD"]
    scene.configure(host.ports[0], "user " + stage.USER, "password " +
                    source.replace("DIR", scene.directory).replace(
                        "PASSWORD", password),
                    "login " + mechanism.lower(), *more, login=False)
    scene.submit("you@example.net")
    process = scene.start([its_stage.flush, "--quiet", "--now"],
                          stderr=open(os.devnull, "wb"))
    why = []
    if not stage.wait_until(lambda: step in host.commands()):
        why.append("it did not come to %s: %s" % (step, host.lines()[-3:]))
    keepers = keeper_of(process.pid)
    if len(keepers) != 1:
        why.append("keepers: %s" % keepers)
    if source.startswith("env"):
        keepers = []
    for pid in [process.pid] + keepers:
        why += hits(pid, password) + hits(pid, word)
    process.kill()
    host.stop()
    return why


def look_at_check(its_stage):
    """relay check --secrets keeps none of what it has fetched"""
    scene = its_stage.scene()
    passwords = []
    text = "log none\ndomain example.org\n"
    for i, source in enumerate(SOURCES):
        passwords.append(password_of(40))
        lay(scene, passwords[-1], "" if source == "keyring" else str(i))
        words = source.replace("DIR/", "%s/" % scene.directory)
        text += "smarthost s%d\n    host %s\n    user me\n    password %s\n" % (
            i, SES, words + ("" if source == "keyring" else str(i)))
    scene.write("wait", "#!/bin/sh\necho >%s/waits\nsleep 60\n" %
                scene.directory)
    os.chmod(os.path.join(scene.directory, "wait"), 0o700)
    scene.write("relayrc", text + "smarthost last\n    host h\n    user me\n"
                "    password command %s/wait\n" % scene.directory)
    process = scene.start([its_stage.relay, "check", "--secrets"],
                          stdout=open(os.devnull, "wb"),
                          stderr=open(os.devnull, "wb"))
    why = []
    waits = os.path.join(scene.directory, "waits")
    if not stage.wait_until(lambda: os.path.exists(waits)):
        why.append("it did not come to the last one")
    passwords.append(ses_password(passwords[SOURCES.index(SOURCES[-1])]))
    for password in passwords:
        why += hits(process.pid, password)
    for pid in children(process.pid):
        os.killpg(pid, signal.SIGKILL)
    process.kill()
    return why


def in_a_container(its_stage):
    """SMTP_HOST and its like, with the password in a file: it logs in"""
    host = its_stage.host()
    scene = its_stage.scene()
    path = scene.write("word", stage.PASSWORD + "\n")
    del scene.env["RELAY_CONFIG"]
    scene.env.update(SMTP_HOST="127.0.0.1", SMTP_PORT=str(host.ports[0]),
                     SMTP_USERNAME=stage.USER, SMTP_PASSWORD_FILE=path,
                     SMTP_TLS="true", RELAY_TLS_CA=its_stage.cert("ca"),
                     RELAY_FROM_FORCE="alerts@example.org")
    scene.submit("you@example.net")
    ran = scene.flush_now()
    why = []
    if host.counts() != {"you@example.net": 1} or ran.status != 0:
        why.append("%s %s" % (ran.status, ran.err))
    if "MAIL FROM:<alerts@example.org>" not in str(host.lines("C")):
        why.append(str(host.lines("C")))
    scene.env["RELAY_HOST"] = "localhost"  # not the password's server
    ran = scene.relay("check")
    if ran.status != 0 or b"SMTP" in ran.err or b"password" in ran.out:
        why.append(str(ran))
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
    for source in ("inline PASSWORD", "env T_WORD") + SOURCES[1:]:
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
    stage.run_all(its_stage, pool, tap, [*cases(), look_at_check,
                                         in_a_container])
