# SPDX-License-Identifier: GPL-3.0-or-later
"""renewal - `login oauth` from the token endpoint to the smarthost, and counted

relay-token asks a small token endpoint (client credentials: nobody logs in), which
counts; the smarthost has the list of its tokens.  The question is how often the
provider is asked, whatever the number of messages, connections and passes.
"""
import http.server
import json
import os
import ssl
import threading
import time

import stage
import tokens


class Endpoint:
    """HTTPS on this machine; its nth answer is the nth token."""

    def __init__(self, its_stage, answers, expires=3600, delay=0.0):
        self.asked = []
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.asked.append(body.decode())
                time.sleep(delay)
                token = answers[min(len(endpoint.asked), len(answers)) - 1]
                text = json.dumps({"access_token": token, "token_type":
                                   "Bearer", "expires_in": expires}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(its_stage.cert("good"), its_stage.key("good"))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.socket = context.wrap_socket(self.server.socket,
                                                 server_side=True)
        self.url = "https://localhost:%d/token" % self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Account(tokens.Account):
    """The same, with its token from the endpoint."""

    def __init__(self, its_stage, fates, endpoint, lines=()):
        super().__init__(its_stage, fates, ["unused"], "OAUTHBEARER",
                         offered="PLAIN OAUTHBEARER XOAUTH2")
        self.scene.configure(
            self.host.ports[0], "user " + stage.USER, "login oauth",
            "oauth_client relay", "oauth_secret inline client-secret",
            "oauth_flow client", "oauth_token_url " + endpoint.url,
            "oauth_scope mail", "oauth_ca " + its_stage.cert("ca"), *lines,
            login=False)
        when = time.time() - 3600
        os.utime(self.scene.config, (when, when))
        self.scene.env["RELAY_LIBEXEC"] = os.path.join(its_stage.build,
                                                       "src/token")


def opened(account):
    return account.host.lines("O").count("open")


def counted(name, messages, posts, fates, answers, logins=None, passes=1,
            lines=(), **more):
    def case(its_stage):
        endpoint = Endpoint(its_stage, answers, **more)
        account = Account(its_stage, fates, endpoint, lines)
        why = []
        for number in range(messages):
            account.scene.submit("you%d@example.net" % number)
            if number < passes - 1:
                account.scene.flush_now("--quiet")
        ran = tokens.flush(account)
        why += account.problems(ran, 0, answers)
        tokens.want(why, ran.status == 0, "status %s: %s" %
                    (ran.status, tokens.text_of(ran)))
        tokens.want(why, sum(account.host.counts().values()) == messages,
                    "%d arrived" % sum(account.host.counts().values()))
        tokens.want(why, len(endpoint.asked) == posts,
                    "the endpoint was asked %d times over %d connections" %
                    (len(endpoint.asked), opened(account)))
        if logins:
            tokens.want(why, [line.split()[0] for line in account.logins()] ==
                        logins, "logins: %s" % account.logins())
        endpoint.close()
        return why
    case.__doc__ = name
    return case


def refused_for_good(its_stage):
    """two fresh tokens are refused: the endpoint is asked twice, mail waits"""
    endpoint = Endpoint(its_stage, [tokens.OLD, tokens.NEW])
    account = Account(its_stage, [], endpoint)
    account.scene.submit("you@example.net")
    ran = tokens.flush(account)
    why = account.problems(ran, 1, [tokens.OLD, tokens.NEW])
    tokens.want(why, ran.status == 78, "status %s" % ran.status)
    tokens.want(why, len(endpoint.asked) == 2,
                "asked %d times" % len(endpoint.asked))
    tokens.want(why, opened(account) == 1, "%d connections" % opened(account))
    account.scene.run([its_stage.flush, "--quiet"])
    tokens.want(why, len(endpoint.asked) == 2 and opened(account) == 1,
                "tried again at once")
    endpoint.close()
    return why


HELPER = """#!/bin/sh
kept=$(dirname "$0")/kept
case $1 in
get) [ ! -e "$kept" ] || sed 's/^/secret=/' "$kept" ;;
store) sed -n 's/^secret=//p; /^$/q' >"$kept" ;;
esac
"""


def seal_in(its_stage, kind):
    """(the words of `oauth_seal`, the file it ends up in)"""
    place = its_stage.directory()
    if kind == "file":
        return "file %s/kept" % place, place + "/kept"
    with open(place + "/helper", "w", encoding="ascii") as file:
        file.write(HELPER)
    os.chmod(place + "/helper", 0o700)
    return "helper %s/helper" % place, place + "/kept"


def stored(account):
    """All that is in the directory of tokens."""
    top = os.path.join(account.scene.queue, "tokens")
    found = b""
    for name in os.listdir(top):
        with open(os.path.join(top, name), "rb") as file:
            found += file.read()
    return found


def sealed(kind):
    def case(its_stage):
        words, kept = seal_in(its_stage, kind)
        endpoint = Endpoint(its_stage, [tokens.OLD, tokens.NEW])
        account = Account(its_stage, [(tokens.OLD, "good")], endpoint,
                          ("oauth_seal " + words,))
        scene, why = account.scene, []

        def sends(what, status, text=b""):
            ran = tokens.flush(account)
            tokens.want(why, ran.status == status and text in ran.err,
                        "%s: %s %s" % (what, ran.status, tokens.text_of(ran)))

        scene.submit("you0@example.net")
        sends("nobody made it", 78, b"`oauth_seal`")
        ran = scene.relay("login", "it")
        tokens.want(why, ran.status == 0 and os.path.exists(kept),
                    "login: %r" % (ran,))
        with open(kept, encoding="ascii") as file:
            secret = file.read()
        tokens.want(why, len(secret.strip()) == 64, "made: %r" % secret)
        tokens.want(why, kind != "file" or os.stat(kept).st_mode & 0o77 == 0,
                    "others can read it")
        sends("logged in", 0)
        tokens.want(why, tokens.OLD.encode() not in stored(account) and
                    b"\nsealed=" in stored(account), "the store tells it")
        told = json.loads(scene.relay("status", "--json").out)["smarthosts"]
        tokens.want(why, told[0]["login"]["encrypted"] is True,
                    "status: %s" % told)
        scene.submit("you1@example.net")
        with open(kept, "w", encoding="ascii") as file:
            file.write("another\n")
        sends("another secret", 78, b"cannot be decrypted")
        with open(kept, "w", encoding="ascii") as file:
            file.write(secret)
        sends("brought back", 0)
        ran = scene.relay("login", "it")
        with open(kept, encoding="ascii") as file:
            tokens.want(why, file.read() == secret, "made a second time")
        ran = scene.relay("login", "it", "--export",
                          os.path.join(scene.directory, "out"))
        tokens.want(why, ran.status == 69 and b"are encrypted" in ran.err,
                    "export: %r" % (ran,))
        scene.write("relayrc", open(scene.config, encoding="utf-8").read(
            ).replace("oauth_seal", "# oauth_seal"))
        scene.submit("you2@example.net")
        sends("without the key", 78, b"say with what in `oauth_seal`")
        tokens.want(why, sum(account.host.counts().values()) == 2,
                    "%s arrived" % account.host.counts())
        endpoint.close()
        return why
    case.__doc__ = "tokens on the disk encrypted, `oauth_seal %s`" % kind
    return case


def imported(its_stage):
    """a login that is imported in clear is encrypted at once"""
    words, kept = seal_in(its_stage, "file")
    endpoint = Endpoint(its_stage, [tokens.NEW])
    account = Account(its_stage, [(tokens.OLD, "good")], endpoint,
                      ("oauth_seal " + words,))
    with open(account.scene.config, encoding="utf-8") as file:
        account.scene.write("relayrc", file.read().replace(
            "oauth_flow client", "oauth_flow code\n"
            "    oauth_auth_url https://localhost/auth"))
    now, why = int(time.time()), []
    lines = {"version": 1, "account": "other", "user": stage.USER,
             "client_id": "relay", "token_url": endpoint.url, "scope": "mail",
             "flow": "code", "access_token": tokens.OLD, "obtained": now,
             "expires": now + 3600, "refreshed": now,
             "refresh_token": "r3fresh.token"}
    path = account.scene.write("login.txt", "".join(
        "%s=%s\n" % pair for pair in lines.items()))
    ran = account.scene.relay("login", "it", "--import", path)
    tokens.want(why, ran.status == 0 and os.path.exists(kept),
                "import: %r" % (ran,))
    kept_now = stored(account)
    tokens.want(why, b"\nsealed=" in kept_now and b"r3fresh" not in kept_now and
                tokens.OLD.encode() not in kept_now, "the store tells it")
    account.scene.submit("you@example.net")
    ran = tokens.flush(account)
    tokens.want(why, ran.status == 0 and not endpoint.asked, "flush: %s %s" % (
        tokens.text_of(ran), endpoint.asked))
    endpoint.close()
    return why


def cases():
    good = [(tokens.OLD, "good"), (tokens.NEW, "good")]
    both = [tokens.OLD, tokens.NEW]
    yield counted("1,000 messages: the provider is asked once", 1000, 1, good,
                  both)
    yield counted("20 connections of their own: asked once", 20, 1, good, both,
                  lines=("messages_per_connection 1",))
    yield counted("5 passes: asked once", 5, 1, good, both, passes=5)
    yield counted("a token that the server does not take: asked twice", 50, 2,
                  [(tokens.NEW, "good")], both)
    yield counted("over after a pass: asked again, on the same connection", 2, 2,
                  [(tokens.NEW, "good")], both, ["failed", "ok", "ok"],
                  passes=2)
    yield refused_for_good
    yield sealed("file")
    yield sealed("helper")
    yield imported


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, list(cases()))
