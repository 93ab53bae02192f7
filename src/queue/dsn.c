/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/dsn.h"

#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"

static const char never[] = "NEVER";
static const char *const words[] = { "SUCCESS", "FAILURE", "DELAY" };

bool dsn_is_orcpt(const char *text, size_t n)
{
	const char *type_end = memchr(text, ';', n);

	if (type_end == NULL || type_end == text || n > DSN_ORCPT_LIMIT)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] < '!' || text[i] > '~')
			return false;
	return text + n > type_end + 1;
}

/* Which of the words it is; as many as there are when it is none. */
static size_t find_word(const char *text, size_t n)
{
	size_t i = 0;

	while (i < COUNT_OF(words) &&
	       (strlen(words[i]) != n || memcmp(words[i], text, n) != 0))
		i++;
	return i;
}

bool dsn_is_notify(const char *text, size_t n)
{
	bool seen[COUNT_OF(words) + 1] = { false };
	const char *end = text + n;

	if (n == sizeof(never) - 1 && memcmp(text, never, n) == 0)
		return true;
	for (const char *at = text;; at++) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma != NULL ? comma : end;
		size_t which = find_word(at, (size_t)(stop - at));

		if (which == COUNT_OF(words) || seen[which])
			return false;
		seen[which] = true;
		if (comma == NULL)
			return true;
		at = comma;
	}
}

bool dsn_asks(const char *notify, const char *word)
{
	if (notify == NULL || notify[0] == '\0')
		return strcmp(word, "SUCCESS") != 0;
	return strstr(notify, word) != NULL;
}

bool dsn_of_option(const char *given, char notify[DSN_NOTIFY_SIZE])
{
	size_t n = 0;

	for (; *given != '\0' && n < DSN_NOTIFY_SIZE - 1; given++) {
		bool is_small = *given >= 'a' && *given <= 'z';

		if (!ascii_is_blank(*given))
			notify[n++] =
				(char)(is_small ? *given - 'a' + 'A' : *given);
	}
	notify[n] = '\0';
	if (*given == '\0' && dsn_is_notify(notify, n))
		return true;
	notify[0] = '\0';
	return false;
}

/* Bits in the order of the words. */
static size_t bits(const char *notify)
{
	size_t all = 0;

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(notify, words[i]) != NULL)
			all |= (size_t)1 << i;
	return all;
}

const char *dsn_join(const char *a, const char *b)
{
	static const char *const together[] = {
		never,           "SUCCESS",
		"FAILURE",       "SUCCESS,FAILURE",
		"DELAY",         "SUCCESS,DELAY",
		"FAILURE,DELAY", "SUCCESS,FAILURE,DELAY",
	};
	const char *given = a != NULL ? a : b;

	if (a != NULL && b != NULL)
		return together[bits(a) | bits(b)];
	if (given == NULL || (bits(given) & bits("SUCCESS")) == 0)
		return NULL;
	return together[bits(given) | bits("FAILURE,DELAY")];
}
