# SPDX-License-Identifier: GPL-3.0-or-later
"""service - others at the other end of the socket

inetd() is what systemd does with Accept=yes and StandardInput=socket; Pretender
is a service that is in trouble; Idlers are clients that only connect.
"""
import os
import socket
import subprocess
import threading

from machine import is_listening, wait_until


def bind(m, backlog=512):
    os.makedirs(m.run_place, exist_ok=True)
    if os.path.exists(m.socket):
        os.unlink(m.socket)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(m.socket)
    os.chmod(m.socket, 0o666)
    listener.listen(backlog)
    return listener


class Pretender:
    """`talk`: what is done with one connection, which is closed then."""

    def __init__(self, m, talk):
        self.m = m
        self.talk = talk
        self.count = 0
        self.listener = bind(m)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            with connection:
                try:
                    self.talk(connection)
                except OSError:
                    pass  # the client has had enough

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        os.unlink(self.m.socket)


class Inetd(Pretender):
    def __init__(self, m):
        self.children = []
        super().__init__(m, self._start)

    def _start(self, connection):
        self.children = [c for c in self.children if c.poll() is None]
        self.children.append(subprocess.Popen(
            [self.m.drop, "--serve"], stdin=connection, stdout=connection,
            stderr=subprocess.DEVNULL, cwd="/"))

    def __exit__(self, *_):
        super().__exit__()
        for child in self.children:
            child.wait()


class Listen:
    """relay-listen, which needs no systemd."""

    def __init__(self, m):
        self.m = m
        self.process = m.start([m.listen], stdin=subprocess.DEVNULL)
        if not wait_until(lambda: is_listening(m.socket)):
            raise RuntimeError("relay-listen does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.m.stop(self.process)
        os.unlink(self.m.socket)


IDLER = """
import socket, sys, time
kept = []
for _ in range(int(sys.argv[2])):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    kept.append(s)
print("connected", flush=True)
sys.stdin.read()
"""


class Idlers:
    """`count` connections of a user, on which nothing is said."""

    def __init__(self, m, uid, count):
        self.m = m
        self.process = m.start(
            ["/usr/bin/python3", "-c", IDLER, m.socket, str(count)], uid,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"connected\n":
            raise RuntimeError("cannot connect %d times" % count)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.m.children.remove(self.process)


def speak(m, data, uid, end=True):
    """What a client hears that sends this: (answer, seconds)."""
    script = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    s.sendall(sys.stdin.buffer.read())
    if sys.argv[2] == "end":
        s.shutdown(socket.SHUT_WR)
except OSError:
    pass
said = b""
try:
    while True:
        piece = s.recv(4096)
        if not piece:
            break
        said += piece
except OSError:
    pass
sys.stdout.buffer.write(said)
"""
    ran = m.run(["/usr/bin/python3", "-c", script, m.socket,
                 "end" if end else "wait"], data, uid)
    return ran.out, ran.seconds
