/* SPDX-License-Identifier: GPL-3.0-or-later */
/* downgrade - a message on its way to a server that lacks something
 *
 * The message is read several times, in CRLF form and in pieces of any size:
 * once to look at it, then once for each time that it is needed in another
 * form.  That form is the same for every way to cut the message, and every
 * time, so that one reading can count its bytes and the next one send them.
 *
 *   - A part that the server cannot take, for its 8-bit text (RFC 6152) or a
 * line over 998 octets, is encoded, and says so in its header.  Other parts
 * stay, byte for byte.  8-bit text without MIME-Version becomes MIME.
 *   - Header fields are made to fit, as field.h says.
 *   - What is signed is never changed: not in a multipart/signed or /encrypted,
 *     an S/MIME part or a message with DKIM-Signature.  If it would have to be,
 *     that is a FAULT_PERM in words for the sender, like all that has no form
 *     the server takes.
 *
 * Memory is that of a header and about 100 bytes for each part.
 *
 *     downgrade_look(d, bytes, n); ...                 the first reading
 *     downgrade_looked(d);
 *     if (downgrade_plan(d, &limits, &f) == 1) {
 *             downgrade_begin(d, write, arg);
 *             downgrade_add(d, bytes, n); ...          the next
 *             downgrade_end(d);
 *     }
 */
#ifndef MESSAGE_DOWNGRADE_H
#define MESSAGE_DOWNGRADE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "message/wire.h"

struct downgrade_limits {
	bool can_8bit; /* the server has 8BITMIME */
	bool can_utf8; /* the envelope uses SMTPUTF8 */
};

/* Does the scan of a message say that such a server takes it as it is?  Then
 * there is no need to look. */
bool downgrade_is_needless(const struct wire_scan *scan,
                           const struct downgrade_limits *limits);

struct downgrade;

struct downgrade *downgrade_create(void);
void downgrade_free(struct downgrade **d);

void downgrade_look(struct downgrade *d, const char *bytes, size_t n);
void downgrade_looked(struct downgrade *d);

/* What wire_scan says of the message, without another reading. */
const struct wire_scan *downgrade_scan(const struct downgrade *d);

/* 0: send it as it is.  1: convert it.  -1: it cannot be sent there. */
int downgrade_plan(struct downgrade *d, const struct downgrade_limits *limits,
                   struct fault *f);

/* What the plan changes, as a list for people: "8-bit text as quoted-printable,
 * header fields encoded: Subject".  Empty for nothing. */
const char *downgrade_changes(const struct downgrade *d);

/* A reading by the last plan, which was 1.  What write returns, if it is not 0,
 * is the result. */
void downgrade_begin(struct downgrade *d,
                     int (*write)(void *arg, const char *bytes, size_t n),
                     void *arg);
int downgrade_add(struct downgrade *d, const char *bytes, size_t n);
int downgrade_end(struct downgrade *d);

#endif
