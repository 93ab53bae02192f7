# SPDX-License-Identifier: GPL-3.0-or-later
"""tap - what the suites say: TAP, and figures in comments"""
import collections
import sys

MOST_LINES = 20  # that explain one failure


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0
        self.sums = collections.Counter()

    def comment(self, text):
        for line in text.splitlines():
            print("# " + line)
        sys.stdout.flush()

    def result(self, good, name, why=()):
        """One test.  `why`: lines that explain a failure."""
        self.count += 1
        print("%sok %d - %s" % ("" if good else "not ", self.count, name))
        if not good:
            self.failed += 1
            self.comment("\n".join(list(why)[:MOST_LINES]))
        sys.stdout.flush()

    def figures(self, tallies, unit="trials", points=0):
        """How much was tried, and the words that matter; for the sums, too."""
        found = collections.Counter()
        for tally in tallies:
            found[unit] += tally.trials
            for word, as_word in (("lost", "lost"), ("torn", "torn"),
                                  ("altered", "torn"),
                                  ("duplicate", "duplicates")):
                found[as_word] += tally.words[word]
        if points:
            found["points"] = points
        self.sums += found
        self.comment(", ".join("%s %d" % (word, found[word]) for word in (
            "points", unit, "lost", "torn", "duplicates") if word in found))
        words = sum((t.words for t in tallies), collections.Counter())
        self.comment("  " + ", ".join("%s %d" % w
                                      for w in sorted(words.items())))

    def plan(self):
        """The end; the exit status."""
        self.comment("all suites: " + ", ".join(
            "%s %d" % (word, self.sums[word])
            for word in ("points", "trials", "states", "lost", "torn",
                         "duplicates")))
        print("1..%d" % self.count)
        return 1 if self.failed or not self.count else 0
