/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/bearer.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/escape.h"
#include "base/hide.h"
#include "base/intl.h"
#include "base/mem.h"
#include "net/object.h"

#define SEPARATOR "\x01"

struct bearer {
	enum bearer_kind kind;
	struct secret *token;
	struct sbuf first; /* what is to be said first; empty when it was */
	struct sbuf refusal;
	bool has_begun;
};

int bearer_check_token(const struct secret *token, struct fault *f)
{
	const char *bytes = secret_reveal(token);
	size_t n = secret_length(token);

	if (n == 0)
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("the access token is empty"));
	for (size_t i = 0; i < n; i++)
		if (!ascii_is_graph(bytes[i]))
			return fault_set(f, FAULT_CONFIG, "4.7.0",
			                 _("this is no access token: there is "
			                   "a blank, a control character or a "
			                   "letter beyond ASCII in it"));
	return 0;
}

static int check_user(const char *user, struct fault *f)
{
	for (const char *c = user; *c != '\0'; c++)
		if (ascii_is_control(*c))
			return fault_set(f, FAULT_CONFIG, "4.7.0",
			                 _("`user` has a control character in "
			                   "it, which would end the field: "
			                   "remove it"));
	return 0;
}

/* RFC 5801, section 4: saslname. */
static void add_saslname(struct sbuf *out, const char *user)
{
	for (; *user != '\0'; user++)
		if (*user == '=')
			sbuf_addstr(out, "=3D");
		else if (*user == ',')
			sbuf_addstr(out, "=2C");
		else
			sbuf_add(out, user, 1);
}

static void add_begin(enum bearer_kind kind, const struct bearer_login *login,
                      struct sbuf *out)
{
	if (kind == BEARER_XOAUTH2) {
		sbuf_addf(out, "user=%s" SEPARATOR, login->user);
	} else {
		sbuf_addstr(out, "n,a=");
		add_saslname(out, login->user);
		sbuf_addf(out,
		          "," SEPARATOR "host=%s" SEPARATOR "port=%u" SEPARATOR,
		          login->host, login->port);
	}
	sbuf_addstr(out, "auth=Bearer ");
	sbuf_add(out, secret_reveal(login->token), secret_length(login->token));
	sbuf_addstr(out, SEPARATOR SEPARATOR);
}

int bearer_begin(enum bearer_kind kind, const struct bearer_login *login,
                 struct sbuf *out, struct fault *f)
{
	if (bearer_check_token(login->token, f) != 0 ||
	    check_user(login->user, f) != 0)
		return -1;
	add_begin(kind, login, out);
	if (!out->overflow && (out->len + 2) / 3 * 4 <= BEARER_LIMIT)
		return 0;
	sbuf_release(out);
	return fault_set(f, FAULT_CONFIG, "5.5.6",
	                 _("the access token is too long (%zu bytes): no "
	                   "server takes more than %d in a login; ask for one "
	                   "with fewer scopes or groups in it"),
	                 secret_length(login->token), BEARER_LIMIT / 4 * 3);
}

/* RFC 7628, section 3.2.3; an empty line is what Google asks for. */
const char *bearer_acknowledge(enum bearer_kind kind)
{
	return kind == BEARER_XOAUTH2 ? "" : SEPARATOR;
}

/* `limit` bytes of it, between characters. */
static void add_cut(struct sbuf *words, const char *text, size_t n,
                    size_t limit)
{
	char shown[BEARER_WORDS + 1];

	escape_copy(shown, limit < BEARER_WORDS ? limit + 1 : sizeof(shown),
	            text, n);
	sbuf_addstr(words, shown);
}

static void add_member(const struct object_member *m, const char *name,
                       struct sbuf *words)
{
	struct sbuf value;
	size_t used = words->len + strlen(name) + 2;

	sbuf_init(&value, BEARER_LIMIT * 4);
	object_add_value(m, &value);
	if (value.len > 0 && used < BEARER_WORDS) {
		sbuf_addf(words, "%s%s=", words->len > 0 ? " " : "", name);
		add_cut(words, value.data, value.len, BEARER_WORDS - used);
	}
	sbuf_release(&value);
}

/* The first of each name.  0: it was JSON. */
static int describe_object(const char *bytes, size_t n, struct sbuf *words)
{
	static const char *const names[] = { "status", "error",
		                             "error_description", "scope",
		                             "schemes" };
	struct object_member found[COUNT_OF(names)] = { { 0 } };
	struct object_member m;
	struct object o;
	int more;

	object_open(&o, bytes, n);
	while ((more = object_next(&o, &m)) > 0)
		for (size_t i = 0; i < COUNT_OF(names); i++)
			if (found[i].value == NULL && object_is(&m, names[i]))
				found[i] = m;
	for (size_t i = 0; more == 0 && i < COUNT_OF(names); i++)
		if (found[i].value != NULL)
			add_member(&found[i], names[i], words);
	return more;
}

void bearer_describe(const char *bytes, size_t n, struct sbuf *words)
{
	struct sbuf own;

	sbuf_init(&own, BEARER_WORDS);
	if (describe_object(bytes, n, &own) != 0)
		add_cut(&own, bytes, n, BEARER_WORDS);
	sbuf_add(words, own.data, own.len);
	sbuf_release(&own);
}

/* --- one login ------------------------------------------------------------ */

struct bearer *bearer_create(enum bearer_kind kind,
                             const struct bearer_login *login, struct fault *f)
{
	struct bearer *b = mem_alloc(sizeof(*b));

	b->kind = kind;
	sbuf_init(&b->first, BEARER_LIMIT);
	sbuf_init(&b->refusal, BEARER_WORDS);
	b->token = secret_create(secret_reveal(login->token),
	                         secret_length(login->token));
	if (bearer_begin(kind, login, &b->first, f) != 0)
		bearer_free(&b);
	return b;
}

void bearer_free(struct bearer **b)
{
	if (*b == NULL)
		return;
	secret_free(&(*b)->token);
	sbuf_release(&(*b)->first);
	sbuf_release(&(*b)->refusal);
	free(*b);
	*b = NULL;
}

bool bearer_step(struct bearer *b, const char *bytes, size_t n,
                 struct sbuf *said)
{
	if (!b->has_begun) {
		sbuf_add(said, b->first.data, b->first.len);
		sbuf_release(&b->first);
		b->has_begun = true;
		return true;
	}
	bearer_describe(bytes, n, &b->refusal);
	hide_in(&b->refusal, secret_reveal(b->token), secret_length(b->token));
	sbuf_addstr(said, bearer_acknowledge(b->kind));
	return false;
}

const struct secret *bearer_token(const struct bearer *b)
{
	return b->token;
}

const char *bearer_refusal(const struct bearer *b)
{
	return b->refusal.data;
}
