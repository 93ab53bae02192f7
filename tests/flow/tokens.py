# SPDX-License-Identifier: GPL-3.0-or-later
"""tokens - logins with access tokens, which end

The smarthost has a list of tokens (tests/smarthost/token.h), and the password
command of each case prints what a helper as pizauth would: which it is, and how
often it was asked, are seen from outside.  Whatever the server thinks of a token,
no mail is returned and no message uses up a try; and no token is where it should
not be.
"""
import base64
import json
import os
import re
import time

import stage

OLD, NEW, NEWEST = ("ya29.first-token-of-alice", "ya29.second-token-of-alice",
                    "ya29.third-token-of-alice")
LONG = "EwB" + "Ax0z" * 500
HUGE = "EwB" + "Ax0z" * 2000
LIMIT = "E" * 9192  # base64 of which, with the user, is over 12,288 octets
MECHANISMS = ("XOAUTH2", "OAUTHBEARER")


def jwt(**claims):
    def part(value):
        text = json.dumps(value).encode()
        return base64.urlsafe_b64encode(text).decode().rstrip("=")
    return "%s.%s.%s" % (part({"alg": "HS256"}), part(claims), "c2lnbmF0dXJl")


class Account:
    """One smarthost of tokens, one queue, and a command that prints them."""

    def __init__(self, its_stage, fates, answers, mechanism="XOAUTH2",
                 offered=None, lines=(), options=(), user=stage.USER):
        self.scene = its_stage.scene()
        self.fates = self.scene.write("fates", "")
        self.set_fates(fates)
        self.host = its_stage.host(
            "--mechanisms", offered or "LOGIN PLAIN " + mechanism,
            "--tokens", self.fates, *options)
        self.mechanism = mechanism
        directory = self.scene.directory
        for number, answer in enumerate(answers, 1):
            self.scene.write("answer-%d" % number, answer + "\n")
        self.scene.write("command", """#!/bin/sh
cd %s
n=$(($(wc -l <asked) + 1))
echo asked >>asked
[ -e answer-$n ] || n=%d
exec cat answer-$n
""" % (directory, len(answers)))
        self.scene.write("asked", "")
        os.chmod(os.path.join(directory, "command"), 0o700)
        self.scene.configure(
            self.host.ports[0], "user " + user,
            "password command %s/command" % directory,
            "login " + (mechanism.lower()), *lines, login=False)
        # A configuration newer than a pause ends the pause.
        when = time.time() - 3600
        os.utime(self.scene.config, (when, when))

    def set_fates(self, fates):
        self.scene.write("fates", "".join("%s %s\n" % pair for pair in fates))

    def asked(self):
        with open(os.path.join(self.scene.directory, "asked"),
                  encoding="ascii") as file:
            return len(file.readlines())

    def logins(self):
        return self.host.lines("A")

    def problems(self, ran, waits, secrets):
        """What must hold whatever the server said."""
        why = []
        new = self.scene.names("new")
        if len(new) != waits:
            why.append("%d messages wait, not %d" % (len(new), waits))
        for place in ("failed", "bad"):
            if self.scene.names(place):
                why.append("something is in %s/" % place)
        for line in self.host.lines("E"):
            why.append("the client: " + line)
        for secret in secrets:
            why += found_in(self.scene, ran, secret)
        return why


def found_in(scene, ran, secret):
    """Places that have the token, as it is or in base64."""
    why = []
    forms = [secret[:40].encode()]
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + secret.encode())
        forms.append(whole[4 if shift else 0:][:40])
    texts = {"stderr": ran.err, "stdout": ran.out}
    for directory, _, files in os.walk(scene.queue):
        if os.path.basename(directory) == "tokens":
            continue  # relay-token's store, where they belong
        for name in files:
            path = os.path.join(directory, name)
            if os.path.isfile(path):  # not the FIFO
                with open(path, "rb") as file:
                    texts[path] = file.read()
    for place, text in texts.items():
        if any(form in text for form in forms):
            why.append("a token is in " + place)
    return why


def flush(account, **more):
    return account.scene.flush_now("--debug", **more)


def text_of(ran):
    return (ran.out + ran.err).decode("utf-8", "replace")


def want(why, condition, text):
    if not condition:
        why.append(text)


