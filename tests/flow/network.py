# SPDX-License-Identifier: GPL-3.0-or-later
"""network - names that cannot be found, and addresses that do not answer

In a network of its own with a name server that lies (dns.py).  It has IPv6,
and no way to anywhere: 203.0.113.0/24 and 2001:db8:3::/48 are unreachable,
192.0.2.0/24 swallows packets.
"""
import os
import socket
import subprocess
import sys

import dns
import stage
from naming import expect

INSIDE = "RELAY_FLOW_INSIDE"
BUILD_NETWORK = """
mount -t overlay -o "lowerdir=$1:/etc" none /etc
ip link set lo up
ip address add 198.51.100.1/32 dev lo
ip address add 2001:db8:1::1/64 dev lo nodad
ip route add 192.0.2.0/24 dev lo
"""
QUICK = {"tls": "none", "login": False, "ca": False}
HURRY = 20

ZONE = {
    "good.test": "127.0.0.1",
    "smarthost.test": "127.0.0.1",
    "servfail.test": "SERVFAIL",
    "silent.test": "silence",
    "hundred.test": " ".join("127.1.0.%d" % i for i in range(1, 101)),
    "thirty.test": " ".join("127.1.0.%d" % i for i in range(1, 31)) +
                   " 127.0.0.1",
    "six.test": "2001:db8:3::1",
    "sixfour.test": "2001:db8:3::1 127.0.0.1",
    "deafsix.test": "2001:db8:1::1 127.0.0.1",
    "swallowed.test": "192.0.2.1",
    "swallowing.test": "192.0.2.1 192.0.2.2 192.0.2.3 127.0.0.1",
    "far.test": "203.0.113.1",
    "changing.test": ["127.1.0.1", "127.0.0.1"],
    "later.test": ["SERVFAIL"] * 8 + ["127.0.0.1"],
}


def begin(its_stage, host, *lines, options=(), **how):
    server = its_stage.host("--no-auth", *options)
    scene = its_stage.scene()
    scene.configure(server.ports[0], *lines, host=host, **dict(QUICK, **how))
    return server, scene, scene.submit("you@x.test")


def waits(host, text, *, hurry=0, at_least=0):
    """It is kept, and one line says why."""
    def run(its_stage):
        server, scene, message = begin(its_stage, host)
        why = []
        ran = scene.run([its_stage.flush, "--quiet"], hurry=hurry)
        expect(why, "kept", ran.status == 75 and
               scene.place(message) == "new" and not server.counts(), ran)
        expect(why, "one line with the reason", ran.err.count(b"\n") == 1 and
               text.encode() in ran.err, ran)
        expect(why, "bounded", hurry == 0 or
               at_least <= ran.seconds * hurry < 150, ran.seconds)
        return why

    run.__doc__ = "%s: mail waits, %r" % (host, text)
    return run


def arrives(host, *, hurry=0):
    """The address that answers is found."""
    def run(its_stage):
        server, scene, _ = begin(its_stage, host)
        why = []
        ran = scene.run([its_stage.flush], hurry=hurry)
        expect(why, "delivered", ran.status == 0 and
               server.counts() == {"you@x.test": 1}, ran)
        return why

    run.__doc__ = "%s: the one that answers gets the mail" % host
    return run


def changes(its_stage):
    """an address that changes between two tries: the new one is called"""
    server, scene, message = begin(its_stage, "changing.test")
    why = []
    ran = scene.run([its_stage.flush])
    expect(why, "the old one", ran.status == 75 and b"127.1.0.1: " in
           ran.err and scene.place(message) == "new", ran)
    ran = scene.flush_now()
    expect(why, "the new one", ran.status == 0 and
           server.counts() == {"you@x.test": 1}, ran)
    return why


def recovers(its_stage):
    """a name server that is in trouble for a while"""
    server, scene, _ = begin(its_stage, "later.test")
    for _ in range(9):
        ran = scene.flush_now()
        if ran.status == 0:
            break
    return [] if server.counts() == {"you@x.test": 1} else [repr(ran)]


def too_long(its_stage):
    """a name of 4 kB is an error of the configuration, one of 250 is not"""
    server, scene, message = begin(its_stage, "a" * 3900)
    why = []
    ran = scene.run([its_stage.flush])
    expect(why, "4 kB", ran.status == 78 and b"relayrc:4: `host`" in
           ran.err and scene.place(message) == "new", ran)
    scene.configure(server.ports[0], host="a" * 250, **QUICK)
    ran = scene.run([its_stage.flush])
    expect(why, "250", ran.status == 75 and b"check `host`" in ran.err and
           scene.place(message) == "new", ran)
    return why


def deaf(address, port):
    """A listener that answers nobody; what keeps it so."""
    listener = socket.socket(socket.AF_INET6)
    listener.bind((address, port))
    listener.listen(0)
    kept = [listener]
    for _ in range(8):
        filler = socket.socket(socket.AF_INET6)
        filler.setblocking(False)
        filler.connect_ex((address, port))
        kept.append(filler)
    return kept


def deaf_ipv6(its_stage):
    """IPv6 that swallows packets, and IPv4 that works: mail goes by IPv4"""
    server, scene, _ = begin(its_stage, "deafsix.test")
    kept = deaf("2001:db8:1::1", server.ports[0])
    why = []
    ran = scene.run([its_stage.flush])
    expect(why, "delivered", ran.status == 0 and
           server.counts() == {"you@x.test": 1}, ran)
    expect(why, "at once", ran.seconds < 25, ran.seconds)
    for one in kept:
        one.close()
    return why


