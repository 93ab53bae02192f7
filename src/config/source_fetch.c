/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How each kind of source is fetched. */
#include "config/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/intl.h"
#include "base/trust.h"
#include "config/netrc.h"
#include "config/ses.h"
#include "config/source_parts.h"

#define SECRET_LIMIT 65536
#define NETRC_LIMIT 1048576
#define COMMAND_TIME 30 /* seconds */

/* One line, its line end dropped, nothing in it that a login cannot carry.
 * `from` names the place for the fault. */
struct secret *source_line(struct sbuf *b, const char *from, struct fault *f)
{
	if (b->len > 0 && b->data[b->len - 1] == '\n')
		sbuf_cut(b, b->len - 1);
	if (b->len > 0 && b->data[b->len - 1] == '\r')
		sbuf_cut(b, b->len - 1);
	if (b->len == 0) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("%s gives an empty password"), from);
		return NULL;
	}
	if (memchr(b->data, '\n', b->len) != NULL) {
		fault_set(
			f, FAULT_CONFIG, "4.3.5",
			_("%s gives more than one line: a password is exactly "
		          "one"),
			from);
		return NULL;
	}
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];

		if (c >= 0x20 && c != 0x7f)
			continue;
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("%s gives a password with a NUL byte or a control "
		            "character"),
		          from);
		return NULL;
	}
	return secret_create(b->data, b->len);
}

static struct secret *fetch_file(const struct source *s, struct sbuf *b,
                                 struct fault *f)
{
	const char *path = s->words[0];
	struct stat st;

	if (trust_read(path, source_unfit(path), b, &st, f) != 0)
		return NULL;
	return source_line(b, path, f);
}

/* Below a directory that systemd makes for the service alone: with an access
 * list, which shows as a right of the group. */
static struct secret *read_credential(const char *path, const char *name,
                                      struct sbuf *b, struct fault *f)
{
	struct stat st;

	if (stat(path, &st) != 0 && errno == ENOENT) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("systemd gave us no credential `%s`: set "
		            "LoadCredential=%s:PATH in relay-flush.service"),
		          name, name);
		return NULL;
	}
	if (trust_read(path, TRUST_WRITABLE | S_IROTH, b, &st, f) != 0)
		return NULL;
	return source_line(b, path, f);
}

static struct secret *fetch_credential(const struct source *s, struct sbuf *b,
                                       struct fault *f)
{
	const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
	struct secret *secret;
	struct sbuf path;

	if (directory == NULL || directory[0] != '/') {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("there is no credential `%s`, because systemd did "
		            "not start us ($CREDENTIALS_DIRECTORY is not set): "
		            "set LoadCredential=%s:PATH in relay-flush.service "
		            "and start that"),
		          s->words[0], s->words[0]);
		return NULL;
	}
	sbuf_init(&path, 16384);
	sbuf_addf(&path, "%s/%s", directory, s->words[0]);
	secret = read_credential(path.data, s->words[0], b, f);
	sbuf_release(&path);
	return secret;
}

static struct secret *fetch_env(const struct source *s, struct sbuf *b,
                                struct fault *f)
{
	const char *value = secure_getenv(s->words[0]);
	struct sbuf from;
	struct secret *secret;

	if (value == NULL) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("the environment variable %s is not set: set it, "
		            "or name another in `password`"),
		          s->words[0]);
		return NULL;
	}
	sbuf_addstr(b, value);
	if (b->overflow) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("the environment variable %s is longer than %zu "
		            "bytes"),
		          s->words[0], b->limit);
		return NULL;
	}
	sbuf_init(&from, 1000);
	sbuf_addf(&from, _("the environment variable %s"), s->words[0]);
	secret = source_line(b, from.data, f);
	sbuf_release(&from);
	return secret;
}

static struct secret *fetch_command(const struct source *s, struct sbuf *b,
                                    struct fault *f)
{
	struct child_question q = { .argv = s->words,
		                    .deadline = COMMAND_TIME };
	struct sbuf from;
	struct secret *secret;
	int status;

	if (child_run(&q, b, &status, f) != 0)
		return NULL;
	if (status != 0) {
		fault_set(f, FAULT_TEMP, "4.3.0",
		          _("the password command `%s` ended with status %d"),
		          s->words[0], status);
		return NULL;
	}
	sbuf_init(&from, 1000);
	sbuf_addf(&from, _("the password command `%s`"), s->words[0]);
	secret = source_line(b, from.data, f);
	sbuf_release(&from);
	if (secret == NULL)
		f->kind = FAULT_TEMP;
	return secret;
}

/* --- those that have many ------------------------------------------------- */

static const char *user_of(const struct source_query *q)
{
	return q->user != NULL ? q->user : "";
}

static struct secret *fetch_netrc(const struct source *s,
                                  const struct source_query *q, struct sbuf *b,
                                  struct fault *f)
{
	const char *path = s->words[0];
	struct sbuf content;
	struct stat st;
	int found = -1;

