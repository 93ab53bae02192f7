/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/site.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* ~/.relayrc, of the home directory, which may be NULL. */
static bool has_file(const char *home)
{
	char *rc = home != NULL ? join(home, ".relayrc") : NULL;
	bool there = rc != NULL && access(rc, F_OK) == 0;

	free(rc);
	return there;
}

/* SMTP_HOST is the word of many programs: on a machine that has a
 * configuration, one that strayed here must not take the mail another way. */
static bool is_from_strangers(const char *home)
{
	const char *host = secure_getenv("SMTP_HOST");

	return host != NULL && host[0] != '\0' && !has_file(home) &&
	       access(SPOOLDIR "/drop", F_OK) != 0 &&
	       access(RUNSTATEDIR "/relay/drop.sock", F_OK) != 0 &&
	       access(SYSCONFDIR "/relayrc", F_OK) != 0;
}

/* Does the environment say all that a file would? */
static bool is_in_environment(const char *home)
{
	const char *provider = secure_getenv("RELAY_PROVIDER");

	return secure_getenv("RELAY_HOST") != NULL ||
	       (provider != NULL && provider[0] != '\0') ||
	       is_from_strangers(home);
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
	else if (!is_in_environment(home) && home != NULL)
		site->config = join(home, ".relayrc");
}

static bool is_personal(const char *home)
{
	return is_in_environment(home) || has_file(home) ||
	       is_absolute(secure_getenv("RELAY_CONFIG")) ||
	       is_absolute(secure_getenv("RELAY_QUEUE"));
}

/* The directory that setup-spool makes, and no more than a look at it.  Where
 * only the socket is to be seen (a container, a service without /var) mail goes
 * that way, and nobody here is its owner. */
static bool find_system_queue(struct site *site)
{
	struct stat st = { .st_uid = (uid_t)-1 };

	if (stat(SPOOLDIR "/drop", &st) != 0 &&
	    access(RUNSTATEDIR "/relay/drop.sock", W_OK) != 0)
		return false;
	site->is_system = true;
	site->owner = st.st_uid;
	return true;
}

int site_find(struct site *site, struct fault *f)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *home = pw != NULL ? pw->pw_dir : secure_getenv("HOME");

	memset(site, 0, sizeof(*site));
	site->owner = geteuid();
	if (!is_absolute(home))
		home = NULL;
	fill_person(site, pw);
	if (!is_personal(home) && (find_system_queue(site) || getuid() == 0)) {
		site->queue = mem_strdup(SPOOLDIR);
		site->config = mem_strdup(SYSCONFDIR "/relayrc");
	} else {
		fill_personal(site, home);
	}
	if (site->queue != NULL)
		return 0;
	site_release(site);
	return fault_set_exit(f, EX_OSFILE,
	                      _("user %u has no home directory for a queue: "
	                        "set RELAY_QUEUE to a directory of its own"),
	                      (unsigned)getuid());
}

int site_find_system(struct site *site, struct fault *f)
{
	memset(site, 0, sizeof(*site));
	if (!find_system_queue(site))
		return fault_set_exit(f, EX_CANTCREAT,
		                      _("this machine has no common queue: %s "
		                        "is missing"),
		                      SPOOLDIR);
	fill_person(site, getpwuid(getuid()));
	site->queue = mem_strdup(SPOOLDIR);
	site->config = mem_strdup(SYSCONFDIR "/relayrc");
	return 0;
}

void site_release(struct site *site)
{
	free(site->queue);
	free(site->config);
	free(site->login);
	free(site->name);
	memset(site, 0, sizeof(*site));
}

bool site_is_ours(const struct site *site)
{
	return geteuid() == site->owner;
}

int site_open(const struct site *site, struct spool *spool, bool *missing,
              struct fault *f)
{
	*missing = false;
	spool_init(spool);
	if (site->is_system)
		spool_share(spool, site->owner);
	if (site->is_system && !site_is_ours(site))
		return spool_open_as_guest(spool, site->queue, f);
	return spool_open_existing(spool, site->queue, missing, f);
}

/* Its directories name its groups: relay's own, that of drop/ to read what
 * arrives, and that of new/ so that what we make there is like it. */
static int become(const struct site *site, struct fault *f)
{
	static const char *const names[] = { SPOOLDIR "/drop",
		                             SPOOLDIR "/new" };
	gid_t groups[COUNT_OF(names)];
	struct stat st;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (stat(names[i], &st) != 0)
			return fault_set_exit(f, EX_CANTCREAT,
			                      _("cannot open %s: %s"), names[i],
			                      intl_error(errno));
		groups[i] = st.st_gid;
	}
	if (stat(SPOOLDIR, &st) == 0 && st.st_uid == site->owner &&
	    setgroups(COUNT_OF(groups), groups) == 0 &&
	    setresgid(st.st_gid, st.st_gid, st.st_gid) == 0 &&
	    setresuid(st.st_uid, st.st_uid, st.st_uid) == 0)
		return 0;
	return fault_set_exit(f, EX_OSERR, _("cannot become user %u: %s"),
	                      (unsigned)site->owner, intl_error(errno));
}

int site_become_owner(const struct site *site, struct fault *f)
{
	if (!site->is_system || geteuid() != 0)
		return 0;
	if (site->owner == 0)
		return fault_set_exit(f, EX_NOPERM,
		                      _("%s belongs to root: run setup-spool, "
		                        "which gives it to the user relay"),
		                      site->queue);
	return become(site, f);
}
