/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_config - any bytes as a configuration file
 *
 * It ends, and frees what it made.  Refused: at least one error, each begins
 * with FILE:LINE and is FAULT_CONFIG, in the order of the lines.  Taken: every
 * smarthost is complete, every key can be printed, and every sender has a way.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/match.h"
#include "config/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_config: not true: %s\n", what);
	abort();
}

static void check_errors(const struct config_errors *errors,
                         const struct fault *first)
{
	unsigned last = 0;
	bool is_listed = false;

	must(errors->count > 0 && errors->count <= CONFIG_ERRORS, "has errors");
	for (size_t i = 0; i < errors->count; i++) {
		const struct config_error *e = &errors->list[i];
		char place[32];
		int len =
			snprintf(place, sizeof(place), "relayrc:%u: ", e->line);

		must(e->line > 0 && e->line >= last, "order of lines");
		must(strncmp(e->fault.text, place, (size_t)len) == 0, "place");
		must(e->fault.text[len] != '\0', "says something");
		must(e->fault.kind == FAULT_CONFIG, "kind");
		last = e->line;
		is_listed |= strcmp(first->text, e->fault.text) == 0;
	}
	must(is_listed, "first");
}

static void print(enum option_level level, const void *block)
{
	const struct option *o;
	struct sbuf b;

	sbuf_init(&b, 1000000);
	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (o->level != level)
			continue;
		option_print(o, block, &b);
		option_print_json(o, block, &b);
	}
	must(b.len > 0 && !b.overflow, "printed");
	sbuf_release(&b);
}

static void check_smarthost(const struct smarthost *h)
{
	must(h->name[0] != '\0' && h->host[0] != '\0', "name and host");
	must(h->port >= 1 && h->port <= 65535, "port");
	must(h->login != NULL, "login");
	must((h->tls_cert == NULL) == (h->tls_key == NULL), "certificate");
	must(h->tls != CONFIG_TLS_NONE || h->password.kind == SOURCE_NONE,
	     "no secret without TLS");
	print(OPTION_SMARTHOST, h);
}

static void check_match(const struct config *config, const char *sender)
{
	struct match why;
	const struct smarthost *h = match_smarthost(config, sender, &why);

	must(h >= config->smarthosts && h < config->smarthosts + config->count,
	     "a smarthost of ours");
	must((why.reason == MATCH_FROM) == (why.glob != NULL), "reason");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct config_errors errors;
	struct fault f = { .kind = FAULT_NONE };
	struct config *config =
		config_parse("relayrc", (const char *)bytes, n, &errors, &f);

	if (config == NULL) {
		check_errors(&errors, &f);
		return 0;
	}
	must(errors.count == 0 && f.kind == FAULT_NONE, "no error");
	must(config->count > 0, "has a smarthost");
	print(OPTION_TOP, config);
	for (size_t i = 0; i < config->count; i++)
		check_smarthost(&config->smarthosts[i]);
	check_match(config, "");
	check_match(config, "me+list@example.org");
	check_match(config, "\xC3\xA9t\xC3\xA9@xn--tst-qla.example");
	config_free(&config);
	return 0;
}