	sbuf_init(&content, NETRC_LIMIT);
	if (trust_read(path, source_unfit(path), &content, &st, f) == 0) {
		found = netrc_find(content.data, content.len, q->host, q->user,
		                   b, f);
		if (found < 0)
			fault_wrap(f, "%s", path);
	}
	sbuf_release(&content);
	if (found == 0)
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("%s has no password for %s at %s: add a line "
		            "`machine %s login %s password ...`"),
		          path, user_of(q), q->host, q->host, user_of(q));
	return found == 1 ? source_line(b, path, f) : NULL;
}

/* What the program answered, or that it knows none. */
static struct secret *take_answer(const struct source *s,
                                  const struct source_query *q,
                                  const struct pairs *answer, struct sbuf *b,
                                  struct fault *f)
{
	const char *secret = pairs_get(answer, "secret");
	const char *program = s->words != NULL ? s->words[0] : _("the keyring");

	if (secret == NULL && strcmp(q->kind, SOURCE_TOKEN_SEAL) == 0) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("%s has nothing yet to encrypt the tokens of %s "
		            "with: `relay login %s` makes it"),
		          program, q->account, q->account);
		return NULL;
	}
	if (secret == NULL && s->kind == SOURCE_KEYRING) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("the keyring has no password for %s at %s: `relay "
		            "secret set %s` stores it"),
		          user_of(q), q->host, q->account);
		return NULL;
	}
	if (secret == NULL) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("the helper %s knows no password for %s at %s: "
		            "`relay secret set %s` gives it one"),
		          s->words[0], user_of(q), q->host, q->account);
		return NULL;
	}
	sbuf_addstr(b, secret);
	if (b->overflow) {
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("%s gives a password of more than %zu bytes"),
		          program, b->limit);
		return NULL;
	}
	return source_line(b, program, f);
}

bool source_is_absent(const struct source *s, const struct source_query *query)
{
	struct pairs answer;
	struct fault ignored;
	bool absent;

	if (s->kind == SOURCE_FILE)
		return access(s->words[0], F_OK) != 0 && errno == ENOENT;
	if (s->kind != SOURCE_KEYRING && s->kind != SOURCE_HELPER)
		return false;
	pairs_init(&answer);
	absent = source_ask(s, "get", query, NULL, &answer, &ignored) == 0 &&
	         pairs_get(&answer, "secret") == NULL;
	pairs_release(&answer);
	return absent;
}

static struct secret *fetch_by_helper(const struct source *s,
                                      const struct source_query *q,
                                      struct sbuf *b, struct fault *f)
{
	struct secret *secret = NULL;
	struct pairs answer;

	pairs_init(&answer);
	if (source_ask(s, "get", q, NULL, &answer, f) == 0)
		secret = take_answer(s, q, &answer, b, f);
	pairs_release(&answer);
	return secret;
}

/* --- made of another ------------------------------------------------------ */

/* Those of a session (STS) begin with ASIA, and nothing can be made of them. */
static bool is_temporary_key(const struct source_query *q)
{
	return q->user != NULL && strncmp(q->user, "ASIA", 4) == 0;
}

static int find_region(const struct source_query *q, struct sbuf *region,
                       struct fault *f)
{
	if (q->region != NULL)
		sbuf_addstr(region, q->region);
	else if (!ses_region(q->host, region))
		sbuf_reset(region);
	if (ses_is_region(region->data))
		return 0;
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`ses-key` needs to know the region of AWS, and %s "
	                   "names none: write `region NAME`, as eu-west-1"),
	                 q->host);
}

static struct secret *fetch_ses(const struct source *s,
                                const struct source_query *q, struct fault *f)
{
	struct secret *key = NULL, *secret = NULL;
	struct sbuf region;

	sbuf_init(&region, 100);
	if (is_temporary_key(q))
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("%s is a temporary key of AWS (ASIA...), and SES "
		            "takes none for SMTP: make an access key of an IAM "
		            "user (AKIA...)"),
		          q->user);
	else if (find_region(q, &region, f) == 0)
		key = source_fetch(s->key, q, f);
	if (key != NULL)
		secret = ses_password(key, region.data);
	secret_free(&key);
	sbuf_release(&region);
	return secret;
}

/* --- any of them ---------------------------------------------------------- */

struct secret *source_fetch(const struct source *s,
                            const struct source_query *q, struct fault *f)
{
	struct secret *secret = NULL;
	struct sbuf b;

	sbuf_init(&b, SECRET_LIMIT);
	switch (s->kind) {
	case SOURCE_NONE:
		fault_set(f, FAULT_CONFIG, "4.3.5",
		          _("there is no `password` for this smarthost"));
		break;
	case SOURCE_INLINE:
		secret = secret_create(secret_reveal(s->text),
		                       secret_length(s->text));
		break;
	case SOURCE_FILE: secret = fetch_file(s, &b, f); break;
	case SOURCE_CREDENTIAL: secret = fetch_credential(s, &b, f); break;
	case SOURCE_ENV: secret = fetch_env(s, &b, f); break;
	case SOURCE_COMMAND: secret = fetch_command(s, &b, f); break;
	case SOURCE_KEYRING:
	case SOURCE_HELPER: secret = fetch_by_helper(s, q, &b, f); break;
	case SOURCE_NETRC: secret = fetch_netrc(s, q, &b, f); break;
	case SOURCE_SES_KEY: secret = fetch_ses(s, q, f); break;
	}
	sbuf_release(&b);
	return secret;
}
