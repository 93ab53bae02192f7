# SPDX-License-Identifier: GPL-3.0-or-later
"""provider - a real OAuth2 server: every way to log in, and every way to break it

The server rotates refresh tokens and is strict: one that is shown twice ends the
whole login.  So whatever is done wrong here shows.
"""
import hashlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from person import Person

HERE = os.path.dirname(os.path.abspath(__file__))
SCOPE = "openid offline_access https://mail.lab.test/SMTP.Send"
DONE, LATER, PERSON = 0, 75, 78
ROUNDS = 100


# --- the server -----------------------------------------------------------------

def packages(build):
    """Where its packages are: fetched once for each lock file."""
    with open(HERE + "/provider/package-lock.json", "rb") as file:
        mark = hashlib.sha256(file.read()).hexdigest()[:16]
    parent = os.path.dirname(build)
    cache = os.path.join(parent, "cache") \
        if os.path.basename(parent) == "build-check" \
        else os.path.join(build, "tests", "oauth")
    place = os.path.join(cache, "provider-" + mark)
    if not os.path.exists(place + "/node_modules/oidc-provider"):
        making = place + ".making"
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(HERE + "/provider", making)
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"],
                              cwd=making, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise RuntimeError("npm ci: " + done.stdout[-2000:])
        shutil.rmtree(place, ignore_errors=True)
        os.rename(making, place)
    shutil.copy(HERE + "/provider/server.mjs", place)
    return place


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Provider:
    def __init__(self, place, life=3600, account="alice@example.test"):
        self.port = free_port()
        self.origin = "https://127.0.0.1:%d" % self.port
        self.context = ssl.create_default_context(cafile=place.ca)
        self.process = subprocess.Popen(
            ["node", "server.mjs"], cwd=packages(place.build), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=open(place.dir + "/provider.log", "w"),
            env={"PATH": os.environ["PATH"], "PORT": str(self.port),
                 "LIFE": str(life), "ACCOUNT": account,
                 "CERT": place.certs + "/good.pem",
                 "KEY": place.certs + "/good.key",
                 "CLIENT_CERT": place.rsa() + ".pem"})
        if self.process.stdout.readline() != "ready\n":
            with open(place.dir + "/provider.log") as file:
                raise RuntimeError("the server does not start: " +
                                   file.read()[-2000:])

    def call(self, path, body=None, headers=()):
        request = urllib.request.Request(self.origin + path, body,
                                         dict(headers))
        with urllib.request.urlopen(request, context=self.context,
                                    timeout=20) as answer:
            return answer.read()

    def faults(self, *faults):
        self.call("/_test/faults", json.dumps(faults).encode())

    def events(self):
        """Words since the last time."""
        return [word for _, word in json.loads(self.call("/_test/events"))]

    def revoke(self, token):
        self.call("/token/revocation", urllib.parse.urlencode(
            {"token": token, "client_id": "relay"}).encode())

    def is_active(self, token):
        form = urllib.parse.urlencode({"token": token}).encode()
        answer = json.loads(self.call("/token/introspection", form, {
            "Authorization": "Basic bG9vazpsb29r"}))
        return answer["active"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


class Scene:
    def __init__(self, place, tap, server):
        self.place, self.tap, self.server = place, tap, server

    def client(self, **question):
        return self.place.client(self.server.origin, **{
            "scope": SCOPE, "device_url": self.server.origin + "/device/auth",
            "revoke_url": self.server.origin + "/token/revocation",
            "auth_extra": "prompt=consent"} | question)

    def logged_in(self, **question):
        """A client with a login, by browser; a device waits for seconds."""
        client = self.client(flow="code", **question)
        by_browser(self, client)
        self.server.events()
        return client


# --- to log in --------------------------------------------------------------------

def address_in(process, words):
    """The address on stderr, and what stood before it."""
    said = ""
    for line in process.stderr:
        said += line
        found = re.match(r" *(https://\S*%s\S*)$" % words, line)
        if found:
            return found[1], said
    raise RuntimeError("no address: " + said)


def finish(process):
    out, err = process.communicate(timeout=60)
    answer = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    return process.returncode, answer, err


def by_device(scene, client):
    process = client.start("login")
    address, _ = address_in(process, "user_code=")
    Person(scene.place.ca).type_code(address)
    return finish(process)


def by_browser(scene, client, alter=lambda back: back, **more):
    """The browser comes back to the port itself."""
    process = client.start("login", **more)
    address, _ = address_in(process, "code_challenge=")
    back = alter(Person(scene.place.ca).log_in(address))
    with urllib.request.urlopen(back, timeout=20) as page:
        page.read()
    return finish(process)


def by_hand(scene, client, alter=lambda back: back):
    """The address is pasted; the port has nobody on it."""
    process = client.start("login", prompt="paste")
    address, _ = address_in(process, "code_challenge=")
    back = Person(scene.place.ca).log_in(address)
    process.stdin.write("what?\n" + alter(back) + "\n")
    process.stdin.flush()
    return finish(process)


def check_login(scene, name, client, ended):
    status, answer, err = ended
    lines = client.tokens() if os.path.exists(client.store) else {}
    got = client.run("get")
    good = status == DONE and "secret" not in answer and "expires" in answer \
        and lines.get("refresh_token") and \
        got.answer.get("secret") == lines.get("access_token") and \
        scene.server.is_active(lines["access_token"]) and \
        not any(lines[key] in err for key in ("access_token", "refresh_token"))
    scene.tap.result(good, name, [str(ended), str(sorted(lines)), got.out,
                                  *scene.server.events()])


def run_logins(scene):
    for name, more in (("", {}), (", with a secret",
                                  {"client_id": "relay-secret",
                                   "client_secret": "open-sesame-9"})):
        client = scene.client(flow="device", **more)
        check_login(scene, "device code" + name, client,
                    by_device(scene, client))
        client = scene.client(flow="code", **more)
        check_login(scene, "code and PKCE, by the loopback port" + name,
                    client, by_browser(scene, client))
        client = scene.client(flow="code", **more)
        check_login(scene, "code and PKCE, pasted" + name, client,
                    by_hand(scene, client))
    client = scene.client(flow="code", redirect="http://localhost")
    check_login(scene, "by the name localhost", client,
                by_browser(scene, client))
    port = free_port()
    client = scene.client(flow="code", redirect_port=port)
    check_login(scene, "on a port that was chosen", client, by_browser(
        scene, client))
    again = by_browser(scene, client)
    check_login(scene, "again, over the old login", client, again)


def run_bad_logins(scene):
    client = scene.client(flow="code", user="no@example.test")
    status, answer, _ = by_browser(scene, client)
    scene.tap.result(status == PERSON and "said no" in answer["error"] and
                     not os.path.exists(client.store),
                     "the person says no", [str(answer)])
    client = scene.client(flow="code")
    status, answer, _ = by_browser(
        scene, client, lambda back: re.sub(r"iss=[^&]*",
                                           "iss=https%3A%2F%2Fevil.test", back))
    scene.tap.result(status == PERSON and "another server" in answer["error"]
                     and not os.path.exists(client.store),
                     "a code of another server", [str(answer)])
    client = scene.client(flow="code")
    status, answer, _ = by_browser(
        scene, client, lambda back: re.sub(r"code=[^&]*", "code=x", back))
    scene.tap.result(status == PERSON and "invalid_grant" in answer["error"],
                     "a code that is none", [str(answer)])
    client = scene.client(flow="code", issuer="https://elsewhere.test")
    status, answer, _ = by_browser(scene, client)
    scene.tap.result(status == PERSON and "another server" in answer["error"],
                     "not the issuer that is configured", [str(answer)])


# --- the program itself -------------------------------------------------------------

def run_machine(scene):
    base = scene.place.rsa()
    scene.server.events()
    for name, more in (
            ("a secret", {"client_id": "relay-app",
                          "client_secret": "app-secret-4"}),
            ("a certificate", {"client_id": "relay-cert", "key": base + ".key",
                               "cert": base + ".pem"})):
        client = scene.client(flow="client",
                              scope="https://mail.lab.test/SMTP.Send", **more)
        first, second = client.run("get"), client.run("get")
        events = scene.server.events()
        scene.tap.result(
            first.status == DONE and first.answer == second.answer and
            scene.server.is_active(first.answer["secret"]) and
            events.count("token") == 1, "client credentials, with " + name,
            first.lines() + events)
    client = scene.client(flow="client", client_id="relay-app",
                          client_secret="wrong-secret-1")
    ran = client.run("get")
    scene.tap.result(ran.status == PERSON and "oauth_secret" in ran.error and
                     "wrong-secret-1" not in ran.out + ran.err,
                     "with a wrong secret", ran.lines())


# --- refresh, and what breaks it ------------------------------------------------------

def force(client, **more):
    """A refresh now, as after a 535."""
    return client.run("get", newer_than=int(time.time()) + 1, **more)


def is_alive(scene, client):
    """Is the login good for one more refresh?"""
    ran = force(client, env={"RELAY_TEST_CLOCK": str(int(time.time()) + 9000)})
    return ran.status == DONE and scene.server.is_active(
        ran.answer["secret"]), ran


class Broken:
    def __init__(self, name, fault, status, words, alive=True):
        self.name, self.fault, self.status = name, fault, status
        self.words, self.alive = words, alive


BROKEN = [
    Broken("503 and Retry-After", {
        "kind": "reply", "status": 503, "type": "text/html",
        "headers": {"Retry-After": "30"}, "body": "<html>"}, LATER,
        "trouble of its own"),
    Broken("HTML", {"kind": "reply", "status": 200, "type": "text/html",
                    "body": "<html>log in"}, LATER, "captive portal"),
    Broken("5 MB", {"kind": "reply", "status": 200, "body": "x" * 5000000},
           LATER, "64 KiB"),
    Broken("a redirect", {"kind": "reply", "status": 302,
                          "headers": {"Location": "https://evil.test/"}},
           PERSON, "redirect"),
    Broken("hung up before it did anything", {"kind": "drop-before"}, LATER,
           "hung up"),
    Broken("a hang", {"kind": "delay", "ms": 25000}, LATER, "in time", None),
    Broken("the reply lost after rotation", {"kind": "drop-after"}, LATER,
           "hung up", False),
]


def run_refresh(scene):
    client = scene.logged_in()
    before = client.tokens()
    ran = force(client)
    after = client.tokens()
    events = scene.server.events()
    scene.tap.result(
        ran.status == DONE and events.count("token") == 1 and
        after["refresh_token"] != before["refresh_token"] and
        after["access_token"] == ran.answer["secret"] and
        scene.server.is_active(ran.answer["secret"]),
        "refresh: one question, and the rotated token is in the store",
        ran.lines() + events)
    scene.server.faults({"kind": "string-expires"})
    ran = force(client)
    scene.tap.result(ran.status == DONE and
                     abs(int(ran.answer["expires"]) - time.time() - 3600) < 60,
                     "expires_in as a string", ran.lines())
    for _ in range(5):
        ran = force(client)
    scene.tap.result(ran.status == DONE, "and five more in a row", ran.lines())


def run_broken(scene):
    for case in BROKEN:
        client = scene.logged_in()
        before = client.tokens()
        scene.server.faults(case.fault)
        ran = force(client)
        lines = client.tokens()
        good = ran.status == case.status and case.words in ran.error and \
            lines["refresh_token"] == before["refresh_token"] and \
            lines["failed"] and client.litter() == []
        usual = client.run("get")  # what is still good is used
        good = good and usual.answer.get("secret") == before["access_token"]
        if case.alive is not None:
            alive, last = is_alive(scene, client)
            good = good and alive == case.alive
            if not alive:
                good = good and last.status == PERSON and \
                    "relay login work" in last.error
        scene.tap.result(good, "a refresh meets %s: nothing is lost" %
                         case.name, ran.lines() + [str(sorted(lines))] +
                         usual.lines() + scene.server.events())


def run_wrong_ca(scene):
    client = scene.logged_in()
    before = client.tokens()
    ran = force(client, ca=scene.place.certs + "/another-ca.pem")
    alive, _ = is_alive(scene, client)
    scene.tap.result(ran.status == LATER and "cannot be trusted" in ran.error
                     and alive and before["refresh_token"],
                     "a refresh meets the wrong CA: nothing is lost",
                     ran.lines())


def run_end(scene):
    client = scene.logged_in()
    token = client.tokens()["refresh_token"]
    ran = client.run("erase")
    scene.tap.result(ran.answer == {"revoked": "1"} and
                     not scene.server.is_active(token) and
                     not os.path.exists(client.store),
                     "logout: the login is over there, too", ran.lines())
    client = scene.logged_in()
    other = client.tokens()["refresh_token"]
    form = urllib.parse.urlencode({"token": other, "client_id": "relay"})
    scene.server.call("/token/revocation", form.encode())
    ran = force(client)
    scene.tap.result(ran.status == PERSON and "relay login work" in ran.error
                     and client.tokens()["refresh_token"] == other and
                     client.tokens()["failure_is"] == "person",
                     "a login that was revoked: told, and not wiped",
                     ran.lines())


# --- at once ---------------------------------------------------------------------------

def run_races(scene):
    """Both want a token newer than the one there is."""
    client = scene.logged_in()
    bad = []
    for number in range(ROUNDS):
        clock = int(time.time()) + (number + 1) * 4000
        env = {"RELAY_TEST_CLOCK": str(clock)}
        got = [None, None]

        def one(i, env=env):
            got[i] = client.run("get", env=env)

        threads = [threading.Thread(target=one, args=(i,)) for i in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        posts = scene.server.events().count("token")
        if [ran.status for ran in got] != [0, 0] or posts != 1 or \
                got[0].answer != got[1].answer:
            bad.append("round %d: %d POSTs, %s, %s" % (
                number, posts, got[0].out, got[1].out))
            break
    token = client.tokens()["access_token"]
    scene.tap.result(not bad and scene.server.is_active(token),
                     "two refreshes at once, %d rounds: one POST, the same "
                     "token for both, the login alive" % ROUNDS, bad)


def run(place, tap):
    server = Provider(place)
    try:
        scene = Scene(place, tap, server)
        for part in (run_logins, run_bad_logins, run_machine, run_refresh,
                     run_broken, run_wrong_ca, run_end, run_races):
            part(scene)
    finally:
        server.close()
