/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/mailq.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/sbuf.h"
#include "queue/listing.h"

#define LINE_LIMIT 4096

struct totals {
	bool only_count;
	size_t count;
	int64_t bytes;
};

static void print_escaped(const char *indent, const char *open,
                          const char *text, const char *close)
{
	struct sbuf b;

	sbuf_init(&b, LINE_LIMIT);
	escape_add(&b, text, strlen(text));
	printf("%s%s%s%s\n", indent, open, b.data, close);
	sbuf_release(&b);
}

static void print_recipients(const struct listing_item *item)
{
	const struct entry_envelope *env = &item->entry.envelope;

	for (size_t i = 0; i < env->recipient_count; i++) {
		const struct history *h = &item->history;

		if (i < h->count && history_is_settled(h, i))
			continue;
		if (i < h->count && h->marks[i].text != NULL &&
		    strcmp(h->marks[i].text, h->last.text) != 0)
			print_escaped("      ", "(", h->marks[i].text, ")");
		print_escaped("                                         ", "",
		              env->recipients[i], "");
	}
}

static void print_item(const struct listing_item *item)
{
	const char *sender = item->entry.envelope.sender;
	struct sbuf when;
	char mark = ' ';

	if (item->place == SPOOL_HOLD)
		mark = '!';
	else if (item->is_active)
		mark = '*';
	sbuf_init(&when, 64);
	clock_add_mailq(&when, item->arrival);
	printf("%s%c %7" PRId64 " %s  ", item->entry.id, mark, item->size,
	       when.data);
	sbuf_release(&when);
	if (item->is_arriving) {
		printf("-\n");
		print_escaped("      ", "(",
		              _("accepted; the flusher has not picked it up "
		                "yet"),
		              ")");
	} else if (item->damage.kind != FAULT_NONE) {
		printf("-\n");
		print_escaped("      ", "(", item->damage.text, ")");
	} else {
		print_escaped("", "",
		              sender[0] != '\0' ? sender : "MAILER-DAEMON", "");
		if (item->history.tries > 0)
			print_escaped("      ", "(", item->history.last.text,
			              ")");
		print_recipients(item);
	}
	printf("\n");
}

static int see(void *arg, const struct listing_item *item)
{
	struct totals *totals = arg;

	if (totals->count == 0 && !totals->only_count)
		printf("-Queue ID-              --Size-- "
		       "----Arrival Time----- -Sender/Recipient-------\n");
	totals->count++;
	totals->bytes += item->size;
	if (!totals->only_count && !item->is_hidden)
		print_item(item);
	return ferror(stdout); /* nobody reads on: the rest is not read */
}

static void print_totals(const struct totals *totals)
{
	if (totals->only_count) {
		printf("%zu\n", totals->count);
	} else if (totals->count == 0) {
		printf("Mail queue is empty\n");
	} else {
		printf("\tTotal Requests: %zu\n", totals->count);
		printf("-- %" PRId64 " Kbytes in %zu Request%s.\n",
		       (totals->bytes + 1023) / 1024, totals->count,
		       totals->count == 1 ? "" : "s");
	}
}

int mailq(const struct site *site, bool only_count, struct fault *f)
{
	struct totals totals = { .only_count = only_count };
	struct spool spool;
	bool missing = false;
	int result;

	result = site_open(site, &spool, &missing, f);
	if (result == 0)
		result = listing_each(&spool, SPOOL_NEW, see, &totals, f);
	if (result == 0)
		result = listing_each(&spool, SPOOL_HOLD, see, &totals, f);
	spool_release(&spool);
	if (result < 0 && !missing)
		return -1;
	print_totals(&totals);
	return 0;
}
