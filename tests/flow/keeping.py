# SPDX-License-Identifier: GPL-3.0-or-later
"""keeping - what was given up stays for a while, and what people see of it"""
import json
import os
import re
import time

import stage
from reports import LATER, NEVER, TEXT, at, begin, reports
from naming import expect, send

DAY = 86400


def given_up(its_stage, top="", options=()):
    """A host, a scene and the name of a message in failed/; its report was
    sent."""
    host, scene = begin(its_stage, *NEVER, top=top)
    send(scene, ["-fme@example.org", *options, "never@x.test"], TEXT)
    name, = scene.names("new")
    for _ in range(2):
        scene.flush_now()
    return host, scene, name


def days(scene, first, last, now):
    for day in range(first, last + 1):
        ran = scene.run([scene.stage.flush, "--verbose"],
                        env=at(now + day * DAY))
    return ran


def forgotten(its_stage):
    """given up: kept for 30 days, and then gone, with its journal"""
    host, scene, name = given_up(its_stage)
    why = []
    now = time.time()
    expect(why, "told", len(reports(host)) == 1 and
           scene.place(name) == "failed", host.counts())
    days(scene, 1, 29, now)
    ran = scene.relay("queue", env=at(now + 29 * DAY))
    expect(why, "kept", scene.place(name) == "failed" and
           re.search(rb"kept for another 2[345] h\n", ran.out), ran.out)
    ran = days(scene, 30, 31, now)
    expect(why, "gone", scene.place(name) is None and not
           scene.names("log"), (scene.names("log"), ran.err))
    expect(why, "nothing was sent", len(host.messages()) == 1)
    return why


def brought_back(its_stage):
    """given up: `relay queue retry` on day 29 brings it back, for 30 more"""
    _, scene, name = given_up(its_stage)
    why = []
    now = time.time()
    days(scene, 1, 29, now)
    ran = scene.relay("queue", "retry", name, env=at(now + 29 * DAY))
    expect(why, "retry", ran.status == 0 and scene.place(name) == "new",
           ran.err)
    days(scene, 29, 58, now)
    expect(why, "kept", scene.place(name) == "failed", scene.journal(name))
    days(scene, 59, 61, now)
    expect(why, "gone", scene.place(name) is None, scene.journal(name))
    return why


def leap(its_stage):
    """given up: a clock that is a year ahead takes nothing away"""
    _, scene, name = given_up(its_stage)
    why = []
    now = time.time()
    for year in range(1, 5):
        days(scene, 365 * year, 365 * year, now)
        days(scene, 0, 0, now)
    expect(why, "kept", scene.place(name) == "failed" and
           scene.journal(name).count("\nK ") > 3, scene.journal(name))
    return why


def for_ever(its_stage):
    """keep_failed 0s: for ever; keep_failed 2d: two days"""
    why = []
    now = time.time()
    for top, kept in (("keep_failed 0s\n", True), ("keep_failed 2d\n", False)):
        _, scene, name = given_up(its_stage, top)
        days(scene, 1, 40, now)
        expect(why, top.strip(), (scene.place(name) == "failed") == kept,
               scene.journal(name))
    return why


def never_told(its_stage):
    """given up: whose report cannot be sent, stays"""
    host, scene = begin(its_stage, *NEVER)
    why = []
    now = time.time()
    send(scene, ["-fnever@example.org", "never@x.test"], TEXT)
    name, = scene.names("new")
    for _ in range(2):
        scene.flush_now()
    report, = set(scene.names("failed")) - {name}
    days(scene, 1, 29, now)
    expect(why, "both", scene.names("failed") == sorted((name, report)))
    days(scene, 30, 30, now)
    expect(why, "as long as its report", scene.place(name) == "failed",
           scene.names("failed"))
    days(scene, 31, 33, now)
    expect(why, "and then gone", not scene.names("failed"),
           scene.names("failed"))
    expect(why, "nothing was sent", not host.messages(), host.counts())
    return why


def story(its_stage):
    """put off, waited for, tried now, given up, explained, brought back"""
    host, scene = begin(its_stage, *LATER, top="lifetime 1h\n")
    why = []
    start = int(time.time())
    send(scene, ["-fme@example.org", "later@x.test"], TEXT)
    name, = scene.names("new")
    scene.run([its_stage.flush], env=at(start + 10))
    ran = scene.relay("queue", env=at(start + 11))
    expect(why, "next try and last reason", re.search(
        rb"    next try in \d+ s; 1 try so far\n    RCPT: 450 4.2.1 busy\n",
        ran.out), ran.out)
    asked = len(host.lines("C"))
    scene.run([its_stage.flush], env=at(start + 20))
    expect(why, "not due", len(host.lines("C")) == asked)
    scene.run([scene.stage.relay, "flush", "--now", "--quiet"],
              env={"RELAY_FLUSH": its_stage.flush, **at(start + 30)})
    expect(why, "--now", len(host.lines("C")) > asked and
           scene.place(name) == "new")
    for hour in (0.5, 2, 3):
        scene.flush_now(env=at(start + 3600 * hour))
    expect(why, "given up", scene.place(name) == "failed",
           scene.journal(name))
    ran = scene.relay("queue", "show", name)
    expect(why, "in words", b"4.4.7" in ran.out or
           b"given up after 1 hours" in ran.out, ran.out)
    host = its_stage.host(*NEVER)
    scene.configure(host.ports[0])
    ran = scene.relay("queue", "retry", name)
    scene.flush_now()
    expect(why, "brought back", ran.status == 0 and
           host.counts()["later@x.test"] == 1 and scene.place(name) is None,
           host.counts())
    return why


def status(its_stage):
    """relay status: before, after a delivery, and beside a flusher at work"""
    host = its_stage.host("--fault", "final:2:slow 60")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    why = []

    def ask():
        return json.loads(scene.relay("status", "--json").out)

    scene.submit("a@x.test")
    answer = ask()
    expect(why, "before", answer["flush"] == {
        "active": False, "last": None, "last_delivery": None} and
        answer["messages"]["waiting"] == 1, answer)
    before = int(time.time())
    scene.run([its_stage.flush])
    answer = ask()
    expect(why, "after", answer["flush"]["last"] >= before and
           answer["flush"]["last_delivery"] >= before and
           answer["messages"]["waiting"] == 0 and answer["status"] == 0,
           answer)
    scene.submit("b@x.test")
    flush = scene.start([its_stage.flush, "--quiet"])
    expect(why, "no slow answer", stage.wait_until(
        lambda: len(host.lines("F")) == 1))
    answer = ask()
    expect(why, "at work", answer["flush"]["active"] is True and
           answer["messages"]["active"] == 1, answer)
    flush.terminate()
    flush.wait()
    expect(why, "no more", not ask()["flush"]["active"])
    return why


def login_refused(its_stage):
    """relay status: a refused login is for a person, until it is mended"""
    host, scene = begin(its_stage)
    why = []
    scene.configure(host.ports[0], "user alice", "password inline wrong",
                    login=False)
    os.utime(scene.config, (0, time.time() - 100))
    scene.submit("a@x.test")
    scene.run([its_stage.flush])
    ran = scene.relay("status")
    expect(why, "78", ran.status == 78 and b"a person must act" in ran.out and
           b"left alone" in ran.out, ran)
    expect(why, "printable", not stage.unprintable(ran.out), ran.out)
    scene.configure(host.ports[0])
    scene.flush_now()
    ran = scene.relay("status")
    expect(why, "mended", ran.status == 0 and b"all is well" in ran.out, ran)
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        story, forgotten, brought_back, leap, for_ever, never_told, status,
        login_refused))
