/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/reply.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/intl.h"

void reply_reader_init(struct reply_reader *r)
{
	memset(r, 0, sizeof(*r));
	sbuf_init(&r->line, REPLY_BYTES);
	sbuf_init(&r->reply.text, REPLY_BYTES);
}

void reply_reader_release(struct reply_reader *r)
{
	sbuf_release(&r->line);
	sbuf_release(&r->reply.text);
}

static enum reply_result bad(struct fault *f, const char *what)
{
	fault_set(f, FAULT_TEMP, "4.5.0",
	          _("the server does not speak SMTP as it should: %s"), what);
	return REPLY_BAD;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The code, or 0. */
static int parse_code(const struct sbuf *line)
{
	const char *s = line->data;

	if (line->len < 3 || s[0] < '2' || s[0] > '5' || s[1] < '0' ||
	    s[1] > '5' || !is_digit(s[2]))
		return 0;
	if (line->len > 3 && s[3] != ' ' && s[3] != '-')
		return 0;
	return (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
}

static size_t count_digits(const char *s)
{
	size_t n = 0;

	while (n < 4 && is_digit(s[n]))
		n++;
	return n;
}

/* "5.7.139 text": class "." subject "." detail (RFC 3463, section 2), of the
 * same class as the code; one that contradicts it is not believed. */
static void parse_status(struct reply *r, const char *text)
{
	size_t subject, detail, n;

	if (text[0] != '0' + r->code / 100 || text[1] != '.')
		return;
	subject = count_digits(text + 2);
	if (subject < 1 || subject > 3 || text[2 + subject] != '.')
		return;
	detail = count_digits(text + 3 + subject);
	n = 3 + subject + detail;
	if (detail < 1 || detail > 3 || (text[n] != ' ' && text[n] != '\0'))
		return;
	snprintf(r->status, sizeof(r->status), "%.*s", (int)n, text);
}

static enum reply_result take_line(struct reply_reader *r, struct fault *f)
{
	struct reply *reply = &r->reply;
	int code = parse_code(&r->line);
	bool has_text = r->line.len > 3;
	const char *text;

	if (code == 0) /* the line may be shorter than a code */
		return bad(f, _("a reply has no valid code"));
	if (reply->lines > 0 && code != reply->code)
		return bad(f, _("the lines of a reply have different codes"));
	if (++reply->lines > REPLY_LINES)
		return bad(f, _("a reply has too many lines"));
	reply->code = code;
	text = r->line.data + (has_text ? 4 : 3);
	if (reply->lines == 1)
		parse_status(reply, text);
	else
		sbuf_add(&reply->text, "\n", 1);
	sbuf_add(&reply->text, text, has_text ? r->line.len - 4 : 0);
	return has_text && r->line.data[3] == '-' ? REPLY_MORE : REPLY_DONE;
}

static void start(struct reply_reader *r)
{
	sbuf_reset(&r->line);
	sbuf_reset(&r->reply.text);
	r->reply.code = 0;
	r->reply.status[0] = '\0';
	r->reply.lines = 0;
	r->bytes = 0;
	r->is_done = false;
}

/* Take bytes up to and with the next LF.  True: r->line is a whole line. */
static bool collect(struct reply_reader *r, const char *bytes, size_t n,
                    size_t *used)
{
	const char *newline = memchr(bytes, '\n', n);
	size_t length = newline != NULL ? (size_t)(newline - bytes) : n;

	sbuf_add(&r->line, bytes, length);
	r->bytes += length;
	*used += length;
	if (newline == NULL)
		return false;
	r->bytes++;
	*used += 1;
	if (r->line.len > 0 && r->line.data[r->line.len - 1] == '\r')
		sbuf_cut(&r->line, r->line.len - 1);
	return true;
}

enum reply_result reply_read(struct reply_reader *r, const char *bytes,
                             size_t n, size_t *used, struct fault *f)
{
	enum reply_result result = REPLY_MORE;

	*used = 0;
	if (r->is_done)
		start(r);
	while (*used < n && result == REPLY_MORE) {
		bool whole = collect(r, bytes + *used, n - *used, used);

		if (r->bytes > REPLY_BYTES || r->line.overflow)
			return bad(f, _("a reply is longer than 64 KiB"));
		if (!whole)
			break;
		result = take_line(r, f);
		sbuf_reset(&r->line);
	}
	r->is_done = result == REPLY_DONE;
	return result;
}

bool reply_is_begun(const struct reply_reader *r)
{
	return !r->is_done && r->bytes > 0;
}

void reply_show(const struct reply *r, char *to, size_t size)
{
	size_t head = (size_t)snprintf(to, size, "%03d ", r->code);
	char *text = to + head;
	char line[512];
	size_t n = r->text.len < sizeof(line) ? r->text.len : sizeof(line) - 1;

	if (head >= size)
		return;
	memcpy(line, r->text.data, n);
	for (size_t i = 0; i < n; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	escape_copy(text, size - head, line, n);
}
