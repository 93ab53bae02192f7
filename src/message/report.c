/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The boundary holds the name of the report's entry, which did not exist when
 * the original was written and has 32 bits of chance (queue/id.h).  Our own
 * parts have no line that begins with "--".
 */
#include "message/report.h"

#include <string.h>

#include "base/ascii.h"
#include "message/report_head.h"
#include "message/report_status.h"
#include "message/report_text.h"

#define PIECE 16384 /* bytes that are collected */
/* Those and what one recipient, one line or the text for people adds. */
#define OUT_LIMIT (3 * REPORT_TEXT + 4 * PIECE)

/* --- writing -------------------------------------------------------------- */

static void flush(struct report_writer *w)
{
	if (w->result == 0 && w->out.overflow)
		w->result = -1; /* cannot be: every value has its limit */
	if (w->result == 0 && w->out.len > 0)
		w->result = w->write(w->arg, w->out.data, w->out.len);
	sbuf_reset(&w->out);
}

static void flush_much(struct report_writer *w)
{
	if (w->out.len >= PIECE)
		flush(w);
}

static void put(struct report_writer *w, const char *text)
{
	sbuf_addstr(&w->out, text);
}

static void put_part(struct report_writer *w, const char *type)
{
	sbuf_addf(&w->out, "\r\n--%s\r\nContent-Type: %s\r\n", w->boundary,
	          type);
}

/* --- header ----------------------------------------------------------------
 */

/* What is no part of a name becomes "_". */
static void make_boundary(struct report_writer *w, const char *id)
{
	static const char start[] = "=_relay_";
	size_t n = sizeof(start) - 1;

	memcpy(w->boundary, start, n);
	for (; *id != '\0' && n < 60; id++) {
		bool fits =
			(ascii_lower(*id) >= 'a' && ascii_lower(*id) <= 'z') ||
			(*id >= '0' && *id <= '9');

		w->boundary[n++] = (char)(fits ? *id : '_');
	}
	w->boundary[n] = '\0';
}

static void put_header(struct report_writer *w)
{
	const struct report *r = w->report;
	struct sbuf subject;

	sbuf_init(&subject, PIECE);
	report_subject(&subject, r);
	report_head(&w->out, r, subject.data);
	sbuf_release(&subject);
	put(w,
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n");
	sbuf_addf(&w->out, "\tboundary=\"%s\"\r\n", w->boundary);
	if (r->with_body && r->original_is_8bit)
		put(w, "Content-Transfer-Encoding: 8bit\r\n");
}

/* --- parts -----------------------------------------------------------------
 */

static void put_text(struct report_writer *w)
{
	struct quoted quoted;
	struct sbuf text;
	bool is_quoted;

	sbuf_init(&text, REPORT_TEXT);
	quoted_init(&quoted);
	report_text(&text, w->report);
	is_quoted = encode_has_8bit(text.data, text.len);
	put_part(w, is_quoted ? "text/plain; charset=utf-8"
	                      : "text/plain; charset=us-ascii");
	put(w, is_quoted ? "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	                 : "\r\n");
	report_lines(&w->out, text.data, is_quoted ? &quoted : NULL);
	sbuf_release(&text);
	flush(w);
}

static void put_status(struct report_writer *w)
{
	const struct report *r = w->report;

	put_part(w, "message/delivery-status");
	put(w, "\r\n");
	report_status_message(&w->out, r);
	for (size_t i = 0; i < r->count && w->result == 0; i++) {
		report_status_recipient(&w->out, r, &r->recipients[i]);
		flush_much(w);
	}
}

/* A message inside a report must not be encoded; a header may (RFC 6522,
 * section 4), and then passes every server as it is. */
static void put_original_head(struct report_writer *w)
{
	bool is_8bit = w->report->original_is_8bit;

	put_part(w, w->report->with_body ? "message/rfc822"
	                                 : "text/rfc822-headers");
	w->is_quoted = is_8bit && !w->report->with_body;
	if (is_8bit)
		put(w, w->is_quoted ? "Content-Transfer-Encoding: "
		                      "quoted-printable\r\n"
		                    : "Content-Transfer-Encoding: 8bit\r\n");
	put(w, "\r\n");
	flush(w);
}

int report_begin(struct report_writer *w, const struct report *report,
                 int (*write)(void *arg, const char *bytes, size_t n),
                 void *arg)
{
	*w = (struct report_writer){ .report = report,
		                     .write = write,
		                     .arg = arg };
	sbuf_init(&w->out, OUT_LIMIT);
	quoted_init(&w->quoted);
	make_boundary(w, report->id);
	put_header(w);
	put_text(w);
	put_status(w);
	put_original_head(w);
	w->report = NULL;
	return w->result;
}

/* --- the original ----------------------------------------------------------
 */

static void put_quoted(struct report_writer *w, const char *bytes, size_t n)
{
	for (; n > 0; bytes++, n--) {
		if (w->after_cr && *bytes != '\n')
			quoted_add(&w->quoted, "\r", 1, &w->out);
		w->after_cr = *bytes == '\r';
		if (*bytes == '\n')
			quoted_break(&w->quoted, &w->out);
		else if (!w->after_cr)
			quoted_add(&w->quoted, bytes, 1, &w->out);
		w->in_line = *bytes != '\n';
		flush_much(w);
	}
}

int report_original(struct report_writer *w, const char *bytes, size_t n)
{
	if (w->result != 0 || n == 0)
		return w->result;
	if (w->is_quoted) {
		put_quoted(w, bytes, n);
		return w->result;
	}
	w->in_line = bytes[n - 1] != '\n';
	w->result = w->write(w->arg, bytes, n);
	return w->result;
}

int report_end(struct report_writer *w)
{
	if (w->after_cr)
		quoted_add(&w->quoted, "\r", 1, &w->out);
	if (w->is_quoted)
		quoted_end(&w->quoted, &w->out);
	sbuf_addf(&w->out, "%s\r\n--%s--\r\n", w->in_line ? "\r\n" : "",
	          w->boundary);
	flush(w);
	sbuf_release(&w->out);
	return w->result;
}
