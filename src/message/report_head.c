/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/report_head.h"

#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/intl.h"
#include "message/report_status.h"
#include "message/report_text.h"
#include "message/words.h"

#define FIELD_LIMIT 16384

/* A name of ours as a phrase; one with signs that mean something there is
 * encoded. */
static void put_phrase(struct sbuf *out, const char *text)
{
	struct words words;
	size_t n = strlen(text);

	words_init(&words, out);
	if (!encode_has_8bit(text, n) &&
	    strpbrk(text, "()<>[]:;@\\,.\"") == NULL)
		words_put(&words, text, n);
	else
		words_encode(&words, text, n);
}

/* In a buffer of its own: lines are folded from where it begins. */
static void put_from(struct sbuf *out, const struct report *r)
{
	struct sbuf field;

	sbuf_init(&field, FIELD_LIMIT);
	sbuf_addstr(&field, "From: ");
	put_phrase(&field, report_say(N_("Mail Delivery System")));
	sbuf_addstr(&field, " <MAILER-DAEMON@");
	report_add_ascii(&field, r->domain, 255);
	sbuf_addstr(&field, ">\r\n");
	sbuf_addstr(out, field.data);
	sbuf_release(&field);
}

static void put_to(struct sbuf *out, const struct report *r)
{
	char shown[900];

	escape_copy(shown, sizeof(shown), r->to, strlen(r->to));
	sbuf_addf(out, "To: <%s>\r\n", shown);
}

static void put_subject(struct sbuf *out, const char *subject)
{
	struct sbuf field;
	struct words words;

	sbuf_init(&field, FIELD_LIMIT);
	sbuf_addstr(&field, "Subject: ");
	words_init(&words, &field);
	words_add(&words, WORDS_TEXT, subject, strlen(subject));
	sbuf_addstr(&field, "\r\n");
	sbuf_addstr(out, field.data);
	sbuf_release(&field);
}

void report_head(struct sbuf *out, const struct report *r, const char *subject)
{
	put_from(out, r);
	put_to(out, r);
	put_subject(out, subject);
	sbuf_addstr(out, "Date: ");
	clock_add_date(out, r->now);
	sbuf_addstr(out, "\r\nMessage-ID: <");
	report_add_ascii(out, r->id, 64);
	sbuf_addstr(out, "@");
	report_add_ascii(out, r->host, 255);
	sbuf_addstr(out, ">\r\nAuto-Submitted: auto-replied\r\n"
	                 "MIME-Version: 1.0\r\n");
}

void report_lines(struct sbuf *out, const char *text, struct quoted *quoted)
{
	for (const char *lf; (lf = strchr(text, '\n')) != NULL; text = lf + 1) {
		if (quoted != NULL) {
			quoted_add(quoted, text, (size_t)(lf - text), out);
			quoted_break(quoted, out);
		} else {
			sbuf_add(out, text, (size_t)(lf - text));
			sbuf_addstr(out, "\r\n");
		}
	}
}
