<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// symfony.php COMMAND NAME: the words after sendmail, and whom to write to
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
use Symfony\Component\Mailer\Mailer;
use Symfony\Component\Mailer\Transport;
use Symfony\Component\Mime\Address;
use Symfony\Component\Mime\Email;

$command = '/usr/sbin/sendmail ' . $argv[1];
$mailer = new Mailer(Transport::fromDsn(
    'sendmail://default?command=' . rawurlencode($command)));
for ($i = 1; $i <= (int) $argv[3]; $i++) {
    $mailer->send((new Email())
        ->from(new Address('app@example.org', 'Ärger'))
        ->to(new Address("$argv[2]-$i@example.net", 'Zoë'))
        ->bcc("$argv[2]-$i-bcc@example.net")
        ->subject('Ça marche')
        ->text("un\n.\n..deux à\n")
        ->attach(implode('', array_map('chr', range(0, 255))), 'a.bin',
            'application/octet-stream'));
}
