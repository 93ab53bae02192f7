# SPDX-License-Identifier: GPL-3.0-or-later
"""alert - when a person must act: who is told, how often, and that mail goes on

Trouble is made by the smarthost (a refused login) or by a relay-token that is a
script; the `alert` command writes down what it was given.
"""
import os
import time

import stage
from crc import crc32c

DAY = 86400
WRONG = "password inline wrong"
ALERT = """#!/bin/sh
{ echo "$RELAY_SMARTHOST $RELAY_PROBLEM $#"; cat; env | sort; echo .; } >>%s
%s
"""
TOKEN = """#!/bin/sh
echo "$1" >>%s
%s
"""
OAUTH = ("smarthost work\n    provider microsoft365\n    user me@work.test\n"
         "    login oauth\n    oauth_client c1\n    from *@work.test\n")


class Watched:
    """A scene with an `alert` that keeps notes, and a relay-token."""

    def __init__(self, its_stage, after=""):
        self.scene = its_stage.scene()
        self.notes = os.path.join(self.scene.directory, "notes")
        self.asked = os.path.join(self.scene.directory, "asked")
        self.alert = self.program("page-me", ALERT % (self.notes, after))
        self.scene.env["RELAY_LIBEXEC"] = self.scene.directory
        self.scene.env["RELAY_PASSWORD"] = "n0t4y0u"
        self.token("exit 75")

    def program(self, name, text):
        path = self.scene.write(name, text)
        os.chmod(path, 0o700)
        return path

    def token(self, script):
        self.program("relay-token", TOKEN % (self.asked, script))

    @property
    def top(self):
        return "alert command %s an-argument\n" % self.alert

    def alerts(self):
        """(smarthost, problem, sentence) of each."""
        text = read(self.notes)
        found = []
        for part in text.split("\n.\n")[:-1]:
            lines = part.split("\n")
            name, problem, _ = lines[0].split(" ")
            found.append((name, problem, lines[1]))
        return found

    def store(self, **lines):
        """What a login has left, refreshed so many seconds ago."""
        now = int(time.time())
        whole = {"version": 1, "account": "work", "user": "me@work.test",
                 "flow": "device", "client_id": "c1", "access_token": "a",
                 "refresh_token": "r", "login": now - 40 * DAY,
                 "obtained": now - 5000, "expires": now - 1400,
                 "refreshed": now - 5000}
        whole.update(lines)
        text = "".join("%s=%s\n" % pair for pair in whole.items())
        folder = os.path.join(self.scene.queue, "tokens")
        os.makedirs(folder, 0o700, exist_ok=True)
        os.chmod(self.scene.queue, 0o700)
        path = os.path.join(folder, "work")
        with open(path, "w", encoding="ascii") as file:
            os.chmod(path, 0o600)
            file.write(text + "check=%08X\n" % crc32c(text.encode()))

    def flush(self, *options, later=0):
        """stderr is a journal, so that each line shows its priority: <3> err.
        """
        env = {}
        if later:
            env["RELAY_TEST_CLOCK"] = "%d" % (time.time() + later)
        path = os.path.join(self.scene.directory, "journal")
        with open(path, "wb") as file:
            st = os.fstat(file.fileno())
            env["JOURNAL_STREAM"] = "%d:%d" % (st.st_dev, st.st_ino)
            process = self.scene.start([self.scene.stage.flush, *options], env,
                                       stderr=file)
            status = process.wait(stage.PATIENCE)
        return Ran(status, read(path))


class Ran:
    def __init__(self, status, log):
        self.status = status
        self.log = log
        self.errors = [line for line in log.splitlines()
                       if line.startswith("<3>")]

    def __repr__(self):
        return "exit %s %s" % (self.status, self.log)


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def expect(why, what, good, *seen):
    if not good:
        why.append(what + ": " + ", ".join(repr(part) for part in seen))


