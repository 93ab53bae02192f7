/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/escape.h"
#include "base/intl.h"
#include "base/sbuf.h"
#include "config/config.h"
#include "message/meaning.h"
#include "queue/pause.h"
#include "relay/queue_list.h"

#define OUTPUT_LIMIT ((size_t)16 << 20)

static const char *mark_name(enum journal_kind kind)
{
	switch (kind) {
	case JOURNAL_DELIVERED: return "delivered";
	case JOURNAL_FAILED: return "failed";
	case JOURNAL_DOUBT: return "in doubt";
	case JOURNAL_REPORTED:
	case JOURNAL_WARNED:
	case JOURNAL_SUCCESS:
	case JOURNAL_PART_DELIVERED:
	case JOURNAL_PART_FAILED:
	case JOURNAL_ATTEMPT:
	case JOURNAL_LATER:
	case JOURNAL_KEPT:
	case JOURNAL_AGAIN: break;
	}
	return "waiting";
}

static void add_json_given(struct sbuf *b, const char *key, const char *value)
{
	if (value != NULL)
		escape_add_member(b, ", ", key, value);
}

/* The words are for whoever the program shows them to. */
static void add_json_meaning(struct sbuf *b, const struct mark *mark)
{
	const char *meaning = meaning_of(mark->code, mark->text);

	add_json_given(b, "meaning",
	               meaning != NULL ? intl_text(meaning) : NULL);
}

static void add_json_recipient(struct sbuf *b, const char *address,
                               const struct entry_dsn *dsn,
                               const struct mark *mark)
{
	sbuf_addstr(b, "{");
	escape_add_member(b, "", "address", address);
	escape_add_member(b, ", ", "state",
	                  mark_name(mark != NULL ? queue_mark_state(mark)
	                                         : JOURNAL_LATER));
	if (mark != NULL && mark->text != NULL) {
		sbuf_addf(b, ", \"time\": %" PRId64 ", ", mark->time);
		escape_add_member(b, "", "status", mark->code);
		escape_add_member(b, ", ", "reason", mark->text);
		add_json_meaning(b, mark);
	}
	add_json_given(b, "notify", dsn->notify);
	add_json_given(b, "orcpt", dsn->orcpt);
	sbuf_addstr(b, "}");
}

/* However many there are, one at a time. */
static void print_json_recipients(const struct listing_item *item)
{
	const struct entry_envelope *env = &item->entry.envelope;
	const struct history *h = &item->history;
	struct sbuf b;

	sbuf_init(&b, OUTPUT_LIMIT);
	for (size_t i = 0; i < env->recipient_count; i++) {
		sbuf_reset(&b);
		sbuf_addstr(&b, i > 0 ? ", " : "");
		add_json_recipient(&b, env->recipients[i], &env->dsn[i],
		                   i < h->count ? &h->marks[i] : NULL);
		fputs(b.data, stdout);
	}
	sbuf_release(&b);
}

static void add_json_envelope(struct sbuf *b, const struct listing_item *item,
                              int64_t keep)
{
	int64_t left = queue_kept_for(item, keep);

	escape_add_member(b, ", ", "sender", item->entry.envelope.sender);
	sbuf_addf(b, ", \"uid\": %u, \"tries\": %u", item->entry.envelope.uid,
	          item->history.tries);
	if (item->place == SPOOL_NEW)
		sbuf_addf(b, ", \"due\": %" PRId64 ", \"active\": %s",
		          item->due, item->is_active ? "true" : "false");
	if (left > 0)
		sbuf_addf(b, ", \"kept_for\": %" PRId64, left);
}

static void add_json_head(struct sbuf *b, const struct listing_item *item,
                          int64_t keep)
{
	sbuf_addstr(b, "{");
	escape_add_member(b, "", "id", item->entry.id);
	escape_add_member(b, ", ", "place",
	                  item->is_arriving ? "drop"
	                                    : spool_place_name(item->place));
	sbuf_addf(b, ", \"arrival\": %" PRId64 ", \"size\": %" PRId64,
	          item->arrival, item->size);
	if (item->is_arriving)
		return;
	if (item->damage.kind == FAULT_NONE) {
		add_json_envelope(b, item, keep);
		return;
	}
	escape_add_member(b, ", ", "damage", item->damage.text);
}

