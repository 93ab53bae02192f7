# SPDX-License-Identifier: GPL-3.0-or-later
"""setup - the server that the DNS of a domain names, found by `relay setup`

In the network of network.py, with a name server of its own that lies.
"""
import json
import os

import dns
import network
import stage
from naming import expect

ME = "me@%s.test"
ZONE = {
    "mail.one.test": "127.0.0.1",
    "_submissions._tcp.one.test": "0 0 465 mail.one.test",
    "_submission._tcp.one.test": "0 0 587 old.one.test",
    "_submission._tcp.old.test": "0 0 2587 MAIL.old.test",
    "_submissions._tcp.closed.test": "0 0 0 .",
    "_submission._tcp.closed.test": "0 0 587 closed.test",
    "_submissions._tcp.odd.test": "0 0 4650 mail.odd.test",
    "_submission._tcp.strange.test": "0 0 465 mail.strange.test",
    "_submissions._tcp.many.test":
        "20 0 465 c.many.test, 10 0 465 b.many.test, 0 0 465 a.many.test, "
        "30 0 4650 d.many.test, 40 0 465 A.many.test",
    "_submissions._tcp.crowd.test": ", ".join(
        "%d 0 465 h%d.crowd.test" % (i, i) for i in range(16)),
    "_submissions._tcp.moved.test": "0 0 465 smtp.hoster.test",
    "_submission._tcp.older.test": "0 0 587 smtp.hoster.test",
    "_submissions._tcp.notone.test": "0 0 465 mail.one.test",
    "_submissions._tcp.sly.test": "0 0 465 mail.sly.test.evil.test",
    "_submissions._tcp.nearly.test": "0 0 465 mail.unnearly.test",
    "_submissions._tcp.none.test": "0 0 0 .",
    "_submission._tcp.none.test": "0 0 0 .",
    "_submissions._tcp.down.test": "SERVFAIL",
    "_submission._tcp.down.test": "0 0 587 mail.down.test",
    "_submissions._tcp.half.test": "NXDOMAIN",
    "_submission._tcp.half.test": "SERVFAIL",
    "_submissions._tcp.silent.test": "silence",
    "_submissions._tcp.badname.test": "0 0 465 mail\n.badname.test, "
                                      "0 0 465 -x.badname.test",
    "_submissions._tcp.xn--bcher-kva.test": "0 0 465 mail.xn--bcher-kva.test",
}


def keys(text):
    """{key: value} of a configuration."""
    return dict(line.split(None, 1) for line in text.splitlines()
                if line and line[0] != "#")


def finds(domain, want, *texts):
    def run(its_stage):
        scene = its_stage.scene()
        ran = scene.run([its_stage.relay, "setup", ME % domain])
        got = keys(ran.out.decode())
        why = []
        expect(why, "found", ran.status == 0 and
               {key: got.get(key) for key in want} == want, ran)
        expect(why, "who says so", all(
            text in b" ".join(ran.err.split()).decode() for text in
            ("The server is the one that the DNS of %s.test names" %
             domain.encode("idna").decode(), *texts)), ran)
        expect(why, "only shown", not os.path.exists(scene.config))
        ran = scene.run([its_stage.relay, "setup", "--write", ME % domain])
        expect(why, "written", ran.status == 0, ran)
        ran = scene.run([its_stage.relay, "check"])
        expect(why, "and right", ran.status == 0 and not ran.err, ran)
        return why

    run.__doc__ = "%s.test: %s" % (domain, want)
    return run


def fails(domain, status, text, *, hurry=0):
    """And nothing is written."""
    def run(its_stage):
        scene = its_stage.scene()
        ran = scene.run([its_stage.relay, "setup", "--write", ME % domain],
                        hurry=hurry)
        why = []
        expect(why, "status and words", ran.status == status and
               text in ran.err.decode() and not ran.out and
               ran.err.count(b"\n") == 1, ran)
        expect(why, "nothing written", not os.path.exists(scene.config))
        expect(why, "bounded", ran.seconds < 30, ran.seconds)
        return why

    run.__doc__ = "%s.test: %d, %r" % (domain, status, text)
    return run


