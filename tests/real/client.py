# SPDX-License-Identifier: GPL-3.0-or-later
"""client - the programs under test, as a person has set them up

One Client is one home: a configuration, a queue and the two programs.  Nothing
is sent before flush().
"""
import collections
import os
import shutil
import subprocess
import time

import servers

Result = collections.namedtuple("Result", "status err")

TIMEOUT = 120  # seconds a program may take


def wire(content):
    """What must arrive of such an input, by the words of src/message/wire.h and
    no code of ours: every line ends in CRLF, a CR elsewhere is a space."""
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return b"".join(line.rstrip(b"\r").replace(b"\r", b" ") + b"\r\n"
                    for line in lines)


class Client:
    build = None  # set by the suite

    def __init__(self, host, **keys):
        self.home = servers.SPOOL + "/client"
        self.queue = self.home + "/queue"
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(self.home, mode=0o700)
        self.configure(host, **keys)
        # As of yesterday: a configuration newer than a pause ends the pause.
        when = time.time() - 86400
        os.utime(self.home + "/relayrc", (when, when))

    def configure(self, host, **keys):
        """`keys` are those of the smarthost; what is not given is usual."""
        usual = {"host": host, "user": servers.USER, "login": "plain",
                 "password": "file %s/password" % self.home,
                 "tls_ca": servers.PKI + "/ca.pem"}
        usual.update(keys)
        lines = ["domain example.org", "log none", "smarthost real"]
        lines += ["\t%s %s" % item for item in usual.items()
                  if item[1] is not None]
        self.write("relayrc", "\n".join(lines) + "\n")
        self.write("password", servers.PASSWORD + "\n")

    def write(self, name, text):
        path = os.path.join(self.home, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                  "w") as file:
            file.write(text)

    def environment(self):
        return dict(os.environ, HOME=self.home, RELAY_QUEUE=self.queue,
                    RELAY_CONFIG=self.home + "/relayrc",
                    RELAY_LIBEXEC=self.build + "/src/token",
                    RELAY_FLUSH="/bin/true")

    def submit(self, recipients, body=b"Hello.\n", header=b"Subject: real\n"):
        """The real sendmail, as a program calls it that wants no report."""
        done = subprocess.run(
            [self.build + "/src/sendmail/sendmail", "-i", "-odq", "-f",
             "bob@example.org", "-N", "never", "--", *recipients],
            input=header + b"\n" + body, env=self.environment(),
            capture_output=True, timeout=TIMEOUT)
        if done.returncode or done.stdout or done.stderr:
            raise RuntimeError("sendmail: %r" % done)

    def flush(self, *options):
        done = subprocess.run(
            [self.build + "/src/flush/relay-flush", *options],
            env=self.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, timeout=TIMEOUT, text=True,
            errors="backslashreplace")
        return Result(done.returncode, done.stdout + done.stderr)

    def names(self, place="new"):
        try:
            return sorted(os.listdir("%s/%s" % (self.queue, place)))
        except FileNotFoundError:
            return []

    def message(self, name, place="new"):
        """The message of an entry, as it goes over the wire."""
        with open("%s/%s/%s" % (self.queue, place, name), "rb") as file:
            entry = file.read()
        begin = entry.index(b"\n\n") + 2
        return entry[begin:entry.rindex(b"= ")]

    def journal(self, name):
        with open("%s/log/%s" % (self.queue, name)) as file:
            return file.read()

    def wait(self, name):
        """Five hours go by for this entry and for the smarthost."""
        for place in ("new", "log"):  # the later one counts
            path = "%s/%s/%s" % (self.queue, place, name)
            if os.path.exists(path):
                when = os.stat(path).st_mtime - 5 * 3600
                os.utime(path, (when, when))
        self.lift_waits()

    def lift_waits(self):
        """For the smarthost alone."""
        for pause in self.names("pause"):
            os.unlink("%s/pause/%s" % (self.queue, pause))
