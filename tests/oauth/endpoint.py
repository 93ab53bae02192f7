# SPDX-License-Identifier: GPL-3.0-or-later
"""endpoint - an HTTPS server that says what a test wants, and notes what it heard

One answer a request, in the order in which they were given; a request that no
answer is left for is noted in `surplus`, and gets a 500.  A `rule` makes an answer of the form instead, the
same for all.
"""
import http.server
import json
import socketserver
import ssl
import threading
import time
import urllib.parse


class Answer:
    """What is said to one request.  `body`: an object becomes JSON."""

    def __init__(self, body=None, status=200, kind="application/json",
                 headers=(), do=None):
        self.status, self.kind, self.headers = status, kind, dict(headers)
        self.body = body if isinstance(body, bytes) else \
            json.dumps(body if body is not None else {}).encode()
        self.do = do  # instead of an answer, called with the handler


def error(word, text=None, status=400, **more):
    body = {"error": word}
    if text is not None:
        body["error_description"] = text
    return Answer(body, status, **more)


def tokens(access, refresh=None, life=3600, **more):
    body = {"access_token": access, "token_type": "Bearer", "expires_in": life}
    if refresh is not None:
        body["refresh_token"] = refresh
    return Answer(body | more)


def hang_up(handler):
    handler.connection.shutdown(2)


def hang(handler):
    handler.server.owner.released.wait(60)


def half(handler):
    """A body that ends before its length."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"access_token":"half')
    hang_up(handler)


def flood(handler):
    """5 MB, as far as somebody reads."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    try:
        for _ in range(5 * 16):
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass
    handler.server.owner.flooded = True


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers.get("Content-Length", 0))
        text = self.rfile.read(size).decode()
        answer = self.server.owner.take(self, text)
        if answer.do is not None:
            answer.do(self)
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def get_request(self):
        self.owner.connections += 1
        return super().get_request()

    def handle_error(self, *_):  # who does not trust us, or goes
        self.owner.broken += 1


class Endpoint:
    def __init__(self, certs, cert="good", encrypted=True, context=None,
                 address="127.0.0.1"):
        self.answers, self.heard, self.paths = [], [], []
        self.headers = []
        self.surplus = self.broken = self.connections = 0
        self.flooded = False
        self.pause = 0  # seconds before each answer
        self.rule = None
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.server = Server((address, 0), Handler)
        self.server.owner = self
        if encrypted:
            context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain("%s/%s.pem" % (certs, cert),
                                    "%s/%s.key" % (certs, cert))
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True,
                do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.origin = "%s://127.0.0.1:%d" % (
            "https" if encrypted else "http", self.port)
        threading.Thread(target=self.server.serve_forever, args=(0.05,),
                         daemon=True).start()

    def take(self, handler, text):
        form = dict(urllib.parse.parse_qsl(text))
        if self.rule is not None:
            return self.rule(form)
        with self.lock:
            self.heard.append(form)
            self.paths.append(handler.path)
            self.headers.append(handler.headers)
            if self.answers:
                answer = self.answers.pop(0)
            else:
                self.surplus += 1
                answer = error("server_error", status=500)
        if self.pause:
            time.sleep(self.pause)
        return answer

    def script(self, *answers):
        """Forget what was; say these from now on."""
        with self.lock:
            self.answers, self.heard, self.paths = list(answers), [], []
            self.headers = []
            self.surplus = 0

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
