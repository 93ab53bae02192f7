# SPDX-License-Identifier: GPL-3.0-or-later
"""lanes - several connections to one smarthost, where they are worth it"""
import asyncio
import os
import threading
import time

import stage
from naming import expect

DELAY = 0.025  # seconds, each way


class Far:
    """A server that is far away: what goes through is late by DELAY."""

    def __init__(self, port):
        self.port = None
        self.most = self.open = 0
        self._target = port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self._ready.wait()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._loop.run_forever()

    async def _listen(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()

    async def _serve(self, reader, writer):
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(2 * DELAY)  # the handshake of TCP
        far = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._pass(reader, far[1]),
                             self._pass(far[0], writer))
        self.open -= 1

    async def _pass(self, reader, writer):
        late = asyncio.Queue()

        async def write():
            while True:
                when, data = await late.get()
                await asyncio.sleep(max(0, when - self._loop.time()))
                if not data:
                    break
                writer.write(data)
            writer.close()

        task = asyncio.ensure_future(write())
        while True:
            try:
                data = await reader.read(65536)
            except OSError:
                data = b""
            await late.put((self._loop.time() + DELAY, data))
            if not data:
                break
        await task

    async def _end(self):
        tasks = [t for t in asyncio.all_tasks()
                 if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._loop.stop()

    def stop(self):
        asyncio.run_coroutine_threadsafe(self._end(), self._loop)


def crowd(its_stage, count, *options, lines=(), after=None):
    host = its_stage.host(*options)
    far = Far(host.ports[0])
    scene = its_stage.scene()
    scene.configure(far.port, *lines)
    for i in range(count):
        scene.submit("u%d@x.test" % i)
    if after is not None:
        after(scene)
    start = time.monotonic()
    ran = scene.flush_now(patience=100)
    seconds = time.monotonic() - start
    far.stop()
    return host, far, scene, ran, seconds


def many(its_stage):
    """300 messages, 50 ms away: more lanes, each message once"""
    host, far, scene, ran, seconds = crowd(its_stage, 300)
    why = []
    counts = host.counts()
    expect(why, "each once", len(counts) == 300 and
           set(counts.values()) == {1}, (len(counts), ran.err[-200:]))
    expect(why, "queue", not scene.names("new"))
    expect(why, "lanes", 2 <= far.most <= 20, far.most)
    expect(why, "no rule broken", not host.lines("E"), host.lines("E"))
    expect(why, "faster than one lane", seconds < 300 * 4 * DELAY, seconds)
    return why


def few(its_stage):
    """3 messages are not worth a second lane; nor are 300 next door"""
    why = []
    _, far, _, _, _ = crowd(its_stage, 3)
    expect(why, "far", far.most == 1, far.most)
    host = its_stage.host()
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    for i in range(300):
        scene.submit("u%d@x.test" % i)
    scene.flush_now()
    logins = len([line for line in host.lines("C")
                  if line.startswith("AUTH")])
    expect(why, "near", logins <= 8 and len(host.counts()) == 300, logins)
    return why


def limited(its_stage):
    """`connections 3`"""
    host, far, _, ran, _ = crowd(its_stage, 200, lines=("connections 3",))
    why = []
    expect(why, "three", 2 <= far.most <= 3, far.most)
    expect(why, "each once", len(host.counts()) == 200 and
           set(host.counts().values()) == {1}, ran.err[-200:])
    return why


def refused(its_stage):
    """a server that takes 2 connections: fewer, and nothing waits"""
    rules = []
    for n in range(3, 9):
        rules += ["--fault", "greeting:%d:reply 421 4.7.0 too many "
                  "connections" % n]
    host, far, scene, ran, _ = crowd(its_stage, 200, *rules)
    why = []
    expect(why, "each once", len(host.counts()) == 200 and
           set(host.counts().values()) == {1}, ran.err[-300:])
    expect(why, "queue", not scene.names("new") and ran.status == 0,
           (ran.status, ran.err[-300:]))
    expect(why, "said", b"status=fewer" in
           ran.err or b"status=waiting" not in ran.err, ran.err[-300:])
    del far
    return why


def login(its_stage):
    """a login that is refused to one more: the others go on with it"""
    host, far, scene, ran, _ = crowd(
        its_stage, 100, "--fault", "auth:3+:reply 535 5.7.8 no")
    why = []
    counts = host.counts()
    expect(why, "all", ran.status == 0 and len(counts) == 100 and
           set(counts.values()) == {1}, (ran.status, ran.err[-300:]))
    refusals = len([s for s in host.lines("S") if s.startswith("535")])
    expect(why, "few", refusals <= 2, refusals)
    del far
    return why


def quota(its_stage):
    """trouble of the account stops all lanes, and nothing is bounced"""
    host, far, scene, ran, _ = crowd(
        its_stage, 150, "--fault",
        "mail:40+:reply 550 5.4.5 Daily user sending limit exceeded")
    why = []
    left = len(scene.names("new"))
    expect(why, "stopped", ran.status in (75, 78) and
           left + len(host.counts()) == 150 and left > 100 and
           set(host.counts().values()) <= {1}, (ran.status, left))
    expect(why, "nothing failed", not scene.names("failed"))
    expect(why, "and at once", host.commands().count("MAIL") < 70,
           host.commands().count("MAIL"))
    del far
    return why


def large(its_stage):
    """a message of 8 MB does not keep small ones waiting"""
    def add(scene):
        scene.submit("big@x.test", b"0123456789abcde\n" * 500000)
        for i in range(150):
            scene.submit("small%d@x.test" % i)
    host, far, scene, ran, _ = crowd(its_stage, 60, after=add)
    why = []
    order = [to[0] for to, _ in host.messages()]
    expect(why, "all", len(order) == 211, (len(order), ran.err[-200:]))
    del far, scene
    return why


def at(when):
    return {"RELAY_TEST_CLOCK": str(int(when))}


def rate(its_stage):
    """rate 6/s: no faster, on one connection; 10/day: the rest waits"""
    why = []
    host = its_stage.host()
    scene = its_stage.scene()
    scene.configure(host.ports[0], "rate 6/s")
    for i in range(12):
        scene.submit("u%d@x.test" % i)
    start = time.monotonic()
    ran = scene.flush_now()
    seconds = time.monotonic() - start
    expect(why, "all, in 3 s", len(host.counts()) == 12 and
           2.8 < seconds < 60, (seconds, ran.err))
    logins = len([c for c in host.lines("C") if c.startswith("AUTH")])
    expect(why, "one connection", logins == 1, logins)
    scene.configure(host.ports[0], "rate 10/day recipients")
    for i in range(12):
        scene.submit("v%d@x.test" % i)
    now = time.time() + 60
    ran = scene.flush_now("--verbose", env=at(now))
    sent = len(host.counts()) - 12
    expect(why, "half a day's", sent == 5 and ran.status == 75 and
           b"`rate 10/day recipients`" in ran.err, (sent, ran.err))
    ran = scene.flush_now(env=at(now + 60))
    expect(why, "remembered", len(host.counts()) - 12 == 5 and
           ran.status == 75, (ran.status, ran.err))
    ran = scene.flush_now(env=at(now + 86400))
    sent = len(host.counts()) - 12
    expect(why, "the next day", sent == 10, (sent, ran.err))
    return why


def slower(its_stage):
    """the provider wants less: the same pass sends all, more slowly"""
    why = []
    host, far, scene, ran, _ = crowd(
        its_stage, 60, "--fault", "final:20:reply 454 Throttling failure: "
        "Maximum sending rate exceeded.", "--fault",
        "mail:40:reply 450 4.7.1 Error: too much mail from 127.0.0.1")
    counts = host.counts()
    expect(why, "all, each once", len(counts) == 60 and
           set(counts.values()) == {1}, (len(counts), ran.err[-300:]))
    expect(why, "well", ran.status == 0 and not scene.names("new"),
           (ran.status, ran.err[-300:]))
    names = os.listdir(os.path.join(scene.queue, "pause"))
    expect(why, "remembered, no pause", "it" not in names and
           any(n.startswith(("speed.", "limits.")) for n in names), names)
    del far
    return why


def much_slower(its_stage):
    """a message that always meets it waits its turn, the others do not"""
    why = []
    host = its_stage.host("--refuse-rcpt", "bad*:450 4.7.1 Error: too many "
                          "recipients from 127.0.0.1")
    scene = its_stage.scene()
    scene.configure(host.ports[0])
    scene.submit("bad@x.test")
    for i in range(5):
        scene.submit("u%d@x.test" % i)
    ran = scene.flush_now("--verbose", patience=200)
    expect(why, "the others", sorted(host.counts()) ==
           ["u%d@x.test" % i for i in range(5)], ran.err[-300:])
    expect(why, "kept", len(scene.names("new")) == 1 and ran.status == 75,
           (ran.status, ran.err[-300:]))
    tries = ran.err.count(b"to=<bad@x.test>")
    expect(why, "five times", tries == 5, tries)
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        many, few, limited, refused, login, quota, large, rate, slower,
        much_slower))
