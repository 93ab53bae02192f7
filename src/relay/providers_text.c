/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/providers.h"

#include <string.h>

#include "base/intl.h"
#include "config/document.h"
#include "message/address.h"
#include "relay/block.h"

#define NAME_COLUMNS 17
#define SERVER_COLUMNS 36
#define USER_COLUMNS 15

#define LABEL_COLUMNS 15
#define TEXT_LIMIT 8192

/* --- one line ------------------------------------------------------------- */

/* `text` and blanks, up to a column; one blank at least. */
static void add_cell(struct sbuf *out, const char *text, size_t columns)
{
	size_t used = document_columns(text, strlen(text));

	sbuf_addf(out, "%s%*s", text,
	          used < columns ? (int)(columns - used) : 1, "");
}

static const char *user_rule(const struct provider *p)
{
	switch (p->user_is) {
	case PROVIDER_USER_ADDRESS: return _("address");
	case PROVIDER_USER_LOCAL: return _("before the @");
	case PROVIDER_USER_LITERAL: return p->user;
	case PROVIDER_USER_GIVEN: break;
	}
	return _("from them");
}

static const char *login(const struct provider *p)
{
	if (p->is_oauth_only)
		return "OAuth2";
	return p->oauth != NULL ? _("either") : _("password");
}

void providers_text_heading(struct sbuf *out)
{
	add_cell(out, _("NAME"), NAME_COLUMNS);
	add_cell(out, _("SERVER"), SERVER_COLUMNS);
	add_cell(out, _("USER"), USER_COLUMNS);
	sbuf_addf(out, "%s\n", _("LOGIN"));
}

void providers_text_line(const struct provider *p, struct sbuf *out)
{
	struct sbuf server;
	bool is_implicit;

	sbuf_init(&server, TEXT_LIMIT);
	provider_add_host(p, NULL, &server);
	sbuf_addf(&server, ":%u", provider_port(p, &is_implicit));
	add_cell(out, p->name, NAME_COLUMNS);
	add_cell(out, server.data, SERVER_COLUMNS);
	add_cell(out, user_rule(p), USER_COLUMNS);
	sbuf_addf(out, "%s\n", login(p));
	sbuf_release(&server);
}

/* --- a page --------------------------------------------------------------- */

/* "label   text", wrapped.  Nothing without a text. */
static void add_row(struct sbuf *out, const char *label, const char *text,
                    bool is_sure)
{
	struct sbuf whole;

	if (text == NULL || text[0] == '\0')
		return;
	sbuf_init(&whole, TEXT_LIMIT);
	sbuf_addstr(&whole, text);
	if (!is_sure)
		sbuf_addf(&whole, " %s", _("(not verified)"));
	add_cell(out, label, LABEL_COLUMNS);
	document_wrap(out, whole.data, LABEL_COLUMNS);
	sbuf_addstr(out, "\n");
	sbuf_release(&whole);
}

static void add_field(struct sbuf *out, const struct provider *p,
                      const char *label, const char *text,
                      enum provider_field field)
{
	add_row(out, label, text != NULL ? _(text) : NULL,
	        provider_is_sure(p, field));
}

static void add_some_ports(struct sbuf *text, const unsigned *ports,
                           const char *how)
{
	if (ports[0] == 0)
		return;
	if (text->len > 0)
		sbuf_addstr(text, "; ");
	for (size_t i = 0; ports[i] != 0; i++)
		sbuf_addf(text, "%u ", ports[i]);
	sbuf_addstr(text, how);
}

/* With a word in place of the mark in it. */
static void add_pattern(struct sbuf *text, const char *pattern,
                        const char *mark, const char *word)
{
	const char *at = strstr(pattern, mark);

	if (at == NULL) {
		sbuf_addstr(text, pattern);
		return;
	}
	sbuf_add(text, pattern, (size_t)(at - pattern));
	sbuf_addf(text, "%s%s", word, at + strlen(mark));
}

static void add_server(const struct provider *p, struct sbuf *out)
{
	struct sbuf text;

	sbuf_init(&text, TEXT_LIMIT);
	provider_add_host(p, NULL, &text);
	add_row(out, "host", text.data, provider_is_sure(p, PROVIDER_HOST));
	sbuf_reset(&text);
	if (p->region_host != NULL) {
		add_pattern(&text, p->region_host, "%R", "REGION");
		sbuf_addf(&text, _(", for one of: %s"), p->regions);
	} else if (p->regions != NULL) {
		sbuf_addf(&text, _("has to be there: %s"), p->regions);
	}
	add_row(out, "region", text.data,
	        p->region_host == NULL ||
	                provider_is_sure(p, PROVIDER_OTHER_HOSTS));
	add_field(out, p, _("other hosts"), p->other_hosts,
	          PROVIDER_OTHER_HOSTS);
	sbuf_reset(&text);
	add_some_ports(&text, p->implicit, _("with TLS from the first byte"));
	add_some_ports(&text, p->starttls, _("with STARTTLS"));
	add_row(out, "port", text.data, provider_is_sure(p, PROVIDER_PORTS_OF));
	sbuf_release(&text);
}

