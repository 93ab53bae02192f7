/* SPDX-License-Identifier: GPL-3.0-or-later */
/* deposit - one message, pushed into one queue entry
 *
 * Whoever has a message gives its envelope and then its bytes, in pieces of any
 * size.  The header is collected and completed, the body goes to the entry as
 * it comes; nothing is visible to the flusher before deposit_commit(), which
 * returns 0 when the message is safe.  Released before that, nothing is left.
 * Memory for a message of any size: its header and a few buffers.
 *
 *     deposit_init(&d, site, &envelope, how);
 *     if (deposit_open(&d, f) == 0)
 *             while (... there is more ... && more == DEPOSIT_MORE)
 *                     more = deposit_add(&d, bytes, n, f);
 *     if (more != DEPOSIT_FAILED && deposit_commit(&d, f) == 0)
 *             deposit_ring(&d);
 *     deposit_release(&d);
 *
 * In a queue of our own the entry is written to tmp/; the machine's queue gets
 * it when it is whole (handover.h).  Faults: EX_USAGE no recipient, EX_DATAERR
 * what cannot be queued as it is, EX_CANTCREAT, EX_IOERR.
 */
#ifndef SENDMAIL_DEPOSIT_H
#define SENDMAIL_DEPOSIT_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "message/address.h"
#include "message/header.h"
#include "message/wire.h"
#include "queue/entry.h"
#include "queue/site.h"
#include "queue/spool.h"

/* Borrowed until the release, as all that it points to. */
struct deposit_envelope {
	const char *sender; /* "" is the null sender */
	struct address_list *recipients;
	const struct entry_dsn *dsn; /* of each of them, or NULL */
	bool takes_header; /* add those of To, Cc and Bcc to them; no dsn */
	const char *full_name;
	const char *body; /* these four may be NULL: entry.h */
	const char *notify;
	const char *ret;
	const char *envid;
	bool smtputf8;
};

struct deposit_how {
	bool dots_are_data; /* wire.h */
	bool is_terminal;
};

enum deposit_result {
	DEPOSIT_MORE,
	DEPOSIT_ENDED, /* a dot on a terminal: commit */
	DEPOSIT_FAILED,
};

struct deposit {
	const struct site *site;
	const struct deposit_envelope *envelope;
	struct spool spool;
	struct header header;
	struct wire_input input;
	struct sbuf unread; /* of the header, not yet used */
	bool in_body;
	bool is_spilled; /* or stays in memory: handover.h */
	struct entry_writer writer;
	uint64_t hastened; /* so much of it the disk has begun with */
	char id[ENTRY_ID_LENGTH +
	        1]; /* after the commit: as the queue has it */
	int fd; /* of the entry in tmp/, or collected to be handed over; or -1
	         */
	struct fault *fault; /* of the function that runs */
};

void deposit_init(struct deposit *d, const struct site *site,
                  const struct deposit_envelope *envelope,
                  struct deposit_how how);
void deposit_release(struct deposit *d);

/* The queue; before anything is added, so that a fault comes early. */
int deposit_open(struct deposit *d, struct fault *f);

enum deposit_result deposit_add(struct deposit *d, const char *bytes, size_t n,
                                struct fault *f);

/* There are no more bytes: make it safe. */
int deposit_commit(struct deposit *d, struct fault *f);

/* Tell the flusher; the machine's was told already. */
void deposit_ring(const struct deposit *d);

#endif
