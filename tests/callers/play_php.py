# SPDX-License-Identifier: GPL-3.0-or-later
"""play_php - mail() and the libraries above it, as the web server's user"""
from office import PROGRAMS, WWW_DATA

ALL_BYTES = bytes(range(256))
BOUNCE = "bounce@example.org"
TEXT = "un\n.\n..deux à\n".encode()


def php(o, script, *words):
    return o.call(["php", "-d", "extension=mbstring", "-d", "extension=intl",
                   "-d", "display_errors=stderr", "-d", "error_reporting=8191",
                   "%s/%s" % (PROGRAMS, script), *words], WWW_DATA)


def mail(o, tap):
    o.judge(tap, "PHP mail(): CRLF in the header, LF in the body, Bcc, -f",
            php(o, "mail.php"),
            {"sender": BOUNCE, "to": ["php-mail@example.net",
                                      "php-cc@example.net",
                                      "php-bcc@example.net"],
             "From": [("Wéb", "web@example.org")],
             "To": [("Jörg Müller", "php-mail@example.net")],
             "Cc": [("", "php-cc@example.net")],
             "fields": {"Subject": ["Grüße aus PHP"]},
             # one line end more is PHP's own
             "body": "erste Zeile: ä\r\n.\r\n..zwei\r\n\r\nletzte\r\n\r\n"
             .encode()})
    o.judge(tap, "PHP mail(): raw UTF-8, a sender without a domain, no "
            "newline at the end", php(o, "mail-raw.php"),
            {"sender": "www-data@example.org", "to": ["php-raw@example.net"],
             "From": [("", "boutique@example.org")],
             "fields": {"Subject": ["Commande n° 12 reçue"]},
             "body": "à bientôt\r\n".encode()})


def phpmailer(o, tap, kinds=("mail", "sendmail", "bcc")):
    for kind in kinds:
        first = [] if kind == "bcc" else ["phpmailer-%s@example.net" % kind]
        o.judge(tap, "PHPMailer, " + kind, php(o, "phpmailer.php", kind),
                {"sender": BOUNCE,
                 "to": first + ["phpmailer-%s-2@example.net" % kind],
                 "From": [("Café", "shop@example.org")],
                 "To": [('Zoë, "Z"', to) for to in first],
                 "fields": {"Subject": ["Ihre Bestellung für 10 €"]},
                 "parts": [
                     ("text/plain", "Grüße\n.\nEnde\n".encode()),
                     ("text/html", "<p>Grüße</p>\n.\n<p>Ende</p>\n\n"
                      .encode()),
                     ("application/octet-stream", ALL_BYTES)]})


def by_library(o, tap, title, script, name, words, text=TEXT, count=1):
    """Symfony's and SwiftMailer's, who send the same."""
    ran = php(o, script, words, name, str(count))
    for i in range(1, count + 1):
        to = "%s-%d" % (name, i)
        o.judge(tap, "%s, %s%s" % (title, words, "" if i == 1 else
                                   ", message %d" % i),
                ran if i == 1 else None,
                {"sender": "app@example.org",
                 "to": [to + "@example.net", to + "-bcc@example.net"],
                 "From": [("Ärger", "app@example.org")],
                 "To": [("Zoë", to + "@example.net")],
                 "fields": {"Subject": ["Ça marche"]},
                 "parts": [("text/plain", text),
                           ("application/octet-stream", ALL_BYTES)]})


def symfony(o, tap):
    for name, words in (("t", "-t"), ("ti", "-t -i"), ("oi", "-oi -t")):
        by_library(o, tap, "Symfony Mailer", "symfony.php", "symfony-" + name,
                   words)


def swift(o, tap):
    for name, words in (("t", "-t"), ("ti", "-t -i")):
        by_library(o, tap, "SwiftMailer", "swift.php", "swift-" + name, words,
                   TEXT + b"\n")  # SwiftMailer's own


def pear(o, tap):
    o.judge(tap, "PEAR Mail", php(o, "pear.php"),
            {"sender": "web@example.org",
             "to": ["pear@example.net", "pear-bcc@example.net"],
             "From": [("", "web@example.org")],
             "To": [("", "pear@example.net")],
             "fields": {"Subject": ["reçu"]}, "body": "à\r\nb\r\n".encode()})


def run(o, tap):
    for part in (mail, phpmailer, symfony, swift, pear):
        part(o, tap)
