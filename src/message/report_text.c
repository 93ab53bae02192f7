/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/report_text.h"

#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/wrap.h"
#include "message/meaning.h"

#define WIDTH 72
#define VALUE 900   /* bytes of one, shown */
#define NAME 300    /* of a host or an entry */
#define SUBJECT 200 /* bytes of the original's */

static const char doubt[] =
	N_("It may have arrived all the same: the connection broke before the "
           "server had answered. Ask the recipient before you send it again.");
static const char tried_again[] =
	N_("It is tried again; you need not send it again. You will be told if "
           "it has to be given up.");

const char *report_say(const char *text)
{
	const char *said = intl_text(text);

	return encode_is_utf8(said, strlen(said)) ? said : text;
}

/* --- paragraphs ---------------------------------------------------------- */

/* Whatever came into the text, no line ends early. */
static void add_wrapped(struct sbuf *out, const char *lead, const char *text)
{
	struct sbuf shown;

	sbuf_init(&shown, 4 * strlen(text));
	escape_add(&shown, text, strlen(text));
	wrap_add_in(out, WIDTH, lead, strlen(lead), shown.data);
	sbuf_release(&shown);
}

static void add_paragraph(struct sbuf *out, const char *text)
{
	add_wrapped(out, "", text);
	sbuf_addstr(out, "\n");
}

/* A value of a stranger. */
static void add_value(struct sbuf *out, const char *lead, const char *value)
{
	char text[VALUE];

	escape_copy(text, sizeof(text), value, strlen(value));
	add_wrapped(out, lead, text);
}

/* A value inside a text. */
static const char *show(char *to, size_t size, const char *value)
{
	escape_copy(to, size, value, strlen(value));
	return to;
}

/* "What it means: ..." below an address. */
static void add_remark(struct sbuf *out, const char *text)
{
	add_wrapped(out, "    ", text);
}

/* --- one recipient -------------------------------------------------------- */

static bool is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Would the reader be told the same of both? */
static bool fares_alike(const struct report_recipient *a,
                        const struct report_recipient *b)
{
	return a->in_doubt == b->in_doubt && is_same(a->status, b->status) &&
	       is_same(a->words, b->words) && is_same(a->remote, b->remote);
}

static void add_words(struct sbuf *out, const struct report_recipient *to)
{
	const char *reply = meaning_reply(to->words);
	char remote[NAME];
	struct sbuf line;

	sbuf_init(&line, 1024);
	if (reply == NULL)
		sbuf_addstr(&line, report_say(N_("The reason:")));
	else if (to->remote != NULL)
		sbuf_addf(&line, report_say(N_("The server %s answered:")),
		          show(remote, sizeof(remote), to->remote));
	else
		sbuf_addstr(&line, report_say(N_("The server answered:")));
	add_remark(out, line.data);
	sbuf_release(&line);
	add_value(out, "      ", reply != NULL ? reply : to->words);
}

static void add_meaning(struct sbuf *out, const struct report_recipient *to)
{
	const char *meaning = meaning_of(to->status, to->words);
	struct sbuf line;

	if (meaning == NULL)
		return;
	sbuf_init(&line, 1024);
	sbuf_addf(&line, report_say(N_("What it means: %s")),
	          report_say(meaning));
	add_remark(out, line.data);
	sbuf_release(&line);
}

/* How it went, for the addresses above. */
static void add_reason(struct sbuf *out, const struct report_recipient *to)
{
	bool is_bad =
		to->action == REPORT_FAILED || to->action == REPORT_DELAYED;

	if (to->words != NULL && *to->words != '\0')
		add_words(out, to);
	if (is_bad)
		add_meaning(out, to);
	if (is_bad && to->in_doubt)
		add_remark(out, report_say(doubt));
	sbuf_addstr(out, "\n");
}

static void add_recipient(struct sbuf *out, const struct report_recipient *to)
{
	char tried[VALUE];
	struct sbuf line;

	add_value(out, "  ", to->address);
	if (to->final == NULL || strcmp(to->final, to->address) == 0)
		return;
	sbuf_init(&line, 2048);
	sbuf_addf(&line, report_say(N_("(which stands for %s)")),
	          show(tried, sizeof(tried), to->final));
	add_remark(out, line.data);
	sbuf_release(&line);
}

/* --- all of them ---------------------------------------------------------- */

