/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/trust.h"

#define MAILDIR "maildir:"

static int keep_maildir(struct delivery *d, const char *path, size_t n,
                        struct fault *f)
{
	if (n > 1)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`local maildir:PATH` takes one word: put "
		                   "it in quotes if it holds blanks"));
	d->words = mem_array(2, sizeof(*d->words));
	d->words[0] = trust_path(path, f);
	if (d->words[0] == NULL)
		return fault_wrap(f, "`local`");
	d->kind = DELIVERY_MAILDIR;
	return 0;
}

static int keep_command(struct delivery *d, char *const words[], size_t n,
                        struct fault *f)
{
	if (n == 0 || words[0][0] == '\0')
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`local command` names no program: write "
		                   "`local command /usr/bin/procmail -d %%u`"));
	if (strstr(words[0], "%u") != NULL)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the program of `local command` cannot "
		                   "depend on the recipient: write %%u in the "
		                   "words after it"));
	d->words = mem_array(n + 1, sizeof(*d->words));
	/* Not below the directory in which somebody called sendmail. */
	d->words[0] = strchr(words[0], '/') != NULL ? trust_path(words[0], f)
	                                            : mem_strdup(words[0]);
	if (d->words[0] == NULL)
		return fault_wrap(f, "`local`");
	for (size_t i = 1; i < n; i++)
		d->words[i] = mem_strdup(words[i]);
	d->kind = DELIVERY_COMMAND;
	return 0;
}

int delivery_parse(struct delivery *d, char *const words[], size_t n,
                   struct fault *f)
{
	if (strncmp(words[0], MAILDIR, strlen(MAILDIR)) == 0)
		return keep_maildir(d, words[0] + strlen(MAILDIR), n, f);
	if (strcmp(words[0], "command") == 0)
		return keep_command(d, words + 1, n - 1, f);
	if (strncmp(words[0], "mbox:", 5) == 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`local mbox:` is not known: an mbox is "
		                   "written by a program that locks it; write "
		                   "`local command /usr/bin/procmail -d %%u`, "
		                   "or `local maildir:PATH`"));
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`local` starts with maildir: or command: write "
	                   "`local maildir:PATH` or `local command WORD...`"));
}

void delivery_release(struct delivery *d)
{
	for (size_t i = 0; d->words != NULL && d->words[i] != NULL; i++)
		free(d->words[i]);
	free(d->words);
	*d = (struct delivery){ .kind = DELIVERY_NONE };
}

void delivery_describe(const struct delivery *d, struct sbuf *b)
{
	switch (d->kind) {
	case DELIVERY_NONE: break;
	case DELIVERY_MAILDIR: sbuf_addf(b, MAILDIR "%s", d->words[0]); break;
	case DELIVERY_COMMAND:
		sbuf_addstr(b, "command");
		for (size_t i = 0; d->words[i] != NULL; i++)
			sbuf_addf(b, " %s", d->words[i]);
		break;
	}
}