def episode(its_stage):
    """a refused login: told once, and once when it is over"""
    host = its_stage.host()
    w = Watched(its_stage)
    why = []
    w.scene.configure(host.ports[0], "user " + stage.USER, WRONG, login=False,
                      top=w.top)
    w.scene.submit("you@example.net")
    ran = w.flush()
    alerts = w.alerts()
    expect(why, "one alert, of the login", ran.status == 78 and
           len(alerts) == 1 and alerts[0][:2] == ("it", "login") and
           "smarthost it needs a person: AUTH: 535" in alerts[0][2],
           ran, alerts)
    expect(why, "one line at err", len(ran.errors) == 1, ran)
    expect(why, "nothing secret in its environment", "n0t4y0u" not in
           read(w.notes) and "wrong" not in read(w.notes), read(w.notes))
    expect(why, "its argument", read(w.notes).startswith("it login 1\n"))
    ran = w.flush("--now")
    expect(why, "refused again: nobody is told twice", ran.status == 78 and
           len(w.alerts()) == 1 and not ran.errors and "<4>" in ran.log, ran)
    ran = w.flush("--now", later=DAY + 60)
    expect(why, "after a day: a line, no alert", ran.status == 78 and
           len(w.alerts()) == 1 and len(ran.errors) == 1, ran)
    w.scene.configure(host.ports[0], top=w.top)
    ran = w.scene.flush_now()
    alerts = w.alerts()
    expect(why, "over", ran.status == 0 and len(alerts) == 2 and
           alerts[1] == ("it", "none", "smarthost it is well again: its mail "
                         "goes on"), ran, alerts)
    w.scene.submit("you@example.net")
    expect(why, "and that is all", w.scene.flush_now().status == 0 and
           len(w.alerts()) == 2, w.alerts())
    return why


def for_now(its_stage):
    """trouble that goes away by itself is no reason to tell a person"""
    host = its_stage.host("--fault", "auth:1:reply 454 4.7.0 later")
    w = Watched(its_stage)
    why = []
    w.scene.configure(host.ports[0], top=w.top)
    w.scene.submit("you@example.net")
    ran = w.flush()
    expect(why, "no alert", ran.status == 75 and not w.alerts(), ran,
           w.alerts())
    return why


def broken(after, text):
    def case(its_stage):
        host = its_stage.host()
        bad = its_stage.host()
        w = Watched(its_stage, after)
        why = []
        top = w.top
        if after is None:
            top = "alert command %s/none\n" % w.scene.directory
        w.scene.configure(host.ports[0], top=top)
        with open(w.scene.config, "a", encoding="utf-8") as file:
            file.write("smarthost bad\n host 127.0.0.1\n port %d\n tls_ca %s\n"
                       " user u\n password inline w\n from *@bad.test\n" % (
                           bad.ports[0], its_stage.cert("ca")))
        w.scene.submit("b@example.net", sender="me@bad.test")
        w.scene.submit("a@example.net")
        process = w.scene.start([its_stage.flush], stderr=open(
            os.path.join(w.scene.directory, "err"), "wb"))
        start = time.monotonic()
        there = stage.wait_until(lambda: host.counts()["a@example.net"] == 1)
        expect(why, "the other mail goes at once", there and
               time.monotonic() - start < 10)
        status = process.wait(stage.PATIENCE)
        err = read(os.path.join(w.scene.directory, "err"))
        expect(why, "the status and the log", status == 78 and text in err and
               time.monotonic() - start < 50, status, err)
        return why
    case.__doc__ = "an alert that is no good (%s) stops nothing" % text
    return case


def dead_login(its_stage):
    """a dead login is told of before there is mail, and when it is mended"""
    w = Watched(its_stage)
    why = []
    now = int(time.time())
    w.scene.write("relayrc", "log none\n" + w.top + OAUTH)
    w.store(failed=now - 100, failure="it was revoked", failure_is="person")
    ran = w.flush()
    alerts = w.alerts()
    expect(why, "told", ran.status == 78 and len(alerts) == 1 and
           alerts[0][:2] == ("work", "login") and
           "it was revoked" in alerts[0][2] and len(ran.errors) == 1, ran,
           alerts)
    ran = w.flush()
    expect(why, "told once", ran.status == 78 and len(w.alerts()) == 1 and
           not ran.errors, ran)
    w.store(login=now + 5, refreshed=now + 5, obtained=now + 5,
            expires=now + 3000)
    ran = w.flush(later=10)
    alerts = w.alerts()
    expect(why, "mended", ran.status == 0 and len(alerts) == 2 and
           alerts[1][1] == "none", ran, alerts)
    return why


