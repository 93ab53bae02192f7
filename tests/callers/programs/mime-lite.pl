# SPDX-License-Identifier: GPL-3.0-or-later
# MIME::Lite: -t -oi -oem, Bcc in the header
use strict;
use warnings;
use MIME::Lite;

my $mail = MIME::Lite->new(
	From => 'app@example.org',
	To => 'mime-lite@example.net',
	Bcc => 'mime-lite-bcc@example.net',
	Subject => '=?UTF-8?B?R3LDvMOfZQ==?=',
	Type => 'multipart/mixed',
);
$mail->attach(Type => 'text/plain; charset=UTF-8', Encoding => '8bit',
	Data => "\xc3\xa0\n.\n..b\n");
$mail->attach(Type => 'application/octet-stream', Encoding => 'base64',
	Filename => 'a.dat', Data => join('', map { chr } 0 .. 255));
$mail->send('sendmail', FromSender => 'bounce@example.org') or exit 1;
