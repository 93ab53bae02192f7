# SPDX-License-Identifier: GPL-3.0-or-later
"""soak - mail all the time, and a smarthost that fails in every way

Programs submit beside `relay-flush --watch` for SOAK_SECONDS (60), or until
there were SOAK_MESSAGES of them.  The smarthost is restarted all the time with
other faults: connections dropped, reset and held up, 4yz, answers lost, 421.
Then there is none, and all that waits must go.

In the end nobody is lost; twice has it only who was in doubt, or was under way
when the server was stopped; the flusher has no more memory than at a fifth of
the time, no more files, and sleeps.
"""
import collections
import os
import random
import re
import subprocess
import threading
import time

import stage
from naming import expect

SECONDS = int(os.environ.get("SOAK_SECONDS", "60"))
MESSAGES = int(os.environ.get("SOAK_MESSAGES", "1000000"))
SUBMITTERS = 2
MORE_MEMORY = 2048  # KiB that it may have more at the end: twenty connections at
# once come late or never, and what they had stays in the heap
SHIFT = 4           # seconds that one set of faults lasts
FAULTS = ("mail:%d:reply 421 4.3.2 going down", "final:%d:lost",
          "rcpt:%d:reply 450 4.2.1 later", "content:%d:drop",
          "final:%d:reset", "mail:%d:slow 20", "final:%d:reply 451 4.3.0 no",
          "greeting:%d:drop", "rcpt:%d:halfline", "final:%d:halfline",
          "data:%d:reply 452 4.3.1 full")
OPTIONS = ([], ["--extensions", "PIPELINING CHUNKING 8BITMIME "
                "ENHANCEDSTATUSCODES"])


