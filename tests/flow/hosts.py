# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts - a smarthost with several hosts, some of them dead

All of 127.0.0.0/8 is this machine: two hosts are two addresses and one port.
"""
import os
import socket
import threading
import time

import stage
from naming import expect

PLAIN = {"tls": "none", "login": False, "ca": False}


class Mute:
    """A host that takes connections and closes them at once: how many?"""

    def __init__(self, address, port):
        self.count = 0
        self._socket = socket.create_server((address, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.count += 1
            connection.close()

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def at(when):
    return {"RELAY_TEST_CLOCK": str(int(when))}


def beside(its_stage, address, port, *options):
    """Another smarthost, there."""
    host = its_stage.host("--no-auth", "--listen", "%s:%d" % (address, port),
                          *options,
                          places=())

    def answers():
        with socket.socket() as probe:
            return probe.connect_ex((address, port)) == 0

    if not stage.wait_until(answers):
        raise RuntimeError("no smarthost at %s" % address)
    return host


def pauses(scene):
    """Who is left alone: other hints have a dot in their names."""
    return [name for name in os.listdir(scene.queue + "/pause")
            if "." not in name]


def first_is_dead(its_stage):
    """the first host refuses: the second has the mail, and its own name"""
    host = its_stage.host()
    scene = its_stage.scene()
    scene.configure(host.ports[0], host="127.0.0.3 localhost")
    why = []
    scene.submit("you@x.test")
    ran = scene.run([its_stage.flush, "--verbose"])
    expect(why, "delivered", ran.status == 0 and
           host.counts() == {"you@x.test": 1}, ran)
    expect(why, "who has it", b" relay=localhost[127.0.0.1]:" in ran.err, ran)
    expect(why, "who has not", b"host=127.0.0.3 dsn=4.4.1 status=unreachable"
           in ran.err, ran)
    expect(why, "not left alone", pauses(scene) == ["it%40127%2E0%2E0%2E3"],
           pauses(scene))
    ran = scene.relay("queue")
    expect(why, "no trouble", ran.status == 0 and not ran.err, ran)
    return why


def dead_is_last(its_stage):
    """a dead host is not called first for a while, then once, then longer"""
    host = its_stage.host("--no-auth")
    dead = Mute("127.0.0.3", host.ports[0])
    scene = its_stage.scene()
    scene.configure(host.ports[0], host="127.0.0.3 127.0.0.1", **PLAIN)
    why = []
    start = time.time() + 60
    calls = ((0, 1), (30, 1), (80, 2), (300, 2), (500, 3))
    for seconds, expected in calls:
        now = at(start + seconds)
        scene.submit("u%d@x.test" % seconds, env=now)
        scene.submit("v%d@x.test" % seconds, env=now)
        ran = scene.run([its_stage.flush], env=now)
        expect(why, "after %d s" % seconds, ran.status == 0 and
               dead.count == expected, (dead.count, ran))
    dead.stop()
    expect(why, "each once", set(host.counts().values()) == {1} and
           len(host.counts()) == 10, host.counts())
    good = beside(its_stage, "127.0.0.3", host.ports[0])
    now = at(start + 2000)
    scene.submit("back@x.test", env=now)
    ran = scene.run([its_stage.flush], env=now)
    expect(why, "back again", good.counts() == {"back@x.test": 1}, ran)
    expect(why, "forgotten", not pauses(scene))
    return why


def greeted_with_421(its_stage):
    """a host that greets with 421: the next one, in the same pass"""
    host = its_stage.host("--no-auth")
    busy = beside(its_stage, "127.0.0.2", host.ports[0], "--fault",
                  "greeting:2+:reply 421 4.3.2 shutting down")
    scene = its_stage.scene()
    scene.configure(host.ports[0], host="127.0.0.2 127.0.0.1", **PLAIN)
    why = []
    scene.submit(["a@x.test", "b@x.test"])
    scene.submit("c@x.test")
    ran = scene.run([its_stage.flush])
    expect(why, "delivered", ran.status == 0 and host.counts() == {
        "a@x.test": 1, "b@x.test": 1, "c@x.test": 1}, ran)
    expect(why, "nothing there", not busy.counts())
    return why


def name_of_another(its_stage):
    """a certificate counts for the host that was reached, not for the first"""
    host = its_stage.host()  # whose port nobody has at 127.0.0.2
    port = host.ports[0]
    host.stop()
    other = beside(its_stage, "127.0.0.2", port)  # it is localhost, it says
    scene = its_stage.scene()
    scene.configure(port, host="localhost 127.0.0.2")
    why = []
    message = scene.submit("you@x.test")
    ran = scene.flush_now()
    expect(why, "a person is told", ran.status == 78 and
           b"certificate" in ran.err and b"127.0.0.2" in ran.err, ran)
    expect(why, "kept", scene.place(message) == "new")
    expect(why, "nothing said", not other.counts() and
           "MAIL" not in other.commands() and "AUTH" not in other.commands(),
           other.commands())
    return why


def all_are_dead(its_stage):
    """no host answers: mail waits, and one line has all the reasons"""
    host = its_stage.host()
    host.stop()
    scene = its_stage.scene()
    scene.configure(host.ports[0], host="127.0.0.2 127.0.0.3 127.0.0.1")
    why = []
    message = scene.submit("you@x.test")
    ran = scene.run([its_stage.flush, "--quiet"])
    expect(why, "waits", ran.status == 75 and
           scene.place(message) == "new", ran)
    expect(why, "one line", ran.err.count(b"\n") == 1 and all(
        b"%s: Connection refused" % address in ran.err for address in
        (b"127.0.0.2", b"127.0.0.3", b"127.0.0.1")), ran)
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        first_is_dead, dead_is_last, greeted_with_421, name_of_another,
        all_are_dead))
