# SPDX-License-Identifier: GPL-3.0-or-later
"""fallback - what a smarthost in trouble leaves to another, and what it keeps"""
import os
import time

import stage
from hosts import Mute, at
from naming import expect


def configure(scene, *blocks, top=""):
    """relayrc of smarthosts a, b, ...: each a port and lines."""
    text = "log none\ndomain example.org\n" + top
    for name, (port, *lines) in zip("abcd", blocks):
        text += "smarthost %s\n" % name + "".join(
            "    %s\n" % line for line in (
                "host 127.0.0.1", "port %d" % port, "user " + stage.USER,
                "password inline " + stage.PASSWORD,
                "tls_ca " + scene.stage.cert("ca"), *lines))
    scene.write("relayrc", text)
    os.utime(scene.config, (1, 1))  # no pause is older than it


def pair(its_stage, *options, lines=()):
    """A scene, its smarthost, with options, and the one that takes over."""
    first, second = its_stage.host(*options), its_stage.host()
    scene = its_stage.scene()
    configure(scene, (first.ports[0], "fallback b"),
              (second.ports[0], *lines))
    return scene, first, second


def stop(host):
    """Nobody listens there any more."""
    host.stop()
    return host


def dead(its_stage):
    """it cannot be reached: by the fallback, in the same pass and after it"""
    scene, first, second = pair(its_stage)
    stop(first)
    why = []
    for i in range(5):
        scene.submit("u%d@x.test" % i)
    ran = scene.run([its_stage.flush, "--verbose"])
    expect(why, "sent", ran.status == 0 and len(second.counts()) == 5, ran)
    expect(why, "said", b"smarthost=a scope=server dsn=4.4.1 status=fallback"
           in ran.err and b"mail goes to b," in ran.err and
           b"status=waiting" not in ran.err, ran)
    mute = Mute("127.0.0.1", first.ports[0])
    scene.submit("later@x.test")
    ran = scene.run([its_stage.flush, "--verbose"])
    expect(why, "while it is left alone", ran.status == 0 and
           second.counts()["later@x.test"] == 1 and mute.count == 0, ran)
    expect(why, "said again", b"smarthost=a status=fallback" in ran.err, ran)
    scene.submit("now@x.test")
    ran = scene.flush_now()
    expect(why, "--now tries it", mute.count == 1 and
           second.counts()["now@x.test"] == 1 and ran.status == 0, ran)
    mute.stop()
    expect(why, "each once", set(second.counts().values()) == {1})
    return why


def busy(step, *, once=False):
    def run(its_stage):
        scene, first, second = pair(
            its_stage, "--fault", "%s:%s:reply 421 4.3.2 shutting down" % (
                step, "1" if once else "1+"))
        why = []
        for i in range(4):
            scene.submit("u%d@x.test" % i)
        ran = scene.run([its_stage.flush])
        counts = first.counts() + second.counts()
        expect(why, "each once, at once", ran.status == 0 and
               set(counts.values()) == {1} and len(counts) == 4,
               (ran, counts))
        expect(why, "who", len(second.counts()) == (1 if once else 4),
               second.counts())
        expect(why, "queue", not scene.names("new"))
        return why

    run.__doc__ = "421 to %s%s: by the fallback, in the same pass" % (
        step, ", once" if once else "")
    return run


def settled_stay(its_stage):
    """of two recipients one is taken: the fallback gets the other alone"""
    scene, first, second = pair(
        its_stage, "--fault", "rcpt:2+:reply 450 4.3.2 not now")
    scene.submit(["a@x.test", "b@x.test"])
    ran = scene.run([its_stage.flush])
    why = []
    expect(why, "each once", first.counts() == {"a@x.test": 1} and
           second.counts() == {"b@x.test": 1} and ran.status == 0,
           (first.counts(), second.counts(), ran))
    expect(why, "queue", not scene.names("new") and not scene.names("log"))
    return why


def kept(name, rule, status, place, log):
    def run(its_stage):
        scene, _, second = pair(its_stage, "--fault", rule)
        why = []
        message = scene.submit("you@x.test", sender="<>")
        ran = scene.run([its_stage.flush, "--verbose"])
        expect(why, "where it is", ran.status == status and
               scene.place(message) == place and log in ran.err, ran)
        scene.run([its_stage.flush])
        expect(why, "not sent", not second.counts())
        return why

    run.__doc__ = name
    return run


def in_doubt(its_stage):
    """in doubt: not by another way before its time, even if asked for"""
    scene, first, second = pair(its_stage, "--fault", "final:1:lost")
    why = []
    start = time.time() + 60
    message = scene.submit("you@x.test", env=at(start))
    ran = scene.run([its_stage.flush], env=at(start))
    expect(why, "in doubt", b"status=in-doubt" in ran.err and
           not second.counts() and ran.status == 75, ran)
    stop(first)
    scene.submit("other@x.test", env=at(start + 10))
    for words in ((), ("--now",), (message,)):
        ran = scene.run([its_stage.flush, *words], env=at(start + 20))
        expect(why, "%s: too early" % (words,),
               second.counts() == {"other@x.test": 1} or words == (message,)
               and second.counts()["you@x.test"] == 0, ran)
        expect(why, "%s: it waits" % (words,), ran.status == 75 or not words,
               ran)
    ran = scene.run([its_stage.flush], env=at(start + 20 * 60))
    expect(why, "in time", ran.status == 0 and
           second.counts()["you@x.test"] == 1, ran)
    return why


