/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_provider - any words as provider, region and user
 *
 * Three lines.  Whoever is found by a word is found by his own name too, in any
 * case of letters, and what is offered as the nearest is one.  A region never
 * leads away: the host ends as the record's does.  In a configuration that is
 * taken, the user keeps the rule of his provider, and the server is its.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/host.h"
#include "config/provider.h"

#define WORD_LIMIT 200

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_provider: not true: %s\n", what);
	abort();
}

/* Up to the next line end, without what would end a string. */
static void take_line(const uint8_t **bytes, size_t *n, char word[WORD_LIMIT])
{
	size_t used = 0;
	bool is_over = false;

	while (*n > 0 && !is_over) {
		is_over = **bytes == '\n';
		if (!is_over && **bytes != '\0' && used < WORD_LIMIT - 1)
			word[used++] = (char)**bytes;
		++*bytes;
		--*n;
	}
	word[used] = '\0';
}

static void check_found(const struct provider *p)
{
	char other[WORD_LIMIT];
	size_t length = strlen(p->name);

	must(provider_find(p->name) == p, "found by its name");
	for (size_t i = 0; i <= length; i++)
		other[i] = (char)(p->name[i] >= 'a' && p->name[i] <= 'z'
		                          ? p->name[i] - 'a' + 'A'
		                          : p->name[i]);
	must(provider_find(other) == p, "in capitals");
}

static bool ends_in(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);

	return a >= b && strcmp(text + a - b, end) == 0;
}

static bool is_its_own(const char *pattern, const char *host)
{
	const char *mark = strstr(pattern, "%R");

	if (mark == NULL)
		return strcmp(pattern, host) == 0;
	return strncmp(pattern, host, (size_t)(mark - pattern)) == 0 &&
	       strlen(host) > strlen(pattern) - 2 && ends_in(host, mark + 2);
}

static void check_region(const struct provider *p, const char *region)
{
	struct fault f = { .kind = FAULT_NONE };
	const char *pattern = p->region_host != NULL ? p->region_host : p->host;
	struct sbuf host;

	if (!provider_has_region(p, region))
		return;
	sbuf_init(&host, 255);
	provider_add_host(p, region, &host);
	must(!host.overflow, "a host that is short");
	must(host_check("host", host.data, &f) == 0, "a good host");
	must(is_its_own(pattern, host.data), "a host of its own");
	sbuf_release(&host);
}

static void check_names(const char *name, const char *region)
{
	const struct provider *p = provider_find(name);
	const char *nearest = provider_nearest(name);
	const struct provider *owner = provider_of_domain(name);

	if (p != NULL)
		check_found(p);
	if (nearest != NULL)
		must(provider_find(nearest) != NULL, "the nearest is one");
	if (owner != NULL)
		must(nearest == owner->name, "the nearest of a domain");
	for (size_t i = 0; provider_at(i) != NULL; i++)
		check_region(provider_at(i), region);
}

/* A quoted word of the file. */
static void add_key(struct sbuf *b, const char *key, const char *word)
{
	if (word[0] == '\0')
		return;
	sbuf_addf(b, "\n %s \"", key);
	for (const char *c = word; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			sbuf_addstr(b, "\\");
		sbuf_add(b, c, 1);
	}
	sbuf_addstr(b, "\"");
}

static void check_smarthost(const struct smarthost *h, const char *user)
{
	const struct provider *p = h->preset;
	const char *pattern;

	must(h->host != NULL && h->port != 0, "a server");
	must(h->tls != CONFIG_TLS_NONE, "TLS");
	must(p != NULL, "there is no host without a provider");
	must(h->provider == NULL || provider_find(h->provider) == p,
	     "the one that was written");
	pattern = h->region != NULL && p->region_host != NULL ? p->region_host
	                                                      : p->host;
	must(is_its_own(pattern, h->host), "its own server");
	if (h->user == NULL || !provider_is_sure(p, PROVIDER_USER))
		return;
	if (p->user_is == PROVIDER_USER_ADDRESS)
		must(strchr(h->user, '@') != NULL, "an address");
	else if (p->user_is == PROVIDER_USER_LITERAL)
		must(strcmp(h->user, p->user) == 0, "the word");
	else if (p->user_is == PROVIDER_USER_LOCAL)
		must(h->user[0] != '\0' &&
		             strncmp(h->user, user, strlen(h->user)) == 0,
		     "before the @");
}

static void check_block(const char *name, const char *region, const char *user)
{
	struct fault f = { .kind = FAULT_NONE };
	struct config *config;
	struct sbuf b;

	sbuf_init(&b, 4096);
	sbuf_addstr(&b, "smarthost a");
	add_key(&b, "provider", name);
	add_key(&b, "region", region);
	add_key(&b, "user", user);
	sbuf_addstr(&b, "\n password file /x\n");
	config = config_parse("relayrc", b.data, b.len, NULL, &f);
	if (config != NULL)
		check_smarthost(&config->smarthosts[0], user);
	else
		must(f.kind == FAULT_CONFIG, "a fault of the configuration");
	config_free(&config);
	sbuf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char name[WORD_LIMIT], region[WORD_LIMIT], user[WORD_LIMIT];

	take_line(&bytes, &n, name);
	take_line(&bytes, &n, region);
	take_line(&bytes, &n, user);
	check_names(name, region);
	check_names(user, region);
	check_block(name, region, user);
	return 0;
}
