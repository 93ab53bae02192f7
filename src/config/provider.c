/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/provider.h"

#include <string.h>

#include "base/ascii.h"
#include "config/options.h"
#include "config/provider_data.h"

/* Letters that are wrong: too many to be meant, in a word and in a short one.
 */
#define NEAR 3
#define NEAR_SHORT 2
#define SHORT 5 /* bytes: what is shorter is */

#define REGION_LENGTH 40 /* bytes of any region */

const struct provider *provider_at(size_t i)
{
	const struct {
		const struct provider *list;
		size_t count;
	} groups[] = {
		{ provider_services, provider_services_count },
		{ provider_mailboxes, provider_mailboxes_count },
		{ provider_regional, provider_regional_count },
	};

	for (size_t g = 0; g < COUNT_OF(groups); g++) {
		if (i < groups[g].count)
			return &groups[g].list[i];
		i -= groups[g].count;
	}
	return NULL;
}

/* --- lists of words ------------------------------------------------------- */

/* The first word of the list; its length, 0 at the end. */
static size_t next_word(const char **list)
{
	if (*list == NULL)
		return 0;
	*list += strspn(*list, " ");
	return strcspn(*list, " ");
}

static bool is_word(const char *word, const char *at, size_t n)
{
	return strlen(word) == n && ascii_is_same(word, at, n);
}

static bool has_word(const char *list, const char *word)
{
	size_t n;

	for (; (n = next_word(&list)) > 0; list += n)
		if (is_word(word, list, n))
			return true;
	return false;
}

/* --- finding one ---------------------------------------------------------- */

const struct provider *provider_find(const char *name)
{
	const struct provider *p;

	for (size_t i = 0; (p = provider_at(i)) != NULL; i++)
		if (is_word(name, p->name, strlen(p->name)) ||
		    has_word(p->aliases, name))
			return p;
	return NULL;
}

/* ".example.org" is all below it. */
static bool has_domain(const struct provider *p, const char *domain)
{
	const char *list = p->domains;
	size_t length = strlen(domain), n;

	for (; (n = next_word(&list)) > 0; list += n) {
		if (is_word(domain, list, n))
			return list[0] != '.';
		if (list[0] == '.' && length > n &&
		    is_word(domain + length - n, list, n))
			return true;
	}
	return false;
}

const struct provider *provider_of_domain(const char *domain)
{
	const struct provider *p;

	for (size_t i = 0; (p = provider_at(i)) != NULL; i++)
		if (has_domain(p, domain))
			return p;
	return NULL;
}

/* --- the name most like one ----------------------------------------------- */

struct nearest {
	const char *name;
	unsigned distance;
};

/* The word of a list, which is no string of its own, as the record's name is:
 * what is offered is the name. */
static void consider(struct nearest *best, const struct provider *p,
                     const char *word, const char *at, size_t n)
{
	char text[REGION_LENGTH + 1];
	unsigned d;

	if (n > REGION_LENGTH)
		return;
	memcpy(text, at, n);
	text[n] = '\0';
	d = option_distance(word, text);
	if (d < best->distance) {
		best->distance = d;
		best->name = p->name;
	}
}

const char *provider_nearest(const char *name)
{
	bool is_short = strlen(name) < SHORT;
	struct nearest best = { NULL, is_short ? NEAR_SHORT : NEAR };
	const struct provider *p;

	if ((p = provider_of_domain(name)) != NULL)
		return p->name;
	if (strlen(name) < 3) /* everything short is near */
		return NULL;
	for (size_t i = 0; (p = provider_at(i)) != NULL; i++) {
		const char *list = p->aliases;
		size_t n;

		consider(&best, p, name, p->name, strlen(p->name));
		for (; (n = next_word(&list)) > 0; list += n)
			consider(&best, p, name, list, n);
	}
	return best.name;
}

/* --- where its server is -------------------------------------------------- */

static const char *mark_in(const char *host)
{
	return host != NULL ? strstr(host, "%R") : NULL;
}

bool provider_needs_region(const struct provider *p)
{
	return mark_in(p->host) != NULL;
}

/* Part of a name of the DNS, so that it cannot become another host. */
static bool can_be_region(const char *word)
{
	size_t n = strlen(word);

	return n > 0 && n <= REGION_LENGTH &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-.") == n &&
	       strstr(word, "..") == NULL && strchr(".-", word[0]) == NULL &&
	       strchr(".-", word[n - 1]) == NULL;
}

bool provider_has_region(const struct provider *p, const char *region)
{
	if (p->regions == NULL || !can_be_region(region))
		return false;
	return has_word(p->regions, region) || has_word(p->regions, "...");
}

void provider_add_host(const struct provider *p, const char *region,
                       struct sbuf *host)
{
	const char *pattern = p->host, *mark;

	if (region != NULL && p->region_host != NULL)
		pattern = p->region_host;
	mark = mark_in(pattern);
	if (mark == NULL) {
		sbuf_addstr(host, pattern);
		return;
	}
	sbuf_add(host, pattern, (size_t)(mark - pattern));
	sbuf_addstr(host, region != NULL ? region : "REGION");
	sbuf_addstr(host, mark + 2);
}

/* --- its ports ------------------------------------------------------------ */

unsigned provider_port(const struct provider *p, bool *is_implicit)
{
	*is_implicit = p->implicit[0] != 0;
	return *is_implicit ? p->implicit[0] : p->starttls[0];
}

static bool has_port(const unsigned ports[PROVIDER_PORTS + 1], unsigned port)
{
	for (size_t i = 0; ports[i] != 0; i++)
		if (ports[i] == port)
			return true;
	return false;
}

int provider_is_implicit(const struct provider *p, unsigned port)
{
	if (has_port(p->implicit, port))
		return 1;
	return has_port(p->starttls, port) ? 0 : -1;
}
