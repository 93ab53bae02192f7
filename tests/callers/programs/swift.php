<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// swift.php COMMAND NAME HOW-MANY [SENDER]: SwiftMailer, and -f'' without one
require '/usr/share/php/Egulias/EmailValidator/autoload.php';
require '/usr/share/php/Swift/swift_required.php';

$mailer = new Swift_Mailer(
    new Swift_SendmailTransport('/usr/sbin/sendmail ' . $argv[1]));
for ($i = 1; $i <= (int) $argv[3]; $i++) {
    $message = (new Swift_Message('Ça marche'))
        ->setFrom(['app@example.org' => 'Ärger'])
        ->setTo(["$argv[2]-$i@example.net" => 'Zoë'])
        ->setBcc(["$argv[2]-$i-bcc@example.net"])
        ->setBody("un\n.\n..deux à\n", 'text/plain', 'utf-8')
        ->attach(new Swift_Attachment(
            implode('', array_map('chr', range(0, 255))), 'a.bin',
            'application/octet-stream'));
    if ($mailer->send($message) !== 2) {
        exit(1);
    }
}
