# SPDX-License-Identifier: GPL-3.0-or-later
"""dns - a name server that answers as it is told, wrongly too

    server = Server({"good.test": "127.0.0.1", "both.test": "::1 127.0.0.1"})

A name's value: addresses; or "NXDOMAIN", "SERVFAIL", "silence"; or a list of
such, one for each question for an address, the last for all that follow.  An
SRV record is "PRIORITY WEIGHT PORT TARGET", several with commas between.
"""
import ipaddress
import socket
import struct
import threading

A, AAAA, SRV = 1, 28, 33
CODES = {"SERVFAIL": 2, "NXDOMAIN": 3}


def pack_name(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".") if label) + b"\0"


def unpack_question(query):
    """(name, type, length) of the first question."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind, = struct.unpack(">H", query[at + 1:at + 3])
    return ".".join(labels).lower(), kind, at + 5 - 12


def records(kind, value):
    """The data of all records of this type."""
    found = []
    if kind == SRV:
        for record in value.split(", "):
            priority, weight, port, target = record.split(" ")
            found.append(struct.pack(">3H", int(priority), int(weight),
                                     int(port)) + pack_name(target))
        return found
    for word in value.split(" "):
        address = ipaddress.ip_address(word)
        if (address.version == 4) == (kind == A):
            found.append(address.packed)
    return found


class Server:
    """On port 53 of 127.0.0.1, by UDP and TCP; it ends with the process."""

    def __init__(self, zone):
        self.zone = zone
        self._lock = threading.Lock()
        self._asked = {}
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 53))
        self._tcp = socket.create_server(("127.0.0.1", 53))
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def _value(self, name, kind):
        value = self.zone.get(name, "NXDOMAIN")
        if not isinstance(value, list):
            return value
        with self._lock:
            count = self._asked.get((name, kind), 0)
            self._asked[name, kind] = count + 1
        return value[min(count, len(value) - 1)]

    def answer(self, query, limit=65535):
        """None: silence."""
        name, kind, length = unpack_question(query)
        value = self._value(name, kind)
        if value == "silence":
            return None
        code = CODES.get(value, 0)
        is_service = name.startswith("_")
        found = records(kind, value) if code == 0 and kind in (
            (SRV,) if is_service else (A, AAAA)) else []
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0,
                                                  len(data)) + data
                        for data in found)
        flags = 0x8580 | code
        if 12 + length + len(body) > limit:
            flags, found, body = flags | 0x0200, [], b""
        return query[:2] + struct.pack(
            ">5H", flags, 1, len(found), 0, 0) + query[12:12 + length] + body

    def _serve_udp(self):
        while True:
            query, sender = self._udp.recvfrom(4096)
            answer = self.answer(query, 512)
            if answer is not None:
                self._udp.sendto(answer, sender)

    def _serve_tcp(self):
        while True:
            connection, _ = self._tcp.accept()
            threading.Thread(target=self._talk, args=(connection,),
                             daemon=True).start()

    def _talk(self, connection):
        """Several questions may come on one connection."""
        with connection:
            while True:
                head = connection.recv(2, socket.MSG_WAITALL)
                if len(head) < 2:
                    return
                query = connection.recv(struct.unpack(">H", head)[0],
                                        socket.MSG_WAITALL)
                answer = self.answer(query)
                if answer is not None:
                    connection.sendall(struct.pack(">H", len(answer)) +
                                       answer)
