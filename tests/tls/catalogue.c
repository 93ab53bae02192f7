/* SPDX-License-Identifier: GPL-3.0-or-later */
/* catalogue - a preload library: message catalogues of a build tree
 *
 * The programs look for translations where they will be installed.  Here
 * bindtextdomain() looks in CATALOGUE instead.
 */
#include <dlfcn.h>
#include <libintl.h>
#include <stdlib.h>

char *bindtextdomain(const char *domain, const char *directory)
{
	char *(*real)(const char *, const char *) =
		(char *(*)(const char *, const char *))dlsym(RTLD_NEXT,
	                                                     "bindtextdomain");
	const char *ours = getenv("CATALOGUE");

	return real(domain, ours != NULL ? ours : directory);
}
