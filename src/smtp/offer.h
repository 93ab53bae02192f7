/* SPDX-License-Identifier: GPL-3.0-or-later */
/* offer - what the server said it can, read from its answer to EHLO
 *
 * RFC 5321, section 4.1.1.1: one keyword with parameters a line, after a first
 * line that is a greeting.  Unknown and nonsensical ones are left alone.
 */
#ifndef SMTP_OFFER_H
#define SMTP_OFFER_H

#include "smtp/session.h"

#define OFFER_MECHANISMS REPLY_BYTES /* bytes of AUTH names that are kept */

void offer_init(struct session_offer *offer);
void offer_release(struct session_offer *offer);
void offer_read(struct session_offer *offer, const struct reply *r);

#endif