class Soak:
    def __init__(self, its_stage):
        self.stage = its_stage
        self.chance = random.Random(7)
        self.scene = its_stage.scene()
        self.store = os.path.join(its_stage.directory(), "store")
        os.mkdir(self.store)
        self.port = None
        self.hosts = 0
        self.faults = 0
        self.end = time.monotonic() + SECONDS
        self.count = 0
        self.sent = []
        self.why = []
        self.lock = threading.Lock()

    # --- the server ---

    def start_host(self, has_faults):
        """On the same port, with a store of its own."""
        self.hosts += 1
        place = os.path.join(self.store, str(self.hosts))
        os.mkdir(place)
        argv = [self.stage.smarthost, "--store", place, "--log", place + "/log",
                "--no-auth", "--no-starttls", "--deadline", "1000",
                "--listen", "127.0.0.1:%d" % (self.port or 0)]
        argv += self.chance.choice(OPTIONS)
        if has_faults:
            for text in self.chance.sample(FAULTS, 5):
                argv += ["--fault", text % self.chance.randrange(1, 60)]
        self.host = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        line = self.host.stdout.readline()
        if not line.startswith("listening"):
            raise RuntimeError("the smarthost does not begin: %r" % line)
        self.port = int(line.split()[-1])

    def stop_host(self):
        self.host.terminate()
        self.host.wait()
        self.host.stdout.close()
        with open("%s/%d/log" % (self.store, self.hosts),
                  errors="replace", encoding="utf-8") as log:
            self.faults += sum(line.startswith("F ") for line in log)

    def counts(self):
        found = collections.Counter()
        for top, _, names in os.walk(self.store):
            for name in names:
                if not name.endswith(".env") or name.startswith("."):
                    continue
                if not os.path.exists(os.path.join(top, name[:-4] + ".eml")):
                    continue
                with open(os.path.join(top, name), encoding="utf-8") as file:
                    found.update(re.findall(r"^to <(.*?)>", file.read(),
                                            re.M))
        return found

    # --- the others ---

    def submit(self):
        while time.monotonic() < self.end:
            with self.lock:
                if self.count >= MESSAGES:
                    return
                self.count += 1
                to = "u%d@x.test" % self.count
            ran = self.scene.run([self.stage.sendmail, "-i", "-N", "never",
                                  "-f", "me@example.org", to],
                                 b"Subject: soak\n\n" + b"line\n" * 20)
            if ran.status == 0:
                self.sent.append(to)
            else:
                self.why.append("sendmail: %s %r" % (ran.status, ran.err))

    def hurry_up(self):
        """Whoever waits is due, and no smarthost is left alone."""
        for place in ("new", "log"):
            for name in self.scene.names(place):
                self.touch(os.path.join(self.scene.queue, place, name))
        for name in self.scene.names("pause"):
            if not name.startswith(("limits.", "speed.")):
                os.unlink(os.path.join(self.scene.queue, "pause", name))
        wake = os.open(os.path.join(self.scene.queue, "wake"),
                       os.O_WRONLY | os.O_NONBLOCK)
        os.write(wake, b"x")
        os.close(wake)

    @staticmethod
    def touch(path):
        try:
            os.utime(path)
        except FileNotFoundError:
            pass  # delivered meanwhile

    def memory(self):
        """What the flusher has of its own in KiB, and its open files.

        Not its PSS: that grows by its share of the libraries whenever a
        sendmail, which has them too, ends.
        """
        with open("/proc/%d/smaps_rollup" % self.flusher.pid,
                  encoding="ascii") as file:
            own = int(re.search(r"^Anonymous: +(\d+)", file.read(), re.M)[1])
        return own, len(os.listdir("/proc/%d/fd" % self.flusher.pid))

    def ticks(self):
        with open("/proc/%d/stat" % self.flusher.pid,
                  encoding="ascii") as file:
            words = file.read().rpartition(")")[2].split()
        return int(words[11]) + int(words[12])

    # --- all of it ---

    def run(self, tap):
        self.start_host(False)
        self.scene.configure(self.port, "overlap yes", tls="none",
                             login=False, ca=False)
        err = os.path.join(self.scene.directory, "err")
        with open(err, "wb") as file:
            self.flusher = self.scene.start(
                [self.stage.flush, "--watch"], stderr=file)
        begin = time.monotonic()
        threads = [threading.Thread(target=self.submit)
                   for _ in range(SUBMITTERS)]
        for thread in threads:
            thread.start()
        early = None
        while any(thread.is_alive() for thread in threads):
            time.sleep(SHIFT)
            self.stop_host()
            self.start_host(True)
            self.hurry_up()
            part = max((time.monotonic() - begin) / SECONDS,
                       self.count / MESSAGES)
            if early is None and part > 0.2:
                early = self.memory()
        busy = time.monotonic() - begin
        self.stop_host()
        self.start_host(False)
        is_empty = self.empty()
        late = self.memory()
        used = self.ticks()
        time.sleep(3)
        used = self.ticks() - used
        self.judge(is_empty, early, late, used, err)
        tap.comment("%d messages in %.0f s, %d smarthosts with %d faults; "
                    "empty %.0f s later; %d KiB of its own at a fifth, %d at "
                    "the end; files %d, %d; %d ticks in 3 s at rest" % (
                        len(self.sent), busy, self.hosts, self.faults,
                        time.monotonic() - begin - busy, early[0], late[0],
                        early[1], late[1], used))
        tap.comment("%d came twice of %d in doubt" % (
            self.twice, self.doubtful))

    def empty(self):
        end = time.monotonic() + 120 + SECONDS
        while self.scene.names("new") and time.monotonic() < end:
            self.hurry_up()
            time.sleep(1)
        return not self.scene.names("new")

    def judge(self, is_empty, early, late, used, err):
        self.flusher.terminate()
        status = self.flusher.wait(timeout=stage.PATIENCE)
        self.stop_host()
        with open(err, encoding="utf-8", errors="replace") as file:
            words = file.read()
        doubtful = set(re.findall(r" to=<(\S+)> .*status=in-doubt", words))
        counts = self.counts()
        twice = {to for to in counts if counts[to] > 1}
        self.twice, self.doubtful = len(twice), len(doubtful)
        why = self.why
        expect(why, "the flusher ended well", status in (0, 75), status)
        expect(why, "empty", is_empty, len(self.scene.names("new")))
        lost = set(self.sent) - set(counts)
        expect(why, "nobody is lost", not lost, sorted(lost)[:5])
        expect(why, "nobody failed", not self.scene.names("failed"))
        expect(why, "twice only in doubt", twice <= doubtful,
               sorted(twice - doubtful)[:5])
        expect(why, "faults", self.faults > SECONDS // SHIFT, self.faults)
        expect(why, "memory", late[0] <= early[0] + MORE_MEMORY,
               (early, late))
        expect(why, "files", late[1] <= early[1] + 2, (early, late))
        expect(why, "it sleeps", used <= 10, used)


def run(its_stage, pool, tap):
    del pool
    soak = Soak(its_stage)
    soak.run(tap)
    tap.result(not soak.why, "mail all the time, and every kind of fault: "
               "nobody is lost", soak.why)
