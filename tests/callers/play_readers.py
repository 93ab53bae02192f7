# SPDX-License-Identifier: GPL-3.0-or-later
"""play_readers - what people write mail with"""
import os

from machine import USERS
from office import at_home

ALL_BYTES = bytes(range(256))
TEXT = "à\n.\n..b\n".encode()
WIRE = "à\r\n.\r\n..b\r\n".encode()
SUBJECT = "Grüße, und so lang, dass es in keine Zeile passt: für 10 €, à bientôt"
GIT = """rm -rf project; mkdir project; cd project; git init -q
for i in 1 2; do
    echo "à $i" >>file; git add file; git commit -q -m "Ändere $i"
done
send='git send-email --quiet --confirm=never --suppress-cc=all'
from='Rémy <remy@example.org>'
$send --from="$from" --to=git@example.net --cc=git-cc@example.net \\
    --bcc=git-bcc@example.net --envelope-sender=auto --subject-prefix=1 -1
$send --from="$from" --to=git-2@example.net -1
"""


def wanted(name, user, **more):
    to = name + "@example.net"
    return {"sender": user + "@example.org", "to": [to],
            "fields": {"Subject": [SUBJECT]}, "To": [("", to)]} | more


def mutt(o, tap):
    for user in ("alice", "bob"):
        name = "mutt-" + user
        attached = o.file(user, "ä.dat", ALL_BYTES)
        ran = o.call(
            ["mutt", "-F", "/dev/null", "-e", "set use_8bitmime=yes",
             "-e", "set charset=utf-8", "-e", "set send_charset=utf-8",
             "-e", "set dsn_notify=failure", "-e", "set dsn_return=hdrs",
             "-e", "set realname='Rémy'", "-e", "set hostname=example.org",
             "-s", SUBJECT, "-b", name + "-bcc@example.net", "-c",
             name + "-cc@example.net", "-a", attached, "--",
             "Zoë <%s@example.net>" % name], user, TEXT)
        to = name + "@example.net"
        o.judge(tap, "mutt, a queue of %s" % ("one's own" if user == "alice"
                                              else "the machine"), ran,
                wanted(name, user, to=[to, name + "-bcc@example.net",
                                       name + "-cc@example.net"],
                       From=[("Rémy", user + "@example.org")],
                       To=[("Zoë", to)],
                       Cc=[("", name + "-cc@example.net")],
                       parts=[("text/plain", TEXT),
                              ("application/octet-stream", ALL_BYTES)]))


def s_nail(o, tap):
    attached = o.file("bob", "s-nail.dat", ALL_BYTES)
    ran = o.call(
        ["s-nail", "-:/", "-S", "v15-compat", "-S",
         "mta=/usr/sbin/sendmail", "-S", "ttycharset=utf-8", "-S",
         "sendwait", "-s", SUBJECT, "-b", "s-nail-bcc@example.net", "-r",
         "Rémy <bounce@example.org>", "-a", attached, "s-nail@example.net"],
        "bob", TEXT)
    o.judge(tap, "s-nail", ran,
            wanted("s-nail", "bounce", From=[("Rémy", "bounce@example.org")],
                   to=["s-nail@example.net", "s-nail-bcc@example.net"],
                   parts=[("text/plain", TEXT),
                          ("application/octet-stream", ALL_BYTES)]))


def bsd_mailx(o, tap):
    ran = o.call(["bsd-mailx", "-s", SUBJECT, "-b", "mailx-bcc@example.net",
                  "-a", "Content-Type: text/plain; charset=UTF-8",
                  "mailx@example.net"], "bob", TEXT)
    o.judge(tap, "bsd-mailx", ran,
            wanted("mailx", "bob", to=["mailx@example.net",
                                       "mailx-bcc@example.net"],
                   From=[("Bob", "bob@example.org")], body=WIRE))
    ran = o.call(["bsd-mailx", "-E", "-s", "empty", "mailx-none@example.net"],
                 "bob", b"")
    here = [s for s in o.host.messages()
            if "mailx-none@example.net" in s.recipients]
    tap.result(ran.status == 0 and not here, "bsd-mailx -E with nothing to "
               "say", [str(ran)])


def git(o, tap):
    env = {"GIT_AUTHOR_NAME": "Rémy", "GIT_AUTHOR_EMAIL": "remy@example.org",
           "GIT_COMMITTER_NAME": "Rémy",
           "GIT_COMMITTER_EMAIL": "remy@example.org",
           "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    ran = o.call(["sh", "-ec", GIT], "alice", env=env)
    common = {"From": [("Rémy", "remy@example.org")],
              "inside": [b"---\r\n file | 1 +\r\n", b"\r\n+\xc3\xa0 2\r\n"]}
    o.judge(tap, "git send-email: --envelope-sender, Cc, Bcc", ran,
            common | {"sender": "remy@example.org",
                      "to": ["git@example.net", "git-cc@example.net",
                             "git-bcc@example.net"],
                      "fields": {"Subject": ["[1] Ändere 2"]}}, out=None)
    o.judge(tap, "git send-email: no -f", None,
            common | {"sender": "alice@example.org",
                      "to": ["git-2@example.net"],
                      "fields": {"Subject": ["[PATCH] Ändere 2"]}})


def nmh(o, tap):
    """Its send, by sendmail -t: once more for who is in Bcc."""
    o.file("bob", ".mh_profile", b"Path: Mail\n")
    os.makedirs(at_home("bob", "Mail"), exist_ok=True)
    os.chown(at_home("bob", "Mail"), USERS["bob"], USERS["bob"])
    o.file("bob", "draft", b"From: bob@example.org\nTo: nmh@example.net\n"
           b"Bcc: nmh-bcc@example.net\nSubject: nmh\n--------\none\n.\ntwo\n")
    ran = o.call(["/usr/bin/mh/send", "-mts", "sendmail/pipe", "-nodraftfolder",
                  at_home("bob", "draft")])
    o.judge(tap, "nmh, sendmail/pipe", ran,
            {"sender": "bob@example.org", "to": ["nmh@example.net"],
             "fields": {"Subject": ["nmh"]}, "body": b"one\r\n.\r\ntwo\r\n"})
    o.judge(tap, "nmh, sendmail/pipe: the copy for Bcc", None,
            {"sender": "bob@example.org", "to": ["nmh-bcc@example.net"],
             "fields": {"Subject": ["nmh"]},
             "inside": [b"\r\n\r\none\r\n.\r\ntwo\r\n"]})


def run(o, tap):
    for part in (mutt, s_nail, bsd_mailx, git, nmh):
        part(o, tap)
