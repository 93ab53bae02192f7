/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/parameters.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/sbuf.h"
#include "smtp/xtext.h"

#define DIGITS 20 /* of SIZE: RFC 1870, section 4 */

/* "7BIT" for any case of it; NULL: none of them. */
static const char *find_word(const struct path_parameter *p,
                             const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (p->value_len == strlen(words[i]) &&
		    ascii_is_same(p->value, words[i], p->value_len))
			return words[i];
	return NULL;
}

/* A value without blanks and "=" (RFC 5321: esmtp-value) into `to`. */
static bool take_value(const struct path_parameter *p, char *to, size_t size)
{
	if (p->value_len == 0 || p->value_len >= size)
		return false;
	for (size_t i = 0; i < p->value_len; i++)
		if (!ascii_is_graph(p->value[i]) || p->value[i] == '=')
			return false;
	memcpy(to, p->value, p->value_len);
	to[p->value_len] = '\0';
	return true;
}

static bool is_number(const struct path_parameter *p, uint64_t *value)
{
	*value = 0;
	if (p->value_len == 0 || p->value_len > DIGITS)
		return false;
	for (size_t i = 0; i < p->value_len; i++) {
		unsigned digit = (unsigned)(p->value[i] - '0');

		if (digit > 9)
			return false;
		if (*value <=
		    (UINT64_MAX - 9) / 10) /* else it is huge anyway */
			*value = *value * 10 + digit;
	}
	return true;
}

static bool take_body(struct parameters *to, const struct path_parameter *p)
{
	static const char *const words[] = { "7BIT", "8BITMIME" };

	if (to->body != NULL)
		return false;
	to->body = find_word(p, words, COUNT_OF(words));
	return to->body != NULL;
}

static bool take_size(struct parameters *to, const struct path_parameter *p)
{
	if (to->has_size)
		return false;
	to->has_size = true;
	return is_number(p, &to->size);
}

static bool take_ret(struct parameters *to, const struct path_parameter *p)
{
	static const char *const words[] = { "FULL", "HDRS" };

	if (to->ret != NULL)
		return false;
	to->ret = find_word(p, words, COUNT_OF(words));
	return to->ret != NULL;
}

static bool take_envid(struct parameters *to, const struct path_parameter *p)
{
	struct sbuf text;
	bool good;

	if (to->envid != NULL || p->value_len == 0)
		return false;
	sbuf_init(&text, sizeof(to->envid_text) - 1);
	good = xtext_read(&text, p->value, p->value_len);
	memcpy(to->envid_text, text.data, text.len + 1);
	to->envid = to->envid_text;
	sbuf_release(&text);
	return good;
}

static bool take_smtputf8(struct parameters *to, const struct path_parameter *p)
{
	if (to->smtputf8)
		return false;
	to->smtputf8 = true;
	return p->value == NULL;
}

static bool take_orcpt(struct parameters *to, const struct path_parameter *p)
{
	if (to->orcpt != NULL)
		return false;
	to->orcpt = to->orcpt_text;
	return take_value(p, to->orcpt_text, sizeof(to->orcpt_text));
}

/* The bit of each word of a list; 0: not one, or nothing. */
static unsigned find_words(const struct path_parameter *list,
                           const char *const *words, size_t count)
{
	const char *at = list->value, *end = at + list->value_len;
	unsigned seen = 0;

	while (at <= end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma != NULL ? comma : end;
		struct path_parameter one = { .value = at,
			                      .value_len =
			                              (size_t)(stop - at) };
		const char *word = find_word(&one, words, count);

		if (word == NULL)
			return 0;
		for (size_t i = 0; i < count; i++)
			seen |= words[i] == word ? 1U << i : 0;
		at = stop + 1;
	}
	return seen;
}

/* NEVER alone, or a list of the others. */
static bool take_notify(struct parameters *to, const struct path_parameter *p)
{
	static const char *const words[] = { "NEVER", "SUCCESS", "FAILURE",
		                             "DELAY" };
	const size_t size = sizeof(to->notify_text);
	unsigned seen;
	size_t n = 0;

	if (to->notify != NULL || p->value == NULL)
		return false;
	to->notify = to->notify_text;
	seen = find_words(p, words, COUNT_OF(words));
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if ((seen & 1U << i) != 0)
			n += (size_t)snprintf(to->notify_text + n, size - n,
			                      "%s%s", n > 0 ? "," : "",
			                      words[i]);
	return seen == 1 || (seen != 0 && seen % 2 == 0);
}

/* clang-format off */
static const struct {
	enum parameters_of of;
	const char        *name;
	bool             (*take)(struct parameters *to, const struct path_parameter *p);
} rows[] = {
	{ PARAMETERS_MAIL, "BODY",     take_body },     /* RFC 6152 */
	{ PARAMETERS_MAIL, "SIZE",     take_size },     /* RFC 1870 */
	{ PARAMETERS_MAIL, "RET",      take_ret },      /* RFC 3461 */
	{ PARAMETERS_MAIL, "ENVID",    take_envid },
	{ PARAMETERS_MAIL, "SMTPUTF8", take_smtputf8 }, /* RFC 6531 */
	{ PARAMETERS_RCPT, "NOTIFY",   take_notify },
	{ PARAMETERS_RCPT, "ORCPT",    take_orcpt },
};
/* clang-format on */

static size_t find_row(enum parameters_of of, const struct path_parameter *p)
{
	size_t i = 0;

	while (i < COUNT_OF(rows) &&
	       (rows[i].of != of || strlen(rows[i].name) != p->name_len ||
	        !ascii_is_same(rows[i].name, p->name, p->name_len)))
		i++;
	return i;
}

enum parameters_result parameters_take(struct parameters *to,
                                       enum parameters_of of, const char *text,
                                       struct path_parameter *bad)
{
	while ((text = path_next(text, bad)) != NULL) {
		size_t i = find_row(of, bad);

		if (i == COUNT_OF(rows))
			return PARAMETERS_UNKNOWN;
		if (!rows[i].take(to, bad))
			return PARAMETERS_WRONG;
	}
	return PARAMETERS_OK;
}
