# SPDX-License-Identifier: GPL-3.0-or-later
"""client - relay-token, run as its callers run it, and its store read without it
"""
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../flow"))

from crc import crc32c  # noqa: E402


class Ran:
    def __init__(self, status, out, err):
        self.status, self.err = status, err
        self.answer = dict(line.split("=", 1) for line in out.splitlines()
                           if "=" in line)
        self.out = out
        self.error = self.answer.get("error", "")

    def lines(self):
        return ["status %s" % self.status, self.out, self.err]


class Client:
    """One account in a directory of its own."""

    def __init__(self, program, directory, **question):
        self.program, self.directory = program, directory
        self.store = os.path.join(directory, "tokens", "work")
        self.question = {"account": "work", "user": "alice@example.test",
                         "store": self.store, **question}
        self.clock = None

    def environment(self, **more):
        env = {"PATH": "/usr/bin:/bin", "HOME": self.directory,
               "LC_ALL": "C", **more}
        if self.clock is not None:
            env["RELAY_TEST_CLOCK"] = str(int(self.clock))
        return env

    def text(self, **more):
        lines = self.question | more
        return "".join("%s=%s\n" % pair for pair in lines.items()
                       if pair[1] is not None) + "\n"

    def start(self, verb, after="", env=None, **more):
        process = subprocess.Popen(
            [self.program, verb], cwd=self.directory, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.environment(**(env or {})))
        try:
            process.stdin.write(self.text(**more) + after)
            process.stdin.flush()
        except BrokenPipeError:
            pass  # a wrong call is refused before the question is read
        return process

    def run(self, verb, after="", timeout=60, **more):
        process = self.start(verb, after, **more)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            return Ran("hung", out, err)
        return Ran(process.returncode, out, err)

    def tokens(self):
        """The lines of the store; raises where it is not whole."""
        with open(self.store, "rb") as file:
            data = file.read()
        body, check = data[:-15], data[-15:]
        if check != b"check=%08X\n" % crc32c(body):
            raise ValueError("the checksum of the store is wrong")
        if os.stat(self.store).st_mode & 0o777 != 0o600:
            raise ValueError("the store is open to others")
        return dict(line.split("=", 1) for line in
                    body.decode().splitlines())

    def write(self, **lines):
        """A store, as if it had been there."""
        now = int(self.clock or time.time())
        given = {"version": "1", "account": "work",
                 "user": self.question.get("user"),
                 "client_id": self.question.get("client_id"),
                 "token_url": self.question.get("token_url"),
                 "scope": self.question.get("scope"),
                 "flow": self.question.get("flow", "device"),
                 "refreshed": now - 3600, "login": now - 86400} | lines
        body = "".join("%s=%s\n" % pair for pair in given.items()
                       if pair[1] is not None).encode()
        os.makedirs(os.path.dirname(self.store), 0o700, exist_ok=True)
        descriptor = os.open(self.store, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                             0o600)
        with open(descriptor, "wb") as file:
            file.write(body + b"check=%08X\n" % crc32c(body))

    def litter(self):
        """What is in the directory of the store but the store and its lock."""
        return sorted(set(os.listdir(os.path.dirname(self.store))) -
                      {"work", "work.lock"})
