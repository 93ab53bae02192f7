/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/offer.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

void offer_init(struct session_offer *offer)
{
	memset(offer, 0, sizeof(*offer));
	sbuf_init(&offer->mechanisms, OFFER_MECHANISMS);
}

void offer_release(struct session_offer *offer)
{
	sbuf_release(&offer->mechanisms);
}

/* Does the line begin with this keyword?  Its parameters, or NULL.  "AUTH="
 * is what servers said before RFC 2554 was final; some still do. */
static const char *keyword(const char *line, const char *word)
{
	size_t n = strlen(word);

	if (strlen(line) < n || !ascii_is_same(line, word, n))
		return NULL;
	if (line[n] == '\0')
		return line + n;
	return line[n] == ' ' || line[n] == '=' ? line + n + 1 : NULL;
}

/* A limit that is no number or absurdly large is none. */
static uint64_t parse_size(const char *text)
{
	char *end;
	unsigned long long value;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 18)
		return 0;
	value = strtoull(text, &end, 10);
	return *end == '\0' ? value : 0;
}

static void read_line(struct session_offer *offer, const char *line)
{
	const char *rest;

	if (keyword(line, "STARTTLS") != NULL)
		offer->starttls = true;
	else if (keyword(line, "PIPELINING") != NULL)
		offer->pipelining = true;
	else if (keyword(line, "CHUNKING") != NULL)
		offer->chunking = true;
	else if (keyword(line, "8BITMIME") != NULL)
		offer->eightbit = true;
	else if (keyword(line, "SMTPUTF8") != NULL)
		offer->smtputf8 = true;
	else if (keyword(line, "DSN") != NULL)
		offer->dsn = true;
	else if ((rest = keyword(line, "SIZE")) != NULL) {
		offer->size = true;
		offer->size_limit = parse_size(rest);
	} else if ((rest = keyword(line, "AUTH")) != NULL) {
		offer->auth = true;
		if (offer->mechanisms.len > 0)
			sbuf_add(&offer->mechanisms, " ", 1);
		sbuf_addstr(&offer->mechanisms, rest);
	}
}

void offer_read(struct session_offer *offer, const struct reply *r)
{
	const char *line = strchr(r->text.data, '\n');
	struct sbuf one;

	sbuf_init(&one, REPLY_BYTES);
	while (line != NULL) {
		const char *end = strchr(line + 1, '\n');
		size_t n = end != NULL ? (size_t)(end - line - 1)
		                       : strlen(line + 1);

		sbuf_reset(&one);
		sbuf_add(&one, line + 1, n);
		read_line(offer, one.data);
		line = end;
	}
	sbuf_release(&one);
}
