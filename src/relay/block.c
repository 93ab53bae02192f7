/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/block.h"

#include <stdio.h>
#include <string.h>

#include "message/address.h"

#define IMPLICIT_PORT 465
#define REGION_LIMIT 256

const char *block_user(const struct provider *p, const char *address,
                       char *room)
{
	size_t n = strcspn(address, "@");

	switch (p->user_is) {
	case PROVIDER_USER_ADDRESS: return address;
	case PROVIDER_USER_LITERAL: return NULL;
	case PROVIDER_USER_GIVEN: return "NAME";
	case PROVIDER_USER_LOCAL: break;
	}
	if (n > ADDRESS_MAX)
		n = ADDRESS_MAX;
	memcpy(room, address, n);
	room[n] = '\0';
	return room;
}

bool block_wants_oauth(const struct provider *p)
{
	return p != NULL && (p->is_oauth_only || p->warning != NULL);
}

/* In columns, as wide as the longest key that is there. */
static int columns(const struct block *b)
{
	return b->from_force != NULL ? 11 : 9;
}

static void add_line(const struct block *b, const char *indent, const char *key,
                     const char *value, struct sbuf *out)
{
	if (value != NULL)
		sbuf_addf(out, "%s    %-*s %s\n", indent, columns(b), key,
		          value);
}

static void add_server(const struct block *b, const char *indent,
                       struct sbuf *out)
{
	char port[16];

	add_line(b, indent, "host", b->host, out);
	snprintf(port, sizeof(port), "%u", b->port);
	if (b->port != 0)
		add_line(b, indent, "port", port, out);
	/* What follows from the port is not said. */
	if (b->is_implicit != (b->port == IMPLICIT_PORT))
		add_line(b, indent, "tls",
		         b->is_implicit ? "implicit" : "starttls", out);
}

static void add_provider(const struct block *b, const char *indent,
                         struct sbuf *out)
{
	struct sbuf region;

	add_line(b, indent, "provider", b->provider->name, out);
	if (!provider_needs_region(b->provider))
		return;
	sbuf_init(&region, REGION_LIMIT);
	sbuf_add(&region, b->provider->regions,
	         strcspn(b->provider->regions, " "));
	add_line(b, indent, "region", region.data, out);
	sbuf_release(&region);
}

void block_add(const struct block *b, const char *indent, struct sbuf *out)
{
	sbuf_addf(out, "%ssmarthost %s\n", indent, b->name);
	if (b->provider != NULL)
		add_provider(b, indent, out);
	else
		add_server(b, indent, out);
	add_line(b, indent, "user", b->user, out);
	add_line(b, indent, "password", b->password, out);
	if (b->password == NULL)
		add_line(b, indent, "login", "oauth", out);
	add_line(b, indent, "from_force", b->from_force, out);
}
