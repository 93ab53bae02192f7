# SPDX-License-Identifier: GPL-3.0-or-later
"""personas - every provider as `relay providers` knows it, played

For each the smarthost offers what the record says that provider offers, knows
one user in the form the record says, and says what the record says when it has
had enough.  The configuration is what a person writes: provider, user, password
(and where the test's server is).  The columns:
  config    the three lines alone mean the provider's server and limits
  login     another form of the user is refused, by us or there, and so is
            another password; no mail is lost by that, nor by what the record
            knows of refused logins; the right one logs in, a token too
  send      a message for more recipients than the provider takes arrives,
            split; a sender that it does not know costs no mail
  throttle  it wants less speed, or is busy: the message arrives later, once
  quota     nothing more today: the account waits, no try is counted, and a
            person can see why; then it arrives
An "any" stands for replies that no record has: those that others give.

At last, in a network of its own, each has its own name, its own port and a
certificate for that, and the three lines are all there is.
"""
import json
import os
import re
import subprocess
import time

import network
import stage

SECRET = "sekret"
COLUMNS = ("config", "login", "send", "throttle", "quota")
# What is said where no record says anything.
THROTTLE = {"at": "mail", "text": "421 4.7.0 Try again later"}
QUOTA = {"at": "final", "text": "550 5.4.5 Daily sending limit exceeded"}
TOKENS = ("XOAUTH2", "OAUTHBEARER")
OURS = ("PLAIN", "LOGIN", "CRAM-MD5") + TOKENS  # that the smarthost plays
# Which of the smarthost's own personas says EHLO, where one does.
EHLO = {"ses": "ses", "sendgrid": "sendgrid", "gmail": "gmail",
        "workspace-relay": "gmail", "microsoft365": "microsoft365",
        "microsoft365-hve": "microsoft365", "outlook": "microsoft365"}
MOST = 100  # recipients in a transaction, whatever a provider takes
EXTRA = 5   # recipients more than that


def expect(why, what, good, *seen):
    if not good:
        why.append("%s: %s" % (what, " ".join(map(repr, seen))[:600]))