def accepted(mechanism, token, name):
    def case(its_stage):
        account = Account(its_stage, [(token, "good")], [token], mechanism)
        account.scene.submit("you@example.net")
        ran = flush(account)
        why = account.problems(ran, 0, [token])
        want(why, ran.status == 0, "status %s: %s" % (ran.status, text_of(ran)))
        want(why, account.logins() == ["ok %s %s" % (mechanism, stage.USER)],
             "logins: %s" % account.logins())
        want(why, account.asked() == 1, "asked %d times" % account.asked())
        return why
    case.__doc__ = "%s, %s" % (mechanism, name)
    return case


def renewed(mechanism, fate):
    def case(its_stage):
        account = Account(its_stage, [(OLD, fate), (NEW, "good")], [OLD, NEW],
                          mechanism)
        for number in range(3):
            account.scene.submit("you%d@example.net" % number)
        ran = flush(account)
        why = account.problems(ran, 0, [OLD, NEW])
        want(why, ran.status == 0, "status %s: %s" % (ran.status, text_of(ran)))
        want(why, account.host.lines("O").count("open") == 1,
             "it connected %d times" % account.host.lines("O").count("open"))
        want(why, [line.split()[0] for line in account.logins()] ==
             ["failed", "ok"], "logins: %s" % account.logins())
        want(why, account.asked() == 2, "asked %d times" % account.asked())
        return why
    case.__doc__ = "%s, %s, then good on the same connection" % (mechanism,
                                                                  fate)
    return case


def waits(name, fates, answers, asked, status, scope, words, secrets=None,
          mechanism="XOAUTH2", offered=None, user=stage.USER):
    """The account waits; a second pass does not try the server again."""
    def case(its_stage):
        account = Account(its_stage, fates, answers, mechanism, offered,
                          user=user)
        for number in range(2):
            account.scene.submit("you%d@example.net" % number)
        ran = flush(account)
        why = account.problems(ran, 2, secrets or answers)
        want(why, ran.status == status, "status %s" % ran.status)
        want(why, account.asked() == asked, "asked %d times" % account.asked())
        line = re.search(r"smarthost=it scope=(\S+) .*", text_of(ran))
        want(why, line and line.group(1) == scope, "no trouble of " + scope)
        for word in words:
            want(why, word in text_of(ran), "not said: " + word)
        shown = " ".join(text_of(account.scene.relay("status")).split())
        for word in words:
            want(why, word in shown, "relay status does not say " + word)
        for name in account.scene.names("log"):
            want(why, " A " not in account.scene.journal(name),
                 "a try was counted: " + account.scene.journal(name))
        before = len(account.host.lines("C"))
        again = account.scene.run([its_stage.flush, "--debug"])
        want(why, len(account.host.lines("C")) == before,
             "it was tried again: %s" % text_of(again))
        return why + [text_of(ran), shown] if why else why
    case.__doc__ = name
    return case


def helper(name, script, words, hurry=0):
    """A program that gives no token: the trouble of this time.  Nobody is
    called."""
    def case(its_stage):
        account = Account(its_stage, [(OLD, "good")], [OLD])
        account.scene.write("command", "#!/bin/sh\n" + script + "\n")
        os.chmod(os.path.join(account.scene.directory, "command"), 0o700)
        account.scene.submit("you@example.net")
        ran = flush(account, hurry=hurry)
        why = account.problems(ran, 1, [OLD])
        want(why, ran.status == 75, "status %s" % ran.status)
        want(why, "open" not in account.host.lines("O"), "it connected")
        want(why, "it" in account.scene.names("pause"), "no pause")
        want(why, account.scene.run([its_stage.flush]).seconds < 5,
             "asked again at once")
        want(why, words in text_of(ran), "not said: " + words)
        want(why, ran.peak < 16384, "%d KiB of memory" % ran.peak)
        return why + [text_of(ran)] if why else why
    case.__doc__ = "the helper " + name
    return case


