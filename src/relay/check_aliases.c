/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/check_aliases.h"

#include <errno.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/intl.h"
#include "config/aliases_file.h"
#include "config/config.h"

void check_aliases_show(const struct aliases *a)
{
	struct fault f;
	size_t i = 0;

	for (; i < CONFIG_ERRORS && aliases_fault(a, i, &f); i++)
		fprintf(stderr, "%s\n", f.text);
	if (aliases_fault(a, i, &f))
		fprintf(stderr, "%s\n", _("and more: correct these first"));
}

void check_aliases_json(const struct aliases *a, size_t before, struct sbuf *b)
{
	struct fault f;

	for (size_t i = 0; aliases_fault(a, i, &f); i++) {
		sbuf_addf(b, "%s{\"line\": 0, \"text\": ",
		          before + i == 0 ? "" : ", ");
		escape_add_json(b, f.text);
		sbuf_addstr(b, "}");
	}
}

static int look_at(const char *path)
{
	struct fault first;
	struct aliases *a = aliases_load(path, &first);

	check_aliases_show(a);
	aliases_free(&a);
	return first.kind == FAULT_NONE ? EX_OK : EX_CONFIG;
}

int check_aliases_only(const struct site *site)
{
	struct fault f;
	struct config *config;
	int status = EX_OK;

	if (site->config != NULL && access(site->config, F_OK) != 0 &&
	    errno == ENOENT)
		return EX_OK;
	config = config_load(site->config, NULL, &f);
	if (config == NULL) {
		fprintf(stderr, "%s\n", f.text);
		return EX_CONFIG;
	}
	if (config->aliases != NULL)
		status = look_at(config->aliases);
	config_free(&config);
	return status;
}
