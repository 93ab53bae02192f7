<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// The same by somebody who knows no MIME, with headers as an array.
$ok = mail('php-raw@example.net', 'Commande n° 12 reçue', "à bientôt",
    ['From' => 'boutique', 'X-Mailer' => 'PHP/8']);
exit($ok ? 0 : 1);
