// SPDX-License-Identifier: GPL-3.0-or-later
// An attachment that breaks off: nothing may be sent.
'use strict';
const { Readable } = require('stream');
const nodemailer = require('/usr/share/nodejs/nodemailer');

let pieces = 0;
const broken = new Readable({
    read() {
        if (pieces++ < 20) {
            this.push(Buffer.alloc(65536, 'x'));
        } else {
            this.destroy(new Error('the source broke off'));
        }
    },
});

nodemailer.createTransport({ sendmail: true, path: '/usr/sbin/sendmail' })
    .sendMail({
        from: 'app@example.org',
        to: 'nodemailer-broken@example.net',
        subject: 'half',
        attachments: [{ filename: 'a.dat', content: broken }],
    }, (error) => {
        console.log(error ? 'error: ' + error.message : 'sent');
    });
