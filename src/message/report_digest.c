/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/report_digest.h"

#include <string.h>

#include "base/escape.h"
#include "base/intl.h"
#include "message/report_head.h"
#include "message/report_text.h"

#define HEAD_LIMIT 65536
/* The text of one message, three bytes for each. */
#define OUT_LIMIT (3 * REPORT_TEXT + HEAD_LIMIT)

static int flush(struct report_digest *w)
{
	if (w->result == 0 && w->out.overflow)
		w->result = -1; /* cannot be: every value has its limit */
	if (w->result == 0 && w->out.len > 0)
		w->result = w->write(w->arg, w->out.data, w->out.len);
	sbuf_reset(&w->out);
	return w->result;
}

static void put_head(struct report_digest *w, const struct report *head,
                     size_t count)
{
	struct sbuf subject;

	sbuf_init(&subject, HEAD_LIMIT);
	sbuf_addf(&subject, report_say(N_("Reports on %zu of your messages")),
	          count);
	report_head(&w->out, head, subject.data);
	sbuf_addstr(&w->out,
	            "Content-Type: text/plain; charset=utf-8\r\n"
	            "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	sbuf_release(&subject);
}

int report_digest_begin(struct report_digest *w, const struct report *head,
                        size_t count,
                        int (*write)(void *arg, const char *bytes, size_t n),
                        void *arg)
{
	struct sbuf text;

	*w = (struct report_digest){ .write = write, .arg = arg };
	sbuf_init(&w->out, OUT_LIMIT);
	quoted_init(&w->quoted);
	escape_copy(w->host, sizeof(w->host), head->host, strlen(head->host));
	put_head(w, head, count);
	sbuf_init(&text, REPORT_TEXT);
	report_text_many(&text, count);
	report_lines(&w->out, text.data, &w->quoted);
	sbuf_release(&text);
	return flush(w);
}

int report_digest_add(struct report_digest *w, const struct report *r)
{
	struct sbuf text;

	if (w->result != 0)
		return w->result;
	w->has_kept |= r->is_kept;
	sbuf_init(&text, REPORT_TEXT);
	report_text_one(&text, r);
	report_lines(&w->out, text.data, &w->quoted);
	sbuf_release(&text);
	return flush(w);
}

int report_digest_end(struct report_digest *w)
{
	struct sbuf text;

	sbuf_init(&text, REPORT_TEXT);
	if (w->has_kept)
		report_text_kept(&text, w->host);
	report_lines(&w->out, text.data, &w->quoted);
	quoted_end(&w->quoted, &w->out);
	sbuf_release(&text);
	flush(w);
	sbuf_release(&w->out);
	return w->result;
}
