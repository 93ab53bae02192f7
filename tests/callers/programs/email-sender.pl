# SPDX-License-Identifier: GPL-3.0-or-later
# email-sender.pl [SENDER]: as Bugzilla does it, recipients behind --
use strict;
use warnings;
use Email::Sender::Simple qw(sendmail);
use Email::Sender::Transport::Sendmail;
use Email::Simple;

my ($name, $from) = @ARGV;
my $email = Email::Simple->create(
	header => [
		From => '=?UTF-8?Q?R=C3=A9my?= <app@example.org>',
		To => "$name\@example.net",
		Subject => '=?UTF-8?B?R3LDvMOfZQ==?=',
		'MIME-Version' => '1.0',
		'Content-Type' => 'text/plain; charset=UTF-8',
		'Content-Transfer-Encoding' => '8bit',
	],
	body => "\xc3\xa0\n.\n..b\n",
);
sendmail($email, {
	from => $from,
	to => [ "$name\@example.net", "$name-bcc\@example.net" ],
	transport => Email::Sender::Transport::Sendmail->new,
});
