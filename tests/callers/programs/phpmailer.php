<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// phpmailer.php mail|sendmail|bcc
require '/usr/share/php/libphp-phpmailer/autoload.php';
$kind = $argv[1];
$mail = new PHPMailer\PHPMailer\PHPMailer(true);
if ($kind === "smtp") {
    $mail->isSMTP();
    $mail->Host = "127.0.0.1";
    $mail->SMTPAutoTLS = false;
} elseif ($kind === "mail") {
    $mail->isMail();
} else {
    $mail->isSendmail();
}
$mail->CharSet = 'UTF-8';
$mail->setFrom('shop@example.org', 'Café');
$mail->Sender = 'bounce@example.org';
if ($kind !== 'bcc') {
    $mail->addAddress("phpmailer-$kind@example.net", 'Zoë, "Z"');
}
$mail->addBCC("phpmailer-$kind-2@example.net");
$mail->Subject = 'Ihre Bestellung für 10 €';
$mail->msgHTML("<p>Grüße</p>\n.\n<p>Ende</p>\n");
$mail->AltBody = "Grüße\n.\nEnde\n";
$mail->addStringAttachment(implode('', array_map('chr', range(0, 255))),
    'ä.dat');
$mail->send();