static int print_json_item(void *arg, const struct listing_item *item)
{
	struct queue_sums *sums = arg;
	struct sbuf b;

	if (item->is_hidden) {
		sums->hidden++;
		return 0;
	}
	sbuf_init(&b, OUTPUT_LIMIT);
	sbuf_addstr(&b, sums->count++ == 0 ? "\n  " : ",\n  ");
	add_json_head(&b, item, sums->keep);
	fputs(b.data, stdout);
	sbuf_release(&b);
	if (item->damage.kind == FAULT_NONE && !item->is_arriving) {
		fputs(", \"recipients\": [", stdout);
		print_json_recipients(item);
		fputs("]", stdout);
	}
	fputs("}", stdout);
	return 0;
}

static void print_json_pauses(const struct site *site,
                              const struct spool *spool)
{
	struct fault f;
	struct config *config =
		site_is_ours(site) ? config_load(site->config, NULL, &f) : NULL;
	struct sbuf b;

	sbuf_init(&b, OUTPUT_LIMIT);
	for (size_t i = 0; config != NULL && i < config->count; i++) {
		struct pause p;

		if (pause_read(&spool->pause, config->smarthosts[i].name, &p) ==
		    0)
			continue;
		sbuf_addstr(&b, b.len > 0 ? ",\n  {" : "\n  {");
		escape_add_member(&b, "", "smarthost",
		                  config->smarthosts[i].name);
		sbuf_addf(&b, ", \"until\": %" PRId64 ", \"failures\": %u, ",
		          p.until, p.count);
		escape_add_member(&b, "", "status", p.why.code);
		escape_add_member(&b, ", ", "reason", p.why.text);
		sbuf_addf(&b, ", \"scope\": \"%s\"",
		          p.is_account ? "account" : "server");
		sbuf_addstr(&b, "}");
	}
	fputs(b.data, stdout);
	sbuf_release(&b);
	config_free(&config);
}

static int print_json_all(const struct spool *spool, struct queue_sums *sums,
                          struct fault *f)
{
	for (int place = 0; place < SPOOL_PLACES; place++)
		if (spool->place[place].fd >= 0 &&
		    listing_each(spool, (enum spool_place)place,
		                 print_json_item, sums, f) != 0)
			return -1;
	return 0;
}

/* One that is gone does not stop the others; the last of them is the fault. */
static int print_json_some(const struct spool *spool, char *const ids[],
                           size_t count, struct queue_sums *sums,
                           struct fault *f)
{
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		struct listing_item item;

		if (!queue_find(spool, ids[i], &item)) {
			result = queue_missing(ids[i], f);
			continue;
		}
		if (item.is_hidden) {
			*f = item.damage;
			result = fault_wrap(f, "%s", ids[i]);
		}
		print_json_item(sums, &item);
		listing_item_release(&item);
	}
	return result;
}

static void print_json_head(const struct site *site)
{
	struct sbuf queue;

	sbuf_init(&queue, OUTPUT_LIMIT);
	escape_add_json(&queue, site->queue);
	printf("{ \"queue\": %s,\n\"pauses\": [", queue.data);
	sbuf_release(&queue);
}

void queue_list_nothing(const struct site *site, bool json)
{
	if (!json) {
		printf("%s\n", _("The queue is empty."));
		return;
	}
	print_json_head(site);
	printf("],\n\"messages\": [] }\n");
}

int queue_list_json(const struct site *site, const struct spool *spool,
                    char *const ids[], size_t count, struct fault *f)
{
	struct queue_sums sums = { .keep = queue_keep(site) };
	int result;

	print_json_head(site);
	print_json_pauses(site, spool);
	printf("],\n\"messages\": [");
	result = ids != NULL ? print_json_some(spool, ids, count, &sums, f)
	                     : print_json_all(spool, &sums, f);
	if (spool->is_shared && ids == NULL)
		printf("],\n\"others\": %zu }\n", sums.hidden);
	else
		printf("] }\n");
	return result;
}
