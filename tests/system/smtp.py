# SPDX-License-Identifier: GPL-3.0-or-later
"""smtp - programs that speak SMTP to 127.0.0.1

By relay-listen --smtp, and as systemd serves relay-smtp.socket: a process for
each connection, of the user relay-smtp, under no_new_privs.  What was answered
with 250 is in the queue of the machine, and is that user's.
"""
import os
import smtplib
import socket
import subprocess
import threading

from machine import PATIENCE, SMTP, USERS, entry, wait_until
from service import Listen

ALICE = USERS["alice"]
TEXT = b"Subject: smtp\r\n\r\none line\r\n..\r\n"
SHARE = 5000  # messages: src/queue/share.h


def can_connect(port, address="127.0.0.1"):
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True


class Smtp:
    """relay-listen --smtp, by root unless `uid` says otherwise."""

    def __init__(self, m, where, uid=0):
        self.m = m
        user = ["--user", "%d:%d" % (SMTP, SMTP)] if uid == 0 else []
        port = int(where.rpartition(":")[2])
        self.process = m.start([m.listen, "--smtp", where, *user], uid,
                               stdin=subprocess.DEVNULL)
        address = "::1" if "[" in where else "127.0.0.1"
        if not wait_until(lambda: can_connect(port, address)):
            raise RuntimeError("relay-listen --smtp does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.m.stop(self.process)


class Systemd:
    """What it does for relay-smtp.socket and relay-smtp@.service."""

    def __init__(self, m, port, address="127.0.0.1"):
        self.m = m
        self.listener = socket.create_server((address, port))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                subprocess.Popen(  # pylint: disable=consider-using-with
                    ["setpriv", "--no-new-privs", "--reuid", str(SMTP),
                     "--regid", str(SMTP), "--clear-groups",
                     self.m.sendmail, "-bs"], stdin=connection,
                    stdout=connection, stderr=subprocess.DEVNULL, cwd="/")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def client(port, address="127.0.0.1"):
    return smtplib.SMTP(address, port, timeout=PATIENCE)


def send(port, count=1, address="127.0.0.1"):
    """The ids that were said."""
    ids = []
    with client(port, address) as session:
        session.ehlo()
        for _ in range(count):
            session.mail("me@example.org")
            session.rcpt("you@example.net")
            code, text = session.data(TEXT)
            if code != 250:
                raise RuntimeError("%d %s" % (code, text))
            ids.append(text.rpartition(b" ")[2].decode())
    return ids


def wrong(m, ids, uid):
    """About what is in drop/."""
    names = m.names()
    why = [] if names == sorted("m." + name for name in ids) else \
        ["said %s, there is %s" % (ids, names)]
    for name in names:
        data = m.read("drop", name)
        if m.stat("drop", name).st_uid != uid or \
                b"\nU %d\n" % uid not in data:
            why.append("not of user %d: %s" % (uid, data))
        if b"\r\nFrom: me@example.org\r\n" not in data or \
                b"\r\n\r\none line\r\n..\r\n= " not in data:
            why.append("not the message: %s" % data)
    m.make_spool()
    return why


def by_listen(m):
    """relay-listen --smtp: several messages, whose ids are the queue's"""
    with Listen(m), Smtp(m, "127.0.0.1:2525"):
        return wrong(m, send(2525, 3), SMTP)


def by_systemd(m):
    """as relay-smtp.socket: under no_new_privs, over drop.sock"""
    with Listen(m), Systemd(m, 2526):
        return wrong(m, send(2526, 2), SMTP)


def both_addresses(m):
    """--smtp PORT is 127.0.0.1 and ::1, and nothing else"""
    with Listen(m), Smtp(m, "2527"):
        ids = send(2527) + send(2527, address="::1")
        listening = m.run(["ss", "-Hltn", "sport = :2527"]).out.split()[3::5]
    return wrong(m, ids, SMTP) + (
        [] if sorted(listening) == [b"127.0.0.1:2527", b"[::1]:2527"]
        else listening)


def by_a_user(m):
    """a user has one of his own, and submits as himself"""
    with Listen(m), Smtp(m, "127.0.0.1:2528", ALICE):
        return wrong(m, send(2528), ALICE)


def not_root(m):
    """nothing of it is root's once it listens"""
    with Smtp(m, "127.0.0.1:25") as service:
        status = "/proc/%d/status" % service.process.pid
        with open(status, encoding="ascii") as file:
            lines = [line.split() for line in file]
    facts = {line[0]: line[1:] for line in lines if line}
    return [] if facts["Uid:"] == facts["Gid:"] == [str(SMTP)] * 4 and \
        not facts["Groups:"] and set(facts["CapPrm:"][0]) == {"0"} else \
        [str(facts)]


def refusals(m):
    """other addresses, other users and other words are refused, and why"""
    why = []
    user = ["--user", "%d:%d" % (SMTP, SMTP)]
    for words, text in (
            (["--smtp", "0.0.0.0:25", *user], b"[::1]"),
            (["--smtp", "192.0.2.1:25", *user], b"127.0.0.0/8"),
            (["--smtp", "[::]:25", *user], b"programs of this machine"),
            (["--smtp", "localhost:25", *user], b"127.0.0.0/8"),
            (["--smtp", ":25", *user], b"127.0.0.0/8"),
            (["--smtp", "0", *user], b"port"),
            (["--smtp", "127.0.0.1:65536", *user], b"port"),
            (["--smtp", "127.0.0.1:25x", *user], b"port"),
            (["--smtp", "2529"], b"--user UID:GID"),
            (["--smtp", "2529", "--user", "0:0"], b"not root's"),
            (["--smtp", "2529", "--user", "relay-smtp"], b"two numbers"),
            (["--smtp"], b"usage"), (["--foo"], b"usage")):
        ran = m.run([m.listen, *words])
        if ran.status != 64 or text not in ran.err or \
                ran.err.count(b"\n") != 1:
            why.append("%s: %s" % (words, ran))
    ran = m.run([m.listen, "--smtp", "2529", *user], uid=ALICE)
    if ran.status != 64 or b"--user is for root" not in ran.err:
        why.append(str(ran))
    return why


def from_elsewhere(m):
    """a connection to another address, however it came about, is refused"""
    m.run(["ip", "address", "add", "192.0.2.7/32", "dev", "lo"])
    with Listen(m), Systemd(m, 2533, "192.0.2.7"):
        with socket.create_connection(("192.0.2.7", 2533)) as connection:
            connection.sendall(b"EHLO x\r\n")
            said = connection.makefile("rb").read()
    m.run(["ip", "address", "del", "192.0.2.7/32", "dev", "lo"])
    return [] if said.startswith(b"554 ") and said.count(b"\n") == 1 \
        else [said]


def limits(m):
    """SIZE is the queue's, and a 65th connection is told to come back"""
    why = []
    with Listen(m), Smtp(m, "127.0.0.1:2530"):
        with client(2530) as session:
            session.ehlo()
            if session.esmtp_features.get("size") != str(128 << 20):
                why.append(session.esmtp_features)
            for size, want in ((128 << 20, 250), ((128 << 20) + 1, 552)):
                code, _ = session.docmd("MAIL", "FROM:<a> SIZE=%d" % size)
                session.rset()
                if code != want:
                    why.append("SIZE=%d: %d" % (size, code))
        kept = []
        for _ in range(64):
            kept.append(socket.create_connection(("127.0.0.1", 2530)))
            kept[-1].recv(100)
        with socket.create_connection(("127.0.0.1", 2530)) as one_more:
            said = one_more.recv(100)
        if not said.startswith(b"421 "):
            why.append("the 65th: %s" % said)
        for connection in kept:
            connection.close()
        if not wait_until(lambda: send_or_not(2530)):
            why.append("nobody is served after that")
    m.make_spool()
    return why


def send_or_not(port):
    try:
        return send(port)
    except smtplib.SMTPException:
        return None


def a_full_share(m):
    """who has his share is told 452, and has it in one session with others"""
    with Listen(m), Smtp(m, "127.0.0.1:2531"):
        for number in range(SHARE):
            path = os.path.join(m.spool, "drop", "m.%022X" % number)
            with open(path, "wb") as file:
                file.write(entry())
            os.chown(path, SMTP, -1)
        with client(2531) as session:
            session.ehlo()
            session.mail("me@example.org")
            session.rcpt("you@example.net")
            code, text = session.data(TEXT)
            other = session.noop()[0]
    m.make_spool()
    return [] if (code, other) == (452, 250) and text.startswith(b"4.2.2 ") \
        else ["%d %s" % (code, text)]


def nobody_takes_it(m):
    """without a queue it is 451, and nothing is said that is not so"""
    with Smtp(m, "127.0.0.1:2532"):
        os.chmod(m.drop, 0o700)
        try:
            with client(2532) as session:
                session.ehlo()
                session.mail("me@example.org")
                session.rcpt("you@example.net")
                code, text = session.data(TEXT)
        finally:
            os.chmod(m.drop, 0o2755)
    return [] if code in (451, 452) and not m.names() else \
        ["%d %s, %s" % (code, text, m.names())]


def run(m, tap):
    for case in (by_listen, by_systemd, both_addresses, by_a_user, not_root,
                 refusals, from_elsewhere, limits, a_full_share, nobody_takes_it):
        m.make_spool()
        why = case(m)
        tap.result(not why, case.__doc__, [str(w) for w in why])
