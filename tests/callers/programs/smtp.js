// SPDX-License-Identifier: GPL-3.0-or-later
// nodemailer's SMTP, two messages in one pooled connection.
'use strict';
const nodemailer = require('/usr/share/nodejs/nodemailer');

const transport = nodemailer.createTransport({
    host: '127.0.0.1', port: 25, secure: false, ignoreTLS: true,
    pool: true, maxConnections: 1,
});
const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

async function main() {
    for (const i of [1, 2]) {
        await transport.sendMail({
            from: 'Rémy <app@example.org>',
            to: `Zoë <smtp-js-${i}@example.net>`,
            bcc: `smtp-js-${i}-bcc@example.net`,
            subject: 'Grüße',
            text: 'à\n.\n..b\n',
            attachments: [{ filename: 'ä.dat', content: all }],
        });
    }
    transport.close();
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
