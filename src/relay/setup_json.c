/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/setup.h"

#include <string.h>

#include "base/escape.h"

static const char *origin(const struct setup *s)
{
	if (s->block.provider != NULL)
		return "provider";
	return s->service != NULL ? "dns" : "host";
}

static void add_hosts(const struct setup *s, struct sbuf *out)
{
	const struct block *b = &s->block;
	bool is_implicit = b->is_implicit;
	unsigned port = b->port;
	struct sbuf host;

	sbuf_init(&host, SETUP_LIMIT);
	if (b->provider != NULL) {
		provider_add_host(b->provider, NULL, &host);
		port = provider_port(b->provider, &is_implicit);
	} else {
		sbuf_addstr(&host, b->host);
	}
	escape_add_member(out, ", ", "host", host.data);
	sbuf_addf(out, ", \"port\": %u",
	          port != 0     ? port
	          : is_implicit ? 465
	                        : 587);
	escape_add_member(out, ", ", "tls",
	                  is_implicit ? "implicit" : "starttls");
	sbuf_release(&host);
}

static void add_lines(const char *text, struct sbuf *out)
{
	struct sbuf line;

	sbuf_init(&line, SETUP_LIMIT);
	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, "\n");

		sbuf_reset(&line);
		sbuf_add(&line, at, n);
		sbuf_addstr(out, at > text ? ", " : "");
		escape_add_json(out, line.data);
		at += at[n] == '\n' ? n + 1 : n;
	}
	sbuf_release(&line);
}

void setup_json(const struct setup *s, const char *path, bool is_written,
                const struct sbuf *configuration, struct sbuf *out)
{
	escape_add_member(out, "{", "address", s->address);
	escape_add_member(out, ", ", "found_by", origin(s));
	escape_add_member(out, ", ", "provider",
	                  s->block.provider != NULL ? s->block.provider->name
	                                            : NULL);
	escape_add_member(out, ", ", "service", s->service);
	add_hosts(s, out);
	escape_add_member(out, ", ", "user", s->block.user);
	escape_add_member(out, ", ", "login",
	                  s->block.password != NULL ? "password" : "oauth");
	sbuf_addf(out, ", \"other_domain\": %s",
	          s->is_foreign ? "true" : "false");
	escape_add_member(out, ", ", "file", path);
	sbuf_addf(out, ", \"written\": %s, \"notes\": [",
	          is_written ? "true" : "false");
	for (size_t i = 0; i < s->note_count; i++) {
		sbuf_addstr(out, i > 0 ? ", " : "");
		escape_add_json(out, s->notes[i].data);
	}
	sbuf_addstr(out, "], \"configuration\": [");
	add_lines(configuration->data, out);
	sbuf_addstr(out, "]}\n");
}
