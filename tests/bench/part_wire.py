# SPDX-License-Identifier: GPL-3.0-or-later
"""part_wire - a body is brought into the form of the wire, and goes nowhere"""
import subprocess

NAME = "wire"


def run(bench):
    bench.figures.say("bodies")
    program = bench.place.tool("body", "message/wire.c", "base/crc.c",
                               "base/port.c")
    out = subprocess.run([program], check=True, stdout=subprocess.PIPE,
                         text=True).stdout
    for line in out.splitlines():
        name, speed = line.split()
        bench.figures.row("body in wire form, " + name, speed + " MB/s",
                          ">= 500 MB/s", float(speed) >= 500)