def in_vain(its_stage):
    """somebody logs in, and it is refused again: that is the same trouble"""
    w = Watched(its_stage)
    why = []
    now = int(time.time())
    w.scene.write("relayrc", "log none\n" + w.top + OAUTH)
    os.utime(w.scene.config, (1, 1))
    w.store(failed=now - 100, failure="it was revoked", failure_is="person")
    ran = w.flush()
    expect(why, "told", ran.status == 78 and len(w.alerts()) == 1, ran)
    w.store(login=now + 5, refreshed=now + 5, obtained=now + 5,
            expires=now + 3000)
    w.token("echo error=refused again; exit 78")
    w.scene.submit("you@example.net")
    ran = w.flush(later=10)
    expect(why, "it is not well", ran.status == 78 and len(w.alerts()) == 1 and
           "refused again" in ran.log and "status=well" not in ran.log, ran,
           w.alerts())
    return why


def keep_alive(its_stage):
    """an old login is used, once a day where that fails, with an empty queue"""
    w = Watched(its_stage)
    why = []
    now = int(time.time())
    w.scene.write("relayrc", "log none\n" + w.top + OAUTH)

    def kept(later=0):
        ran = w.flush(later=later)
        expect(why, "a flush", ran.status == 0, ran)
        return read(w.asked).split()

    expect(why, "nobody has logged in: nothing to keep", kept() == [])
    w.store(refreshed=now - 13 * DAY)
    expect(why, "13 days", kept() == [], read(w.asked))
    w.store(refreshed=now - 15 * DAY)
    expect(why, "15 days", kept() == ["keep"], read(w.asked))
    expect(why, "not again at once", kept(3600) == ["keep"], read(w.asked))
    expect(why, "a day later", kept(DAY + 10) == ["keep"] * 2, read(w.asked))
    w.store(refreshed=now - 15 * DAY, flow="client")
    w.scene.write("relayrc", "log none\n" + OAUTH + " oauth_flow client\n"
                  " oauth_tenant t\n oauth_secret inline s\n")
    expect(why, "a client's has none to keep", kept(3 * DAY) == ["keep"] * 2,
           read(w.asked))
    expect(why, "nobody was alerted", not w.alerts(), w.alerts())
    return why


def keep_watching(its_stage):
    """--watch keeps a login, too, and mail does not wait for that"""
    host = its_stage.host()
    w = Watched(its_stage)
    why = []
    w.token("sleep 5; exit 75")
    w.store(refreshed=int(time.time()) - 15 * DAY)
    w.scene.configure(host.ports[0])
    with open(w.scene.config, "a", encoding="utf-8") as file:
        file.write(OAUTH)
    w.scene.env["RELAY_FLUSH"] = its_stage.flush
    process = w.scene.start([its_stage.flush, "--watch", "--quiet"])
    expect(why, "asked", stage.wait_until(lambda: read(w.asked) == "keep\n"))
    start = time.monotonic()
    w.scene.submit("you@example.net")
    expect(why, "mail goes meanwhile", stage.wait_until(
        lambda: host.counts()["you@example.net"] == 1) and
        time.monotonic() - start < 3, time.monotonic() - start)
    process.terminate()
    status = process.wait(stage.PATIENCE)
    expect(why, "it ends when the errand has", status == 0 and
           time.monotonic() - start > 2, status)
    return why


CASES = [episode, for_now, broken("sleep 300", "did not finish within 30"),
         broken("exit 3", "it ended with status 3"),
         broken(None, "cannot run "), dead_login, in_vain, keep_alive,
         keep_watching]


def run(its_stage, pool, tap):
    stage.run_all(its_stage, pool, tap, CASES)
