/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/site.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/sbuf.h"

#define PATH_LIMIT 4096

static bool is_absolute(const char *path)
{
	return path != NULL && path[0] == '/';
}

static char *join(const char *directory, const char *rest)
{
	struct sbuf b;
	char *path;

	sbuf_init(&b, PATH_LIMIT);
	sbuf_addf(&b, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory,
	          rest);
	path = mem_strdup(b.data);
	sbuf_release(&b);
	return path;
}

/* The GECOS field up to the first comma; & stands for the login name there, an
 * old habit that is not followed. */
static void fill_person(struct site *site, const struct passwd *pw)
{
	char number[24];

	if (pw == NULL) {
		snprintf(number, sizeof(number), "uid%u", (unsigned)getuid());
		site->login = mem_strdup(number);
		site->name = mem_strdup("");
		return;
	}
	site->login = mem_strdup(pw->pw_name);
	site->name = mem_strndup(pw->pw_gecos, strcspn(pw->pw_gecos, ","));
}

/* Where personal mail is kept; the home directory may be NULL if the
 * environment names both places. */
static void fill_personal(struct site *site, const char *home)
{
	const char *queue = secure_getenv("RELAY_QUEUE");
	const char *state = secure_getenv("XDG_STATE_HOME");
	const char *config = secure_getenv("RELAY_CONFIG");

	if (is_absolute(queue))
		site->queue = mem_strdup(queue);
	else if (is_absolute(state))
		site->queue = join(state, "relay");
	else if (home != NULL)
		site->queue = join(home, ".local/state/relay");
	if (is_absolute(config))
		site->config = mem_strdup(config);
	else if (secure_getenv("RELAY_HOST") == NULL && home != NULL)
		site->config = join(home, ".relayrc");
}

static bool is_personal(const char *home)
{
	char *rc;
	bool there;

	if (secure_getenv("RELAY_HOST") != NULL ||
	    is_absolute(secure_getenv("RELAY_CONFIG")))
		return true;
	if (home == NULL)
		return false;
	rc = join(home, ".relayrc");
	there = access(rc, F_OK) == 0;
	free(rc);
	return there;
}

/* Root may make the system queue; others use it only where there is one. */
static bool has_system_queue(void)
{
	return getuid() == 0 || access(SPOOLDIR, F_OK) == 0;
}

int site_find(struct site *site, struct fault *f)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *home = pw != NULL ? pw->pw_dir : secure_getenv("HOME");
	const char *queue = secure_getenv("RELAY_QUEUE");

	memset(site, 0, sizeof(*site));
	if (!is_absolute(home))
		home = NULL;
	fill_person(site, pw);
	if (is_personal(home) || !has_system_queue()) {
		fill_personal(site, home);
	} else {
		site->is_system = true;
		site->queue = mem_strdup(is_absolute(queue) ? queue : SPOOLDIR);
		site->config = mem_strdup(SYSCONFDIR "/relayrc");
	}
	if (site->queue != NULL)
		return 0;
	site_release(site);
	return fault_set_exit(f, EX_OSFILE,
	                      _("user %u has no home directory for a queue: "
	                        "set RELAY_QUEUE to a directory of its own"),
	                      (unsigned)getuid());
}

void site_release(struct site *site)
{
	free(site->queue);
	free(site->config);
	free(site->login);
	free(site->name);
	memset(site, 0, sizeof(*site));
}
