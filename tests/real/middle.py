# SPDX-License-Identifier: GPL-3.0-or-later
"""middle - who stands between the client and the server, or behind the server

Middle ends the client's TLS with a certificate that it trusts, and begins
another one to the server: all goes through, and TLS cannot tell.  Greylist is
the policy service of a Postfix.
"""
import select
import socket
import ssl
import threading

import servers


class Service:
    """A thread for each connection; they end with the process."""

    def __init__(self, address, port):
        self.listener = socket.create_server((address, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=(connection,),
                             daemon=True).start()

    def _take(self, connection):
        try:
            with connection:
                self.talk(connection)
        except OSError:
            pass  # the other side went

    def talk(self, connection):
        raise NotImplementedError

    def stop(self):
        """Take no more.  shutdown() wakes the thread in accept()."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Middle(Service):
    """`edit` sees what the server says and returns what the client hears."""

    def __init__(self, address, port, server, edit=lambda text: text):
        self.server = server
        self.edit = edit
        self.ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ours.load_cert_chain(servers.PKI + "/real.pem",
                                  servers.PKI + "/real.key")
        self.theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.theirs.check_hostname = False
        self.theirs.verify_mode = ssl.CERT_NONE
        super().__init__(address, port)

    def talk(self, connection):
        with self.ours.wrap_socket(connection, server_side=True) as client, \
                self.theirs.wrap_socket(
                    socket.create_connection(self.server)) as server:
            while self._pass_on(client, server):
                pass

    def _pass_on(self, client, server):
        ready = [s for s in (client, server) if s.pending()] or \
            select.select([client, server], [], [], 30)[0]
        for source in ready:
            text = source.recv(65536)
            if not text:
                return False
            if source is server:
                client.sendall(self.edit(text))
            else:
                server.sendall(text)
        return bool(ready)


class Greylist(Service):
    """A recipient is put off the first time it is seen."""

    def __init__(self, address, port):
        self.seen = set()
        super().__init__(address, port)

    def talk(self, connection):
        file = connection.makefile("rw")
        asked = {}
        for line in file:
            name, _, value = line.rstrip("\n").partition("=")
            asked[name] = value
            if name:
                continue
            action = "dunno"
            if asked.get("recipient") not in self.seen:
                self.seen.add(asked.get("recipient"))
                action = "defer_if_permit 4.7.1 greylisted, come back later"
            file.write("action=%s\n\n" % action)
            file.flush()
            asked = {}
