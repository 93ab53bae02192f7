# SPDX-License-Identifier: GPL-3.0-or-later
"""oauth - `login oauth`: the keeper has the token from relay-token

relay-token is a script that writes down what it was asked; the smarthost takes
one token, by XOAUTH2 and OAUTHBEARER.
"""
import os

import stage

TOKEN = "t0k3n." * 40
SCRIPT = """#!/bin/sh
lines=$(sed '/^$/q')
echo "$1 $(echo "$lines" | grep ^newer_than)" >>%s
%s
"""
GOOD = "echo secret=%s; echo expires=9999999999" % TOKEN
BLOCK = ("user alice", "login oauth", "oauth_client c1",
         "oauth_token_url https://h.test/token", "oauth_scope mail")


class Scene:
    def __init__(self, its_stage, script, *more, flow="code", options=()):
        self.host = its_stage.host("--password", TOKEN, "--mechanisms",
                                   "PLAIN XOAUTH2 OAUTHBEARER", *options)
        self.scene = its_stage.scene()
        self.asked = os.path.join(self.scene.directory, "asked")
        self.token(script)
        self.scene.env["RELAY_LIBEXEC"] = self.scene.directory
        ways = {"code": ["oauth_auth_url https://h.test/auth"],
                "client": ["oauth_flow client", "oauth_secret inline s"]}
        self.scene.configure(self.host.ports[0], *BLOCK, *ways[flow], *more,
                             login=False)
        os.utime(self.scene.config, (1, 1))  # before any trouble

    def token(self, script):
        path = self.scene.write("relay-token", SCRIPT % (self.asked, script))
        os.chmod(path, 0o700)

    def verbs(self):
        with open(self.asked, encoding="ascii") as file:
            return [line.strip() for line in file]

    def got(self):
        return self.host.counts()["you@example.net"]


def expect(why, what, good, *seen):
    if not good:
        why.append(what + ": " + ", ".join(repr(part) for part in seen))


def goes(its_stage):
    """with a token the mail goes, and relay-token is asked once a connection"""
    s = Scene(its_stage, GOOD, "connections 1")
    why = []
    for _ in range(20):
        s.scene.submit("you@example.net")
    ran = s.scene.run([its_stage.flush])
    expect(why, "delivered", ran.status == 0 and s.got() == 20, ran)
    expect(why, "asked", s.verbs() == ["get"], s.verbs())
    expect(why, "never as a password", s.host.commands().count("AUTH") == 1 and
           not [line for line in s.host.lines("C") if "PLAIN" in line],
           s.host.lines("C"))
    return why


def refused(its_stage):
    """a token that is refused: a newer one, and the mail goes in this pass"""
    s = Scene(its_stage, "case $lines in *newer_than=*) %s ;; *) echo "
              "secret=stale ;; esac" % GOOD)
    why = []
    s.scene.submit("you@example.net")
    ran = s.scene.run([its_stage.flush])
    expect(why, "delivered", ran.status == 0 and s.got() == 1, ran)
    expect(why, "asked", len(s.verbs()) == 2 and s.verbs()[0] == "get" and
           s.verbs()[1].startswith("get newer_than="), s.verbs())
    return why


def nobody(its_stage):
    """nobody has logged in: it waits, and `relay login` lets it go"""
    s = Scene(its_stage, "echo 'error=nobody is logged in'; exit 78",
              flow="client")
    why = []
    message = s.scene.submit("you@example.net")
    ran = s.scene.run([its_stage.flush])
    expect(why, "waits", ran.status == 78 and b"nobody is logged in" in ran.err
           and s.scene.place(message) == "new" and not s.host.commands(), ran)
    ran = s.scene.run([its_stage.flush])
    expect(why, "left alone", ran.status == 78 and len(s.verbs()) == 1, ran,
           s.verbs())
    s.token(GOOD)
    ran = s.scene.relay("login", "it")
    expect(why, "login", ran.status == 0, ran)
    ran = s.scene.run([its_stage.flush])
    expect(why, "goes", ran.status == 0 and s.got() == 1, ran)
    return why


def later(its_stage):
    """the provider cannot be asked: it waits, and nobody is called"""
    s = Scene(its_stage, "echo 'error=no network'; exit 75")
    why = []
    message = s.scene.submit("you@example.net")
    ran = s.scene.run([its_stage.flush])
    expect(why, "waits", ran.status == 75 and b"no network" in ran.err and
           s.scene.place(message) == "new" and not s.host.commands(), ran)
    expect(why, "no try is counted", not s.scene.journal(message),
           s.scene.journal(message))
    return why


CASES = [goes, refused, nobody, later]


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, CASES)