def foreign(domain, target, port=465):
    """Shown, never written by the word of the DNS alone."""
    def run(its_stage):
        scene = its_stage.scene()
        ran = scene.run([its_stage.relay, "setup", "--write", ME % domain])
        why = []
        command = "relay setup --write --host %s --port %d --tls %s %s" % (
            target, port, "implicit" if port == 465 else "starttls",
            ME % domain)
        expect(why, "refused, with what to type", ran.status == 78 and
               command in ran.err.decode() and
               b"the DNS can be forged" in b" ".join(ran.err.split()), ran)
        expect(why, "shown", keys(ran.out.decode()).get("host") == target, ran)
        expect(why, "nothing written", not os.path.exists(scene.config))
        told = json.loads(scene.run([its_stage.relay, "setup", "--json",
                                     ME % domain]).out)
        expect(why, "json", told["other_domain"] is True and
               told["found_by"] == "dns" and not told["written"], told)
        ran = scene.run([its_stage.relay, *command.split()[1:]])
        with open(scene.config, encoding="utf-8") as file:
            expect(why, "typed", ran.status == 0 and
                   keys(file.read()).get("host") == target, ran)
        return why

    run.__doc__ = "%s.test names %s: a person must say that it is right" % (
        domain, target)
    return run


def asks_nobody(its_stage):
    """with --host, or a provider's domain, the DNS is not asked"""
    scene = its_stage.scene()
    why = []
    for words in (["--host", "mail.x.test", "me@silent.test"],
                  ["--provider", "gmail", "me@silent.test"],
                  ["me@gmail.com"]):
        ran = scene.run([its_stage.relay, "setup", *words], patience=10)
        expect(why, words, ran.status == 0, ran)
    return why


def sends(its_stage):
    """found, written, password stored: the mail goes"""
    host = its_stage.host(places=("--implicit",))
    domain = "whole.test"
    ZONE["_submissions._tcp." + domain] = "0 0 %d good.%s" % (
        host.ports[0], domain)
    ZONE["good." + domain] = "127.0.0.1"
    scene = its_stage.scene()
    why = []
    ran = scene.run([its_stage.relay, "setup", "--write", "me@" + domain])
    expect(why, "written", ran.status == 0, ran)
    ran = scene.run([its_stage.relay, "check"])
    expect(why, "right but for the password", ran.status == 0, ran)
    with open(scene.config, encoding="utf-8") as file:
        text = file.read()
    # What is of this laboratory: its names, its person, its password.
    secret = scene.write("secret", stage.PASSWORD + "\n")
    scene.write("relayrc", text.replace(
        "user        me@" + domain, "user        " + stage.USER).replace(
            "~/.mail-password", secret).replace(
                "good." + domain, "smarthost.test") + "    tls_ca %s\n" %
                its_stage.cert("ca"))
    scene.submit("you@x.test", sender="root@localhost")
    ran = scene.run([its_stage.flush, "--verbose"])
    expect(why, "sent, from the address that was given", ran.status == 0 and
           host.counts() == {"you@x.test": 1} and
           b"from=<me@whole.test>" in ran.err, ran)
    return why


def run(its_stage, pool, tap):
    if network.INSIDE not in os.environ:
        network.run_inside(its_stage, tap, "setup",
                           "127.0.0.1 smarthost.test\n")
        return
    dns.Server(ZONE)
    stage.run_all(its_stage, pool, tap, [
        finds("one", {"host": "mail.one.test", "port": "465", "tls": None,
                      "user": "me@one.test", "smarthost": "one.test",
                      "domain": "one.test", "postmaster": "me@one.test",
                      "from_force": "me@one.test"}, "_submissions._tcp"),
        finds("old", {"host": "MAIL.old.test", "port": "2587", "tls": None},
              "_submission._tcp"),
        finds("closed", {"host": "closed.test", "port": "587", "tls": None}),
        finds("odd", {"port": "4650", "tls": "implicit"}),
        finds("strange", {"port": "465", "tls": "starttls"}),
        finds("many", {"host": "a.many.test b.many.test c.many.test",
                       "port": "465"}),
        finds("crowd", {"host": " ".join("h%d.crowd.test" % i
                                         for i in range(8))}),
        finds("b\u00fccher", {"host": "mail.xn--bcher-kva.test",
                              "domain": "xn--bcher-kva.test",
                              "postmaster": "me@xn--bcher-kva.test",
                              "user": "me@b\u00fccher.test"}),
        foreign("moved", "smtp.hoster.test"),
        foreign("notone", "mail.one.test"),
        foreign("older", "smtp.hoster.test", 587),
        foreign("sly", "mail.sly.test.evil.test"),
        foreign("nearly", "mail.unnearly.test"),
        fails("unheard", 69, "relay: unheard.test is no provider's that relay "
              "knows, and its DNS names no server for mail: ask who runs it"),
        fails("none", 69, "its DNS names no server for mail"),
        fails("badname", 69, "its DNS names no server for mail"),
        fails("down", 74, "cannot look up down.test now: the DNS gives no "
              "answer"),
        fails("half", 74, "cannot look up half.test now"),
        fails("silent", 74, "cannot look up silent.test now", hurry=20),
        asks_nobody, sends])
