# SPDX-License-Identifier: GPL-3.0-or-later
"""cases - what a server may show, and what we must make of it

One row is one situation.  Each runs with STARTTLS and with TLS from the first
byte, unless it says where it makes sense.
"""
import base64
import hashlib
import os
import ssl
import subprocess

from stage import own_trust, unshare

BOTH = ("starttls", "implicit")
STARTTLS = ("starttls",)
IMPLICIT = ("implicit",)
FINGERPRINT = r"sha256:[0-9a-f]{64}"


class Case:
    """words: a regular expression that the one line on stderr must match;
    None: the message must be delivered and nothing said."""

    def __init__(self, name, words, status=78, cert="good", options=(),
                 modes=BOTH, config=(), host="localhost", ca=True, wall=(),
                 place=None, hears_hello=False, answer=None):
        self.name = name
        self.words = words
        self.status = status
        self.cert = cert
        self.options = options
        self.modes = modes
        self.config = config
        self.host = host
        self.ca = ca
        self.wall = wall    # a command that runs ours in a namespace
        self.place = place  # of the smarthost, if it is not the mode's
        self.hears_hello = hears_hello  # and takes it for commands
        self.answer = answer            # of a crooked server to ClientHello


def pin(stage, name):
    with open(stage.cert(name), encoding="ascii") as file:
        leaf = file.read().split("-----END")[0] + \
            "-----END CERTIFICATE-----\n"
    return "sha256:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf)
                                      ).hexdigest()


def key_pin(stage, name):
    public = subprocess.run(
        ["openssl", "pkey", "-in", stage.key(name), "-pubout", "-outform",
         "DER"], check=True, stdout=subprocess.PIPE).stdout
    return "spki-sha256:" + base64.b64encode(
        hashlib.sha256(public).digest()).decode()


def hosts(folder):
    path = os.path.join(folder, "hosts")
    with open(path, "w", encoding="ascii") as file:
        file.write("127.0.0.1 localhost mail.test a.mail.test "
                   "b.a.mail.test a.mail.test.example\n")
    return unshare('mount --bind "$1" /etc/hosts', path)


def no_trust():
    return unshare("mount -t tmpfs none /etc/ssl/certs")


def versions(*names):
    return ("--tls-priority", "NORMAL:-VERS-ALL" + "".join(
        ":+VERS-" + name for name in names))


def fault(step, action):
    return ("--fault", "%s:*:%s" % (step, action))


