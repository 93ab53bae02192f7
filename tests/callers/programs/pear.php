<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// PEAR's Mail: recipients behind --, Bcc by a word only.
require 'Mail.php';
$mail = Mail::factory('sendmail', ['sendmail_path' => '/usr/sbin/sendmail']);
$result = $mail->send(['pear@example.net', 'pear-bcc@example.net'],
    ['From' => 'web@example.org', 'To' => 'pear@example.net',
     'Subject' => 'reçu'], "à\nb\n");
exit($result === true ? 0 : 1);
