/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/complete.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/intl.h"
#include "message/encode.h"

#define FIELD_MAX 4096     /* bytes of a value that we make */
#define NAME_MAX_SHOWN 200 /* bytes of a full name that we show */

/* ---- recipients ---- */

static bool has_any(const struct header *h, const char *const name[])
{
	for (; *name != NULL; name++)
		if (header_find(h, *name, NULL) != NULL)
			return true;
	return false;
}

static int add_recipients(const struct header *h, const char *name,
                          struct address_list *to, struct fault *f)
{
	const struct header_field *field = NULL;
	struct sbuf value;
	int result = 0;

	sbuf_init(&value, h->text.limit);
	while (result == 0 && (field = header_find(h, name, field)) != NULL) {
		sbuf_reset(&value);
		header_value(h, field, &value);
		result = address_parse_list(value.data, value.len, to, f);
	}
	sbuf_release(&value);
	if (result != 0)
		fault_wrap(f, _("in the header field %s"), name);
	return result;
}

int complete_recipients(const struct header *h, struct address_list *to,
                        struct fault *f)
{
	static const char *const original[] = { "To", "Cc", "Bcc",
		                                "Apparently-To", NULL };
	static const char *const resent[] = { "Resent-To", "Resent-Cc",
		                              "Resent-Bcc", NULL };
	const char *const *name = has_any(h, resent) ? resent : original;

	for (; *name != NULL; name++)
		if (add_recipients(h, *name, to, f) != 0)
			return -1;
	return 0;
}

/* ---- fields that are missing ---- */

static bool is_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The full name in one line, cut between characters if it is very long. */
static void clean_name(struct sbuf *out, const char *name)
{
	size_t n = strlen(name);

	if (n > NAME_MAX_SHOWN) {
		n = NAME_MAX_SHOWN;
		while (n > 0 && is_tail(name[n]))
			n--;
	}
	for (size_t i = 0; i < n; i++)
		sbuf_add(out, ascii_is_control(name[i]) ? " " : name + i, 1);
}

static void add_encoded(struct sbuf *out, const char *name, size_t n)
{
	bool is_utf8 = encode_is_utf8(name, n);
	size_t part;

	for (; n > 0; name += part, n -= part) {
		part = encode_word(name, n, is_utf8, ENCODE_WORD_MOST, out);
		if (part < n)
			sbuf_add(out, " ", 1);
	}
}

/* A display name: quoted, or encoded if it is not ASCII. */
static void add_phrase(struct sbuf *out, const char *full_name)
{
	struct sbuf name;

	sbuf_init(&name, NAME_MAX_SHOWN);
	clean_name(&name, full_name);
	if (!address_is_ascii(name.data)) {
		add_encoded(out, name.data, name.len);
		sbuf_release(&name);
		return;
	}
	sbuf_add(out, "\"", 1);
	for (const char *s = name.data; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			sbuf_add(out, "\\", 1);
		sbuf_add(out, s, 1);
	}
	sbuf_add(out, "\"", 1);
	sbuf_release(&name);
}

static void put_from(const struct complete_facts *facts, struct sbuf *out)
{
	bool named = facts->full_name != NULL && *facts->full_name != '\0';

	if (named) {
		add_phrase(out, facts->full_name);
		sbuf_addstr(out, " <");
	}
	if (*facts->sender != '\0')
		sbuf_addstr(out, facts->sender);
	else
		address_add_login(out, facts->login);
	if (named)
		sbuf_add(out, ">", 1);
}

static void put_date(const struct complete_facts *facts, struct sbuf *out)
{
	clock_add_date(out, facts->now);
}

/* A host name is the administrator's text: what is no name is not used. */
static const char *id_host(const struct complete_facts *facts)
{
	const char *host = facts->hostname;

	for (; *host != '\0'; host++)
		if (!ascii_is_graph(*host) || strchr("<>@()[]\\,;:\"", *host))
			return "localhost";
	return host == facts->hostname || host - facts->hostname > 255
	               ? "localhost"
	               : facts->hostname;
}

static void put_id(const struct complete_facts *facts, struct sbuf *out)
{
	sbuf_addf(out, "<%s@%s>", facts->id, id_host(facts));
}

/* Not the Message-ID again: the original may have got that one just now. */
static void put_resent_id(const struct complete_facts *facts, struct sbuf *out)
{
	sbuf_addf(out, "<resent.%s@%s>", facts->id, id_host(facts));
}

struct missing {
	const char *name;
	void (*put)(const struct complete_facts *facts, struct sbuf *out);
};

/* Ours go behind the originals, but a resent block belongs before the fields
 * of the message that was resent (RFC 5322, section 3.6.6). */
static int add_missing(struct header *h, const struct missing *field,
                       bool first, const struct complete_facts *facts,
                       struct fault *f)
{
	struct sbuf value;
	int result;

	if (header_find(h, field->name, NULL) != NULL)
		return 0;
	sbuf_init(&value, FIELD_MAX);
	field->put(facts, &value);
	result = first ? header_prepend(h, field->name, value.data, f)
	               : header_append(h, field->name, value.data, f);
	sbuf_release(&value);
	return result;
}

static bool is_resent(const struct header *h)
{
	const struct header_field *field = NULL;

	while ((field = header_find(h, NULL, field)) != NULL)
		if (field->name_len > 7 &&
		    ascii_is_same(h->text.data + field->at, "Resent-", 7))
			return true;
	return false;
}

/* Empty ones and those with control bytes go, and all after the first good. */
static void keep_one(struct header *h, const char *name)
{
	struct header_field *field = NULL;
	struct sbuf value;
	bool found = false;

	sbuf_init(&value, h->text.limit);
	while ((field = header_find(h, name, field)) != NULL) {
		bool good = !found;

		sbuf_reset(&value);
		if (good)
			header_value(h, field, &value);
		good = value.len > 0;
		for (size_t i = 0; i < value.len; i++)
			if (ascii_is_control(value.data[i]) &&
			    value.data[i] != '\t')
				good = false;
		if (!good)
			header_drop(field);
		found = found || good;
	}
	sbuf_release(&value);
}

static void remove_unwanted(struct header *h)
{
	static const char *const name[] = { "Bcc", "Resent-Bcc", "Return-Path",
		                            "Content-Length" };

	for (size_t i = 0; i < COUNT_OF(name); i++)
		header_remove(h, name[i]);
	keep_one(h, "Message-ID");
}

int complete_header(struct header *h, const struct complete_facts *facts,
                    struct fault *f)
{
	static const struct missing original[] = {
		{ "Date", put_date },
		{ "Message-ID", put_id },
		{ "From", put_from },
	};
	static const struct missing resent[] = {
		{ "Resent-Message-ID", put_resent_id },
		{ "Resent-Date", put_date },
		{ "Resent-From", put_from },
	};
	static const char *const shown[] = { "To", "Cc", NULL };
	bool again = is_resent(h);

	remove_unwanted(h);
	for (size_t i = 0; i < COUNT_OF(original); i++)
		if (add_missing(h, &original[i], false, facts, f) != 0)
			return -1;
	for (size_t i = 0; again && i < COUNT_OF(resent); i++)
		if (add_missing(h, &resent[i], true, facts, f) != 0)
			return -1;
	if (has_any(h, shown))
		return 0;
	return header_append(h, "To", "undisclosed-recipients:;", f);
}
