# SPDX-License-Identifier: GPL-3.0-or-later
"""tap - results as TAP, and why one is bad in comments below it"""
import sys


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def comment(self, text):
        for line in text.splitlines():
            print("# " + line)
        sys.stdout.flush()

    def result(self, good, name, why=()):
        """One test; `why`: lines."""
        self.count += 1
        print("%sok %d - %s" % ("" if good else "not ", self.count, name))
        if not good:
            self.failed += 1
            self.comment("\n".join(list(why)[:30]))
        sys.stdout.flush()

    def plan(self):
        """The exit status.  No test at all is a failure, too."""
        print("1..%d" % self.count)
        return 1 if self.failed or not self.count else 0
