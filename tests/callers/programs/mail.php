<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// mail() of PHP: CRLF in the header, LF in the body.
$ok = mail('Jörg Müller <php-mail@example.net>',
    '=?UTF-8?B?' . base64_encode('Grüße aus PHP') . '?=',
    "erste Zeile: ä\n.\n..zwei\n\nletzte\n",
    "From: =?UTF-8?Q?W=C3=A9b?= <web@example.org>\r\n"
    . "Cc: php-cc@example.net\r\nBcc: php-bcc@example.net\r\n"
    . "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
    . "Content-Transfer-Encoding: 8bit", '-fbounce@example.org');
exit($ok ? 0 : 1);
