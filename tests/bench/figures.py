# SPDX-License-Identifier: GPL-3.0-or-later
"""figures - what was measured, against its goals, as rows, tables and JSON"""
import json
import statistics
import sys

median = statistics.median
WIDTHS = (51, 27, 21)


def row_text(what, figure, goal, ok):
    """One line of the table of goals; ok None: it was not to be judged."""
    verdict = {True: "reached", False: "NOT REACHED", None: ""}[ok]
    cells = [text.ljust(width) for text, width in
             zip((what, figure, goal), WIDTHS)]
    return (" ".join(cells) + " " + verdict).rstrip()


class Figures:
    def __init__(self):
        self.rows = []
        self.tables = []
        self.said = False

    def say(self, text):
        """What takes so long, to a person who waits."""
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K" + text)
            self.said = True
        else:
            sys.stderr.write("bench: " + text + "\n")
        sys.stderr.flush()

    def print(self, text):
        if self.said:
            sys.stderr.write("\r\033[K")
            self.said = False
        print(text, flush=True)

    def row(self, what, figure, goal, ok):
        self.rows.append({"what": what, "figure": figure, "goal": goal,
                          "reached": ok})
        self.print(row_text(what, figure, goal, ok))

    def left_out(self, what, why):
        """Not measured, and the reason; silence would look like success."""
        self.rows.append({"what": what, "figure": None, "goal": why,
                          "reached": None})
        self.print("%s: not measured, %s" % (what, why))

    def table(self, title, head, lines):
        """Lines are lists of texts and numbers, one for each word of head."""
        self.tables.append({"title": title, "head": head, "lines": lines})
        cells = [head] + [[cell(value) for value in line] for line in lines]
        widths = [max(len(line[i]) for line in cells)
                  for i in range(len(head))]
        self.print("\n" + title)
        for line in cells:
            self.print("  " + line[0].ljust(widths[0]) + "".join(
                "  " + text.rjust(width)
                for text, width in zip(line[1:], widths[1:])))
        self.print("")

    def save(self, path, conditions):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"conditions": conditions, "rows": self.rows,
                       "tables": self.tables}, file, indent=1)
            file.write("\n")


def cell(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return "%.0f" % value if value >= 100 else "%.2f" % value
    return str(value)


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * percent // 100)]
