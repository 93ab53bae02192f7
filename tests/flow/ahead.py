# SPDX-License-Identifier: GPL-3.0-or-later
"""ahead - messages before the answer to the last one, where that is sound"""
import concurrent.futures
import glob
import os
import re

import stage
from lanes import crowd
from naming import expect

CHUNKS = ("--extensions", "PIPELINING SIZE=99999999 8BITMIME CHUNKING DSN "
          "ENHANCEDSTATUSCODES")


def depth(err):
    """The most messages that were under way at a time, by the dialogue."""
    most = under_way = 0
    for line in err.decode(errors="replace").split("\n"):
        if re.search(r" > (BDAT|\.)", line) or "> DATA" in line:
            under_way += 1
        elif re.search(r" < 250 .*stored", line):
            under_way -= 1
        most = max(most, under_way)
    return most


def hasty(err):
    """The first thing said between an answer and its record, or None."""
    unrecorded = 0
    for line in err.decode(errors="replace").split("\n"):
        if re.search(r" < 250 .*stored", line):
            unrecorded += 1
        elif "status=sent" in line:
            unrecorded -= 1
        elif unrecorded > 0 and re.search(r"relay=\S+ > ", line):
            return line
    return None


def learned(scene):
    """Connections, messages, recipients, "1" for no overlap."""
    found = glob.glob(os.path.join(scene.directory, "*/pause/limits.*"))
    if len(found) != 1:
        return ["none"] * 5
    with open(found[0]) as f:
        return f.read().split()


def begin(its_stage, count, *options, lines=("overlap yes",)):
    host = its_stage.host(*options)
    scene = its_stage.scene()
    scene.configure(host.ports[0], "connections 1", *lines)
    for i in range(count):
        scene.submit("u%d@x.test" % i)
    return host, scene


def once(why, host, count, ran):
    counts = host.counts()
    expect(why, "each once", len(counts) == count and
           set(counts.values()) == {1}, (len(counts), ran.err[-300:]))
    expect(why, "no rule broken", not host.lines("E"), host.lines("E"))


def chunks(its_stage):
    """overlap yes, BDAT: ever more under way, each message once"""
    why = []
    host, scene = begin(its_stage, 200, *CHUNKS)
    ran = scene.flush_now("--debug", patience=100)
    once(why, host, 200, ran)
    expect(why, "queue", not scene.names("new") and not scene.names("log"))
    expect(why, "ahead", depth(ran.err) > 8, depth(ran.err))
    expect(why, "recorded first", not hasty(ran.err), hasty(ran.err))
    expect(why, "RSET between", host.commands().count("RSET") > 100,
           host.commands().count("RSET"))
    return why


def data(its_stage):
    """overlap yes, DATA: the next envelope goes with the content"""
    why = []
    host, scene = begin(its_stage, 60)
    ran = scene.flush_now("--debug", patience=100)
    once(why, host, 60, ran)
    expect(why, "two", depth(ran.err) == 2, depth(ran.err))
    expect(why, "recorded first", not hasty(ran.err), hasty(ran.err))
    return why


def careful(its_stage):
    """a server that is not known, and overlap no: one at a time"""
    why = []
    for line in ("overlap auto", "overlap no"):
        host, scene = begin(its_stage, 30, *CHUNKS, lines=(line,))
        ran = scene.flush_now("--debug", patience=100)
        once(why, host, 30, ran)
        expect(why, line, depth(ran.err) == 1, depth(ran.err))
        expect(why, "no RSET", "RSET" not in host.commands())
    return why


