# SPDX-License-Identifier: GPL-3.0-or-later
"""smtplib and port 25 of this machine, as Django and many scripts have it."""
import smtplib
from email.message import EmailMessage

mail = EmailMessage()
mail["From"] = "Rémy <app@example.org>"
mail["To"] = "Zoë <smtplib@example.net>"
mail["Bcc"] = "smtplib-bcc@example.net"
mail["Subject"] = "Grüße"
mail.set_content("à\n.\n..b\n", cte="8bit")
mail.add_attachment(bytes(range(256)), "application", "octet-stream",
                    filename="ä.dat")
with smtplib.SMTP("localhost") as server:
    server.send_message(mail)
    refused = {}
    try:
        server.sendmail("app@example.org", ["bad@@address"], "x")
    except smtplib.SMTPRecipientsRefused as why:
        refused = why.recipients
    if refused["bad@@address"][0] // 100 != 5:
        raise SystemExit("not refused: %s" % refused)
    server.sendmail("", ["smtplib-2@example.net"],
                    "Subject: second\nTo: smtplib-2@example.net\n\n.\nx",
                    mail_options=["BODY=8BITMIME"])
