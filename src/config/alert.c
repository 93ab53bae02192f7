/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/alert.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/trust.h"

int alert_parse(struct alert *a, char *const words[], size_t n, struct fault *f)
{
	if (strcmp(words[0], "command") != 0 || n < 2 || words[1][0] == '\0')
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`alert` names a program: write `alert "
		                   "command WORD...`, as `alert command "
		                   "/usr/local/bin/page-me`"));
	a->words = mem_array(n, sizeof(*a->words));
	/* Not below the directory in which somebody called sendmail. */
	a->words[0] = strchr(words[1], '/') != NULL ? trust_path(words[1], f)
	                                            : mem_strdup(words[1]);
	if (a->words[0] == NULL)
		return fault_wrap(f, "`alert`");
	for (size_t i = 2; i < n; i++)
		a->words[i - 1] = mem_strdup(words[i]);
	return 0;
}

void alert_release(struct alert *a)
{
	for (size_t i = 0; a->words != NULL && a->words[i] != NULL; i++) {
		explicit_bzero(a->words[i], strlen(a->words[i]));
		free(a->words[i]);
	}
	free(a->words);
	a->words = NULL;
}

void alert_describe(const struct alert *a, struct sbuf *b)
{
	if (a->words != NULL)
		sbuf_addf(b, "command %s", a->words[0]);
}