class Persona:
    """One provider."""

    def __init__(self, its_stage, data):
        self.stage = its_stage
        self.data = data
        self.name = data["name"]
        domain = next((d for d in data["domains"] if d[0] != "."),
                      "example.org")
        self.address = "me@" + domain
        self.is_token = data["oauth_only"]
        self.wants = {"address": self.address, "local part": "me",
                      "literal": data["user"],
                      "given": "given"}[data["user_rule"]]

    # --- what a person writes ---------------------------------------------

    def lines(self, user=None, password=SECRET, as_token=False):
        """The block's own lines: a person writes his address."""
        rule = self.data["user_rule"]
        lines = ["provider " + self.name]
        if self.data["needs_region"]:
            lines.append("region " + self.data["regions"][0])
        if user or rule != "literal":
            lines.append("user " + (user or (
                "given" if rule == "given" else self.address)))
        if self.is_token or as_token:
            words = [word.lower() for word in self.data["mechanisms"]
                     if word in TOKENS]
            lines += ["login " + " ".join(words),
                      "password command printf " + password]
        else:
            lines.append("password inline " + password)
        return lines

    def configure(self, scene, host=None, **how):
        lines = self.lines(**how)
        if host:
            lines += ["host 127.0.0.1", "port %d" % host.ports[0],
                      "tls " + self.data["tls"],
                      "tls_ca " + self.stage.cert("ca")]
        path = scene.write(
            "relayrc", "log none\ndomain example.org\nsmarthost it\n" +
            "".join("    %s\n" % line for line in lines))
        self.older(path)

    @staticmethod
    def older(path):
        """What a smarthost said counts only if it is newer than the file."""
        then = time.time() - 60
        os.utime(path, (then, then))

    # --- what it is called with -------------------------------------------

    def extensions(self):
        if self.name in EHLO:
            return ["--persona", EHLO[self.name], "--verified", "*"]
        words = ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN"]
        size = re.match(r"(\d+) (MB|bytes)", self.data["size"] or "")
        if size:
            words.append("SIZE=%d" % (int(size[1]) * (
                1000000 if size[2] == "MB" else 1)))
        return ["--extensions", " ".join(words)]

    def server(self):
        """The name of its server."""
        name = self.data["host"]
        if self.data["needs_region"]:
            name = name.replace("%R", self.data["regions"][0])
        return name

    def host(self, *options, cert="good"):
        mechanisms = [word for word in self.data["mechanisms"] if word in OURS]
        more = []
        if self.data["recipients"]:
            more = ["--max-recipients", str(self.data["recipients"])]
        place = "--implicit" if self.data["tls"] == "implicit" else "--listen"
        return self.stage.host(
            "--user", self.wants, "--password", SECRET,
            "--mechanisms", " ".join(mechanisms or ["PLAIN", "LOGIN"]),
            *self.extensions(), *more, *options, cert=cert,
            places=(place,))

    def replies(self, *meanings):
        """What it says then, by the record; nothing: that is not known."""
        return [reply for reply in self.data["replies"]
                if reply["means"] in meanings]

    def strike(self, reply):
        """A smarthost that says so once, and a message for it."""
        text = reply["text"].replace("\n", "\\n")
        host = self.host("--fault", "%s:1:reply %s" % (reply["at"], text))
        scene = self.stage.scene()
        self.configure(scene, host)
        return host, scene, scene.submit("you@example.net")

    # --- the columns -------------------------------------------------------

    def config(self, why):
        scene = self.stage.scene()
        self.configure(scene)
        ran = scene.relay("check", "--json")
        found = json.loads(ran.out)
        expect(why, "errors", not found["errors"], found["errors"])
        it = found["smarthosts"][0]
        for key, value in (
                ("preset", self.name), ("host", [self.server()]),
                ("port", self.data["port"]), ("tls", self.data["tls"]),
                ("user", self.wants),
                ("rate", [self.data["rate"]] if self.data["rate"] else None),
                ("connections", self.data["connections"] or 20),
                ("messages_per_connection",
                 self.data["messages_per_connection"] or 0)):
            expect(why, key, it[key] == value, it[key], value)
        expect(why, "from_preset", {"host", "port", "tls"} <=
               set(it["from_preset"]), it["from_preset"])

    def login(self, why):
        host = self.host()
        scene = self.stage.scene()
        wrong = {"address": "me", "local part": "me@example.org",
                 "literal": "me@example.org", "given": "other"}
        self.configure(scene, host, user=wrong[self.data["user_rule"]])
        entry = scene.submit("you@example.net")
        ran = scene.flush_now()
        expect(why, "another user", ran.status == 78 and
               scene.place(entry) == "new" and not host.messages(),
               ran.status, ran.err, scene.place(entry))
        if "user_rule" not in self.data["unverified"] and \
                self.data["user_rule"] != "given":
            expect(why, "it is said before", not host.lines("A") and
                   b"`user`" in ran.err, host.lines("A"), ran.err)
        self.configure(scene, host, password="wrong")
        ran = scene.flush_now()
        expect(why, "another password", ran.status == 78 and
               scene.place(entry) == "new", ran.status, ran.err)
        self.configure(scene, host)
        ran = scene.flush_now()
        expect(why, "the right one", ran.status == 0 and
               len(host.messages()) == 1, ran.status, ran.err)
        if self.data["oauth"] and not self.is_token:
            self.configure(scene, host, as_token=True)
            scene.submit("them@example.net")
            ran = scene.flush_now()
            expect(why, "a token", ran.status == 0 and
                   len(host.messages()) == 2, ran.status, ran.err)
        logins = [line for line in host.lines("A") if line.startswith("ok ")]
        expect(why, "as whom", {line.split()[-1] for line in logins} ==
               {self.wants}, logins)
        expect(why, "no rule is broken", not host.lines("E"),
               host.lines("E"))
        self.refused(why, "login")

    def send(self, why):
        host = self.host()
        scene = self.stage.scene()
        self.configure(scene, host)
        most = min(self.data["recipients"] or MOST, MOST)
        people = ["p%d@example.net" % i for i in range(most + EXTRA)]
        scene.submit(people)
        ran = scene.flush_now()
        sizes = [len(to) for to, _ in host.messages()]
        counts = host.counts()
        expect(why, "arrived", ran.status == 0 and len(counts) == len(people)
               and set(counts.values()) == {1}, ran.status, ran.err)
        expect(why, "split before it was said", sizes == [most, EXTRA] and
               not any(line.startswith("452") for line in host.lines("S")),
               sizes)
        expect(why, "no rule is broken", not host.lines("E"),
               host.lines("E"))
        self.refused(why, "sender")

    def refused(self, why, meaning):
        """What a person must mend costs no mail."""
        for reply in self.replies(meaning):
            host, scene, entry = self.strike(reply)
            ran = scene.flush_now()
            if scene.place(entry) == "new":  # a token may be renewed meanwhile
                expect(why, reply["text"], ran.status == 78 and
                       reply["text"][:20].encode() in ran.err,
                       ran.status, ran.err)
                ran = scene.flush_now()
            self.arrived(why, host, scene, entry, ran)

    def throttle(self, why):
        for reply in self.replies("slower", "busy") or [THROTTLE]:
            host, scene, entry = self.strike(reply)
            ran = scene.flush_now()
            if scene.place(entry) == "new":
                expect(why, "it waits", ran.status == 75, ran.status, ran.err)
                ran = scene.flush_now()
            self.arrived(why, host, scene, entry, ran)

    def quota(self, why):
        for reply in self.replies("quota") or [QUOTA]:
            host, scene, entry = self.strike(reply)
            ran = scene.flush_now()
            expect(why, "it waits", ran.status in (75, 78) and
                   scene.place(entry) == "new" and not host.messages(),
                   ran.status, ran.err, scene.place(entry))
            it = json.loads(scene.relay("status", "--json").out)[
                "smarthosts"][0]
            trouble = it.get("trouble") or {}
            expect(why, "a person sees why", trouble.get("left_alone") and
                   trouble.get("reason"), trouble)
            seen, = json.loads(scene.relay("queue", "--json").out)["messages"]
            expect(why, "no try is counted", seen["tries"] == 0, seen)
            self.arrived(why, host, scene, entry, scene.flush_now())

    @staticmethod
    def arrived(why, host, scene, entry, ran):
        expect(why, "it arrives", ran.status == 0 and
               scene.place(entry) is None and
               host.counts() == {"you@example.net": 1},
               ran.status, ran.err, scene.place(entry), host.counts())
        expect(why, "nobody is told", not scene.names("new") and
               not scene.names("failed"), scene.names("new"))

    def play(self, column):
        why = []
        getattr(self, column)(why)
        return why

    def shown(self, column):
        """The cell where all is well."""
        meanings = {"throttle": ("slower", "busy"), "quota": ("quota",)}
        if column in meanings and not self.replies(*meanings[column]):
            return "any"
        return "ok"


