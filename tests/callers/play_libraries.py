# SPDX-License-Identifier: GPL-3.0-or-later
"""play_libraries - what applications are written with: Node.js, Perl, Ruby,
Python"""
from office import PROGRAMS

ALL_BYTES = bytes(range(256))
TEXT = "à\n.\n..b\n".encode()
# It encodes the CR of its own CRLF.
RUBY_TEXT = TEXT.replace(b"\n", b"\r\n")
WIRE = "à\r\n.\r\n..b\r\n".encode()


def program(o, name, *words, user="bob"):
    kind = name.rpartition(".")[2]
    argv = {"js": ["node"], "pl": ["perl"], "rb": ["ruby", "-W0"],
            "py": ["python3", "-B"]}[kind]
    return o.call(argv + ["%s/%s" % (PROGRAMS, name), *words], user)


def wanted(name, **more):
    """What most of them send."""
    to = name + "@example.net"
    return {"sender": "app@example.org",
            "to": [to, name + "-bcc@example.net"],
            "From": [("Rémy", "app@example.org")], "To": [("Zoë", to)],
            "fields": {"Subject": ["Grüße"]},
            "parts": [("text/plain", TEXT),
                      ("application/octet-stream", ALL_BYTES)]} | more


def nodemailer(o, tap):
    for kind in ("windows", "unix"):
        o.judge(tap, "nodemailer: newline %s, Bcc in its header" % kind,
                program(o, "nodemailer.js", kind),
                wanted("nodemailer-" + kind,
                       From=[("Ämter", "app@example.org")],
                       fields={"Subject": ["Grüße ✓"]}))
    o.judge(tap, "nodemailer: no sender, in a queue of one's own",
            program(o, "nodemailer.js", "none", user="alice"),
            wanted("nodemailer-none", sender="alice@example.org",
                   to=["nodemailer-none@example.net"],
                   From=[("Ämter", "app@example.org")],
                   fields={"Subject": ["Grüße ✓"]}))
    ran = program(o, "nodemailer-stream.js")
    here = [s for s in o.host.messages()
            if "nodemailer-broken@example.net" in s.recipients]
    tap.result(not here and ran.out == b"error: the source broke off\n" and
               not ran.err, "nodemailer: an attachment that breaks off sends "
               "nothing", [str(ran), str(here)])


def perl(o, tap):
    plain = {"parts": [("text/plain", TEXT)], "body": WIRE}
    for name, sender in (("email-sender", "bounce@example.org"),
                         ("email-sender-null", "")):
        o.judge(tap, "Email::Sender, sender '%s'" % sender,
                program(o, "email-sender.pl", name, sender),
                wanted(name, sender=sender, To=[("", name + "@example.net")],
                       **plain))
    o.judge(tap, "MIME::Lite", program(o, "mime-lite.pl"),
            wanted("mime-lite", sender="bounce@example.org",
                   From=[("", "app@example.org")],
                   To=[("", "mime-lite@example.net")]))
    to = ["mail-mailer@example.net", "mail-mailer-2@example.net"]
    o.judge(tap, "Mail::Mailer, no -i", program(o, "mail-mailer.pl"),
            {"sender": "bob@example.org", "to": to,
             "From": [("", "app@example.org")],
             "To": [("", address) for address in to],
             "fields": {"Subject": ["Grüße"]},
             "body": b"one\r\n.\r\ntwo\r\n"})


def ruby(o, tap):
    for kind in "it":
        o.judge(tap, "Ruby's mail, -%s" % kind, program(o, "mail.rb", kind),
                wanted("ruby-" + kind, fields={"Subject": ["Grüße aus Ruby"]},
                       parts=[("text/plain", RUBY_TEXT),
                              ("application/octet-stream", ALL_BYTES)]))


def python(o, tap):
    o.judge(tap, "Python, -t -oi", program(o, "recipe.py", user="alice"),
            wanted("python", sender="alice@example.org", fields={
                "Subject": ["Grüße aus Python, und so lang, dass es gefaltet "
                            "wird"]}))


def run(o, tap):
    for part in (nodemailer, perl, ruby, python):
        part(o, tap)
