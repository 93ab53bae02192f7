# SPDX-License-Identifier: GPL-3.0-or-later
"""spool - the queue as its documents describe it, read without our own code

Shares nothing with src/queue, so that it cannot share its mistakes: the format
of an entry is at the head of src/queue/entry.h, that of a journal at the head
of src/queue/journal.h.  What is not exactly so is Torn.
"""
import os
import re

POLYNOMIAL = 0x82f63b78  # Castagnoli's, bit-reversed
PLACES = ("new", "hold", "failed", "bad")
NAME = re.compile(r"[0-9A-F]{22}\Z")
TRAILER = re.compile(rb"= ([0-9A-F]{16}) ([0-9A-F]{8})\n\Z")


class Torn(Exception):
    pass


def _table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()


def crc32c(data):
    crc = 0xffffffff
    table = _TABLE
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff


assert crc32c(b"123456789") == 0xe3069283


class Entry:
    """One message: sender, recipients, header (bytes), body (bytes)."""

    def __init__(self, data):
        trailer = data[-28:]
        match = TRAILER.match(trailer)
        if not match:
            raise Torn("no trailer")
        data = data[:-28]
        if int(match[1], 16) != len(data):
            raise Torn("length")
        if int(match[2], 16) != crc32c(data):
            raise Torn("checksum")
        envelope, _, self.message = data.partition(b"\n\n")
        self.header, _, self.body = self.message.partition(b"\r\n\r\n")
        self._read_envelope(envelope.decode().split("\n"))

    def _read_envelope(self, lines):
        if lines.pop(0) != "relay 1":
            raise Torn("version")
        self.recipients = []
        self.sender = None
        self.values = {}
        for line in lines:
            letter, value = line[0], line[2:]
            if line[1] != " " or letter not in "SROYUBNTVEP":
                raise Torn("envelope: " + line)
            if letter == "R":
                self.recipients.append(value)
            elif letter == "S":
                self.sender = value
            else:
                self.values[letter] = value
        if self.sender is None or not self.recipients:
            raise Torn("envelope is not complete")


class Queue:
    def __init__(self, path):
        self.path = path

    def names(self, place):
        try:
            names = sorted(os.listdir(os.path.join(self.path, place)))
        except FileNotFoundError:
            return []
        return names

    def read(self, place, name):
        with open(os.path.join(self.path, place, name), "rb") as file:
            return Entry(file.read())

    def scan(self, place):
        """({name: Entry}, ["name: what is wrong with it"])"""
        whole, torn = {}, []
        for name in self.names(place):
            try:
                if not NAME.match(name):
                    raise Torn("not a name of ours")
                whole[name] = self.read(place, name)
            except (Torn, UnicodeDecodeError, IndexError) as why:
                torn.append("%s/%s: %s" % (place, name, why))
        return whole, torn

    def lines(self, name):
        """The words of the journal's lines that are intact."""
        try:
            with open(os.path.join(self.path, "log", name), "rb") as file:
                lines = file.read().split(b"\n")[:-1]
        except FileNotFoundError:
            return
        for line in lines:
            text, star, check = line.rpartition(b" *")
            sum_of_it = b"%08X" % crc32c(name.encode() + text)
            if star and check == sum_of_it:
                yield text.decode().split(" ", 5)

    def journal(self, name):
        """{index of a recipient: kind}"""
        marks = {}
        for kind, _, index, *_ in self.lines(name):
            if kind in "DFIRL" and index != "-":
                if marks.get(int(index)) not in ("D", "F"):
                    marks[int(index)] = kind
        return marks

    def parts(self, name):
        """{address: "done" | "failed"} of those that aliases stand for"""
        words = {"d": "done", "f": "failed"}
        return {line[4].partition(":")[2]: words[line[0]]
                for line in self.lines(name) if line[0] in words}

    def standing(self, people=None):
        """{recipient: "open" | "done" | "failed"} over new/ and failed/;
        `people` are the addresses that a recipient stands for."""
        words = {"D": "done", "F": "failed"}
        standing, torn = {}, []
        for place in ("new", "failed"):
            whole, bad = self.scan(place)
            torn += bad
            for name, entry in whole.items():
                marks = self.journal(name)
                for i, recipient in enumerate(entry.recipients):
                    word = words.get(marks.get(i), "open")
                    if place == "failed" and word == "open":
                        word = "abandoned"
                    for address in (people or {}).get(recipient,
                                                      [recipient]):
                        standing[address] = self.parts(name).get(
                            address, word)
        return standing, torn