def breaks(its_stage):
    """it breaks under it: what was sent is in doubt, and never again"""
    why = []
    for _ in range(5):  # a machine that is busy may have only one under way
        host, scene = begin(its_stage, 60, *CHUNKS, "--fault",
                            "final:20:lost")
        ran = scene.flush_now("--debug", patience=100)
        left = len(scene.names("new"))
        if left > 1:
            break
    counts = host.counts()
    expect(why, "some in doubt", 2 <= left <= 64 and
           ran.err.count(b"status=in-doubt") == left, (left, ran.err[-500:]))
    expect(why, "once", set(counts.values()) == {1}, counts)
    expect(why, "said", b"status=no-overlap" in ran.err, ran.err[-500:])
    words = learned(scene)
    expect(why, "remembered", words[3] == "1", words)
    ran = scene.flush_now("--now", "--debug", patience=100)
    expect(why, "the rest", ran.status == 0 and not scene.names("new"),
           ran.err[-500:])
    expect(why, "one by one", depth(ran.err) == 1, depth(ran.err))
    counts = host.counts()
    expect(why, "all", len(counts) == 60 and max(counts.values()) <= 2,
           counts)
    return why


def refused(its_stage):
    """one of many is refused: it alone fails, whatever was behind it"""
    why = []
    host = its_stage.host(*CHUNKS, "--refuse-rcpt",
                          "bad*:550 5.1.1 no such user")
    scene = its_stage.scene()
    scene.configure(host.ports[0], "connections 1", "overlap yes")
    for i in range(60):
        scene.submit("%s%d@x.test" % ("bad" if i % 10 == 5 else "u", i))
    ran = scene.flush_now("--debug", patience=100)
    counts = host.counts()
    good = {to: n for to, n in counts.items() if to.startswith("u")}
    expect(why, "the good", len(good) == 54 and set(good.values()) == {1},
           counts)
    expect(why, "failed", len(scene.names("failed")) == 6,
           scene.names("failed"))
    expect(why, "ahead", depth(ran.err) > 4, depth(ran.err))
    return why


def many_recipients(its_stage):
    """a server that takes 10 recipients: learned, and no refusal more"""
    why = []
    host = its_stage.host(*CHUNKS, "--max-recipients", "10")
    scene = its_stage.scene()
    scene.configure(host.ports[0], "connections 1", "overlap yes")
    for i in range(3):
        scene.submit(["m%dr%d@x.test" % (i, j) for j in range(35)])
    ran = scene.flush_now("--debug", patience=100)
    once(why, host, 105, ran)
    words = learned(scene)
    expect(why, "learned", words[2] == "10", words)
    before = len([s for s in host.lines("S") if s.startswith("452")])
    scene.submit(["again%d@x.test" % j for j in range(35)])
    ran = scene.flush_now()
    after = len([s for s in host.lines("S") if s.startswith("452")])
    expect(why, "no more", ran.status == 0 and before == after,
           (before, after, ran.err))
    return why


def messages_on_one(its_stage):
    """a server that ends a connection after 5 messages: learned as well"""
    host, scene = begin(its_stage, 30, "--fault",
                        "mail:6:reply 421 4.7.0 enough", "--fault",
                        "mail:12:reply 421 4.7.0 enough",
                        lines=("overlap no",))
    ran = scene.flush_now("--verbose", patience=100)
    why = []
    once(why, host, 30, ran)
    words = learned(scene)
    expect(why, "learned", words[1] == "5", words)
    logins = len([c for c in host.lines("C") if c.startswith("AUTH")])
    expect(why, "five on each", logins == 6, logins)
    return why


def turned_out(its_stage):
    """too fast, and good-bye over what came ahead: all go in the same pass"""
    host = its_stage.host(*CHUNKS, "--fault",
                          "mail:3:reply 450 4.7.1 Error: too much mail from you",
                          "--fault",
                          "rcpt:14:reply 421 4.7.0 Error: too many errors")
    scene = its_stage.scene()
    scene.configure(host.ports[0], "connections 1", "overlap yes")
    for i in range(8):
        scene.submit(["m%dr%d@x.test" % (i, j) for j in range(5)])
    ran = scene.flush_now("--verbose", patience=100)
    counts = host.counts()
    why = []
    expect(why, "each once", len(counts) == 40 and
           set(counts.values()) == {1}, (len(counts), ran.err[-3000:]))
    expect(why, "struck twice", len(host.lines("F")) == 2, host.lines("F"))
    expect(why, "only he who was refused was put off",
           set(re.findall(rb" to=<(m\dr)\d@.* status=deferred", ran.err)) <=
           {b"m2r"}, ran.err[-3000:])
    return why


