/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audience - the addresses one message is sent to, and whom they stand for
 *
 * A recipient of the entry may stand for many addresses (an alias), and an
 * address for several recipients; each address is asked once.  A recipient is
 * done when all its addresses are; which of them were done in earlier tries is
 * in the journal (d and f lines), and those are left out.
 *
 * A recipient that stands for nothing that can be sent to (a broken alias) has
 * one address, itself, whose outcome is settled from the start.
 */
#ifndef FLUSH_AUDIENCE_H
#define FLUSH_AUDIENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "message/resolve.h"
#include "queue/entry.h"
#include "queue/journal.h"
#include "smtp/session.h"

/* One address; its outcome is in `recipients` at the same place. */
struct audience_slot {
	char *orcpt;     /* made here, or NULL */
	size_t last;     /* recipient that it was added for */
	bool is_here;    /* delivered on this machine */
	bool is_counted; /* its outcome was logged */
	bool is_told;    /* the server makes the reports about it */
};

struct audience_member {
	size_t recipient;         /* of the entry */
	size_t slot;              /* or AUDIENCE_BEFORE */
	enum journal_kind before; /* then: D or F */
	bool is_recorded;
};

#define AUDIENCE_BEFORE SIZE_MAX /* settled in an earlier try */

struct audience {
	const struct entry_envelope *envelope;
	const struct history *history;
	const struct resolve_rules *rules;
	struct sbuf notify; /* of the whole message, in SMTP's words */
	struct address_list addresses;
	struct session_recipient *recipients; /* one for each address */
	struct audience_slot *slots;
	size_t count, room;
	struct audience_member *members; /* of one recipient side by side */
	size_t member_count, member_room;
	size_t *first; /* member of each recipient; one more at the end */
};

void audience_init(struct audience *a);
void audience_release(struct audience *a);

/* Everybody who is not settled.  What is given is borrowed until the release.
 */
void audience_gather(struct audience *a, const struct entry_envelope *envelope,
                     const struct history *history,
                     const struct resolve_rules *rules);

/* What became of a recipient, with the words that say so: of all its addresses
 * the worst that is left to do, and D only when all have it.  False: one is
 * open, or the recipient was settled before. */
bool audience_result(const struct audience *a, size_t recipient,
                     enum journal_kind *kind, struct fault *words);

/* Does it stand for more than one address? */
bool audience_is_many(const struct audience *a, size_t recipient);

/* What an outcome that is not open is called in a journal. */
enum journal_kind audience_kind(const struct outcome *o);

#endif
