/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/intl.h"

#ifdef ENABLE_NLS

#include <libintl.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

static const char *catalogues(void)
{
	const char *path = secure_getenv("RELAY_LOCALEDIR");

	return path != NULL ? path : LOCALEDIR;
}

/* Numbers and dates stay in the C locale: queue files and SMTP use printf. */
static void load_once(void)
{
	static bool loaded;

	if (loaded)
		return;
	loaded = true;
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	bindtextdomain(PACKAGE, catalogues());
}

const char *intl_text(const char *text)
{
	load_once();
	return dgettext(PACKAGE, text);
}

const char *intl_plural(const char *one, const char *many, unsigned long n)
{
	load_once();
	return dngettext(PACKAGE, one, many, n);
}

#else

const char *intl_text(const char *text)
{
	return text;
}

const char *intl_plural(const char *one, const char *many, unsigned long n)
{
	return n == 1 ? one : many;
}

#endif
