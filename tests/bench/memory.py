# SPDX-License-Identifier: GPL-3.0-or-later
"""memory - the most memory that a program and its children ever held

The proportional set size: a page that N processes share counts for 1/N in
each, so that the sum over several small programs is what they cost.  What is
measured has copies of its libraries, lest others that happen to run pay for a
part.  Only root may see the memory of a process that guards it, as relay-flush
does.
"""
import os
import threading

INTERVAL = 0.02  # seconds


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid),
                  encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def descendants(pid):
    found = children(pid)
    for child in list(found):
        found += descendants(child)
    return found


def proportional(pid):
    """Kilobytes; 0 for one that is gone."""
    try:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def of_root(root):
    """The processes that live in a root of their own."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.path.realpath(
                    os.readlink("/proc/%s/root" % name)).startswith(root):
                found.append(int(name))
        except OSError:
            pass
    return found


class Peak:
    """While its block lasts: the peak, in kilobytes, of what `pids` tells."""

    def __init__(self, pids):
        self.kilobytes = 0
        self._pids = pids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self._over.wait(INTERVAL):
            now = sum(proportional(pid) for pid in self._pids())
            self.kilobytes = max(self.kilobytes, now)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