static void add_user(const struct provider *p, struct sbuf *out)
{
	bool is_sure = provider_is_sure(p, PROVIDER_USER);
	struct sbuf text;

	sbuf_init(&text, TEXT_LIMIT);
	switch (p->user_is) {
	case PROVIDER_USER_GIVEN:
		sbuf_addstr(&text, _("as the provider gave it to you"));
		break;
	case PROVIDER_USER_ADDRESS:
		sbuf_addstr(&text, _("the whole address"));
		break;
	case PROVIDER_USER_LOCAL:
		sbuf_addstr(&text, _("what stands before the @ of the "
		                     "address"));
		break;
	case PROVIDER_USER_LITERAL:
		sbuf_addf(&text, _("always %s; you need not write it"),
		          p->user);
		break;
	}
	add_row(out, "user", text.data, is_sure);
	sbuf_release(&text);
}

static void add_url(struct sbuf *out, const char *label, const char *url,
                    bool is_sure)
{
	struct sbuf text;

	sbuf_init(&text, TEXT_LIMIT);
	if (url != NULL)
		add_pattern(&text, url, "%T", "TENANT");
	add_row(out, label, text.data, is_sure);
	sbuf_release(&text);
}

static void add_oauth(const struct provider *p, struct sbuf *out)
{
	const struct provider_oauth *o = p->oauth;
	bool is_sure = provider_is_sure(p, PROVIDER_OAUTH);

	if (o == NULL)
		return;
	add_row(out, _("OAuth2 scope"), o->scope, is_sure);
	add_url(out, _("browser"), o->auth_url, is_sure);
	add_url(out, _("device code"), o->device_url, is_sure);
	add_url(out, _("tokens"), o->token_url, is_sure);
}

static void add_login(const struct provider *p, struct sbuf *out)
{
	add_user(p, out);
	add_row(out, "password", p->needs != NULL ? _(p->needs) : NULL, true);
	add_row(out, _("note"), p->warning != NULL ? _(p->warning) : NULL,
	        true);
	add_row(out, "login", p->login, true);
	add_field(out, p, _("it offers"), p->mechanisms, PROVIDER_MECHANISMS);
	add_oauth(p, out);
}

static void add_number(struct sbuf *out, const char *label, unsigned number,
                       bool is_sure)
{
	struct sbuf text;

	sbuf_init(&text, TEXT_LIMIT);
	if (number > 0)
		sbuf_addf(&text, "%u", number);
	add_row(out, label, text.data, is_sure);
	sbuf_release(&text);
}

static void add_limits(const struct provider *p, struct sbuf *out)
{
	add_field(out, p, _("senders"), p->sender, PROVIDER_SENDER);
	add_field(out, p, _("size"), p->size, PROVIDER_SIZE);
	add_number(out, _("recipients"), p->recipients,
	           provider_is_sure(p, PROVIDER_RECIPIENTS));
	add_field(out, p, _("limits"), p->limits, PROVIDER_LIMITS);
	add_row(out, "rate", p->rate, true);
	add_number(out, "connections", p->connections, true);
	add_number(out, _("a connection"), p->messages, true);
	add_field(out, p, "SPF", p->spf, PROVIDER_SPF);
	add_field(out, p, "DKIM", p->dkim, PROVIDER_DKIM);
}

static const char *meaning(enum provider_meaning means)
{
	switch (means) {
	case PROVIDER_SLOWER: return _("too fast");
	case PROVIDER_QUOTA: return _("quota");
	case PROVIDER_BUSY: return _("busy");
	case PROVIDER_REFUSED_SENDER: return _("bad sender");
	case PROVIDER_REFUSED_LOGIN: break;
	}
	return _("bad login");
}

static void add_replies(const struct provider *p, struct sbuf *out)
{
	for (const struct provider_reply *r = p->replies; r->text != NULL;
	     r++) {
		struct sbuf text;

		sbuf_init(&text, TEXT_LIMIT);
		for (const char *c = r->text; *c != '\0'; c++)
			sbuf_add(&text, *c == '\n' ? " " : c, 1);
		add_row(out, meaning(r->means), text.data, !r->is_unverified);
		sbuf_release(&text);
	}
}

/* The lines of a block that one writes. */
static void add_example(const struct provider *p, struct sbuf *out)
{
	struct block b = { .name = "mine", .provider = p };
	char room[ADDRESS_MAX + 1];
	const char *domain = p->domains;
	struct sbuf address;

	if (domain == NULL || domain[0] == '.')
		domain = "example.org";
	sbuf_init(&address, TEXT_LIMIT);
	sbuf_addf(&address, "me@%.*s", (int)strcspn(domain, " "), domain);
	b.user = block_user(p, address.data, room);
	if (!block_wants_oauth(p))
		b.password = "file ~/.mail-password";
	sbuf_addf(out, "\n%s\n", _("In the configuration:"));
	block_add(&b, "    ", out);
	if (b.password == NULL)
		sbuf_addf(
			out, "%s\n",
			_("and then `relay login mine`, which tells what else "
		          "it needs."));
	sbuf_release(&address);
}

void providers_text_page(const struct provider *p, struct sbuf *out)
{
	add_row(out, p->name, p->title, true);
	add_row(out, _("also"), p->aliases, true);
	add_row(out, _("addresses in"), p->domains, true);
	add_server(p, out);
	add_login(p, out);
	add_limits(p, out);
	add_replies(p, out);
	add_row(out, _("verified"), p->verified, true);
	add_row(out, _("sources"),
	        p->sources != NULL ? p->sources : _("no good one"), true);
	add_example(p, out);
}
