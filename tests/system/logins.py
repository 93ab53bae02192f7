# SPDX-License-Identifier: GPL-3.0-or-later
"""logins - `login oauth` for a whole machine: root logs in, relay has the tokens

The token endpoint is that of tests/oauth; relay-token is the one that is
installed, and the flush works in its sandbox.
"""
import os
import pty
import stat
import sys

import machine
from machine import RELAY, USERS, wait_until, write

sys.path.append(os.path.join(machine.TESTS, "oauth"))

import endpoint  # noqa: E402

ALICE = USERS["alice"]
TOKEN = "t0k3n-of-the-machine." * 20
CODE = {"device_code": "d3v1c3", "user_code": "WXYZ-1234", "expires_in": 600,
        "interval": 1, "verification_uri": "https://login.test/device"}


def configure(m, server, flow, *lines):
    write(m.config, "log none\ndomain example.org\nsmarthost it\n" +
          "".join("    %s\n" % line for line in (
              "host 127.0.0.1", "port %d" % m.host.port,
              "tls_ca %s/ca.pem" % m.host.pki, "user alice", "login oauth",
              "oauth_client c1", "oauth_flow " + flow, "oauth_scope mail",
              "oauth_token_url %s/token" % server.origin,
              "oauth_device_url %s/device" % server.origin,
              "oauth_ca %s/ca.pem" % m.host.pki) + lines), 0o640, (0, RELAY))


def log_in(m, uid=0):
    """`relay login it` at a terminal: (status, what it said)."""
    ours, its = pty.openpty()
    process = m.start([m.relay, "login", "it"], uid, stdin=its, stdout=its,
                      stderr=its, start_new_session=True)
    os.close(its)
    said = b""
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:
            break
        if not more:
            break
        said += more
    os.close(ours)
    status = process.wait(machine.PATIENCE)
    m.children.remove(process)
    return status, said.decode("utf-8", "replace")


def stored(m):
    """(owner, mode) of the directory of tokens, and of what is in it."""
    top = m.spool + "/tokens"
    paths = [top] + [os.path.join(top, name) for name in os.listdir(top)]
    return {(os.lstat(path).st_uid, stat.S_IMODE(os.lstat(path).st_mode))
            for path in paths}


def steals(m):
    """What alice can read of it."""
    top = m.spool + "/tokens"
    paths = [top] + [os.path.join(top, name) for name in os.listdir(top)]
    return [path for path in paths if m.run(
        ["cat", path] if os.path.isfile(path) else ["ls", path],
        uid=ALICE).status == 0]


def sends(m, tap, name):
    """From alice to the smarthost, in the sandbox."""
    m.submit(ALICE)
    ran = m.flush_now("--now", "--debug")
    messages = m.host.messages()
    tap.result(ran.status == 0 and len(messages) == 1 and
               not m.names("new") and TOKEN.encode() not in ran.err,
               name + ": alice's mail is sent", [repr(ran), str(messages)])
    tap.result(b"landlock=" in ran.err, name + ": in the sandbox", [repr(ran)])
    where = stored(m)
    tap.result(where == {(RELAY, 0o700), (RELAY, 0o600)},
               name + ": the tokens are relay's alone", [str(where)])
    stolen = steals(m)
    tap.result(not stolen, name + ": alice reads none of it", [str(stolen)])


def run_client(m, tap, server):
    """Nobody logs in: the flush asks for the first token itself."""
    m.make_spool()
    m.start_host("--password", TOKEN, "--mechanisms", "XOAUTH2 OAUTHBEARER")
    configure(m, server, "client", "oauth_secret inline s3same")
    server.script(endpoint.tokens(TOKEN))
    sends(m, tap, "a client")
    tap.result(len(server.heard) == 1 and not server.surplus,
               "a client: one request", [str(server.heard)])


def run_device(m, tap, server):
    m.make_spool()
    m.start_host("--password", TOKEN, "--mechanisms", "XOAUTH2 OAUTHBEARER")
    configure(m, server, "device")
    status, said = log_in(m, ALICE)
    tap.result(status not in (0, None) and not os.path.exists(
        m.spool + "/tokens"), "alice cannot log in for the machine",
        [str(status), said])
    m.submit(ALICE, "first@example.net")
    ran = m.flush_now("--now")
    tap.result(ran.status == 78 and len(m.names("new")) == 1 and
               b"relay login it" in ran.err,
               "nobody has logged in: mail waits, and it says so", [repr(ran)])
    m.submit(ALICE)
    server.script(endpoint.Answer(CODE), endpoint.tokens(TOKEN, "r3fresh"))
    status, said = log_in(m)
    tap.result(status == 0 and "WXYZ-1234" in said and TOKEN not in said and
               "r3fresh" not in said, "root logs in", [str(status), said])
    ran = m.run([m.relay, "status"])
    tap.result(ran.status == 0 and b"logged in as alice" in ran.out,
               "root sees it", [repr(ran)])
    ran = m.run([m.relay, "status"], uid=ALICE)
    tap.result(ran.status is not None and b"r3fresh" not in ran.out + ran.err,
               "a user's look at it", [repr(ran)])
    tap.result(wait_until(lambda: len(m.host.messages()) == 2 and
                          not m.names("new")),
               "the login rings the flusher: what waited is sent",
               m.names("new"))
    where = stored(m)
    tap.result(where == {(RELAY, 0o700), (RELAY, 0o600)},
               "root's login is relay's file", [str(where)])
    ran = m.run([m.relay, "logout", "it"], stdin=b"")
    tap.result(ran.status == 0 and not [
        name for name in os.listdir(m.spool + "/tokens")
        if not name.endswith(".lock")], "and root logs out", [repr(ran)])


def run(m, tap):
    m.start_host()
    server = endpoint.Endpoint(m.host.pki)
    try:
        run_client(m, tap, server)
        run_device(m, tap, server)
    finally:
        server.close()
        m.make_spool()
