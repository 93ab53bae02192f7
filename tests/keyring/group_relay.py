# SPDX-License-Identifier: GPL-3.0-or-later
"""relay - `password keyring` from the configuration to the smarthost

A person stores the password with `relay secret`, relay check finds it, and
relay-flush logs in with it; then with the keyring locked mail waits.
"""
import json
import os
import re
import subprocess

import renewal
import stage
import tokens
from desk import run_all

SENTENCE = "the keyring is locked: log in on the desktop"


class Person:
    """Somebody at a desktop, with a smarthost and a queue."""

    def __init__(self, place, *lines):
        self.desk = place.desk()
        self.stage = place.stage
        self.host = self.stage.host()
        self.scene = self.stage.scene()
        self.scene.configure(self.host.ports[0], "user " + stage.USER,
                             "password " + (lines[0] if lines else "keyring"),
                             login=False)
        self.scene.env.update(self.desk.env, HOME=self.scene.directory,
                              RELAY_LIBEXEC=os.path.join(
                                  place.build, "src/keyring"))

    def relay(self, *words, text=b""):
        return subprocess.run([self.stage.relay, *words], input=text,
                              env=self.scene.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)


def from_set_to_login(place):
    """relay secret set, relay check --secrets, and the mail goes"""
    person = Person(place)
    why = []
    ran = person.relay("check", "--secrets")
    if ran.returncode != 78 or b"`relay secret set it`" not in ran.stderr:
        why.append("before: %s" % ran)
    ran = person.relay("secret", "set", "it",
                       text=stage.PASSWORD.encode() + b"\n")
    if ran.returncode != 0 or ran.stderr or \
            ran.stdout != b"it: keyring: stored\n":
        why.append("set: %s" % ran)
    ran = person.relay("check", "--secrets")
    if ran.returncode != 0 or b"keyring: ok" not in ran.stdout:
        why.append("check: %s" % ran)
    person.scene.submit("you@example.net")
    ran = person.scene.flush_now()
    if person.host.counts() != {"you@example.net": 1}:
        why.append("flush: %s" % (ran,))
    return why


def locked(place):
    """with a locked keyring mail waits, and it is said why"""
    person = Person(place)
    person.desk.store(stage.PASSWORD, account="it", host="127.0.0.1",
                      user=stage.USER)
    person.desk.lock()
    person.scene.submit("you@example.net")
    ran = person.scene.flush_now()
    why = []
    if ran.status != 75 or SENTENCE.encode() not in ran.err:
        why.append(str(ran))
    if len(person.scene.names("new")) != 1:
        why.append("it does not wait")
    ran = person.relay("secret", "show-source", "--json")
    told = json.loads(ran.stdout)
    if ran.returncode != 74 or told["ok"] or SENTENCE not in told["fault"]:
        why.append(str(ran))
    person.desk.close_keyring()
    person.desk.open()
    person.scene.flush_now()
    if person.host.counts() != {"you@example.net": 1}:
        why.append("later: %s" % person.host.counts())
    return why


def erased(place):
    """relay secret erase; an entry of another program is left, and named"""
    person = Person(place)
    words = ("--label=x", "host", "127.0.0.1", "service", "smtp", "user",
             stage.USER)
    person.desk.tool("store", *words, text=b"theirs\n")
    person.relay("secret", "set", text=b"ours\n")
    ran = person.relay("secret", "erase")
    why = []
    if ran.returncode != 78 or b"secret-tool clear host" not in ran.stderr:
        why.append(str(ran))
    person.desk.tool("clear", *words[1:])
    ran = person.relay("secret", "erase")
    if ran.returncode != 0 or ran.stdout != b"it: keyring: erased\n":
        why.append(str(ran))
    return why


def not_there(place):
    """without relay-keyring it is said which package has it"""
    person = Person(place)
    person.scene.env["RELAY_LIBEXEC"] = "/nonexistent"
    ran = person.relay("secret", "show-source")
    if ran.returncode == 78 and \
            b"install the package relay-keyring" in ran.stderr:
        return []
    return [str(ran)]


def tokens_sealed(place):
    """oauth_seal keyring: relay login makes it; while it is locked mail waits"""
    desk = place.desk()
    endpoint = renewal.Endpoint(place.stage, [tokens.OLD])
    account = renewal.Account(place.stage, [(tokens.OLD, "good")], endpoint,
                              ("oauth_seal keyring",))
    scene, why = account.scene, []
    libexec = place.stage.directory()
    for name in ("token/relay-token", "keyring/relay-keyring"):
        os.symlink(os.path.join(place.build, "src", name),
                   os.path.join(libexec, os.path.basename(name)))
    scene.env.update(desk.env, HOME=scene.directory, RELAY_LIBEXEC=libexec)

    def sends(status, text, arrived):
        ran = tokens.flush(account)
        if ran.status != status or text.encode() not in ran.err:
            why.append(str(ran))
        if sum(account.host.counts().values()) != arrived:
            why.append("%s arrived" % account.host.counts())

    scene.submit("you@example.net")
    sends(78, "the keyring has nothing yet to encrypt the tokens of it with", 0)
    ran = scene.relay("login", "it")
    if ran.status != 0:
        why.append(str(ran))
    sends(0, "", 1)
    kept = desk.ask("get", account="it", kind="token-seal", host="127.0.0.1",
                    user=stage.USER)
    if not re.fullmatch(rb"[0-9a-f]{64}", kept.pairs.get("secret", b"")):
        why.append(str(kept))
    if tokens.OLD.encode() in renewal.stored(account):
        why.append("the store tells the token")
    desk.lock()
    scene.submit("them@example.net")
    sends(75, SENTENCE, 1)
    desk.close_keyring()
    desk.open()
    sends(0, "", 2)
    if len(endpoint.asked) != 1:
        why.append("asked %d times" % len(endpoint.asked))
    endpoint.close()
    return why


def run(place, pool, tap):
    place.stage = stage.Stage(place.build)
    try:
        run_all(place, pool, tap, [from_set_to_login, locked, erased,
                                   not_there, tokens_sealed])
    finally:
        place.stage.close()