def second_question(name, script, status, words, hurry=0):
    """The first token is refused, and the helper gives no other."""
    def case(its_stage):
        account = Account(its_stage, [(OLD, "refused")], [OLD],
                          options=("--deadline", "300"))
        account.scene.write("command", """#!/bin/sh
cd %s
[ -s asked ] || { echo asked >>asked; exec echo %s; }
echo asked >>asked
%s
""" % (account.scene.directory, OLD, script))
        os.chmod(os.path.join(account.scene.directory, "command"), 0o700)
        account.scene.submit("you@example.net")
        ran = flush(account, hurry=hurry)
        why = account.problems(ran, 1, [OLD])
        want(why, ran.status == status, "status %s" % ran.status)
        want(why, account.asked() == 2, "asked %d times" % account.asked())
        want(why, len(account.logins()) == 1, "logins: %s" % account.logins())
        want(why, "QUIT" in account.host.commands(), "no good-bye")
        for word in (words, "status=401"):
            want(why, word in text_of(ran), "not said: " + word)
        return why + [text_of(ran)] if why else why
    case.__doc__ = "asked once more, the helper " + name
    return case


def many(its_stage):
    """300 messages: the helper is asked once for each connection, no oftener"""
    account = Account(its_stage, [(OLD, "good")], [OLD])
    for number in range(300):
        account.scene.submit("you%d@example.net" % number)
    ran = flush(account)
    why = account.problems(ran, 0, [OLD])
    opened = account.host.lines("O").count("open")
    want(why, ran.status == 0, "status %s" % ran.status)
    want(why, account.asked() == opened,
         "asked %d times for %d connections" % (account.asked(), opened))
    want(why, opened <= 20, "%d connections" % opened)
    want(why, sum(account.host.counts().values()) == 300, "not all arrived")
    return why


def in_the_middle(its_stage):
    """a token that ends in the middle of a pass: each message once"""
    account = Account(its_stage, [(OLD, "good")], [OLD],
                      lines=("connections 1", "messages_per_connection 2"))
    account.scene.write("fates-2", "%s refused\n%s good\n" % (OLD, NEW))
    account.scene.write("command", """#!/bin/sh
cd %s
echo asked >>asked
case $(wc -l <asked) in
1) exec echo %s ;;
2) cp fates-2 fates; exec echo %s ;; # over, and it does not know yet
*) exec echo %s ;;
esac
""" % (account.scene.directory, OLD, OLD, NEW))
    os.chmod(os.path.join(account.scene.directory, "command"), 0o700)
    for number in range(6):
        account.scene.submit("you%d@example.net" % number)
    ran = flush(account)
    why = account.problems(ran, 0, [OLD, NEW])
    want(why, ran.status == 0, "status %s" % ran.status)
    want(why, [line.split()[0] for line in account.logins()] ==
         ["ok", "failed", "ok", "ok"], "logins: %s" % account.logins())
    want(why, sorted(account.host.counts().values()) == [1] * 6,
         "arrived: %s" % account.host.counts())
    want(why, account.asked() == 4, "asked %d times" % account.asked())
    return why + [text_of(ran)] if why else why


def others_go_on(its_stage):
    """the wait for a helper is its account's: another one sends meanwhile"""
    account = Account(its_stage, [(OLD, "refused"), (NEW, "good")], [OLD])
    other = its_stage.host("--no-auth")
    account.scene.write("command", """#!/bin/sh
cd %s
echo asked >>asked
[ $(wc -l <asked) -gt 1 ] || exec echo %s
while [ ! -e go ]; do sleep 0.05; done
exec echo %s
""" % (account.scene.directory, OLD, NEW))
    os.chmod(os.path.join(account.scene.directory, "command"), 0o700)
    with open(account.scene.config, "a", encoding="utf-8") as file:
        file.write("smarthost other\n    host 127.0.0.1\n    port %d\n"
                   "    tls_ca %s\n    login none\n    from *@other.test\n" %
                   (other.ports[0], its_stage.cert("ca")))
    account.scene.submit("you@example.net")
    for number in range(20):
        account.scene.submit("them%d@example.net" % number,
                             sender="me@other.test")
    process = account.scene.start([its_stage.flush, "--quiet", "--now"])
    why = []
    want(why, stage.wait_until(lambda: account.asked() == 2),
         "no second question")
    want(why, stage.wait_until(lambda: len(other.messages()) == 20),
         "the other one sent %d" % len(other.messages()))
    want(why, not account.host.messages(), "sent without a login")
    account.scene.write("go", "")
    want(why, process.wait(30) == 0, "status %s" % process.returncode)
    want(why, len(account.host.messages()) == 1,
         "it did not go on: %s" % account.host.lines()[-4:])
    return why


CLAIMS = {"aud": "https://graph.microsoft.com", "scp": "Mail.Send",
          "upn": "alice@contoso.com", "exp": 1767225600, "roles": ["x", "y"]}
