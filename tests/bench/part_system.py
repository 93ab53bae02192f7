# SPDX-License-Identifier: GPL-3.0-or-later
"""part_system - the queue of a machine, in namespaces of its own: system.py"""
import json
import os
import subprocess
import sys

from part_submit import make_bare
from place import HERE

NAME = "system"


def run(bench):
    if os.geteuid() != 0:
        bench.figures.left_out("the machine's queue",
                               "only root can make one")
        return
    bench.figures.say("the machine's queue")
    place = bench.place
    make_bare(bench)
    place.tool("measure")
    place.message("4k", 4096)
    os.chmod(place.dir, 0o755)
    os.makedirs(place.path("machine"))
    subprocess.run(["unshare", "--net", "--mount", "--uts", "--ipc", "--pid",
                    "--fork", "--kill-child", "--mount-proc", sys.executable,
                    os.path.join(HERE, "system.py"), place.build, place.dir,
                    str(bench.rounds)],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   check=True)
    with open(place.path("system.json"), encoding="utf-8") as file:
        for row in json.load(file)["rows"]:
            bench.figures.row(row["what"], row["figure"], row["goal"],
                              row["reached"])
