/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where we can store a secret we do; of the others we say who can. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "config/source_parts.h"

/* A file that is written, and then takes the place of another. */
struct draft {
	int dir;
	char *path;        /* of the directory */
	const char *name;  /* borrowed */
	char new_name[64]; /* of it while it is written */
};

bool source_is_store(const struct source *s)
{
	if (s->key != NULL)
		return source_is_store(s->key);
	return s->kind == SOURCE_FILE || s->kind == SOURCE_KEYRING ||
	       s->kind == SOURCE_HELPER;
}

/* --- not by us ------------------------------------------------------------ */

/* What a person does instead. */
static int not_by_us(const struct source *s, struct fault *f)
{
	const char *word = s->words != NULL ? s->words[0] : "";

	switch (s->kind) {
	case SOURCE_INLINE:
		return fault_set(
			f, FAULT_CONFIG, "4.3.5",
			_("the password is in the configuration "
		          "itself: change it there, or write `password "
		          "keyring` or `password file PATH` in its "
		          "place"));
	case SOURCE_CREDENTIAL:
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the password comes from systemd: change "
		                   "the file that LoadCredential=%s:PATH names "
		                   "in relay-flush.service"),
		                 word);
	case SOURCE_ENV:
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the password comes from the environment "
		                   "variable %s: set it where relay-flush is "
		                   "started"),
		                 word);
	case SOURCE_COMMAND:
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the password comes from the command `%s`: "
		                   "change it with the program that keeps it"),
		                 word);
	case SOURCE_NETRC:
		return fault_set(
			f, FAULT_CONFIG, "4.3.5",
			_("the password is in %s, which other "
		          "programs read, too: change it there with an "
		          "editor"),
			word);
	case SOURCE_NONE:
	case SOURCE_FILE:
	case SOURCE_KEYRING:
	case SOURCE_HELPER:
	case SOURCE_SES_KEY: break;
	}
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("the smarthost has no `password`: add `password "
	                   "keyring` or `password file PATH` to the "
	                   "configuration"));
}

/* --- a file --------------------------------------------------------------- */

static int cannot_write(const struct draft *d, struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("cannot write %s/%s as user %u: %s"), d->path,
	                 d->name, (unsigned)geteuid(), intl_error(errno));
}

/* Beside the file that `path`, maybe a link, stands for. */
static int open_draft(struct draft *d, char *path, struct fault *f)
{
	char *copy = mem_strdup(path);
	struct stat st;

	d->path = mem_strdup(dirname(copy));
	free(copy);
	d->name = basename(path);
	snprintf(d->new_name, sizeof(d->new_name), ".relay-secret.%ld",
	         (long)getpid());
	d->dir = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir < 0)
		return cannot_write(d, f);
	if (fstatat(d->dir, d->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(st.st_mode))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s/%s is not a regular file"), d->path,
		                 d->name);
	return 0;
}

static void close_draft(struct draft *d)
{
	if (d->dir >= 0)
		close(d->dir);
	free(d->path);
}

static int write_line(int fd, const struct secret *secret)
{
	if (fdio_write(fd, secret_reveal(secret), secret_length(secret)) != 0 ||
	    fdio_write(fd, "\n", 1) != 0 || fsync(fd) != 0)
		return -1;
	return 0;
}

/* The old one, or the new one whole, whatever happens in between. */
static int replace(const struct draft *d, const struct secret *secret)
{
	int fd, failed, saved;

	unlinkat(d->dir, d->new_name, 0); /* of one that was killed */
	fd = openat(d->dir, d->new_name,
	            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	failed = write_line(fd, secret);
	if (close(fd) != 0)
		failed = -1;
	if (failed == 0)
		failed = renameat(d->dir, d->new_name, d->dir, d->name);
	if (failed == 0)
		return fsync(d->dir);
	saved = errno;
	unlinkat(d->dir, d->new_name, 0);
	errno = saved;
	return -1;
}

/* What a link leads to, or the path itself where nothing is yet. */
static char *real_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real != NULL ? real : mem_strdup(path);
}

static int store_file(const struct source *s, const struct secret *secret,
                      struct fault *f)
{
	struct draft d = { .dir = -1 };
	char *path = real_path(s->words[0]);
	int result = open_draft(&d, path, f);

	if (result == 0 && replace(&d, secret) != 0)
		result = cannot_write(&d, f);
	close_draft(&d);
	free(path);
	return result;
}

static int erase_file(const struct source *s, struct fault *f)
{
	struct draft d = { .dir = -1 };
	char *path = real_path(s->words[0]);
	int result = open_draft(&d, path, f);

	if (result == 0 && unlinkat(d.dir, d.name, 0) != 0 && errno != ENOENT)
		result = cannot_write(&d, f);
	if (result == 0 && fsync(d.dir) != 0)
		result = cannot_write(&d, f);
	close_draft(&d);
	free(path);
	return result;
}

/* --- a keyring or helper -------------------------------------------------- */

static int ask(const struct source *s, const char *verb,
               const struct source_query *q, const struct secret *secret,
               struct pairs *answer, struct fault *f)
{
	int result = source_ask(s, verb, q, secret, answer, f);

	if (result != 0 && s->kind == SOURCE_HELPER &&
	    pairs_get(answer, "error") == NULL)
		fault_wrap(f, _("it may not know how to `%s`"), verb);
	return result;
}

/* What other programs stored there is not ours to take away. */
static int is_left(const struct pairs *answer, const struct source_query *q,
                   struct fault *f)
{
	int64_t left;

	if (!pairs_get_number(answer, "left", &left) || left <= 0)
		return 0;
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("ours is gone, but another program stored one, too, "
	                   "which would be used: secret-tool clear host %s "
	                   "service smtp user %s"),
	                 q->host, q->user != NULL ? q->user : "");
}

int source_store(const struct source *s, const struct source_query *q,
                 const struct secret *secret, struct fault *f)
{
	struct pairs answer;
	int result;

	if (s->key != NULL)
		return source_store(s->key, q, secret, f);
	if (!source_is_store(s))
		return not_by_us(s, f);
	if (s->kind == SOURCE_FILE)
		return store_file(s, secret, f);
	pairs_init(&answer);
	result = ask(s, "store", q, secret, &answer, f);
	pairs_release(&answer);
	return result;
}

int source_erase(const struct source *s, const struct source_query *q,
                 struct fault *f)
{
	struct pairs answer;
	int result;

	if (s->key != NULL)
		return source_erase(s->key, q, f);
	if (!source_is_store(s))
		return not_by_us(s, f);
	if (s->kind == SOURCE_FILE)
		return erase_file(s, f);
	pairs_init(&answer);
	result = ask(s, "erase", q, NULL, &answer, f);
	if (result == 0)
		result = is_left(&answer, q, f);
	pairs_release(&answer);
	return result;
}
