# SPDX-License-Identifier: GPL-3.0-or-later
"""crooked - a server that waits for the ClientHello and answers something else

tests/smarthost says its worst before it has heard the client, which looks like
an injection.  This one speaks to one client at a time; it has what a Host has.
"""
import collections
import socket
import threading


class Crooked:
    def __init__(self, answer, is_implicit):
        self.answer = answer
        self.is_implicit = is_implicit
        self.heard = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.ports = [self.listener.getsockname()[1]]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            while True:
                connection = self.listener.accept()[0]
                with connection, connection.makefile("rb") as file:
                    self.talk(connection, file)
        except OSError:
            pass  # stop(), or a client that is gone

    def talk(self, connection, file):
        if not self.is_implicit:
            connection.sendall(b"220 crooked.test ESMTP\r\n")
            for reply in (b"250-crooked.test\r\n250 STARTTLS\r\n",
                          b"220 go ahead\r\n"):
                line = file.readline()
                if not line:
                    return
                self.heard.append(line.decode("latin-1").rstrip("\r\n"))
                connection.sendall(reply)
        head = file.read(5)  # of the record with the ClientHello
        if len(head) == 5:
            file.read(head[3] * 256 + head[4])
            connection.sendall(self.answer)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def lines(self, kind=None):
        if kind is None:
            return [("C", line) for line in self.heard]
        return self.heard if kind == "C" else []

    def commands(self):
        return [line.split(" ")[0].upper() for line in self.heard]

    def messages(self):
        return []

    def counts(self):
        return collections.Counter()
