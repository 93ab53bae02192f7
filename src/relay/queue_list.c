/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/queue_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/sbuf.h"
#include "base/wrap.h"
#include "config/config.h"
#include "message/meaning.h"
#include "queue/pause.h"
#include "queue/schedule.h"
#include "relay/span.h"

#define OUTPUT_LIMIT ((size_t)16 << 20)
#define RECIPIENTS_SHOWN 3

/* --- words -------------------------------------------------------------- */

static void add_escaped(struct sbuf *b, const char *text)
{
	escape_add(b, text, strlen(text));
}

static const char *mark_text(enum journal_kind kind)
{
	switch (kind) {
	case JOURNAL_DELIVERED: return _("delivered");
	case JOURNAL_FAILED: return _("failed");
	case JOURNAL_DOUBT: return _("may already be delivered");
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
	return _("waiting");
}

static void add_waiting(struct sbuf *b, const struct listing_item *item)
{
	int64_t now = clock_seconds();
	char wait[SPAN_SIZE];

	if (item->is_arriving) {
		sbuf_addstr(b, _("accepted; the flusher has not picked it up "
		                 "yet"));
		return;
	}
	if (item->is_active)
		sbuf_addstr(b, _("being sent now"));
	else if (history_open_count(&item->history) == 0)
		sbuf_addf(b, _("settled; its sender is told in %s"),
		          span_time(wait, sizeof(wait), item->due - now));
	else if (schedule_is_due(item->due, now))
		sbuf_addstr(b, _("waiting, due now"));
	else
		sbuf_addf(b, _("next try in %s"),
		          span_time(wait, sizeof(wait), item->due - now));
	if (item->history.tries > 0)
		sbuf_addf(b,
		          intl_plural("; %u try so far", "; %u tries so far",
		                      item->history.tries),
		          item->history.tries);
}

static void add_given_up(struct sbuf *b, const struct listing_item *item,
                         int64_t keep)
{
	int64_t left = queue_kept_for(item, keep);
	char span[SPAN_SIZE];

	sbuf_addstr(b, _("given up; `relay queue retry` brings it back"));
	if (left > 0)
		sbuf_addf(b, _("; kept for another %s"),
		          span_time(span, sizeof(span), left));
}

static void add_state(struct sbuf *b, const struct listing_item *item,
                      int64_t keep)
{
	switch (item->place) {
	case SPOOL_HOLD:
		sbuf_addstr(b, _("held; `relay queue release` lets it go"));
		return;
	case SPOOL_FAILED: add_given_up(b, item, keep); return;
	case SPOOL_BAD: sbuf_addstr(b, _("damaged; it is never sent")); return;
	case SPOOL_NEW:
	case SPOOL_PLACES: break;
	}
	add_waiting(b, item);
}

/* --- both forms --------------------------------------------------------- */

/* An old doubt outlives later tries that were merely put off. */
enum journal_kind queue_mark_state(const struct mark *mark)
{
	return mark->kind == JOURNAL_LATER && mark->in_doubt ? JOURNAL_DOUBT
	                                                     : mark->kind;
}

bool queue_find(const struct spool *spool, const char *id,
                struct listing_item *item)
{
	for (int place = 0; place < SPOOL_PLACES; place++) {
		if (spool->place[place].fd < 0)
			continue;
		if (listing_read(spool, (enum spool_place)place, id, item))
			return true;
		listing_item_release(item);
	}
	return false;
}

int64_t queue_keep(const struct site *site)
{
	struct fault f;
	struct config *config =
		site_is_ours(site) ? config_load(site->config, NULL, &f) : NULL;
	int64_t keep = config != NULL ? config->keep_failed : 0;

	config_free(&config);
	return keep;
}

int64_t queue_kept_for(const struct listing_item *item, int64_t keep)
{
	int64_t left = keep - history_kept(&item->history, clock_seconds());

	return item->place == SPOOL_FAILED && keep > 0 && left > 0 ? left : 0;
}

/* --- text --------------------------------------------------------------- */

static void add_recipients(struct sbuf *b, const struct listing_item *item)
{
	const struct entry_envelope *env = &item->entry.envelope;

	for (size_t i = 0; i < env->recipient_count && i < RECIPIENTS_SHOWN;
	     i++) {
		sbuf_addstr(b, i > 0 ? ", " : "");
		add_escaped(b, env->recipients[i]);
	}
	if (env->recipient_count > RECIPIENTS_SHOWN)
		sbuf_addf(b,
		          intl_plural(" and %zu more", " and %zu more",
		                      env->recipient_count - RECIPIENTS_SHOWN),
		          env->recipient_count - RECIPIENTS_SHOWN);
}

/* The reason of each recipient that has one; the same one only once. */
static void add_reasons(struct sbuf *b, const struct listing_item *item)
{
	const struct history *h = &item->history;
	const char *last = "";
	unsigned shown = 0;

	for (size_t i = 0; i < h->count && shown < RECIPIENTS_SHOWN; i++) {
		const struct mark *mark = &h->marks[i];

		if (mark->text == NULL || mark->kind == JOURNAL_DELIVERED ||
		    strcmp(mark->text, last) == 0)
			continue;
		sbuf_addstr(b, "    ");
		if (mark->in_doubt)
			sbuf_addf(b, "%s: ", mark_text(JOURNAL_DOUBT));
		add_escaped(b, mark->text);
		sbuf_addstr(b, "\n");
		last = mark->text;
		shown++;
	}
}

static void add_item(struct sbuf *b, const struct listing_item *item,
                     int64_t keep)
{
	char size[SPAN_SIZE], age[SPAN_SIZE];

	sbuf_addf(b, "%s  ", item->entry.id);
	sbuf_addf(b, _("%s, %s old"), span_size(size, sizeof(size), item->size),
	          span_time(age, sizeof(age), clock_seconds() - item->arrival));
	sbuf_addstr(b, "\n    ");
	if (item->damage.kind != FAULT_NONE) {
		add_escaped(b, item->damage.text);
		sbuf_addstr(b, "\n    ");
	} else if (!item->is_arriving) {
		sbuf_addstr(b, "<");
		add_escaped(b, item->entry.envelope.sender);
		sbuf_addstr(b, "> -> ");
		add_recipients(b, item);
		sbuf_addstr(b, "\n    ");
	}
	add_state(b, item, keep);
	sbuf_addstr(b, "\n");
	add_reasons(b, item);
}

static int print_item(void *arg, const struct listing_item *item)
{
	struct queue_sums *sums = arg;
	struct sbuf b;

	if (item->is_hidden) {
		sums->hidden++;
		return 0;
	}
	sums->count++;
	sbuf_init(&b, OUTPUT_LIMIT);
	add_item(&b, item, sums->keep);
	fputs(b.data, stdout);
	sbuf_release(&b);
	return 0;
}

/* Smarthosts that are left alone, with the reason: what a person should know
 * first.  A broken configuration has none to name, and a guest reads none. */
static void print_pauses(const struct site *site, const struct spool *spool)
{
	struct fault f;
	struct config *config =
		site_is_ours(site) ? config_load(site->config, NULL, &f) : NULL;

	for (size_t i = 0; config != NULL && i < config->count; i++) {
		struct pause p;
		struct sbuf b;
		char left[SPAN_SIZE];

		if (pause_read(&spool->pause, config->smarthosts[i].name, &p) ==
		            0 ||
		    schedule_is_due(p.until, clock_seconds()))
			continue;
		sbuf_init(&b, 2048);
		sbuf_addf(&b, _("smarthost %s is left alone for another %s:"),
		          config->smarthosts[i].name,
		          span_time(left, sizeof(left),
		                    p.until - clock_seconds()));
		sbuf_addstr(&b, "\n    ");
		add_escaped(&b, p.why.text);
		if (!p.is_account && config->smarthosts[i].fallback != NULL) {
			sbuf_addstr(&b, "\n    ");
			sbuf_addf(&b, _("its mail goes to %s meanwhile"),
			          config->smarthosts[i].fallback);
		}
		printf("%s\n", b.data);
		sbuf_release(&b);
	}
	config_free(&config);
}

static void print_sum(const struct queue_sums sums[SPOOL_PLACES])
{
	size_t all = 0, hidden = 0;

	for (size_t i = 0; i < SPOOL_PLACES; i++) {
		all += sums[i].count;
		hidden += sums[i].hidden;
	}
	if (all + hidden == 0) {
		printf("%s\n", _("The queue is empty."));
		return;
	}
	printf(_("%zu waiting, %zu held, %zu given up, %zu damaged\n"),
	       sums[SPOOL_NEW].count, sums[SPOOL_HOLD].count,
	       sums[SPOOL_FAILED].count, sums[SPOOL_BAD].count);
	if (hidden > 0)
		printf(intl_plural("and %zu message of another user\n",
		                   "and %zu messages of other users\n", hidden),
		       hidden);
}

int queue_list_text(const struct site *site, const struct spool *spool,
                    struct fault *f)
{
	struct queue_sums sums[SPOOL_PLACES] = { { 0 } };

	sums[SPOOL_FAILED].keep = queue_keep(site);
	print_pauses(site, spool);
	for (int place = 0; place < SPOOL_PLACES; place++)
		if (spool->place[place].fd >= 0 &&
		    listing_each(spool, (enum spool_place)place, print_item,
		                 &sums[place], f) != 0)
			return -1;
	print_sum(sums);
	return 0;
}

/* In the words of SMTP, as they will be said to the smarthost. */
static void add_dsn(struct sbuf *b, const struct entry_dsn *dsn)
{
	if (dsn->notify == NULL && dsn->orcpt == NULL)
		return;
	sbuf_addstr(b, "        ");
	if (dsn->notify != NULL) {
		sbuf_addstr(b, " NOTIFY=");
		add_escaped(b, dsn->notify);
	}
	if (dsn->orcpt != NULL) {
		sbuf_addstr(b, " ORCPT=");
		add_escaped(b, dsn->orcpt);
	}
	sbuf_addstr(b, "\n");
}

/* What a status says, below its reason; not again if the last one said it. */
static void add_meaning(struct sbuf *b, const char *code, const char *text,
                        const char **last)
{
	const char *meaning = meaning_of(code, text);

	if (meaning != NULL && meaning != *last)
		wrap_add(b, _("Meaning: "), 9, intl_text(meaning));
	if (meaning != NULL)
		*last = meaning;
}

/* Printed as they come: there may be 100,000 of them. */
static void print_history(struct sbuf *b, const struct listing_item *item,
                          const char **last)
{
	const struct entry_envelope *env = &item->entry.envelope;

	for (size_t i = 0; i < env->recipient_count; i++) {
		const struct mark *mark = i < item->history.count
		                                  ? &item->history.marks[i]
		                                  : NULL;

		sbuf_addstr(b, _("To:      "));
		add_escaped(b, env->recipients[i]);
		if (mark != NULL && mark->text != NULL) {
			sbuf_addf(b, " (%s, ",
			          mark_text(queue_mark_state(mark)));
			clock_add_short(b, mark->time);
			sbuf_addstr(b, ": ");
			add_escaped(b, mark->text);
			sbuf_addstr(b, ")");
		}
		sbuf_addstr(b, "\n");
		if (mark != NULL && mark->text != NULL)
			add_meaning(b, mark->code, mark->text, last);
		add_dsn(b, &env->dsn[i]);
		fputs(b->data, stdout);
		sbuf_reset(b);
	}
}

static void print_envelope(struct sbuf *b, const struct listing_item *item,
                           int64_t keep)
{
	const struct entry_envelope *env = &item->entry.envelope;
	const char *meaning = NULL;
	struct sbuf when;

	sbuf_init(&when, 64);
	clock_add_short(&when, item->arrival);
	sbuf_addf(b, _("Message: %s, since %s, by user %u"), item->entry.id,
	          when.data, env->uid);
	sbuf_release(&when);
	sbuf_addstr(b, _("\nState:   "));
	add_state(b, item, keep);
	sbuf_addstr(b, _("\nFrom:    "));
	sbuf_addstr(b, "<");
	add_escaped(b, env->sender);
	sbuf_addstr(b, ">\n");
	print_history(b, item, &meaning);
	if (item->history.tries > 0) {
		sbuf_addf(b, _("Tries:   %u, the last "), item->history.tries);
		clock_add_short(b, item->history.last_try);
		sbuf_addstr(b, ": ");
		add_escaped(b, item->history.last.text);
		sbuf_addstr(b, "\n");
		add_meaning(b, item->history.last.code, item->history.last.text,
		            &meaning);
	}
}

/* Line ends stay, everything else that is no text is escaped. */
static void print_message(struct listing_item *item)
{
	char piece[16384];
	struct fault f;
	struct sbuf b;
	ssize_t n;

	sbuf_init(&b, OUTPUT_LIMIT);
	entry_rewind(&item->entry);
	while ((n = entry_next(&item->entry, piece, sizeof(piece), &f)) > 0) {
		const char *at = piece, *end = piece + n;

		sbuf_reset(&b);
		while (at < end) {
			const char *line = memchr(at, '\n', (size_t)(end - at));
			size_t length =
				(size_t)((line != NULL ? line : end) - at);

			if (line != NULL && length > 0 && line[-1] == '\r')
				length--;
			escape_add(&b, at, length);
			sbuf_addstr(&b, line != NULL ? "\n" : "");
			at = line != NULL ? line + 1 : end;
		}
		fputs(b.data, stdout);
	}
	sbuf_release(&b);
	if (n < 0)
		fprintf(stderr, "relay: %s\n", f.text);
}

int queue_missing(const char *id, struct fault *f)
{
	return fault_set_exit(f, EX_UNAVAILABLE, "%s: %s", id,
	                      _("there is no such message (any more)"));
}

int queue_show_text(const struct site *site, const struct spool *spool,
                    const char *id, struct fault *f)
{
	int64_t keep = queue_keep(site);
	struct listing_item item;
	struct sbuf b;

	if (!queue_find(spool, id, &item))
		return queue_missing(id, f);
	if (item.is_hidden) {
		*f = item.damage;
		return fault_wrap(f, "%s", id);
	}
	sbuf_init(&b, OUTPUT_LIMIT);
	if (item.damage.kind != FAULT_NONE) {
		add_item(&b, &item, keep);
		fputs(b.data, stdout);
	} else {
		print_envelope(&b, &item, keep);
		printf("%s\n", b.data);
		print_message(&item);
	}
	sbuf_release(&b);
	listing_item_release(&item);
	return 0;
}
