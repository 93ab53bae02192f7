/* SPDX-License-Identifier: GPL-3.0-or-later */
/* look - what is in a message, part by part: the facts for downgrade.c
 *
 * One reading, in pieces of any size; nothing is kept but the facts.  What a
 * header needs is found out while it is there: in which form its fields fit,
 * and what cannot be made to fit.
 */
#ifndef MESSAGE_LOOK_H
#define MESSAGE_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "message/encode.h"
#include "message/header.h"
#include "message/mime.h"
#include "message/wire.h"

/* Octets of a message's header: what a submission may have, and what we add. */
#define LOOK_HEADER (HEADER_BYTE_LIMIT + ((size_t)128 << 10))

/* Of one part.  The text of a multipart is what is before and after its parts.
 */
struct look_fact {
	struct mime_part part;
	bool has_nul;
	bool header_is_8bit;
	size_t header_longest; /* line */
	struct utf8 utf8;
	uint64_t octets;
	uint64_t above; /* octets above 127 */
	uint64_t longest;
};

struct look {
	struct wire_scan scan;
	struct mime *mime;
	const char *problem; /* with the structure, to be translated, or NULL */
	struct look_fact *fact;
	size_t count;
	size_t size;
	uint64_t line; /* octets of it so far */

	/* of the header of the message */
	bool has_dkim;
	struct sbuf signed_names; /* ":from:to:", lower case */
	struct sbuf names_8bit;   /* of the fields that are, to be shown */
	struct sbuf names_long;

	/* of any header; index 0: lines have to fit, 1: ASCII is needed, too */
	char signed_field[2][64]; /* one that is signed and does not fit */
	struct fault fault[2];    /* what cannot be made to fit */
};

void look_init(struct look *l);
void look_add(struct look *l, const char *bytes, size_t n);
void look_end(struct look *l);
void look_release(struct look *l);

#endif
