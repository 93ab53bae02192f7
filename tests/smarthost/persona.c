/* SPDX-License-Identifier: GPL-3.0-or-later */
/* persona - see persona.h
 *
 * The header is read plainly, on purpose unlike the programs under test: a
 * field is a line and its continuations, an address is what stands in the last
 * < >, else the text without comments.
 */
#include "persona.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct persona {
	const char *name;
	const char *extensions;
	const char *bare;     /* reply to an address without a domain in MAIL
	                         and RCPT, or NULL */
	const char *bare_to;  /* ... in To or Cc */
	const char *bad_from; /* From is missing, twice, or no address */
	const char *unknown; /* a sender is not verified; NULL: everybody may */
	bool names_login;    /* in that reply; the sender ends it */
	bool judges_envelope; /* MAIL must be verified, too */
};

static const struct persona personas[] = {
	{ "ses", "SIZE=41943040 8BITMIME",
	  "501 Invalid MAIL FROM address provided",
	  "554 Transaction failed: Missing final '@domain'",
	  "554 Transaction failed: Expected exactly one From header",
	  "554 Message rejected: Email address is not verified. The following "
	  "identities failed the check in region EU-WEST-1: ",
	  false, true },
	{ "sendgrid", "PIPELINING SIZE=31457280 8BITMIME",
	  "501 5.1.3 Bad address", "550 Bad To address",
	  "550 Invalid From header",
	  "403 The from address does not match a verified Sender Identity. "
	  "Mail "
	  "cannot be sent until this error is resolved. ",
	  false, false },
	{ "gmail",
	  "SIZE=35882577 8BITMIME ENHANCEDSTATUSCODES PIPELINING CHUNKING "
	  "SMTPUTF8",
	  "555 5.5.2 Syntax error, cannot decode response",
	  "550 5.7.1 This message is not RFC 5322 compliant: invalid 'To' "
	  "header",
	  "550 5.7.1 This message is not RFC 5322 compliant: 'From' header is "
	  "missing or has no valid address",
	  NULL, false, false },
	{ "microsoft365",
	  "SIZE=157286400 PIPELINING DSN ENHANCEDSTATUSCODES 8BITMIME CHUNKING "
	  "SMTPUTF8",
	  "501 5.1.7 Invalid address", "550 5.6.0 Invalid To address",
	  "550 5.6.0 Message needs one From address",
	  "554 5.2.252 SendAsDenied; not allowed to send as ", true, true },
};

const struct persona *persona_find(const char *name)
{
	for (size_t i = 0; i < sizeof(personas) / sizeof(personas[0]); i++)
		if (strcmp(personas[i].name, name) == 0)
			return &personas[i];
	return NULL;
}

const char *persona_extensions(const struct persona *p)
{
	return p->extensions;
}

static bool has_domain(const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL && at != address && strchr(at, '.') != NULL;
}

const char *persona_address(const struct persona *p, const char *address)
{
	return address[0] == '\0' || has_domain(address) ? NULL : p->bare;
}

/* ---- the header ---- */

/* The next value of the field, unfolded, into out; where to go on, or NULL. */
static const char *next_value(const char *at, const char *end, const char *name,
                              char *out, size_t size)
{
	size_t n = strlen(name), used = 0;
	bool found = false;

	while (at < end && *at != '\r') {
		const char *stop = memchr(at, '\r', (size_t)(end - at));
		bool more = *at == ' ' || *at == '\t';

		if (stop == NULL)
			break;
		if (found && !more)
			return at;
		if (!more && (size_t)(stop - at) > n &&
		    strncasecmp(at, name, n) == 0 && at[n] == ':') {
			found = true;
			at += n + 1;
		}
		for (; found && at < stop && used < size - 1; at++)
			out[used++] = *at;
		out[used] = '\0';
		at = stop + 2;
	}
	return found ? at : NULL;
}

/* One mailbox of a list, without its name and comments. */
static void plain_address(const char *text, size_t n, char *out, size_t size)
{
	size_t used = 0;
	int depth = 0;

	for (size_t i = 0; i < n; i++)
		if (text[i] == '<') {
			used = 0;
			for (i++; i < n && text[i] != '>'; i++)
				if (used < size - 1)
					out[used++] = text[i];
			break;
		} else if (text[i] == '(' || text[i] == ')') {
			depth += text[i] == '(' ? 1 : -1;
		} else if (depth == 0 && strchr(" \t\"", text[i]) == NULL &&
		           used < size - 1) {
			out[used++] = text[i];
		}
	out[used] = '\0';
}

/* Bytes up to the comma that ends a mailbox. */
static size_t mailbox_length(const char *s)
{
	bool quoted = false;
	size_t n = 0;

	for (; s[n] != '\0' && (quoted || s[n] != ','); n++)
		if (s[n] == '"')
			quoted = !quoted;
	return n;
}

static bool all_have_domains(const char *list)
{
	char address[512];

	if (strchr(list, ';') != NULL) /* a group; ours are empty */
		return true;
	for (size_t n; *list != '\0'; list += n + (list[n] == ',')) {
		n = mailbox_length(list);
		plain_address(list, n, address, sizeof(address));
		if (address[0] != '\0' && !has_domain(address))
			return false;
	}
	return true;
}

static bool is_verified(const char *address, const char *verified)
{
	char glob[256];

	while (verified != NULL && *verified != '\0') {
		size_t n = strcspn(verified, " ");

		snprintf(glob, sizeof(glob), "%.*s", (int)n, verified);
		if (fnmatch(glob, address, FNM_CASEFOLD) == 0)
			return true;
		verified += n + strspn(verified + n, " ");
	}
	return false;
}

/* One From, one address: it, or "". */
static void find_author(const char *head, size_t n, char *author, size_t size)
{
	const char *end = head + n, *at;
	char value[4096], other[16];

	author[0] = '\0';
	at = next_value(head, end, "From", value, sizeof(value));
	if (at == NULL || next_value(at, end, "From", other, sizeof(other)) ||
	    value[mailbox_length(value)] != '\0')
		return;
	plain_address(value, strlen(value), author, size);
}

static void refuse_sender(const struct persona *p, const char *login,
                          const char *address, char *reply, size_t size)
{
	snprintf(reply, size, "%s%s%s%s", p->unknown, address,
	         p->names_login ? "; you are " : "",
	         p->names_login ? login : "");
}

bool persona_judge(const struct persona *p, const char *head, size_t n,
                   const char *sender, const char *login, const char *verified,
                   char *reply, size_t size)
{
	static const char *const lists[] = { "To", "Cc" };
	char author[512], value[8192];

	find_author(head, n, author, sizeof(author));
	if (!has_domain(author)) {
		snprintf(reply, size, "%s", p->bad_from);
		return false;
	}
	for (size_t i = 0; i < 2; i++)
		if (next_value(head, head + n, lists[i], value,
		               sizeof(value)) != NULL &&
		    !all_have_domains(value)) {
			snprintf(reply, size, "%s", p->bare_to);
			return false;
		}
	if (p->unknown == NULL)
		return true;
	if (p->judges_envelope && sender[0] != '\0' &&
	    !is_verified(sender, verified)) {
		refuse_sender(p, login, sender, reply, size);
		return false;
	}
	if (!is_verified(author, verified)) {
		refuse_sender(p, login, author, reply, size);
		return false;
	}
	return true;
}
