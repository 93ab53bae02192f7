/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/report_status.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/clock.h"
#include "message/encode.h"
#include "message/meaning.h"

#define VALUE 900 /* bytes of one: with its name less than 998 */
#define LINE 76   /* where a text is folded */

/* --- values -------------------------------------------------------------- */

void report_add_ascii(struct sbuf *out, const char *text, size_t room)
{
	for (; *text != '\0'; text++) {
		char shown[5] = { *text, '\0' };
		size_t n = 1;

		if (*text != ' ' && !ascii_is_graph(*text))
			n = (size_t)snprintf(shown, sizeof(shown), "\\x%02X",
			                     (unsigned char)*text);
		if (n > room)
			return;
		sbuf_add(out, shown, n);
		room -= n;
	}
}

static void add_field(struct sbuf *out, const char *name, const char *type,
                      const char *value)
{
	sbuf_addf(out, "%s: %s", name, type);
	report_add_ascii(out, value, VALUE);
	sbuf_addstr(out, "\r\n");
}

static void add_date(struct sbuf *out, const char *name, int64_t seconds)
{
	if (seconds <= 0)
		return;
	sbuf_addf(out, "%s: ", name);
	clock_add_date(out, seconds);
	sbuf_addstr(out, "\r\n");
}

/* Long texts are folded where they have a blank. */
static void add_folded(struct sbuf *out, const char *name, const char *type,
                       const char *value)
{
	struct sbuf text;
	const char *at;
	size_t column;

	sbuf_init(&text, VALUE + 64);
	sbuf_addf(&text, "%s: %s", name, type);
	report_add_ascii(&text, value, VALUE);
	column = 0;
	for (at = text.data; *at != '\0';) {
		size_t blanks = strspn(at, " ");
		size_t n = blanks + strcspn(at + blanks, " ");

		if (column + n > LINE && blanks > 0 && n > blanks) {
			sbuf_addstr(out, "\r\n");
			column = 0;
		}
		sbuf_add(out, at, n);
		column += n;
		at += n;
	}
	sbuf_addstr(out, "\r\n");
	sbuf_release(&text);
}

/* --- addresses ----------------------------------------------------------- */

/* One character of UTF-8 that is known to be good; its length. */
static size_t character(const char *s, unsigned long *c)
{
	unsigned char first = (unsigned char)*s;
	size_t n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	*c = n == 1 ? first : first & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++)
		*c = *c << 6 | ((unsigned char)s[i] & 0x3fU);
	return n;
}

/* RFC 6533, section 3: utf-8-addr-xtext. */
static void add_utf8_address(struct sbuf *out, const char *address)
{
	size_t end = out->len + VALUE;

	while (*address != '\0' && out->len + 12 < end) {
		unsigned long c;

		address += character(address, &c);
		if (c > 0x20 && c < 0x7f && strchr("+=\\", (int)c) == NULL)
			sbuf_addf(out, "%c", (int)c);
		else
			sbuf_addf(out, "\\x{%02lX}", c);
	}
}

static void add_address(struct sbuf *out, const char *name, const char *address)
{
	size_t n = strlen(address);

	if (!encode_has_8bit(address, n) || !encode_is_utf8(address, n)) {
		add_field(out, name, "rfc822; ", address);
		return;
	}
	sbuf_addf(out, "%s: utf-8; ", name);
	add_utf8_address(out, address);
	sbuf_addstr(out, "\r\n");
}

static int digit(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* Of RFC 3461, section 4: +HH is the octet HH. */
static void decode_xtext(struct sbuf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		int high = *text == '+' ? digit(text[1]) : -1;
		int low = high >= 0 ? digit(text[2]) : -1;
		char c = *text;

		if (low >= 0) {
			c = (char)(high << 4 | low);
			text += 2;
		}
		sbuf_add(out, c != '\0' ? &c : "?", 1);
	}
}

/* RFC 3464, section 2.3.1: decoded, but a utf-8 address has a form of its own,
 * which stays (RFC 6533, section 4.4). */
static void add_original_recipient(struct sbuf *out, const char *orcpt)
{
	const char *semicolon = strchr(orcpt, ';');
	struct sbuf text;

	if (semicolon == NULL)
		return;
	sbuf_init(&text, VALUE);
	sbuf_add(&text, orcpt, (size_t)(semicolon + 1 - orcpt));
	sbuf_addstr(&text, " ");
	if (ascii_begins(orcpt, "utf-8;"))
		sbuf_addstr(&text, semicolon + 1);
	else
		decode_xtext(&text, semicolon + 1);
	add_field(out, "Original-Recipient", "", text.data);
	sbuf_release(&text);
}

/* --- outcomes ------------------------------------------------------------ */

static const struct {
	const char *name;
	const char *status; /* if there is no good one */
} actions[] = {
	[REPORT_FAILED] = { "failed", "5.0.0" },
	[REPORT_DELAYED] = { "delayed", "4.0.0" },
	[REPORT_RELAYED] = { "relayed", "2.0.0" },
	[REPORT_DELIVERED] = { "delivered", "2.0.0" },
};

/* RFC 3463, section 2: "5.1.1", numbers of up to three digits. */
static bool is_status(const char *s)
{
	static const char digits[] = "0123456789";
	size_t n;

	if (s == NULL || (s[0] != '2' && s[0] != '4' && s[0] != '5') ||
	    s[1] != '.')
		return false;
	n = strspn(s + 2, digits);
	if (n < 1 || n > 3 || s[2 + n] != '.')
		return false;
	s += 3 + n;
	n = strspn(s, digits);
	return n >= 1 && n <= 3 && s[n] == '\0';
}

/* "mail.example.org[192.0.2.1]:587" without address and port. */
static void add_remote(struct sbuf *out, const char *remote)
{
	char host[256];
	size_t n = strcspn(remote, "[:");

	if (n == 0 || n >= sizeof(host))
		return;
	memcpy(host, remote, n);
	host[n] = '\0';
	add_field(out, "Remote-MTA", "dns; ", host);
}

static void add_diagnostic(struct sbuf *out, const char *words)
{
	const char *reply = meaning_reply(words);

	if (reply != NULL)
		add_folded(out, "Diagnostic-Code", "smtp; ", reply);
	else
		add_folded(out, "Diagnostic-Code", "X-Relay; ", words);
}

void report_status_message(struct sbuf *out, const struct report *r)
{
	if (r->envid != NULL && *r->envid != '\0')
		add_field(out, "Original-Envelope-Id", "", r->envid);
	add_field(out, "Reporting-MTA", "dns; ", r->host);
	add_date(out, "Arrival-Date", r->arrival);
	add_field(out, "X-Relay-Queue-ID", "", r->original);
}

void report_status_recipient(struct sbuf *out, const struct report *r,
                             const struct report_recipient *to)
{
	sbuf_addstr(out, "\r\n");
	if (to->orcpt != NULL)
		add_original_recipient(out, to->orcpt);
	add_address(out, "Final-Recipient",
	            to->final != NULL ? to->final : to->address);
	add_field(out, "Action", "", actions[to->action].name);
	add_field(out, "Status", "",
	          is_status(to->status) ? to->status
	                                : actions[to->action].status);
	if (to->remote != NULL)
		add_remote(out, to->remote);
	if (to->words != NULL && *to->words != '\0')
		add_diagnostic(out, to->words);
	add_date(out, "Last-Attempt-Date", to->last_try);
	if (to->action == REPORT_DELAYED)
		add_date(out, "Will-Retry-Until", r->retry_until);
}
