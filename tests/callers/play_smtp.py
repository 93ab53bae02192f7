# SPDX-License-Identifier: GPL-3.0-or-later
"""play_smtp - sendmail -bs, by programs that start it and on port 25"""
import contextlib
import fcntl
import os
import pty
import select
import socket
import subprocess
import termios
import threading
import time

import play_libraries
import play_php
from machine import USERS
from office import at_home

WIRE = "à\r\n.\r\n..b\r\n".encode()
SERVICE = USERS["dave"]  # whose the mail is that comes to port 25


@contextlib.contextmanager
def port_25():
    """What a super-server does: a sendmail -bs for each connection."""
    stopping = threading.Event()
    children = []

    def serve(listener):
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(None)
                children.append(subprocess.Popen(
                    ["/usr/sbin/sendmail", "-bs"], stdin=connection,
                    stdout=connection, stderr=subprocess.PIPE, user=SERVICE,
                    group=SERVICE, extra_groups=[], env={}))

    with socket.create_server(("127.0.0.1", 25)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield children
        finally:
            stopping.set()
            thread.join()


def started(o, tap):
    """By programs that start it themselves."""
    for name, words in (("default", "-bs"), ("laravel", "-bs -i")):
        play_php.by_library(o, tap, "Symfony Mailer", "symfony.php",
                            "symfony-" + name, words, count=2)
    play_php.by_library(o, tap, "SwiftMailer", "swift.php", "swift-bs", "-bs",
                        play_php.TEXT + b"\n", count=2)


def nmh(o, tap):
    """8BITMIME must be offered."""
    o.file("bob", ".mh_profile", b"Path: Mail\n")
    os.makedirs(at_home("bob", "Mail"), exist_ok=True)
    os.chown(at_home("bob", "Mail"), USERS["bob"], USERS["bob"])
    o.file("bob", "draft", "From: bob@example.org\nTo: nmh-bs@example.net\n"
           "Subject: nmh\n--------\nà\n.\ntwo\n".encode())
    ran = o.call(["/usr/bin/mh/send", "-mts", "sendmail/smtp",
                  "-nodraftfolder", at_home("bob", "draft")])
    o.judge(tap, "nmh, sendmail/smtp", ran,
            {"sender": "bob@example.org", "to": ["nmh-bs@example.net"],
             "fields": {"Subject": ["nmh"]},
             "parts": [("text/plain", "à\n.\ntwo\n".encode())]})


def type_keys(master, steps):
    """For each (text, keys): wait until the screen had the text, then type."""
    screen = b""
    for text, keys in steps:
        end = time.monotonic() + 20
        begin = len(screen)
        while text not in screen[begin:] and time.monotonic() < end:
            if select.select([master], [], [], 0.2)[0]:
                try:
                    screen += os.read(master, 65536)
                except OSError:  # it has ended
                    return
        os.write(master, keys)


def alpine(o, tap):
    """At a terminal; -bs -odb -oem is its default."""
    rc = o.file("bob", "alpine.rc", (
        "personal-name=Bob\nuser-domain=example.org\ninbox-path=%s\n"
        'default-fcc=""\nposting-character-set=UTF-8\n' %
        o.file("bob", "inbox", b"")).encode())
    with open(o.file("bob", "text", WIRE.replace(b"\r", b"")), "rb") as text:
        master, slave = pty.openpty()
        process = o.start(
            ["alpine", "-p", rc, "-P", "/dev/null", "alpine@example.net"],
            USERS["bob"], cwd=at_home("bob"),
            env={"HOME": at_home("bob"), "USER": "bob", "TERM": "xterm",
                 "LC_ALL": "C.UTF-8"}, stdin=text, stdout=slave, stderr=slave,
            before=lambda: (os.setsid(), fcntl.ioctl(1, termios.TIOCSCTTY, 0)))
    os.close(slave)
    type_keys(master, [(b"COMPOSE MESSAGE", b"\x18"), (b"Send message", b"y"),
                       (b"sent", b"")])
    o.judge(tap, "Alpine", None,
            {"sender": "bob@example.org", "to": ["alpine@example.net"],
             "From": [("Bob", "bob@example.org")],
             "To": [("", "alpine@example.net")],
             "parts": [("text/plain", "à\n.\n..b".encode())]})
    process.kill()  # if it has not ended
    process.wait()
    o.children.remove(process)
    os.close(master)


def connected(o, tap):
    """By programs that connect to port 25."""
    wanted = play_libraries.wanted
    parts = [("text/plain", play_libraries.TEXT)]
    with port_25() as children:
        o.judge(tap, "smtplib", play_libraries.program(o, "smtp.py"),
                wanted("smtplib"))
        o.judge(tap, "smtplib: the null sender, no newline at the end", None,
                {"sender": "", "to": ["smtplib-2@example.net"],
                 "To": [("", "smtplib-2@example.net")],
                 "body": b".\r\nx\r\n"})
        ran = play_libraries.program(o, "smtp.js")
        for i in (1, 2):
            o.judge(tap, "nodemailer, SMTP, message %d" % i,
                    ran if i == 1 else None, wanted("smtp-js-%d" % i))
        o.judge(tap, "Net::SMTP", play_libraries.program(o, "smtp.pl"),
                wanted("net-smtp", To=[("", "net-smtp@example.net")],
                       parts=parts))
        o.judge(tap, "Ruby's mail, SMTP",
                play_libraries.program(o, "mail.rb", "smtp"),
                wanted("ruby-smtp", fields={"Subject": ["Grüße aus Ruby"]},
                       parts=[("text/plain", play_libraries.RUBY_TEXT),
                              ("application/octet-stream",
                               play_libraries.ALL_BYTES)]))
        play_php.phpmailer(o, tap, ["smtp"])
        git(o, tap)
    for child in children:
        err = child.communicate()[1]
        if child.returncode != 0 or err:
            tap.result(False, "each sendmail -bs ends well",
                       ["%s %r" % (child.returncode, err)])
            break
    else:
        tap.result(True, "each sendmail -bs ends well")


def git(o, tap):
    ran = o.call(["git", "send-email", "--quiet", "--confirm=never",
                  "--suppress-cc=all", "--smtp-server=127.0.0.1",
                  "--from=Rémy <remy@example.org>", "--to=git-smtp@example.net",
                  o.file("bob", "p.patch", PATCH)], "bob",
                 env={"GIT_CONFIG_GLOBAL": "/dev/null",
                      "GIT_CONFIG_NOSYSTEM": "1"})
    o.judge(tap, "git send-email, SMTP", ran,
            {"sender": "remy@example.org", "to": ["git-smtp@example.net"],
             "From": [("Rémy", "remy@example.org")],
             "fields": {"Subject": ["[PATCH] Ändere"]},
             "inside": [b"\r\n.\r\n"]}, out=None)


PATCH = """From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: =?UTF-8?q?R=C3=A9my?= <remy@example.org>
Date: Wed, 25 Nov 2026 19:42:50 +0000
Subject: [PATCH] =?UTF-8?q?=C3=84ndere?=
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

à
.
---
 file | 1 +
""".encode()


def run(o, tap):
    for part in (started, nmh, alpine, connected):
        part(o, tap)