def put(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


# --- must fail -------------------------------------------------------------

def certificates(stage):
    names = hosts(stage.folder)
    wild = r"is for \*\.mail\.test, \*\.test, "
    return [
        Case("wrong name",
             r"is for other\.test, not for localhost: check `host`",
             cert="wrong-name"),
        Case("wrong name, an address",
             r"is for other\.test, not for 127\.0\.0\.1: check `host`",
             cert="wrong-name", host="127.0.0.1"),
        Case("expired", r"expired on 2020-01-01 .*: the server's "
             "administrator must renew it", cert="expired"),
        Case("not yet valid", r"is not valid before 20\d\d-.*clock",
             cert="not-yet"),
        Case("unknown CA", r"is signed by `CN=relay tests.{,2} another-ca`.*"
             "not trusted here: set tls_ca .* or tls_pin to " + FINGERPRINT,
             cert="unknown-ca"),
        Case("self-signed", "is self-signed: .* set tls_ca .* or tls_pin to "
             + FINGERPRINT, cert="self-signed"),
        Case("name only in CN", "name only in CN", cert="cn-only"),
        Case("wildcard of another level", wild + r"not for b\.a\.mail\.test",
             cert="wildcard", host="b.a.mail.test", wall=names),
        Case("wildcard below a top level", wild + r"not for mail\.test:",
             cert="wildcard", host="mail.test", wall=names),
        Case("wildcard is no prefix", wild + r"not for a\.mail\.test\.example",
             cert="wildcard", host="a.mail.test.example", wall=names),
        Case("certificate of a client", "is not meant for servers",
             cert="client"),
    ]


def trust(stage):
    empty = put(stage.folder, "empty.pem", "")
    words = put(stage.folder, "words.pem", "these are no certificates\n")
    missing = os.path.join(stage.folder, "nowhere.pem")
    good_pin = pin(stage, "good")
    return [
        Case("tls_ca is empty", "no trusted certificates in .*empty.pem",
             config=("tls_ca " + empty,), ca=False),
        Case("tls_ca is missing", "nowhere.pem", ca=False,
             config=("tls_ca " + missing,)),
        Case("tls_ca is no PEM", "no trusted certificates in .*words.pem",
             config=("tls_ca " + words,), ca=False),
        Case("tls_ca is a directory", stage.pki, ca=False,
             config=("tls_ca " + stage.pki,)),
        Case("tls_ca is a key", "no trusted certificates in .*good.key",
             config=("tls_ca " + stage.key("good"),), ca=False),
        Case("no trust on this system", "no trusted certificates on this "
             "system: install ca-certificates or set tls_ca",
             ca=False, wall=no_trust()),
        Case("CA not in the system's trust", "not trusted here",
             ca=False, cert="unknown-ca", wall=own_trust(stage)),
        Case("pin wrong", "does not match tls_pin: it is now " + good_pin,
             ca=False, config=("tls_pin " + pin(stage, "expired"),)),
        Case("pin wrong, although the CA is trusted",
             "does not match tls_pin: it is now " + good_pin,
             config=("tls_pin " + pin(stage, "expired"),)),
        Case("pin of another key", "does not match tls_pin: it is now "
             "spki-sha256:[A-Za-z0-9+/]{43}=", ca=False,
             config=("tls_pin " + key_pin(stage, "expired"),)),
    ]


def client(stage):
    asks = ("--client-ca", stage.cert("ca"), "--require-client-cert")
    rows = []
    for version in ("TLS1.2", "TLS1.3"):
        rows += [
            Case("client certificate required, none given, " + version,
                 "wants a client certificate: set tls_cert and tls_key",
                 options=asks + versions(version)),
            Case("client certificate of an unknown CA, " + version,
                 "refused the client certificate .*self-signed.pem",
                 options=asks + versions(version),
                 config=("tls_cert " + stage.cert("self-signed"),
                         "tls_key " + stage.key("self-signed"))),
        ]
    rows.append(Case("client key of another certificate",
                     "does not belong to the certificate",
                     options=asks, config=("tls_cert " + stage.cert("client"),
                                           "tls_key " + stage.key("good"))))
    return rows


def old():
    tls12 = "NORMAL:-VERS-ALL:+VERS-TLS1.2"
    return [
        Case("TLS 1.1 only", "speaks only TLS 1.1 or older",
             options=versions("TLS1.1")),
        Case("TLS 1.0 only", "speaks only TLS 1.1 or older",
             options=versions("TLS1.0")),
        Case("anonymous only", "has no encryption in common",
             options=("--tls-priority", tls12 + ":-KX-ALL:+ANON-ECDH")),
        Case("RC4 only", "has no encryption in common",
             options=("--tls-priority", tls12 + ":-CIPHER-ALL:"
                      "+ARCFOUR-128:-MAC-ALL:+SHA1:%SERVER_PRECEDENCE")),
        Case("NULL only", "has no encryption in common",
             options=("--tls-priority", tls12 + ":-CIPHER-ALL:+NULL")),
    ]


def tampering():
    said = "sent more in clear after it agreed to start TLS"
    stripped = ("the server offers no STARTTLS although TLS is required: "
                "nothing was sent")
    return [
        Case("a reply injected with that to STARTTLS", said, 75,
             options=fault("starttls", "inject 250-pwned\\n250 AUTH PLAIN"),
             modes=STARTTLS),
        Case("one injected byte", said, 75, modes=STARTTLS,
             options=fault("starttls", "inject x")),
        Case("STARTTLS answered twice", said, 75, modes=STARTTLS,
             options=fault("starttls", "count 1")),
        Case("STARTTLS stripped", stripped, options=("--no-starttls",),
             modes=STARTTLS),
        Case("STARTTLS stripped, login offered", stripped,
             options=("--no-starttls", "--auth-in-clear"), modes=STARTTLS),
        Case("STARTTLS hidden", stripped, modes=STARTTLS,
             options=fault("ehlo", "reply 250-smarthost\\n250-XXXXXXXX\\n"
                           "250 AUTH PLAIN LOGIN")),
        Case("EHLO refused", "EHLO: 502 5.5.1 no", modes=STARTTLS,
             options=fault("ehlo", "reply 502 5.5.1 no")),
        Case("STARTTLS refused, 454", "STARTTLS: 454 4.7.0 not now", 75,
             options=fault("starttls", "reply 454 4.7.0 not now"),
             modes=STARTTLS),
        Case("STARTTLS refused, 502", "STARTTLS: 502 5.5.1 unknown",
             options=fault("starttls", "reply 502 5.5.1 unknown"),
             modes=STARTTLS),
        Case("STARTTLS answered by 354", "STARTTLS: 354", 75,
             options=fault("starttls", "reply 354 go"), modes=STARTTLS),
        Case("STARTTLS answered by 250", "STARTTLS: 250", 75,
             options=fault("starttls", "reply 250 go"), modes=STARTTLS),
    ]


def broken():
    wait = ("--deadline", "2")  # the smarthost gives up first
    no_tls = "does not start with TLS on this port: check `tls` and `port`"
    lost = "closed the connection in the middle of TLS"
    return [
        Case("garbage instead of a ServerHello", no_tls,
             answer=b"\x1b[2J\x00\xff\xfe garbage\r\n"),
        Case("SMTP instead of a ServerHello", no_tls,
             answer=b"500 what?\r\n"),
        Case("an alert instead of a ServerHello", "broke off TLS: Internal "
             "error", 75, answer=b"\x15\x03\x03\0\x02\x02\x50"),
        Case("ServerHello cut off", "TLS with localhost failed|" + lost, 75,
             answer=b"\x16\x03\x03\0\x7a\x02\0"),
        Case("handshake closed", lost, 75, answer=b""),
        Case("handshake stalls", lost, 75,
             options=fault("handshake", "stall") + wait),
        Case("handshake dropped", lost, 75,
             options=fault("handshake", "drop")),
        Case("handshake reset", lost, 75,
             options=fault("handshake", "reset")),
        Case("SMTP without TLS on the port for TLS",
             no_tls,
             place="--listen", modes=IMPLICIT, hears_hello=True),
        Case("TLS on the port for STARTTLS",
             r"closed the connection \(greeting\).*`tls implicit`", 75,
             place="--implicit", modes=STARTTLS, options=wait),
    ]


def must_fail(stage):
    return (certificates(stage) + trust(stage) + client(stage) + old() +
            tampering() + broken())


# --- must work -------------------------------------------------------------

def must_work(stage):
    asks = ("--client-ca", stage.cert("ca"), "--require-client-cert")
    names = hosts(stage.folder)
    return [
        Case("good certificate", None),
        Case("good certificate, TLS 1.2", None, options=versions("TLS1.2")),
        Case("good certificate, trusted by the system", None, ca=False,
             wall=own_trust(stage)),
        Case("an address as alternative name", None, host="127.0.0.1"),
        Case("wildcard", None, cert="wildcard", host="a.mail.test",
             wall=names),
        Case("pin right, certificate expired", None, cert="expired",
             ca=False, config=("tls_pin " + pin(stage, "expired"),)),
        Case("pin right, certificate for another name", None, ca=False,
             cert="wrong-name",
             config=("tls_pin " + pin(stage, "wrong-name"),)),
        Case("pin right, the second of two", None, cert="self-signed",
             ca=False, config=("tls_pin %s %s" % (
                 pin(stage, "good"), pin(stage, "self-signed")),)),
        Case("pin of the key", None, cert="self-signed", ca=False,
             config=("tls_pin " + key_pin(stage, "self-signed"),)),
        Case("self-signed, itself as tls_ca", None, cert="self-signed",
             ca=False, config=("tls_ca " + stage.cert("self-signed"),)),
        Case("client certificate", None, options=asks,
             config=("tls_cert " + stage.cert("client"),
                     "tls_key " + stage.key("client"))),
        Case("client certificate, TLS 1.2", None,
             options=asks + versions("TLS1.2"),
             config=("tls_cert " + stage.cert("client"),
                     "tls_key " + stage.key("client"))),
    ]