def suspect(its_stage):
    """who broke a connection twice goes last, and alone"""
    why = []
    host = its_stage.host(*CHUNKS, "--fault", "final:1:drop", "--fault",
                          "final:2:drop")
    scene = its_stage.scene()
    scene.configure(host.ports[0], "connections 1", "overlap yes")
    scene.submit("bad@x.test")
    for _ in range(2):
        ran = scene.flush_now("--now")
        expect(why, "broke", ran.status == 75, ran.err)
    for i in range(20):
        scene.submit("u%d@x.test" % i)
    ran = scene.flush_now("--now", "--debug", patience=100)
    order = re.findall(rb" to=<(.*?)> .* status=sent", ran.err)
    expect(why, "last", len(order) == 21 and order[-1] == b"bad@x.test",
           (order, ran.err[-300:]))
    return why


FAULTS = ("drop", "lost", "reset", "halfline", "garbage", "count 1",
          "reply 421 4.3.2 going down", "reply 450 4.2.1 later",
          "reply 550 5.7.0 no", "reply 354 odd", "reply 25O ok")


def to_us(host):
    """Without the report to the sender."""
    return {to: n for to, n in host.counts().items() if to.startswith("u")}


def fault(its_stage, options, step, action):
    """12 messages, of which the eighth meets it, or the first that is sent
    ahead; nothing may be lost, and what comes twice was called doubtful."""
    why = []
    host, scene = begin(its_stage, 12, *options, "--fault",
                        "%s:%d:%s" % (step, 1 if step == "rset" else 8,
                                      action))
    ran = scene.flush_now("--verbose", patience=100)
    doubtful = set(re.findall(r" to=<(\S+)> .*status=in-doubt",
                              ran.err.decode(errors="replace")))
    waits = len(scene.names("new"))
    failed = len(scene.names("failed"))
    counts = to_us(host)
    expect(why, "struck", host.lines("F"))
    expect(why, "waits", waits <= 12 - len(counts) + len(doubtful) and
           ran.status == (75 if waits else 0), (ran.status, waits))
    expect(why, "failed", failed == ("550" in action and step != "rset"),
           failed)
    ran = scene.flush_now("--now", patience=100)
    counts = to_us(host)
    twice = {to for to in counts if counts[to] > 1}
    expect(why, "all", len(counts) == 12 - failed and
           not scene.names("new"), (len(counts), ran.err[-300:]))
    expect(why, "twice", twice <= doubtful and max(counts.values()) <= 2,
           (twice, doubtful))
    return ["%s %s: %s" % (step, action, text) for text in why]


def faults(its_stage):
    """88 faults under messages sent ahead, BDAT and DATA: no one lost"""
    todo = [(options, step, action) for options, steps in (
        (CHUNKS, ("mail", "rcpt", "final", "rset")),
        ((), ("mail", "rcpt", "data", "final")))
        for step in steps for action in FAULTS]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return sum(pool.map(lambda one: fault(its_stage, *one), todo),
                   [] if len(todo) == 88 else ["%d" % len(todo)])


def far(its_stage):
    """50 ms away, several connections and ahead of answers: each once"""
    host, there, scene, ran, _ = crowd(its_stage, 300, *CHUNKS,
                                       lines=("overlap yes",))
    why = []
    once(why, host, 300, ran)
    expect(why, "few lanes", there.most <= 4, there.most)
    return why


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, (
        chunks, data, careful, breaks, refused, many_recipients,
        messages_on_one, turned_out, suspect, faults, far))