GRAPH = jwt(**CLAIMS)
STATUS = ["status=401", "scope=https://mail.google.com/", "access token"]


def cases():
    long_jwt = jwt(aud="https://outlook.office.com", pad="x" * 1400)
    for mechanism in MECHANISMS:
        for token, name in ((OLD, "a short token"), (GRAPH, "a JWT"),
                            (long_jwt, "a JWT of 2,000 bytes"),
                            (HUGE, "a token of 8,000 bytes")):
            yield accepted(mechanism, token, name)
        for fate in ("refused", "direct", "soon"):
            yield renewed(mechanism, fate)
    yield waits("two tokens are refused", [(OLD, "refused"), (NEW, "refused")],
                [OLD, NEW], 2, 78, "login", STATUS)
    yield waits("OAUTHBEARER: two tokens are refused", [], [OLD, NEW], 2, 78,
                "login", ["status=invalid_token", "scope=mail"],
                mechanism="OAUTHBEARER")
    yield waits("asked again, the helper has the same token", [], [OLD], 2, 78,
                "login", STATUS + ["the answer was the same token"])
    yield waits("refused at once, twice", [(OLD, "direct"), (NEW, "direct")],
                [OLD, NEW], 2, 78, "login", ["535 5.7.3", "access token"])
    yield waits("another user's token", [(OLD, "good"), (NEW, "good")],
                [OLD, NEW], 2, 78, "login", STATUS, user="bob")
    yield waits("switched off for the tenant", [(OLD, "tenant")], [OLD, NEW], 1,
                78, "login", ["5.7.139", "its administrator"], [OLD, NEW])
    yield waits("the server cannot look at it now", [(OLD, "later")],
                [OLD, NEW], 1, 75, "login", ["454 4.7.0"])
    yield waits("the server quotes it", [(OLD, "quoted"), (NEW, "quoted")],
                [OLD, NEW], 2, 78, "login", ["535 5.7.8 token ***"])
    yield waits("the server hangs up", [(OLD, "hangup"), (NEW, "hangup")],
                [OLD, NEW], 2, 75, "login", ["535 5.7.3"])
    yield waits("a token of another service: what is in it is shown", [],
                [GRAPH], 2, 78, "login",
                ["aud=https://graph.microsoft.com", "scp=Mail.Send",
                 "roles=x y", "upn=alice@contoso.com", "exp=2026-01-01"])
    yield waits("a token that no server takes", [(LIMIT, "good")], [LIMIT], 1,
                78, "login", ["too long (9192 bytes)"])
    yield waits("the server offers passwords only", [(OLD, "good")], [OLD], 1,
                78, "login", ["the server takes no tokens"],
                offered="PLAIN LOGIN SCRAM-SHA-256")
    yield helper("fails", "exit 1", "ended with status 1")
    yield helper("says nothing", "exit 0", "gives an empty password")
    yield helper("says two lines", "echo a; echo b", "more than one line")
    yield helper("says an empty line more", "echo a; echo", "more than one line")
    yield helper("has a blank in its token", "echo Bearer " + OLD,
                 "this is no access token")
    yield helper("has 0x01 in it", r"printf 'a\001host=evil\n'",
                 "a control character")
    yield helper("has a NUL in it", r"printf 'a\000b\n'", "NUL byte")
    yield helper("has a letter beyond ASCII in it", r"printf 'caf\303\251\n'",
                 "this is no access token")
    yield helper("does not end its line and goes on for ever",
                 "exec cat /dev/zero", "printed more than 65536 bytes")
    yield helper("prints 1 GB", "exec head -c 1000000000 /dev/urandom",
                 "printed more than 65536 bytes")
    yield helper("hangs", "exec sleep 1000", "did not finish within 30 seconds",
                 hurry=30)
    yield helper("leaves a child behind with its output", "sleep 1000 & exit 0",
                 "did not finish within 30 seconds", hurry=30)
    yield helper("kills itself", "kill -9 $$", "was killed by signal 9")
    yield second_question("fails", "exit 1", 75, "ended with status 1")
    yield second_question("has nothing", "exit 0", 75, "empty password")
    yield second_question("hangs", "exec sleep 1000", 75,
                          "did not finish within 30 seconds", hurry=30)
    yield second_question("is gone", "rm command; echo", 75, "empty password")
    yield many
    yield in_the_middle
    yield others_go_on


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, list(cases()))
