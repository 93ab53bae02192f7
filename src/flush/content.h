/* SPDX-License-Identifier: GPL-3.0-or-later */
/* content - the message of an entry as one smarthost gets it
 *
 * The queue holds what the caller said.  Here our Received line goes before it,
 * the header is rewritten for the smarthost (message/rewrite), and the body
 * follows from the file; so a message of any size takes no more memory than its
 * header.  Once the server has said what it takes, content_fit() finds out
 * whether something must be converted (message/downgrade).
 *
 *     content_see() for each piece      while the entry is verified
 *     content_rewrite()                 the smarthost's rules are known
 *     content_fit()                     what the server takes is known
 *     content_rewind(), content_next()  send; as often as it takes
 *
 * Every reading gives the same bytes, and the last piece comes only if the
 * file's sum still agrees (entry_next).
 */
#ifndef FLUSH_CONTENT_H
#define FLUSH_CONTENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "message/downgrade.h"
#include "message/header.h"
#include "message/rewrite.h"
#include "message/wire.h"
#include "queue/entry.h"

struct content {
	struct entry *entry;   /* borrowed */
	struct wire_scan scan; /* of the message in the entry */
	struct sbuf original;  /* its header, with the empty line */
	struct sbuf head;      /* what goes before the rest of it */
	uint64_t skip;         /* bytes of it that the head stands for */
	struct wire_scan head_scan;
	bool is_rewritten;
	char *subject; /* raw value, or NULL */
	bool has_mime_version;
	bool is_composite; /* multipart/ or message/ */

	/* as the last server takes it */
	struct downgrade *downgrade; /* NULL: nobody had to look yet */
	bool is_converted;
	struct wire_scan converted;

	/* the reading */
	size_t head_at;
	uint64_t skipped;
	bool has_ended;    /* of what is converted */
	struct sbuf ready; /* converted, not yet given */
	size_t ready_at;
};

enum content_result {
	CONTENT_FITS,
	CONTENT_REFUSED, /* FAULT_PERM: it has no form that the server takes */
	CONTENT_DAMAGED, /* as entry_next(): the file cannot be read */
};

void content_init(struct content *c, struct entry *entry);
void content_release(struct content *c);

/* A piece of the message in the entry, in order (entry_verify's `see`). */
void content_see(void *content, const char *bytes, size_t n);

/* Do its lines end as they were written?  Otherwise it is damaged. */
bool content_is_whole(const struct content *c);

/* Put `trace` (lines of ours, or "") before it and rewrite its header;
 * FAULT_PERM when there is no room for that. */
int content_rewrite(struct content *c, const char *trace,
                    const struct rewrite_rules *rules, struct fault *f);

/* What the server has offered: 8BITMIME, and SMTPUTF8 if the envelope needs it.
 * Decides what the readings give from now on. */
enum content_result content_fit(struct content *c, bool can_8bit, bool can_utf8,
                                struct fault *f);

/* What had to be changed for that, for a log; "" for nothing. */
const char *content_changes(const struct content *c);

/* Bytes that the readings will give; do they have any above 127? */
uint64_t content_size(const struct content *c);
bool content_is_8bit(const struct content *c);

void content_rewind(struct content *c);

/* As entry_next(). */
ssize_t content_next(struct content *c, char *bytes, size_t size,
                     struct fault *f);

#endif
