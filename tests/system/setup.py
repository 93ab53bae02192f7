# SPDX-License-Identifier: GPL-3.0-or-later
"""setup - `relay setup` by root, for the machine, and by a person on it

What root writes must be for the user relay to read, in the sandbox of the
flush, too; a person gets a file of his own.
"""
import os
import stat

from machine import RELAY, USERS, write

ALICE = USERS["alice"]


def rights(path):
    st = os.lstat(path)
    return st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)


def by_root(m, tap):
    os.unlink(m.config)
    secret = os.path.dirname(m.config) + "/relay.password"
    port = m.host.port
    ran = m.run([m.relay, "setup", "--write", "--host", "127.0.0.1", "--port",
                 str(port), "me@example.org"])
    why = [] if ran.status == 0 and rights(m.config) == (0, RELAY, 0o640) \
        else [repr(ran), str(rights(m.config))]
    tap.result(not why, "root writes it for relay to read", why)
    tap.result(b"install -m 640 -g relay /dev/stdin %s\n" % secret.encode() in
               ran.err and b"setup-spool" not in ran.err,
               "root is told how to write the password", [repr(ran)])
    with open(m.config, encoding="utf-8") as file:
        text = file.read()
    write(m.config, text.replace("user        me@example.org", "user alice") +
          "    tls_ca %s/ca.pem\n" % m.host.pki, 0o640, (0, RELAY))
    ran = m.run(["install", "-m", "640", "-g", "relay", "/dev/stdin", secret],
                stdin=b"sekret\n")
    ran = m.run([m.relay, "check", "--secrets"])
    tap.result(ran.status == 0, "root: it is right, and the password is there",
               [repr(ran)])
    m.submit(0, "root")
    ran = m.flush_now("--now", "--debug")
    got = [to for message in m.host.messages() for to in message.recipients]
    tap.result(ran.status == 0 and got == ["me@example.org"] and
               b"landlock=" in ran.err, "root: mail for root arrives",
               [repr(ran), str(got)])
    ran = m.run([m.relay, "setup", "--write", "you@gmail.com"])
    with open(m.config, encoding="utf-8") as file:
        now = file.read()
    tap.result(ran.status == 73 and "tls_ca" in now and "gmail" not in now,
               "root: what is there stays", [repr(ran)])
    os.unlink(secret)


def no_keyring(m, tap):
    """Nobody is logged in who could open one, for no secret."""
    write(m.config, "domain example.org\nsmarthost a\n    host h.test\n"
          "    user u\n    password keyring\nsmarthost b\n    host h.test\n"
          "    user u\n    login oauth\n    oauth_client c\n"
          "    oauth_flow client\n    oauth_scope s\n"
          "    oauth_token_url https://h.test/t\n"
          "    oauth_secret keyring\n    oauth_seal keyring\n", 0o640,
          (0, RELAY))
    ran = m.run([m.relay, "check"])
    tap.result(ran.status == 0 and all(
        b"`%s keyring` is for people who are logged in" % key in ran.err
        for key in (b"password", b"oauth_secret", b"oauth_seal")),
        "no secret of a machine is in a keyring", [repr(ran)])
    m.start_host()


def by_a_person(m, tap):
    home = m.directory(ALICE, 0o700)
    with open("/etc/passwd", encoding="utf-8") as file:
        before = file.read()
    write("/etc/passwd", before.replace(":/home/alice:", ":%s:" % home))
    ran = m.run([m.relay, "setup", "--write", "alice@gmail.com"], uid=ALICE)
    mine = home + "/.relayrc"
    why = [] if ran.status == 0 and os.path.exists(mine) and \
        rights(mine) == (ALICE, ALICE, 0o600) and b"secret set" in ran.err \
        else [repr(ran)]
    tap.result(not why, "a person's is ~/.relayrc", why)
    ran = m.run([m.relay, "check", "--json"], uid=ALICE)
    tap.result(ran.status == 0 and b'"configuration": "%s"' % mine.encode() in
               ran.out, "... and counts from then on", [repr(ran)])
    write("/etc/passwd", before)


def run(m, tap):
    m.start_host()
    m.make_spool()
    by_root(m, tap)
    no_keyring(m, tap)
    by_a_person(m, tap)
    m.make_spool()
