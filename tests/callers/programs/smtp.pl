# SPDX-License-Identifier: GPL-3.0-or-later
# Net::SMTP of Perl's own library.
use strict;
use warnings;
use Net::SMTP;

my $smtp = Net::SMTP->new('127.0.0.1', Timeout => 20) or exit 1;
$smtp->mail('app@example.org') or exit 2;
$smtp->to('net-smtp@example.net', 'net-smtp-bcc@example.net') or exit 3;
$smtp->data("From: =?UTF-8?Q?R=C3=A9my?= <app\@example.org>\n",
	"To: net-smtp\@example.net\nSubject: =?UTF-8?B?R3LDvMOfZQ==?=\n",
	"MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n",
	"Content-Transfer-Encoding: 8bit\n\n", "\xc3\xa0\n.\n..b\n")
	or exit 4;
$smtp->quit or exit 5;
