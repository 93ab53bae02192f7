/* SPDX-License-Identifier: GPL-3.0-or-later */
/* meaning - what a status code says, in words for whoever wrote the mail
 *
 * "550 5.7.1 rejected" helps nobody.  For each code that people meet there are
 * two sentences: what it means, and what to do.  The best that is known of a
 * code is found: the enhanced status itself (RFC 3463, its register, and what
 * large providers made of it), then its subject, then the SMTP reply, then the
 * class alone.
 *
 * The texts are marked for translation: intl_text() where they are shown.
 */
#ifndef MESSAGE_MEANING_H
#define MESSAGE_MEANING_H

/* Of a status, "5.1.1", and the words that came with it, in which the SMTP
 * reply is looked for; either may be NULL.  NULL: it is no failure, or the
 * words are our own, which say themselves what to do; only of the way to a
 * server do they say less. */
const char *meaning_of(const char *status, const char *words);

/* Where in our words for an outcome the server's own begin, "RCPT: 550 5.1.1
 * no" from the 550 on; NULL: no server said anything. */
const char *meaning_reply(const char *words);

#endif
