# SPDX-License-Identifier: GPL-3.0-or-later
"""tap - what the suite says: TAP, and figures in comments"""
import sys
import time


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def comment(self, text):
        for line in text.splitlines():
            print("# " + line)
        sys.stdout.flush()

    def is_true(self, name, good, why=""):
        """One test; `why` is shown when it failed."""
        self.count += 1
        print("%sok %d - %s" % ("" if good else "not ", self.count, name))
        if not good:
            self.failed += 1
            self.comment("\n".join(str(why).splitlines()[-40:]))
        sys.stdout.flush()
        return good

    def equal(self, name, got, want, why=""):
        return self.is_true(name, got == want, "got  %r\nwant %r\n%s" %
                            (got, want, why))

    def plan(self):
        print("1..%d" % self.count)
        return 1 if self.failed or not self.count else 0


class Watch:
    """Seconds since it was made."""

    def __init__(self):
        self.begin = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self.begin


def wait_for(what, seconds=20):
    """Until what() is true: its value, or the last one when it never was."""
    watch = Watch()
    while True:
        value = what()
        if value or watch.seconds > seconds:
            return value
        time.sleep(0.02)
