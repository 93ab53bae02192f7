/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/audience.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/intl.h"
#include "base/mem.h"
#include "message/address.h"
#include "queue/dsn.h"
#include "smtp/xtext.h"

#define NOTIFY_LIMIT 64 /* bytes */

void audience_init(struct audience *a)
{
	memset(a, 0, sizeof(*a));
	/* Twice: broken ones find room whatever the others are. */
	address_list_init(&a->addresses, 2 * ADDRESS_COUNT_LIMIT,
	                  4 * ADDRESS_BYTE_LIMIT);
	sbuf_init(&a->notify, NOTIFY_LIMIT);
}

void audience_release(struct audience *a)
{
	for (size_t i = 0; i < a->count; i++) {
		free(a->slots[i].orcpt);
		outcome_release(&a->recipients[i].outcome);
	}
	address_list_release(&a->addresses);
	sbuf_release(&a->notify);
	free(a->recipients);
	free(a->slots);
	free(a->members);
	free(a->first);
	audience_init(a);
}

/* --- what reports are to be ---------------------------------------------- */

/* What is none counts for nothing: it is no reason to refuse mail. */
static void set_notify(struct audience *a, const char *given)
{
	char words[DSN_NOTIFY_SIZE];

	if (given != NULL && dsn_of_option(given, words))
		sbuf_addstr(&a->notify, words);
}

/* Whom the sender had named, for reports about one of an alias (RFC 3461,
 * section 5.2.7). */
static char *make_orcpt(const struct audience *a, const char *given)
{
	struct sbuf whole, b;
	char *text = NULL;

	sbuf_init(&whole, ADDRESS_MAX * 2);
	sbuf_init(&b, DSN_ORCPT_LIMIT);
	rewrite_qualify(a->rules->names, given, &whole);
	sbuf_addstr(&b, "rfc822;");
	xtext_add(&b, whole.data);
	if (!b.overflow && address_is_ascii(whole.data))
		text = mem_strdup(b.data);
	sbuf_release(&whole);
	sbuf_release(&b);
	return text;
}

/* An address that stands for several has the reports that all of them want: one
 * too many is better than none. */
static void set_dsn(struct audience *a, size_t slot, size_t recipient,
                    enum resolve_rule rule)
{
	const struct entry_dsn *dsn = &a->envelope->dsn[recipient];
	struct session_recipient *r = &a->recipients[slot];
	const char *notify = a->notify.len > 0 ? a->notify.data : NULL;

	if (dsn->notify != NULL)
		notify = dsn->notify;
	if (a->slots[slot].last != SIZE_MAX) {
		r->notify = dsn_join(r->notify, notify);
		return;
	}
	r->notify = notify;
	if (dsn->orcpt == NULL &&
	    (rule == RESOLVE_ALIAS || rule == RESOLVE_POSTMASTER))
		a->slots[slot].orcpt =
			make_orcpt(a, a->envelope->recipients[recipient]);
	r->orcpt = dsn->orcpt != NULL ? dsn->orcpt : a->slots[slot].orcpt;
}

/* --- gathering ------------------------------------------------------------ */

static void make_room(struct audience *a)
{
	size_t room = a->room == 0 ? 4 : a->room * 2;

	if (a->count < a->room)
		return;
	a->recipients =
		mem_grow(a->recipients, a->room, room, sizeof(*a->recipients));
	a->slots = mem_grow(a->slots, a->room, room, sizeof(*a->slots));
	a->room = room;
}

static void add_member(struct audience *a, size_t recipient, size_t slot,
                       enum journal_kind before)
{
	size_t room = a->member_room == 0 ? 4 : a->member_room * 2;

	if (a->member_count == a->member_room) {
		a->members = mem_grow(a->members, a->member_room, room,
		                      sizeof(*a->members));
		a->member_room = room;
	}
	a->members[a->member_count++] =
		(struct audience_member){ .recipient = recipient,
		                          .slot = slot,
		                          .before = before,
		                          .is_recorded =
		                                  slot == AUDIENCE_BEFORE };
}

/* The slot of an address, a new one if need be.  -1: there are too many. */
static int find_slot(struct audience *a, const char *address, size_t *slot,
                     struct fault *f)
{
	*slot = address_list_find(&a->addresses, address);
	if (*slot < a->count)
		return 0;
	if (address_list_add_unique(&a->addresses, address, f) != 0)
		return -1;
	make_room(a);
	memset(&a->recipients[*slot], 0, sizeof(*a->recipients));
	a->recipients[*slot].address = a->addresses.item[*slot];
	a->slots[*slot] = (struct audience_slot){ .last = SIZE_MAX };
	a->count++;
	return 0;
}

struct gathering {
	struct audience *audience;
	size_t recipient;
};

static int take(void *arg, const char *address, enum resolve_rule rule,
                struct fault *f)
{
	struct gathering *g = arg;
	struct audience *a = g->audience;
	const struct mark *mark =
		history_part(a->history, g->recipient, address);
	size_t slot;

