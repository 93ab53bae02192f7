# SPDX-License-Identifier: GPL-3.0-or-later
"""here - mail that stays on this machine: a Maildir, a command"""
import os

import naming
import stage
from naming import expect, send

CRON = naming.CRON


def mails(folder):
    """The messages of a Maildir, in no order."""
    found = []
    for place in ("new", "cur"):
        path = os.path.join(folder, place)
        for name in os.listdir(path) if os.path.isdir(path) else ():
            with open(os.path.join(path, name), "rb") as file:
                found.append(file.read())
    return found


def begin(its_stage, local, *lines, options=(), top=""):
    host = its_stage.host(*options)
    scene = its_stage.scene()
    scene.configure(host.ports[0], *lines,
                    top="local %s\n" % local.replace(
                        "HERE", scene.directory) + top)
    return host, scene


def maildir(its_stage):
    """root's mail stays in a Maildir, the rest goes"""
    host, scene = begin(its_stage, "maildir:HERE/mail-%u",
                        "from_force x@y.test")
    why = []
    send(scene, ["-froot", "root", "b@x.test"], CRON)
    ran = scene.flush_now()
    expect(why, "status", ran.status == 0, (ran.status, ran.err))
    expect(why, "sent", host.counts() == {"b@x.test": 1}, host.counts())
    found = mails(scene.directory + "/mail-root")
    expect(why, "one", len(found) == 1, found)
    if found:
        lines = found[0].split(b"\n")
        for line in (b"Return-Path: <root@example.org>",
                     b"Delivered-To: root",
                     b"From: root@example.org (Cron Daemon)",
                     b"To: root@example.org", b"out"):
            expect(why, line.decode(), line in lines, lines)
        expect(why, "line ends", b"\r" not in found[0])
        expect(why, "not forced", b"x@y.test" not in found[0], lines)
    expect(why, "queue", not scene.names("new"))
    return why


def command(its_stage):
    """a command gets the message; its status counts"""
    host, scene = begin(its_stage, "command HERE/agent %u")
    why = []
    agent = scene.write("agent", '#!/bin/sh\necho "$1 $SENDER $RECIPIENT" '
                        '>>%s/calls\ncat >>%s/box\nexit "$(cat %s/status)"\n'
                        % ((scene.directory,) * 3))
    os.chmod(agent, 0o700)
    scene.write("status", "75\n")
    send(scene, ["-froot", "root"], CRON)
    name, = scene.names("new")
    ran = scene.flush_now()
    expect(why, "75 is later", ran.status == 75 and
           scene.place(name) == "new", (ran.status, ran.err))
    expect(why, "no connection", not host.lines("O"), host.lines())
    scene.write("status", "0\n")
    ran = scene.flush_now()
    expect(why, "0 is delivered", ran.status == 0 and
           scene.place(name) is None, (ran.status, ran.err))
    with open(scene.directory + "/calls", encoding="utf-8") as file:
        calls = file.read().splitlines()
    expect(why, "called twice", calls == ["root root@example.org root"] * 2,
           calls)
    scene.write("status", "67\n")
    send(scene, ["-froot", "nobodyhere"], CRON)
    name, = scene.names("new")
    ran = scene.flush_now()
    expect(why, "67 is never", scene.place(name) == "failed", ran.err)
    return why


def mixed(its_stage):
    """one here and one there: each at its own time, nobody twice"""
    host, scene = begin(its_stage, "maildir:HERE/deep/mail",
                        options=("--fault", "rcpt:1:reply 450 4.2.1 busy"))
    why = []
    send(scene, ["-fme", "root", "b@x.test"], CRON)
    name, = scene.names("new")
    ran = scene.flush_now()  # neither: no parent directory, and busy
    expect(why, "both wait", ran.status == 75 and
           scene.place(name) == "new", (ran.status, ran.err))
    ran = scene.flush_now()  # there
    expect(why, "there", host.counts() == {"b@x.test": 1}, ran.err)
    os.mkdir(scene.directory + "/deep")
    ran = scene.flush_now()  # here
    expect(why, "here", len(mails(scene.directory + "/deep/mail")) == 1 and
           host.counts() == {"b@x.test": 1} and
           scene.place(name) is None, (ran.status, ran.err))
    return why


