/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/resolve.h"

#include <string.h>

#include "base/ascii.h"
#include "message/address.h"
#include "message/idn.h"

/* Bytes: what a stranger put into a queue may be longer than an address, and
 * must not become another one for that. */
#define ADDRESS_ROOM ((size_t)16384)

bool resolve_name(const struct resolve_rules *rules, const char *address,
                  struct sbuf *name)
{
	const char *host = rules->names->host;
	const char *domain = address_domain(address);
	size_t n;

	if (rewrite_is_bare(rules->names, address, &n)) {
		sbuf_add(name, address, n);
		return true;
	}
	if (host == NULL || domain == NULL || !ascii_is_word(domain, host))
		return false;
	sbuf_add(name, address, (size_t)(domain - address) - 1);
	return true;
}

static int give_in_ascii(const char *address, enum resolve_rule rule,
                         resolve_give *give, void *arg, struct fault *f)
{
	struct sbuf ascii;
	int result = -1;

	sbuf_init(&ascii, ADDRESS_ROOM);
	if (idn_address(address, &ascii, f) == 0)
		result = give(arg, ascii.data, rule, f);
	sbuf_release(&ascii);
	return result;
}

static int give_qualified(const struct resolve_rules *rules,
                          const char *address, enum resolve_rule rule,
                          resolve_give *give, void *arg, struct fault *f)
{
	struct sbuf whole;
	int result;

	sbuf_init(&whole, ADDRESS_ROOM);
	if (rewrite_qualify(rules->names, address, &whole) == REWRITE_DOMAIN &&
	    rule == RESOLVE_NOTHING)
		rule = RESOLVE_DOMAIN;
	result = give_in_ascii(whole.data, rule, give, arg, f);
	sbuf_release(&whole);
	return result;
}

/* An address that is no alias (any more). */
static int settle(const struct resolve_rules *rules, const char *address,
                  enum resolve_rule rule, resolve_give *give, void *arg,
                  struct fault *f)
{
	struct sbuf name;
	size_t n;
	bool is_bare = rewrite_is_bare(rules->names, address, &n), is_system;

	sbuf_init(&name, ADDRESS_ROOM);
	is_system = resolve_name(rules, address, &name) &&
	            rules->postmaster != NULL &&
	            rules->is_system(rules->arg, name.data);
	if (is_bare && rules->delivers_here) {
		int result = give(arg, name.data, RESOLVE_LOCAL, f);

		sbuf_release(&name);
		return result;
	}
	sbuf_release(&name);
	if (is_system)
		return give_in_ascii(rules->postmaster, RESOLVE_POSTMASTER,
		                     give, arg, f);
	return give_qualified(rules, address, rule, give, arg, f);
}

static int expand(const struct resolve_rules *rules, const char *address,
                  struct address_list *members, struct fault *f)
{
	struct sbuf name;
	int found = 0;

	sbuf_init(&name, ADDRESS_ROOM);
	if (rules->aliases != NULL && resolve_name(rules, address, &name))
		found = aliases_expand(rules->aliases, name.data, members, f);
	sbuf_release(&name);
	return found;
}

bool resolve_is_ours(const struct resolve_rules *rules, const char *recipient)
{
	struct sbuf name;
	bool found;

	sbuf_init(&name, ADDRESS_ROOM);
	found = resolve_name(rules, recipient, &name);
	sbuf_release(&name);
	return found;
}

int resolve_recipient(const struct resolve_rules *rules, const char *recipient,
                      resolve_give *give, void *arg, struct fault *f)
{
	struct address_list members;
	int result;

	address_list_init(&members, ADDRESS_COUNT_LIMIT, ADDRESS_BYTE_LIMIT);
	result = expand(rules, recipient, &members, f);
	if (result == 0)
		result =
			settle(rules, recipient, RESOLVE_NOTHING, give, arg, f);
	else if (result > 0)
		result = 0;
	for (size_t i = 0; i < members.count && result == 0; i++)
		result = settle(rules, members.item[i], RESOLVE_ALIAS, give,
		                arg, f);
	address_list_release(&members);
	return result;
}
