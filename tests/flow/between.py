# SPDX-License-Identifier: GPL-3.0-or-later
"""between - connections that break at each byte, are slow, or answer late"""
import concurrent.futures
import os
import re
import socket
import struct
import threading
import time

import stage
from ahead import CHUNKS, to_us
from naming import expect

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() resets
AT_A_TIME = 4
LATE = 12  # times faster than the clock; the answer may take 600 s
SLOW = 50


class Middle:
    """Hands on what comes, for a while.

    `cut`: (to the server?, bytes) after which the first connection is reset.
    `rate`: bytes a second to the server.  `late`: seconds that the answer to a
    message waits.
    """

    def __init__(self, port, cut=None, rate=None, late=0):
        self.target = port
        self.cut, self.rate, self.late = cut, rate, late
        self.was_sent = False
        self.passed = {True: 0, False: 0}  # on the first connection
        self.was_cut = False
        self.listener = socket.socket()
        if rate:  # what the kernel holds is not on its way
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                     4096)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(8)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        is_first = True
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            for pair, to_server in (((near, far), True), ((far, near), False)):
                threading.Thread(target=self._pass, daemon=True, args=(
                    *pair, to_server, is_first)).start()
            is_first = False

    def _pass(self, source, sink, to_server, is_first):
        try:
            while True:
                data = source.recv(self.rate // 20 if self.rate else 65536)
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                self._wait(to_server, len(data))
                if is_first and self._is_cut(data, sink, to_server):
                    self._reset(source, sink)
                    return
                if to_server and data.endswith(b"\r\n.\r\n"):
                    self.was_sent = True
                sink.sendall(data)
                self.passed[to_server] += len(data)
        except OSError:
            pass  # the other side went

    def _wait(self, to_server, n):
        if to_server and self.rate:
            time.sleep(n / self.rate)
        elif not to_server and self.was_sent:
            time.sleep(self.late)
            self.was_sent = False

    def _is_cut(self, data, sink, to_server):
        if self.cut is None or self.cut[0] != to_server:
            return False
        left = self.cut[1] - self.passed[to_server]
        if len(data) < left:
            return False
        sink.sendall(data[:left])
        self.was_cut = True
        return True

    @staticmethod
    def _reset(*sockets):
        time.sleep(0.005)  # what was handed on may be read
        for each in sockets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            each.shutdown(socket.SHUT_RD)
            each.close()

    def stop(self):
        self.listener.close()


def begin(its_stage, host, count, *lines, **middle):
    scene = its_stage.scene()
    between = Middle(host.ports[0], **middle)
    scene.configure(between.port, "connections 1", *lines, tls="none",
                    login=False, ca=False)
    for i in range(count):
        scene.submit("u%s-%d@x.test" % (os.path.basename(scene.directory), i))
    return scene, between


def doubtful_ones(ran):
    return set(re.findall(r" to=<(\S+)> .*status=in-doubt",
                          ran.err.decode(errors="replace")))


def cut_once(its_stage, host, count, lines, cut):
    """What is doubtful, and whether the cut came at all."""
    scene, between = begin(its_stage, host, count, *lines, cut=cut)
    ran = scene.flush_now("--verbose")
    if between.was_cut and ran.status is not None:
        scene.flush_now("--now")
    between.stop()
    return (between.was_cut, doubtful_ones(ran), ran.status,
            scene.names("new"), "u%s-" % os.path.basename(scene.directory))


def cut_everywhere(its_stage, options, count, lines, step):
    host = its_stage.host("--no-starttls", "--no-auth", *options)
    why, done = [], 0
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        for to_server in (True, False):
            at = 0
            while True:
                places = range(at + 1, at + 1 + 100 * step, step)
                found = list(pool.map(lambda n: cut_once(
                    its_stage, host, count, lines, (to_server, n)), places))
                counts = to_us(host)
                for n, one in zip(places, found):
                    why += judge(counts, count, one, "%s %d" % (
                        "to the server" if to_server else "from it", n))
                cuts = sum(was_cut for was_cut, *_ in found)
                done += cuts
                at += 100 * step
                if cuts < 100:
                    break
    if done * step < 300:
        why.append("only %d cuts" % done)
    return why


def judge(counts, count, one, where):
    _, doubtful, status, waiting, prefix = one
    ours = {to: n for to, n in counts.items() if to.startswith(prefix)}
    twice = {to for to in ours if ours[to] > 1}
    why = []
    expect(why, where + ": all", status is not None and not waiting and
           len(ours) == count, (status, waiting, ours))
    expect(why, where + ": twice", twice <= doubtful and
           max(ours.values(), default=0) <= 2, (twice, doubtful))
    return why


def each_byte(its_stage):
    """reset after each byte of a session, each way: nobody is lost"""
    return cut_everywhere(its_stage, (), 1, (), 1)


def each_byte_chunks(its_stage):
    """the same with one message in one flight (BDAT)"""
    return cut_everywhere(its_stage, CHUNKS, 1, (), 3)


def each_byte_ahead(its_stage):
    """the same with messages ahead of their answers"""
    return cut_everywhere(its_stage, CHUNKS, 5, ("overlap yes",), 7)


def slow(its_stage):
    """8 kbit/s and 800 kB: it goes on as long as something moves"""
    host = its_stage.host("--no-starttls", "--no-auth", "--deadline", "300")
    scene, between = begin(its_stage, host, 1, rate=1000 * SLOW)
    scene.submit("ubig@x.test", b"0123456789abcde\n" * 51200)
    ran = scene.flush_now("--verbose", hurry=SLOW, patience=200)
    why = []
    expect(why, "both", set(to_us(host).values()) == {1} and
           len(to_us(host)) == 2 and ran.status == 0,
           (ran.status, ran.err[-300:]))
    between.stop()
    return why


def answer_after(its_stage, seconds, status):
    host = its_stage.host("--no-starttls", "--no-auth", "--deadline", "300")
    scene, between = begin(its_stage, host, 1, late=seconds / LATE)
    name, = scene.names("new")
    ran = scene.flush_now("--verbose", hurry=LATE, patience=200)
    why = []
    expect(why, "status", ran.status == status, (ran.status, ran.err[-300:]))
    expect(why, "doubt", bool(doubtful_ones(ran)) == (status == 75),
           ran.err[-300:])
    expect(why, "taken", list(to_us(host).values()) == [1], to_us(host))
    if status == 75:
        due = os.stat(os.path.join(scene.queue, "new", name)).st_mtime
        expect(why, "15 minutes", due - time.time() > 14 * 60,
               due - time.time())
    between.stop()
    return why


def late(its_stage):
    """the answer comes after 9 min 50 s: delivered"""
    return answer_after(its_stage, 590, 0)


def too_late(its_stage):
    """after 11 min: in doubt, and not tried again before 15 minutes"""
    return answer_after(its_stage, 660, 75)


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        late, too_late, slow, each_byte, each_byte_chunks, each_byte_ahead))
