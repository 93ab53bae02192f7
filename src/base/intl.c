/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/intl.h"

#ifdef ENABLE_NLS

#include <errno.h>
#include <libintl.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *catalogues(void)
{
	const char *path = secure_getenv("RELAY_LOCALEDIR");

	return path != NULL ? path : LOCALEDIR;
}

static bool loaded;

/* Numbers and dates stay in the C locale: queue files and SMTP use printf. */
static void load_once(void)
{
	int saved = errno;

	if (loaded)
		return;
	loaded = true;
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	bindtextdomain(PACKAGE, catalogues());
	errno = saved; /* whose text may be the next argument */
}

void intl_stay_english(void)
{
	loaded = true;
}

const char *intl_error(int code)
{
	load_once();
	return strerror(code);
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

#include <string.h>

void intl_stay_english(void)
{
}

const char *intl_error(int code)
{
	return strerror(code);
}

const char *intl_text(const char *text)
{
	return text;
}

const char *intl_plural(const char *one, const char *many, unsigned long n)
{
	return n == 1 ? one : many;
}

#endif
