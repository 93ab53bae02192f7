// SPDX-License-Identifier: GPL-3.0-or-later
// nodemailer.js KIND: CRLF or LF line ends; Bcc stays in the header.
'use strict';
const nodemailer = require('/usr/share/nodejs/nodemailer');

const kind = process.argv[2];
const transport = nodemailer.createTransport({
    sendmail: true, newline: kind, path: '/usr/sbin/sendmail',
});
const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

transport.sendMail({
    envelope: kind === 'none' ? {
        from: false, to: ['nodemailer-none@example.net'],
    } : undefined,
    from: 'Ämter <app@example.org>',
    to: `Zoë <nodemailer-${kind}@example.net>`,
    bcc: `nodemailer-${kind}-bcc@example.net`,
    subject: 'Grüße ✓',
    text: 'à\n.\n..b\n',
    attachments: [{ filename: 'ä.dat', content: all }],
}, (error) => {
    if (error) {
        console.error(error);
        process.exit(1);
    }
});
