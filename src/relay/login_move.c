/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A login can be made where there is a browser, and then be carried to the
 * machine that has none: the lines of the store (doc/TOKENS), in a file that
 * nobody else can read. */
#include "relay/login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/pairs.h"
#include "config/oauth.h"
#include "helper/tokens.h"

#define PATH_LIMIT 16384
#define LOCK_TIME 40 /* seconds: somebody may be asking the provider */

/* --- the file ------------------------------------------------------------- */

static int cannot(const char *path, struct fault *f)
{
	return fault_set_exit(f, EX_NOINPUT, _("cannot open %s: %s"), path,
	                      intl_error(errno));
}

/* One that others can read has been read. */
static int check_file(const struct login *l, struct fault *f)
{
	struct stat st;

	if (fstat(l->file, &st) != 0)
		return cannot(l->from, f);
	if (!S_ISREG(st.st_mode))
		return fault_set_exit(f, EX_NOINPUT,
		                      _("%s is not a regular file"), l->from);
	if ((st.st_mode & 0077) != 0)
		return fault_set_exit(f, EX_NOINPUT,
		                      _("%s can be read by other users: "
		                        "chmod 600 %s"),
		                      l->from, l->from);
	return 0;
}

int login_open_file(struct login *l, struct fault *f)
{
	if (l->from != NULL) {
		l->file = open(l->from,
		               O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		return l->file < 0 ? cannot(l->from, f) : check_file(l, f);
	}
	if (l->to == NULL)
		return 0;
	l->file = open(l->to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (l->file >= 0)
		return 0;
	return fault_set_exit(f, EX_CANTCREAT, _("cannot create %s: %s"), l->to,
	                      intl_error(errno));
}

static int read_lines(const struct login *l, struct pairs *lines,
                      struct fault *f)
{
	struct sbuf content;
	int result = -1;

	sbuf_init(&content, PAIRS_LIMIT);
	if (fdio_read_rest(l->file, &content) != 0 || content.overflow)
		fault_set_exit(f, EX_NOINPUT, _("cannot read %s: %s"), l->from,
		               intl_error(content.overflow ? EFBIG : errno));
	else if (pairs_read(lines, content.data, content.len, f) == 0)
		result = 0;
	else
		fault_set_exit(f, EX_DATAERR,
		               _("%s is no file of `relay login --export`"),
		               l->from);
	sbuf_release(&content);
	return result;
}

static int write_lines(const struct login *l, const struct pairs *lines,
                       struct fault *f)
{
	struct sbuf content;
	bool ok;

	sbuf_init(&content, PAIRS_LIMIT + PAIRS_KEY);
	pairs_write(lines, &content);
	ok = fdio_write(l->file, content.data, content.len) == 0 &&
	     fsync(l->file) == 0;
	sbuf_release(&content);
	return ok ? 0
	          : fault_set_exit(f, EX_IOERR, _("cannot write %s: %s"), l->to,
	                           intl_error(errno));
}

/* --- the store ------------------------------------------------------------ */

static int open_store(const struct login *l, struct tokens *t, struct fault *f)
{
	struct sbuf path;
	int result;

	sbuf_init(&path, PATH_LIMIT);
	oauth_store(l->smarthost, l->site->queue, &path);
	result = tokens_open(t, path.data, f);
	sbuf_release(&path);
	if (result != 0)
		return -1;
	if (tokens_lock(t, LOCK_TIME, f) == 0)
		return 0;
	tokens_release(t);
	return -1;
}

static int export_from(struct login *l, struct tokens *t, struct fault *f)
{
	int found = tokens_read(t, f);

	if (found < 0)
		return -1;
	if (found > 0 && pairs_get(&t->lines, "sealed") != NULL)
		return fault_set_exit(
			f, EX_UNAVAILABLE,
			_("the tokens of %s are encrypted (`oauth_seal`), for "
		          "this machine alone: log in on the other one itself"),
			l->name);
	if (found == 0 || pairs_get(&t->lines, "refresh_token") == NULL)
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("nobody is logged in: `relay login %s`"),
		                 l->name);
	return write_lines(l, &t->lines, f);
}

int login_export(struct login *l, struct fault *f)
{
	struct tokens t;
	int result;

	if (open_store(l, &t, f) != 0)
		return -1;
	result = export_from(l, &t, f);
	tokens_release(&t);
	if (result != 0)
		return -1;
	printf(_("Whoever has %s can send as %s: carry it over an encrypted "
	         "way.\n"
	         "On the other machine: relay login %s --import FILE\n"
	         "Then erase it, and run `relay logout %s` here: many "
	         "providers "
	         "end a login that\n"
	         "two machines use.\n"),
	       l->to, l->smarthost->user, l->name, l->name);
	return EX_OK;
}

/* The same client, endpoint and mailbox, or it would be worth nothing. */
static int check_origin(const struct login *l, const struct pairs *lines,
                        struct fault *f)
{
	static const char *const same[] = { "client_id", "token_url", "user" };
	struct pairs question;
	int result;

	pairs_init(&question);
	result = oauth_question(l->smarthost, l->site->queue, &question, f);
	for (size_t i = 0; result == 0 && i < COUNT_OF(same); i++) {
		const char *has = pairs_get(lines, same[i]);
		const char *wants = pairs_get(&question, same[i]);

		if (has != NULL && wants != NULL && strcmp(has, wants) == 0)
			continue;
		result =
			fault_set_exit(f, EX_DATAERR,
		                       _("%s is of another login: its %s is "
		                         "`%s`, and here it is `%s`"),
		                       l->from, same[i], has != NULL ? has : "",
		                       wants != NULL ? wants : "");
	}
	pairs_release(&question);
	return result;
}

/* What failed there need not fail here. */
static int adopt(const struct login *l, struct tokens *t, struct fault *f)
{
	static const char *const gone[] = { "failed", "failure", "failure_is",
		                            "wait" };

	for (size_t i = 0; i < COUNT_OF(gone); i++)
		pairs_put(&t->lines, gone[i], NULL, f);
	if (pairs_put(&t->lines, "account", l->name, f) != 0)
		return -1;
	return tokens_write(t, f);
}

static int import_into(const struct login *l, struct tokens *t, struct fault *f)
{
	if (tokens_read(t, f) < 0)
		return -1;
	if (read_lines(l, &t->lines, f) != 0)
		return -1;
	if (pairs_get(&t->lines, "refresh_token") == NULL)
		return fault_set_exit(
			f, EX_DATAERR,
			_("%s is no file of `relay login --export`"), l->from);
	if (check_origin(l, &t->lines, f) != 0)
		return -1;
	return adopt(l, t, f);
}

int login_import(struct login *l, struct fault *f)
{
	struct fault ignored;
	struct tokens t;
	int result;

	if (oauth_make_seal(l->smarthost, f) != 0 || open_store(l, &t, f) != 0)
		return -1;
	result = import_into(l, &t, f);
	tokens_release(&t);
	if (result != 0 || login_resume(l, f) != 0)
		return -1;
	/* It came in clear: relay-token seals what it reads. */
	if (l->smarthost->oauth_seal.kind != SOURCE_NONE)
		oauth_keep(l->smarthost, l->site->queue, &ignored);
	printf(_("Logged in: %s, for smarthost %s. Now erase %s.\n"),
	       l->smarthost->user, l->name, l->from);
	return EX_OK;
}