def probed(its_stage):
    """its time is over: one message tries it; after that all go there"""
    scene, first, second = pair(its_stage)
    port = stop(first).ports[0]
    why = []
    start = time.time() + 60
    scene.submit("u0@x.test", env=at(start))
    scene.run([its_stage.flush], env=at(start))
    mute = Mute("127.0.0.1", port)
    # 1 minute, then 5, each a tenth more or less
    for seconds, calls in ((30, 0), (80, 1), (300, 1), (500, 2)):
        for i in range(6):
            scene.submit("u%d.%d@x.test" % (seconds, i),
                         env=at(start + seconds))
        ran = scene.run([its_stage.flush], env=at(start + seconds))
        expect(why, "after %d s" % seconds, ran.status == 0 and
               mute.count == calls and not scene.names("new"),
               (mute.count, ran))
    mute.stop()
    back = its_stage.host("--listen", "127.0.0.1:%d" % port, places=())
    stage.wait_until(lambda: os.path.exists(back.log))
    now = at(start + 3000)
    before = len(second.counts())
    for i in range(6):
        scene.submit("v%d@x.test" % i, env=now)
    ran = scene.run([its_stage.flush], env=now)
    expect(why, "one tries it", ran.status == 0 and
           len(back.counts()) == 1 and len(second.counts()) == before + 5,
           (back.counts(), ran))
    for i in range(6):
        scene.submit("w%d@x.test" % i, env=now)
    ran = scene.run([its_stage.flush], env=now)
    expect(why, "all are back", ran.status == 0 and
           len(back.counts()) == 7, (back.counts(), ran))
    expect(why, "each once", set(second.counts().values()) == {1})
    return why


def chain(its_stage):
    """the fallback is dead too: the next one; all dead: mail waits"""
    hosts = [its_stage.host() for _ in range(3)]
    scene = its_stage.scene()
    configure(scene, (hosts[0].ports[0], "fallback b"),
              (hosts[1].ports[0], "fallback c"), (hosts[2].ports[0],))
    why = []
    stop(hosts[0])
    stop(hosts[1])
    for i in range(3):
        scene.submit("u%d@x.test" % i)
    ran = scene.run([its_stage.flush])
    expect(why, "the third", ran.status == 0 and
           len(hosts[2].counts()) == 3, ran)
    stop(hosts[2])
    scene.submit("you@x.test")
    ran = scene.run([its_stage.flush])
    expect(why, "waits", ran.status == 75 and
           len(scene.names("new")) == 1, ran)
    ran = scene.run([its_stage.flush])
    expect(why, "still", ran.status == 75 and
           len(scene.names("new")) == 1, ran)
    return why


def own_rules(its_stage):
    """the sender is as the fallback wants it"""
    scene, first, second = pair(its_stage, lines=("from_force f@y.test",))
    stop(first)
    why = []
    scene.submit("you@x.test")
    ran = scene.run([its_stage.flush])
    expect(why, "sender", any(c.startswith("MAIL FROM:<f@y.test>")
                              for c in second.lines("C")), ran)
    return why


def untrusted(its_stage):
    """a certificate that is not trusted: by the fallback, a person is told"""
    first, second = its_stage.host(cert="expired"), its_stage.host()
    scene = its_stage.scene()
    configure(scene, (first.ports[0], "fallback b"), (second.ports[0],))
    why = []
    scene.submit("you@x.test")
    ran = scene.run([its_stage.flush])
    expect(why, "sent", second.counts() == {"you@x.test": 1}, ran)
    expect(why, "told", ran.status == 78 and b"expired" in ran.err, ran)
    expect(why, "nothing said there", "MAIL" not in first.commands())
    return why


def crowd(its_stage):
    """300 messages, and a server that goes away in the middle: each once"""
    scene, first, second = pair(
        its_stage, "--fault", "mail:100+:reply 421 4.3.2 shutting down",
        "--fault", "greeting:3+:reply 421 4.3.2 shutting down")
    why = []
    for i in range(300):
        scene.submit("u%d@x.test" % i)
    ran = scene.run([its_stage.flush])
    counts = first.counts() + second.counts()
    expect(why, "each once", ran.status == 0 and len(counts) == 300 and
           set(counts.values()) == {1}, (len(counts), ran))
    expect(why, "both", min(len(first.counts()), len(second.counts())) > 50,
           (len(first.counts()), len(second.counts())))
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        dead, busy("greeting"), busy("mail"), busy("mail", once=True),
        busy("final"), settled_stay,
        kept("5xx to the message: never by another way",
             "mail:*:reply 550 5.7.1 spam", 0, "failed", b"status=failed"),
        kept("4xx to the message: it waits for its own smarthost",
             "mail:*:reply 451 4.2.1 greylisted", 75, "new",
             b"status=deferred"),
        kept("a login that is refused: mail waits, a person is told",
             "auth:*:reply 535 5.7.8 no", 78, "new", b"scope=login"),
        kept("a used-up quota: mail waits",
             "mail:*:reply 550 5.4.5 Daily user sending limit exceeded", 75, "new", b"scope=quota"),
        in_doubt, probed, chain, own_rules, untrusted, crowd))