static size_t count_of(const struct report *r, enum report_action action)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++)
		n += r->recipients[i].action == action;
	return n;
}

/* Those with that action; `shown` counts over all actions. */
static void add_recipients(struct sbuf *out, const struct report *r,
                           enum report_action action, size_t *shown)
{
	const struct report_recipient *last = NULL;

	for (size_t i = 0; i < r->count && *shown < REPORT_SHOWN; i++) {
		const struct report_recipient *to = &r->recipients[i];

		if (to->action != action)
			continue;
		if (last != NULL && !fares_alike(last, to))
			add_reason(out, last);
		add_recipient(out, to);
		last = to;
		++*shown;
	}
	if (last != NULL)
		add_reason(out, last);
}

static const struct {
	const char *subject;
	const char *intro;
} actions[] = {
	[REPORT_FAILED] = { N_("Undelivered mail"),
	                    N_("Your message could not be delivered to:") },
	[REPORT_DELAYED] = { N_("Delayed mail, still being tried"),
	                     N_("Your message has not been delivered yet "
	                        "to:") },
	[REPORT_RELAYED] = { N_("Mail handed on"),
	                     N_("Your message was handed to a server that "
	                        "sends no report when it is delivered, for:") },
	[REPORT_DELIVERED] = { N_("Delivered mail"),
	                       N_("Your message was delivered to:") },
};

/* What the reader can do, and what happens by itself. */
static void add_failed_note(struct sbuf *out, const struct report *r)
{
	char host[NAME];
	struct sbuf line;

	if (!r->is_kept)
		return;
	sbuf_init(&line, 2048);
	sbuf_addf(&line,
	          report_say(N_("The message is kept in the queue of %s. When "
	                        "what stood in the way is gone, this command "
	                        "sends it again to whoever has not got it:")),
	          show(host, sizeof(host), r->host));
	add_paragraph(out, line.data);
	sbuf_release(&line);
	add_value(out, "    relay queue retry ", r->original);
	sbuf_addstr(out, "\n");
}

static void add_delayed_note(struct sbuf *out, const struct report *r)
{
	struct sbuf when, line;

	sbuf_init(&when, 64);
	sbuf_init(&line, 1024);
	clock_add_short(&when, r->retry_until);
	if (r->retry_until > 0)
		sbuf_addf(&line,
		          report_say(N_("It is tried again until %s; you need "
		                        "not send it again. You will be told "
		                        "if it has to be given up.")),
		          when.data);
	else
		sbuf_addstr(&line, report_say(tried_again));
	add_paragraph(out, line.data);
	sbuf_release(&line);
	sbuf_release(&when);
}

static void add_group(struct sbuf *out, const struct report *r,
                      enum report_action action, size_t *shown)
{
	if (count_of(r, action) == 0)
		return;
	add_paragraph(out, report_say(actions[action].intro));
	add_recipients(out, r, action, shown);
}

static void add_group_and_note(struct sbuf *out, const struct report *r,
                               enum report_action action, size_t *shown)
{
	if (count_of(r, action) == 0)
		return;
	add_group(out, r, action, shown);
	if (action == REPORT_FAILED)
		add_failed_note(out, r);
	if (action == REPORT_DELAYED)
		add_delayed_note(out, r);
}

static void add_rest(struct sbuf *out, size_t count)
{
	struct sbuf line;

	if (count == 0)
		return;
	sbuf_init(&line, 1024);
	sbuf_addf(&line,
	          report_say(N_("There are more recipients than are shown "
	                        "here (%zu more); the second part of this "
	                        "mail, which is for programs, has them all.")),
	          count);
	add_paragraph(out, line.data);
	sbuf_release(&line);
}

static void add_origin(struct sbuf *out, const struct report *r)
{
	char host[NAME], name[NAME];
	struct sbuf when, line;

	sbuf_init(&when, 64);
	sbuf_init(&line, 2048);
	clock_add_short(&when, r->arrival);
	sbuf_addf(&line,
	          r->with_body
	                  ? report_say(N_("Your message was sent on %s and is "
	                                  "attached. Its name in the queue "
	                                  "of %s is %s."))
	                  : report_say(N_("Your message was sent on %s; its "
	                                  "header is attached. Its name in "
	                                  "the queue of %s is %s.")),
	          when.data, show(host, sizeof(host), r->host),
	          show(name, sizeof(name), r->original));
	add_paragraph(out, line.data);
	sbuf_release(&line);
	sbuf_release(&when);
}