	if (mark != NULL) {
		add_member(a, g->recipient, AUDIENCE_BEFORE, mark->kind);
		return 0;
	}
	if (a->count >= ADDRESS_COUNT_LIMIT &&
	    address_list_find(&a->addresses, address) >= a->count)
		return fault_set(f, FAULT_PERM, "5.5.3",
		                 _("with the aliases it has more than %zu "
		                   "recipients; send it in several parts"),
		                 ADDRESS_COUNT_LIMIT);
	if (find_slot(a, address, &slot, f) != 0)
		return -1;
	if (a->slots[slot].last != g->recipient) {
		set_dsn(a, slot, g->recipient, rule);
		add_member(a, g->recipient, slot, JOURNAL_LATER);
	}
	a->slots[slot].is_here = rule == RESOLVE_LOCAL;
	a->slots[slot].last = g->recipient;
	return 0;
}

/* It stands for itself, and why it cannot be sent to is known.  Its place in
 * the list is one that no address has: a name of this machine may be the same.
 */
static void take_broken(struct audience *a, size_t recipient,
                        const struct fault *f)
{
	const char *given = a->envelope->recipients[recipient];
	struct fault full;
	struct sbuf key;
	size_t slot;

	sbuf_init(&key, ADDRESS_MAX * 2);
	sbuf_addf(&key, " %s", given);
	if (find_slot(a, key.data, &slot, &full) == 0) {
		a->slots[slot].last = recipient;
		a->recipients[slot].address = given;
		outcome_set(&a->recipients[slot].outcome, OUTCOME_REFUSED,
		            VERDICT_RECIPIENT, f);
		add_member(a, recipient, slot, JOURNAL_LATER);
	}
	sbuf_release(&key);
}

void audience_gather(struct audience *a, const struct entry_envelope *envelope,
                     const struct history *history,
                     const struct resolve_rules *rules)
{
	size_t n = envelope->recipient_count;

	a->envelope = envelope;
	a->history = history;
	a->rules = rules;
	a->first = mem_array(n + 1, sizeof(*a->first));
	set_notify(a, envelope->notify);
	for (size_t i = 0; i < n; i++) {
		struct gathering g = { .audience = a, .recipient = i };
		struct fault f;

		a->first[i] = a->member_count;
		if (history_is_settled(history, i))
			continue;
		fault_set(&f, FAULT_CONFIG, "5.1.6",
		          _("the alias stands for nobody"));
		if (resolve_recipient(rules, envelope->recipients[i], take, &g,
		                      &f) != 0 ||
		    a->member_count == a->first[i])
			take_broken(a, i, &f);
	}
	a->first[n] = a->member_count;
}

/* --- results -------------------------------------------------------------- */

enum journal_kind audience_kind(const struct outcome *o)
{
	if (o->state == OUTCOME_DELIVERED)
		return JOURNAL_DELIVERED;
	if (o->state == OUTCOME_DOUBT)
		return JOURNAL_DOUBT;
	return o->kind == FAULT_PERM ? JOURNAL_FAILED : JOURNAL_LATER;
}

/* Doubt first: that a copy may be out there must not be forgotten. */
static int weight(enum journal_kind kind)
{
	static const enum journal_kind order[] = {
		JOURNAL_DELIVERED, JOURNAL_FAILED, JOURNAL_LATER, JOURNAL_DOUBT
	};
	int i = 0;

	while (i < (int)COUNT_OF(order) && order[i] != kind)
		i++;
	return i;
}

bool audience_is_many(const struct audience *a, size_t recipient)
{
	return a->first[recipient + 1] - a->first[recipient] > 1;
}

static void words_of(const struct audience *a, size_t recipient,
                     const struct audience_member *m, struct fault *words)
{
	if (m->slot != AUDIENCE_BEFORE) {
		outcome_fault(&a->recipients[m->slot].outcome, words);
		return;
	}
	for (size_t i = 0; i < a->history->part_count; i++) {
		const struct part *part = &a->history->parts[i];

		if (part->recipient == recipient &&
		    part->mark.kind == m->before) {
			fault_set(words,
			          m->before == JOURNAL_FAILED ? FAULT_PERM
			                                      : FAULT_NONE,
			          part->mark.code, "%s", part->mark.text);
			return;
		}
	}
}

bool audience_result(const struct audience *a, size_t recipient,
                     enum journal_kind *kind, struct fault *words)
{
	const struct audience_member *worst = NULL;

	for (size_t i = a->first[recipient]; i < a->first[recipient + 1]; i++) {
		const struct audience_member *m = &a->members[i];
		enum journal_kind its = m->before;

		if (m->slot != AUDIENCE_BEFORE) {
			const struct outcome *o =
				&a->recipients[m->slot].outcome;

			if (o->state == OUTCOME_OPEN)
				return false;
			its = audience_kind(o);
		}
		if (worst == NULL || weight(its) > weight(*kind)) {
			worst = m;
			*kind = its;
		}
	}
	if (worst == NULL)
		return false;
	words_of(a, recipient, worst, words);
	return true;
}
