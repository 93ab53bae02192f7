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


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, list(cases()))