void report_text(struct sbuf *out, const struct report *r)
{
	size_t shown = 0;

	for (int action = 0; action <= REPORT_DELIVERED; action++)
		add_group_and_note(out, r, (enum report_action)action, &shown);
	add_rest(out, r->count - shown);
	add_origin(out, r);
}

/* --- subject ---------------------------------------------------------------
 */

/* The original's in one line, encoded words and all; what is too long ends at a
 * blank, so that no encoded word is torn. */
static void add_in_line(struct sbuf *out, const char *raw)
{
	char text[SUBJECT + 4];
	size_t n = 0;

	for (; *raw != '\0' && n <= SUBJECT; raw++) {
		bool is_blank = (unsigned char)*raw <= ' ' || *raw == 0x7f;

		if (!is_blank)
			text[n++] = *raw;
		else if (n > 0 && text[n - 1] != ' ')
			text[n++] = ' ';
	}
	if (n > SUBJECT) {
		while (n > 0 && text[n - 1] != ' ')
			n--;
		memcpy(text + n, "...", 3);
		n += 3;
	}
	escape_add(out, text, n);
}

/* What is worst decides. */
void report_subject(struct sbuf *out, const struct report *r)
{
	int action = REPORT_FAILED;
	struct sbuf original;

	while (action < REPORT_DELIVERED &&
	       count_of(r, (enum report_action)action) == 0)
		action++;
	sbuf_init(&original, 4 * (SUBJECT + 4));
	if (r->subject != NULL)
		add_in_line(&original, r->subject);
	if (original.len > 0)
		/* what happened: what the original's subject was */
		sbuf_addf(out, report_say(N_("%s: %s")),
		          report_say(actions[action].subject), original.data);
	else
		sbuf_addstr(out, report_say(actions[action].subject));
	sbuf_release(&original);
}

/* --- a digest ------------------------------------------------------------- */

void report_text_many(struct sbuf *out, size_t count)
{
	struct sbuf line;

	sbuf_init(&line, 1024);
	sbuf_addf(&line,
	          report_say(N_("There was so much to report to you within an "
	                        "hour that these %zu messages are reported "
	                        "together, in this mail.")),
	          count);
	add_paragraph(out, line.data);
	sbuf_release(&line);
}

/* Which message it is. */
static void add_name(struct sbuf *out, const struct report *r)
{
	struct sbuf when, line;
	char name[NAME];

	sbuf_init(&when, 64);
	sbuf_init(&line, 2048);
	clock_add_short(&when, r->arrival);
	sbuf_addf(&line, report_say(N_("Message %s, sent on %s")),
	          show(name, sizeof(name), r->original), when.data);
	add_wrapped(out, "", line.data);
	sbuf_reset(&line);
	if (r->subject != NULL)
		add_in_line(&line, r->subject);
	if (line.len > 0)
		add_value(out, report_say(N_("Subject: ")), line.data);
	sbuf_addstr(out, "\n");
	sbuf_release(&line);
	sbuf_release(&when);
}

void report_text_one(struct sbuf *out, const struct report *r)
{
	size_t shown = 0;
	struct sbuf line;

	add_wrapped(out, "", "--------------------------------------------");
	add_name(out, r);
	for (int action = 0; action <= REPORT_DELIVERED; action++)
		add_group(out, r, (enum report_action)action, &shown);
	if (shown == r->count)
		return;
	sbuf_init(&line, 1024);
	sbuf_addf(&line,
	          report_say(N_("There are more recipients than are shown "
	                        "here (%zu more).")),
	          r->count - shown);
	add_paragraph(out, line.data);
	sbuf_release(&line);
}

void report_text_kept(struct sbuf *out, const char *host)
{
	char shown[NAME];
	struct sbuf line;

	sbuf_init(&line, 2048);
	sbuf_addf(&line,
	          report_say(N_("What failed is kept in the queue of %s. When "
	                        "what stood in the way is gone, this command "
	                        "sends a message again to whoever has not got "
	                        "it, by its name or with --all:")),
	          show(shown, sizeof(shown), host));
	add_wrapped(out, "", "--------------------------------------------");
	add_paragraph(out, line.data);
	add_value(out, "    relay queue retry ", report_say(N_("NAME...")));
	sbuf_release(&line);
}
