/* SPDX-License-Identifier: GPL-3.0-or-later */
/* content - see content.h */

#include "content.h"

#include <string.h>

enum { LINE_MAX_OCTETS = 998 };

enum state {
	START,  /* of a line */
	DOT,    /* after a dot there */
	DOT_CR, /* after ".\r" */
	MIDDLE,
	END,
};

/* Simple enough for the compiler to do 16 octets at a time. */
static void inspect(struct content *content, const char *bytes, size_t n)
{
	unsigned char high = 0;
	unsigned long crs = 0;

	for (size_t i = 0; i < n; i++) {
		high |= (unsigned char)bytes[i];
		crs += bytes[i] == '\r';
	}
	content->crs += crs;
	if ((high & 0x80) != 0)
		content->flaws |= FLAW_8BIT;
	if (memchr(bytes, '\0', n) != NULL)
		content->flaws |= FLAW_NUL;
}

static void emit(struct content *content, const char *bytes, size_t n)
{
	if (n == 0)
		return;
	inspect(content, bytes, n);
	content->octets += n;
	if (content->to != NULL &&
	    (content->limit == 0 || content->octets <= content->limit))
		message_add(content->to, bytes, n);
}

/* Go to the end of the line, or of the bytes.  The number of bytes used. */
static size_t rest_of_line(struct content *content, const char *bytes, size_t n)
{
	const char *lf = memchr(bytes, '\n', n);
	size_t used = lf != NULL ? (size_t)(lf - bytes) + 1 : n;
	char before = used > 1 ? bytes[used - 2] : content->last;

	content->line += used;
	content->last = bytes[used - 1];
	if (lf == NULL)
		return used;
	if (before == '\r') {
		content->crlfs++;
		content->state = START;
	} else {
		content->flaws |= FLAW_BARE_LF;
	}
	if (content->line > LINE_MAX_OCTETS + 2)
		content->flaws |= FLAW_LONG;
	content->line = 0;
	return used;
}

/* The number of bytes used: all, or up to the end of the content. */
static size_t take_dotted(struct content *content, const char *bytes, size_t n)
{
	size_t at = 0, run = 0; /* bytes run..at are still to be emitted */

	while (at < n && content->state != END) {
		switch ((enum state)content->state) {
		case START:
			content->state = MIDDLE;
			if (bytes[at] != '.')
				break;
			emit(content, bytes + run, at - run);
			run = ++at;
			content->last = '.';
			content->state = DOT;
			break;
		case DOT:
			content->state = MIDDLE;
			if (bytes[at] == '\r') {
				run = ++at;
				content->state = DOT_CR;
			} else if (bytes[at] != '.') {
				content->flaws |= FLAW_UNSTUFFED;
			}
			break;
		case DOT_CR:
			content->state = END;
			if (bytes[at] == '\n') {
				run = ++at;
				break;
			}
			content->flaws |= FLAW_UNSTUFFED;
			emit(content, "\r", 1);
			content->last = '\r';
			content->state = MIDDLE;
			break;
		case MIDDLE:
			at += rest_of_line(content, bytes + at, n - at);
			break;
		case END:
		default: break;
		}
	}
	emit(content, bytes + run, at - run);
	return at;
}

static void take_plain(struct content *content, const char *bytes, size_t n)
{
	for (size_t at = 0; at < n;)
		at += rest_of_line(content, bytes + at, n - at);
	emit(content, bytes, n);
}

int content_read_dot(struct content *content, struct conn *c)
{
	const char *bytes;
	size_t n;

	while (content->state != END) {
		n = conn_peek(c, &bytes);
		if (n == 0)
			return -1;
		conn_skip(c, take_dotted(content, bytes, n));
		if (content->pause > 0)
			conn_pause(c, content->pause);
	}
	return 0;
}

int content_read_chunk(struct content *content, struct conn *c, unsigned long n)
{
	const char *bytes;
	size_t got;

	while (n > 0) {
		got = conn_peek(c, &bytes);
		if (got == 0)
			return -1;
		if (got > n)
			got = n;
		take_plain(content, bytes, got);
		conn_skip(c, got);
		n -= got;
		if (content->pause > 0)
			conn_pause(c, content->pause);
	}
	return 0;
}

void content_end(struct content *content)
{
	if (content->crs != content->crlfs)
		content->flaws |= FLAW_BARE_CR;
	if (content->line > LINE_MAX_OCTETS)
		content->flaws |= FLAW_LONG;
	if (content->line > 0)
		content->flaws |= FLAW_UNENDED;
}

const char *flaw_name(unsigned flaws)
{
	if ((flaws & FLAW_BARE_LF) != 0)
		return "bare LF";
	if ((flaws & FLAW_BARE_CR) != 0)
		return "bare CR";
	if ((flaws & FLAW_UNSTUFFED) != 0)
		return "unstuffed dot";
	if ((flaws & FLAW_LONG) != 0)
		return "line over 998 octets";
	if ((flaws & FLAW_8BIT) != 0)
		return "8-bit content";
	if ((flaws & FLAW_NUL) != 0)
		return "NUL in content";
	return "no CRLF at the end";
}
