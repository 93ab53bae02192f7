/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/check.h"

#include <string.h>

#include "base/escape.h"
#include "config/fallback.h"
#include "config/options.h"
#include "relay/check_aliases.h"
#include "relay/check_preset.h"

static void json_level(struct sbuf *b, enum option_level level,
                       const void *block)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (o->level != level)
			continue;
		sbuf_addf(b, ", \"%s\": ", o->name);
		option_print_json(o, block, b);
	}
}

static void json_smarthosts(const struct check *c, struct sbuf *b)
{
	sbuf_addstr(b, ", \"smarthosts\": [");
	for (size_t i = 0; i < c->config->count; i++) {
		const struct smarthost *h = &c->config->smarthosts[i];

		sbuf_addf(b, "%s{", i == 0 ? "" : ", ");
		escape_add_member(b, "", "name", h->name);
		sbuf_addf(b, ", \"line\": %u", h->line);
		json_level(b, OPTION_SMARTHOST, h);
		check_preset_json(h, b);
		sbuf_addf(b, ", \"logs_in\": %s",
		          smarthost_has_login(h) ? "true" : "false");
		if (c->fetched != NULL && check_has_secret(h)) {
			bool ok = c->fetched[i].kind == FAULT_NONE;

			sbuf_addf(b, ", \"secret_ok\": %s, ",
			          ok ? "true" : "false");
			escape_add_member(b, "", "secret_fault",
			                  ok ? NULL : c->fetched[i].text);
		}
		sbuf_addstr(b, "}");
	}
	sbuf_addstr(b, "]");
}

static void json_sender(const struct check *c, struct sbuf *b)
{
	struct match why;
	const struct smarthost *h = match_smarthost(c->config, c->sender, &why);
	struct sbuf text;

	sbuf_init(&text, CONFIG_LINE_LIMIT);
	check_why(c, h, &why, &text);
	escape_add_member(b, ", \"sender\": {", "address", c->sender);
	escape_add_member(b, ", ", "smarthost", h->name);
	escape_add_member(b, ", ", "why", text.data);
	sbuf_addstr(b, ", \"fallback\": ");
	fallback_add_json(c->config, h, b);
	sbuf_addstr(b, "}");
	sbuf_release(&text);
}

/* `aliases` may be NULL, and have more of them. */
static void json_list(struct sbuf *b, const char *name,
                      const struct config_errors *list,
                      const struct aliases *aliases)
{
	sbuf_addf(b, ", \"%s\": [", name);
	for (size_t i = 0; i < list->count; i++) {
		sbuf_addf(b, "%s{\"line\": %u, ", i == 0 ? "" : ", ",
		          list->list[i].line);
		escape_add_member(b, "", "text", list->list[i].fault.text);
		sbuf_addstr(b, "}");
	}
	if (aliases != NULL)
		check_aliases_json(aliases, list->count, b);
	sbuf_addstr(b, "]");
}

void check_json(const struct check *c, struct sbuf *b)
{
	escape_add_member(b, "{", "configuration", c->site->config);
	escape_add_member(b, ", ", "queue", c->site->queue);
	sbuf_addf(b, ", \"system\": %s, ",
	          c->site->is_system ? "true" : "false");
	escape_add_member(b, "", "hostname", c->hostname);
	if (c->config != NULL) {
		json_level(b, OPTION_TOP, c->config);
		if (c->aliases != NULL)
			sbuf_addf(b, ", \"aliases_names\": %zu",
			          aliases_count(c->aliases));
		json_smarthosts(c, b);
		if (c->sender != NULL)
			json_sender(c, b);
	}
	json_list(b, "warnings", &c->warnings, NULL);
	json_list(b, "errors", &c->errors, c->aliases);
	sbuf_addstr(b, "}\n");
}