def falls_back(its_stage):
    """a name that cannot be found: its mail goes by the fallback"""
    server, scene, _ = begin(its_stage, "nobody.test", "fallback other")
    text = open(scene.config, encoding="utf-8").read()
    scene.write("relayrc", text + "smarthost other\n    host good.test\n"
                "    port %d\n    tls none\n" % server.ports[0])
    ran = scene.run([its_stage.flush])
    return [] if ran.status == 0 and server.counts() == {
        "you@x.test": 1} else [repr(ran)]


# --- servers that the DNS names -----------------------------------------------

def service(its_stage, domain, records, implicit=True):
    """A smarthost at the port that `records` say, and a message for it."""
    server = its_stage.host("--no-auth", places=(
        "--implicit" if implicit else "--listen",))
    ZONE["_submission%s._tcp.%s" % ("s" if implicit else "", domain)] = \
        records.replace("PORT", str(server.ports[0]))
    scene = its_stage.scene()
    lines = ["host srv:" + domain, "tls_ca " + its_stage.cert("ca")]
    if not implicit:
        lines.append("tls starttls")
    scene.write("relayrc", "log none\ndomain example.org\nsmarthost it\n" +
                "".join("    %s\n" % line for line in lines))
    return server, scene, scene.submit("you@x.test")


def named(implicit):
    def run(its_stage):
        server, scene, _ = service(
            its_stage, "smarthost.test",
            "0 0 PORT nobody.test, 10 0 PORT far.test, 20 0 PORT good.test",
            implicit)
        ran = scene.run([its_stage.flush, "--verbose"])
        why = []
        expect(why, "delivered", ran.status == 0 and
               server.counts() == {"you@x.test": 1}, ran)
        expect(why, "whom", b"relay=smarthost.test[127.0.0.1]:%d " %
               server.ports[0] in ran.err, ran)
        return why

    run.__doc__ = "srv: the servers of _submission%s._tcp, by priority" % (
        "s" if implicit else "")
    return run


def forged(its_stage):
    """srv: a certificate of the server that the DNS names is not enough"""
    server, scene, message = service(its_stage, "victim.test",
                                     "0 0 PORT smarthost.test")
    why = []
    ran = scene.run([its_stage.flush])
    expect(why, "refused", ran.status == 78 and b"certificate" in ran.err and
           b"victim.test" in ran.err and scene.place(message) == "new", ran)
    expect(why, "nothing said", "MAIL" not in server.commands())
    return why


def unnamed(its_stage):
    """srv: a domain that names no server, or says that there is none"""
    why = []
    for records, text in (("NXDOMAIN", b"the DNS names no server"),
                          ("0 0 0 .", b"has no service"),
                          ("SERVFAIL", b"the DNS gives no answer")):
        _, scene, message = service(its_stage, "empty.test", records)
        ran = scene.run([its_stage.flush])
        expect(why, records, ran.status == 75 and text in ran.err and
               scene.place(message) == "new", ran)
    return why


# --- the network ---------------------------------------------------------------

def pass_on(line, tap, pending):
    """A line of the TAP of the inside."""
    if line.startswith(("ok ", "not ok ")):
        if pending:
            tap.result(*pending)
        name = line.partition(" - ")[2]
        return [line.startswith("ok"), name, []]
    if pending and line.startswith("# "):
        pending[2].append(line[2:])
    return pending


def run_inside(its_stage, tap, group, hosts=""):
    """The group again, where nobody else is; `hosts`: lines for /etc/hosts."""
    etc = its_stage.directory()
    for name, text in (("resolv.conf", "nameserver 127.0.0.1\n"
                        "options timeout:30 attempts:3\n"),
                       ("hosts", "127.0.0.1 localhost\n" + hosts),
                       ("nsswitch.conf", "passwd: files\ngroup: files\n"
                        "hosts: files dns\n")):
        with open(os.path.join(etc, name), "w", encoding="ascii") as file:
            file.write(text)
    os.chmod(etc, 0o755)
    words = stage.unshare(BUILD_NETWORK, etc)
    words.insert(1, "-n")
    ran = subprocess.run(
        [*words, sys.executable, os.path.join(stage.HERE, "run"),
         its_stage.build, group], stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, **{INSIDE: "1"}))
    pending = None
    for line in ran.stdout.splitlines():
        pending = pass_on(line, tap, pending)
    if pending:
        tap.result(*pending)
    tap.result("1.." in ran.stdout and ran.returncode in (0, 1),
               "%s: the network of the tests was there" % group,
               ["status %d" % ran.returncode])


def run(its_stage, pool, tap):
    if INSIDE not in os.environ:
        run_inside(its_stage, tap, "network")
        return
    dns.Server(ZONE)
    stage.run_all(its_stage, pool, tap, [
        waits("nobody.test", "no such host: nobody.test: check `host`"),
        waits("servfail.test", "the DNS gives no answer"),
        waits("silent.test", "no answer within 40 seconds", hurry=HURRY,
              at_least=40),
        waits("hundred.test", "127.1.0.1: Connection refused"),
        waits("six.test", "2001:db8:3::1: Network is unreachable"),
        waits("far.test", "203.0.113.1: Network is unreachable"),
        waits("swallowed.test", "192.0.2.1: no answer", hurry=HURRY,
              at_least=30),
        waits(" ".join("192.0.2.%d" % i for i in range(1, 9)),
              "192.0.2.8: no answer", hurry=HURRY, at_least=115),
        waits("silent.test nobody.test swallowed.test",
              "192.0.2.1: no answer", hurry=HURRY, at_least=60),
        arrives("good.test"), arrives("thirty.test"),
        arrives("sixfour.test"), arrives("swallowing.test"),
        arrives("nobody.test servfail.test far.test good.test"),
        arrives("silent.test good.test", hurry=HURRY),
        changes, recovers, too_long, deaf_ipv6, falls_back,
        named(True), named(False), forged, unnamed])
