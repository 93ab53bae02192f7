/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay providers - whose presets there are, and what is in them */
#include "relay/providers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/intl.h"
#include "base/mem.h"
#include "relay/command.h"

struct choice {
	bool json;
	const char *name; /* or a domain; NULL: all */
};

static int parse_arguments(struct choice *c, int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			c->json = true;
		else if (argv[i][0] != '-' && c->name == NULL)
			c->name = argv[i];
		else
			return command_refuse("providers", argv[i]);
	}
	return EX_OK;
}

static int by_name(const void *a, const void *b)
{
	const struct provider *const *one = a, *const *other = b;

	return strcmp((*one)->name, (*other)->name);
}

static const struct provider **sorted(size_t *count)
{
	const struct provider **list;

	for (*count = 0; provider_at(*count) != NULL; ++*count)
		;
	list = mem_array(*count, sizeof(const struct provider *));
	for (size_t i = 0; i < *count; i++)
		list[i] = provider_at(i);
	qsort(list, *count, sizeof(const struct provider *), by_name);
	return list;
}

static void add_list(bool json, struct sbuf *out)
{
	size_t count;
	const struct provider **list = sorted(&count);

	if (json)
		sbuf_addstr(out, "[\n");
	else
		providers_text_heading(out);
	for (size_t i = 0; i < count; i++) {
		if (json) {
			providers_json(list[i], out);
			sbuf_addstr(out, i + 1 < count ? ",\n" : "\n]\n");
		} else {
			providers_text_line(list[i], out);
		}
	}
	free(list);
}

/* A name, an alias, a domain, or an address. */
static const struct provider *find(const char *name)
{
	const struct provider *p = provider_find(name);
	const char *at = strrchr(name, '@');

	return p != NULL ? p : provider_of_domain(at != NULL ? at + 1 : name);
}

int providers_unknown(const char *name, struct fault *f)
{
	const char *nearest = provider_nearest(name);

	if (nearest != NULL)
		return fault_set_exit(
			f, EX_USAGE,
			_("there is no provider `%s`: did you mean "
		          "`%s`?"),
			name, nearest);
	return fault_set_exit(f, EX_USAGE,
	                      _("there is no provider `%s`: `relay providers` "
	                        "lists them"),
	                      name);
}

static int refuse(const char *name)
{
	struct fault f;

	providers_unknown(name, &f);
	return command_refuse_usage("%s", f.text);
}

int command_providers(const struct site *site, int argc, char *argv[])
{
	struct choice c = { .name = NULL };
	const struct provider *p = NULL;
	int status = parse_arguments(&c, argc, argv);
	struct sbuf out;

	(void)site;
	if (status == EX_OK && c.name != NULL && (p = find(c.name)) == NULL)
		status = refuse(c.name);
	if (status != EX_OK)
		return status;
	sbuf_init(&out, PROVIDERS_OUTPUT_LIMIT);
	if (p == NULL)
		add_list(c.json, &out);
	else if (c.json)
		providers_json(p, &out);
	else
		providers_text_page(p, &out);
	if (p != NULL && c.json)
		sbuf_addstr(&out, "\n");
	fputs(out.data, stdout);
	sbuf_release(&out);
	return EX_OK;
}
