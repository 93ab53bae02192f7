# SPDX-License-Identifier: GPL-3.0-or-later
# Mail::Mailer: -t and no -i, so a dot alone must not end the message
use strict;
use warnings;
use Mail::Mailer;

my $mail = Mail::Mailer->new('sendmail');
$mail->open({
	From => 'app@example.org',
	To => [ 'mail-mailer@example.net', 'mail-mailer-2@example.net' ],
	Subject => '=?UTF-8?B?R3LDvMOfZQ==?=',
});
print $mail "one\n.\ntwo\n";
$mail->close or exit 1;