def records(its_stage):
    return json.loads(its_stage.scene().relay("providers", "--json").out)


# --- three lines, and nothing of the tests -----------------------------------

def address(number):
    """Of the provider with that number, in the network of the tests."""
    return "127.0.1.%d" % (number + 1)


def make_certificate(its_stage, names):
    """One for all of these, which this system trusts."""
    folder = its_stage.directory()
    with open(os.path.join(folder, "names"), "w", encoding="ascii") as file:
        file.write("subjectAltName = " +
                   ",".join("DNS:" + name for name in names) + "\n")
    subprocess.run(["sh", "-ec", """
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\
    -subj /CN=providers -keyout "$2/providers.key" -out "$1/request" 2>"$1/said"
openssl x509 -req -days 30 -in "$1/request" -extfile "$1/names" \\
    -CA "$2/ca.pem" -CAkey "$2/ca.key" -CAcreateserial \\
    -out "$2/providers.pem" 2>>"$1/said"
mount -t tmpfs none /etc/ssl/certs
cp "$2/ca.pem" /etc/ssl/certs/ca-certificates.crt
""", "sh", folder, its_stage.pki], check=True)


def alone(persona, number):
    """A case for one provider."""
    def case(its_stage):
        data = persona.data
        host = persona.host("--" + {"starttls": "listen"}.get(
            data["tls"], data["tls"]), "%s:%d" % (
                address(number), data["port"]), cert="providers")
        scene = its_stage.scene()
        persona.configure(scene)
        entry = scene.submit("you@example.net")
        ran = scene.flush_now()
        why = []
        persona.arrived(why, host, scene, entry, ran)
        logins = [line for line in host.lines("A") if line.startswith("ok ")]
        expect(why, "as whom", [line.split()[-1] for line in logins] ==
               [persona.wants], logins)
        host.stop()
        return why
    case.__doc__ = "%s: the three lines alone" % persona.name
    return case


def run_alone(its_stage, pool, tap, people):
    make_certificate(its_stage, [persona.server() for persona in people])
    stage.run_all(its_stage, pool, tap, [
        alone(persona, number) for number, persona in enumerate(people)])


# --- all of it ---------------------------------------------------------------

def run(its_stage, pool, tap):
    people = [Persona(its_stage, data) for data in records(its_stage)]
    if network.INSIDE in os.environ:
        run_alone(its_stage, pool, tap, people)
        return
    tests = [(persona, column) for persona in people for column in COLUMNS]

    def one(test):
        return stage.attempt(its_stage, lambda _: test[0].play(test[1]))

    results = dict(zip(tests, pool.map(one, tests)))
    tap.comment("%-18s%s" % ("provider", "".join(
        "%-10s" % column for column in COLUMNS)))
    for persona in people:
        tap.comment("%-18s%s" % (persona.name, "".join("%-10s" % (
            "FAILED" if results[persona, column] else persona.shown(column))
            for column in COLUMNS)))
    for persona, column in tests:
        why = results[persona, column]
        tap.result(not why, "%s: %s" % (persona.name, column), why)
    network.run_inside(its_stage, tap, "personas", "".join(
        "%s %s\n" % (address(number), persona.server())
        for number, persona in enumerate(people)))
    tap.result(len(people) >= 40, "there are forty providers",
               ["%d" % len(people)])