def paused(its_stage):
    """trouble of the smarthost does not keep the machine's own mail"""
    host, scene = begin(its_stage, "maildir:HERE/mail")
    why = []
    host.stop()
    send(scene, ["-fme", "b@x.test"], CRON)
    ran = scene.flush_now()
    expect(why, "trouble", ran.status == 75, (ran.status, ran.err))
    send(scene, ["-fme", "root", "c@x.test"], CRON)
    ran = scene.run([its_stage.flush])
    expect(why, "delivered", len(mails(scene.directory + "/mail")) == 1,
           ran.err)
    expect(why, "the rest waits", len(scene.names("new")) == 2)
    return why


def both_wait(its_stage):
    """neither here nor there: the next pass waits for its time"""
    host, scene = begin(its_stage, "maildir:HERE/deep/mail")
    why = []
    os.utime(scene.config, (1, 1))
    host.stop()
    send(scene, ["-fme", "b@x.test"], CRON)
    scene.flush_now()  # and the smarthost is left alone
    send(scene, ["-fme", "root", "c@x.test"], CRON)
    name = scene.names("new")[-1]
    for _ in range(3):
        scene.run([its_stage.flush])
    tries = [line[0] for line in scene.journal(name).splitlines()]
    expect(why, "one try", tries == ["L", "A"], tries)
    return why


LINGER = """
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
void _exit(int status)
{
	char name[17] = "";

	prctl(PR_GET_NAME, name);
	if (strcmp(name, "relay-local") == 0)
		usleep(500000);
	for (;;)
		syscall(SYS_exit_group, status);
}
"""


def lingering(its_stage):
    """a delivery whose process is slow to end does not keep the rest back"""
    host, scene = begin(its_stage, "maildir:HERE/mail")
    why = []
    library = its_stage.preload(scene.write("linger.c", LINGER))
    send(scene, ["-fme", "root", "b@x.test"], CRON)
    ran = scene.flush_now(env={"LD_PRELOAD": library})
    expect(why, "here", len(mails(scene.directory + "/mail")) == 1, ran.err)
    expect(why, "there", host.counts() == {"b@x.test": 1} and
           not scene.names("new"), (ran.status, ran.err))
    return why


def aliased(its_stage):
    """an alias to a name here and an address there"""
    host, scene = begin(its_stage, "maildir:HERE/%u",
                        top="aliases HERE/aliases\n")
    why = []
    scene.write("relayrc", open(scene.config, encoding="utf-8").read().replace(
        "HERE", scene.directory))
    scene.write("aliases", "root: ann, bob@y.test\n")
    send(scene, ["-fme", "root"], CRON)
    ran = scene.flush_now()
    expect(why, "status", ran.status == 0, (ran.status, ran.err))
    expect(why, "here", len(mails(scene.directory + "/ann")) == 1)
    expect(why, "there", host.counts() == {"bob@y.test": 1}, host.counts())
    return why


def crowd(its_stage):
    """200 messages at once, each there once"""
    host, scene = begin(its_stage, "maildir:HERE/mail")
    why = []
    for i in range(200):
        send(scene, ["-fme", "root"], b"Subject: %d\n\nx\n" % i)
    ran = scene.flush_now()
    found = mails(scene.directory + "/mail")
    subjects = {line for mail in found for line in mail.split(b"\n")
                if line.startswith(b"Subject:")}
    expect(why, "all", len(found) == 200 and len(subjects) == 200,
           (len(found), ran.err[-200:]))
    expect(why, "queue", not scene.names("new"))
    return why


def hostile(its_stage):
    """a name that would leave the directory is refused in words"""
    host, scene = begin(its_stage, "maildir:HERE/%u")
    why = []
    send(scene, ["-fme", '"../x"'], CRON)
    name, = scene.names("new")
    ran = scene.flush_now()
    expect(why, "refused", scene.place(name) == "failed" and
           not os.path.exists(scene.directory + "/../x"), ran.err)
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        maildir, command, mixed, paused, both_wait, lingering, aliased, crowd, hostile))
