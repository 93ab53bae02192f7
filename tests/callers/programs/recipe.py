# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipe of Python's FAQ, with the standard library's email."""
import subprocess
from email.message import EmailMessage

mail = EmailMessage()
mail["From"] = "Rémy <app@example.org>"
mail["To"] = "Zoë <python@example.net>"
mail["Bcc"] = "python-bcc@example.net"
mail["Subject"] = "Grüße aus Python, und so lang, dass es gefaltet wird"
mail.set_content("à\n.\n..b\n", cte="8bit")
mail.add_attachment(bytes(range(256)), "application", "octet-stream",
                    filename="ä.dat")
subprocess.run(["/usr/sbin/sendmail", "-t", "-oi"], input=mail.as_bytes(),
               check=True)
