/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/match.h"

#include <string.h>

#include "base/sbuf.h"

#define SENDER_LIMIT 1024 /* of addresses that are looked at with a domain */

/* Bytes with their length: neither side is terminated where it is cut. */
struct piece {
	const char *text;
	size_t n;
};

static char folded(char c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* `?` stands for a character, not for the first byte of one. */
static size_t character_length(struct piece text, size_t at)
{
	size_t n = 1;

	while (at + n < text.n && (text.text[at + n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* The usual walk: after a mismatch let the last `*` take one byte more.  Time
 * is at most the product of the lengths, both of which are short. */
static bool fits(struct piece glob, struct piece text, bool fold)
{
	size_t g = 0, t = 0, star = glob.n, resume = 0;

	while (t < text.n) {
		if (g < glob.n && glob.text[g] == '*') {
			star = g++;
			resume = t;
		} else if (g < glob.n && glob.text[g] == '?') {
			t += character_length(text, t);
			g++;
		} else if (g < glob.n && folded(glob.text[g], fold) ==
		                                 folded(text.text[t], fold)) {
			g++;
			t++;
		} else if (star < glob.n) {
			g = star + 1;
			t = ++resume;
		} else {
			return false;
		}
	}
	while (g < glob.n && glob.text[g] == '*')
		g++;
	return g == glob.n;
}

/* Length up to the last @, or all of it. */
static size_t local_length(struct piece address)
{
	for (size_t i = address.n; i > 0; i--)
		if (address.text[i - 1] == '@')
			return i - 1;
	return address.n;
}

static struct piece without_detail(struct piece local)
{
	const char *plus = memchr(local.text, '+', local.n);

	if (plus != NULL && plus > local.text)
		local.n = (size_t)(plus - local.text);
	return local;
}

bool match_glob(const char *glob, size_t n, const char *sender)
{
	struct piece g = { glob, n }, s = { sender, strlen(sender) };
	struct piece g_local = { glob, local_length(g) };
	struct piece s_local = { sender, local_length(s) };
	struct piece g_domain, s_domain;

	if (n == 2 && memcmp(glob, "<>", 2) == 0)
		return s.n == 0;
	if (g_local.n == g.n) /* no @ */
		return fits(g, s, true);
	if (s_local.n == s.n)
		return false;
	g_domain = (struct piece){ glob + g_local.n, n - g_local.n };
	s_domain = (struct piece){ sender + s_local.n, s.n - s_local.n };
	if (memchr(g_local.text, '+', g_local.n) == NULL)
		s_local = without_detail(s_local);
	return fits(g_domain, s_domain, true) && fits(g_local, s_local, false);
}

/* The first glob of the list that fits. */
static bool list_fits(const char *list, const char *sender, struct match *why)
{
	while (*list != '\0') {
		size_t n = strcspn(list, " ");

		if (match_glob(list, n, sender)) {
			*why = (struct match){ MATCH_FROM, list, n };
			return true;
		}
		list += n + (list[n] == ' ' ? 1 : 0);
	}
	return false;
}

bool match_any(const char *globs, const char *sender)
{
	struct match unused;

	return list_fits(globs, sender, &unused);
}

/* As it is written, or as it goes out: with its domain. */
static bool sender_fits(const struct config *config, const char *globs,
                        const char *sender, struct match *why)
{
	struct sbuf named;
	bool fits_so;

	if (list_fits(globs, sender, why))
		return true;
	if (sender[0] == '\0' || strchr(sender, '@') != NULL ||
	    config->domain == NULL)
		return false;
	sbuf_init(&named, SENDER_LIMIT);
	sbuf_addf(&named, "%s@%s", sender, config->domain);
	fits_so = !named.overflow && list_fits(globs, named.data, why);
	sbuf_release(&named);
	return fits_so;
}

const struct smarthost *match_smarthost(const struct config *config,
                                        const char *sender, struct match *why)
{
	const struct smarthost *without = NULL;
	struct match unused;

	if (why == NULL)
		why = &unused;
	for (size_t i = 0; i < config->count; i++) {
		const struct smarthost *h = &config->smarthosts[i];

		if (h->from != NULL &&
		    sender_fits(config, h->from, sender, why))
			return h;
		if (h->from == NULL && without == NULL)
			without = h;
	}
	*why = (struct match){ .reason = without != NULL ? MATCH_DEFAULT
		                                         : MATCH_FIRST };
	return without != NULL ? without : &config->smarthosts[0];
}
