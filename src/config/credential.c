/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/credential.h"

#include <string.h>

#include "base/attr.h"
#include "base/intl.h"
#include "config/provider.h"

static bool is_login(const struct smarthost *h, const char *word)
{
	return strcmp(h->login, word) == 0;
}

static bool has_external(const struct smarthost *h)
{
	return strstr(h->login, "external") != NULL;
}

bool smarthost_has_login(const struct smarthost *h)
{
	return !is_login(h, "none") && (h->user != NULL || has_external(h));
}

bool credential_is_oauth(const struct smarthost *h)
{
	return is_login(h, "oauth");
}

/* How many words of the list are for tokens, and how many are others. */
static void count_words(const char *list, unsigned *tokens, unsigned *others)
{
	static const char *const names[] = { "oauth", "xoauth2",
		                             "oauthbearer" };
	size_t n;

	*tokens = *others = 0;
	for (; *list != '\0'; list += n + (list[n] != '\0')) {
		bool is_token = false;

		n = strcspn(list, " ");
		for (size_t i = 0; i < COUNT_OF(names); i++)
			is_token |= strlen(names[i]) == n &&
			            memcmp(names[i], list, n) == 0;
		*(is_token ? tokens : others) += 1;
	}
}

bool credential_is_token(const struct smarthost *h)
{
	unsigned tokens, others;

	count_words(h->login, &tokens, &others);
	return tokens > 0;
}

bool credential_is_needed(const struct smarthost *h)
{
	return smarthost_has_login(h) &&
	       (credential_is_oauth(h) || h->password.kind != SOURCE_NONE);
}

const char *credential_mechanisms(const struct smarthost *h)
{
	const struct provider_oauth *oauth =
		h->preset != NULL ? h->preset->oauth : NULL;

	if (!credential_is_oauth(h))
		return h->login;
	return oauth != NULL && oauth->prefers_xoauth2 ? "xoauth2 oauthbearer"
	                                               : "oauthbearer xoauth2";
}

/* --- what the keys mean together ------------------------------------------ */

/* From the block, though it may have been no good, or from elsewhere. */
static bool has_user(const struct smarthost *h)
{
	return smarthost_says(h, "user") || h->user != NULL;
}

static bool has_password(const struct smarthost *h)
{
	return smarthost_says(h, "password") || h->password.kind != SOURCE_NONE;
}

/* Insisted on, so mail must not go without it. */
static bool names_a_way(const struct smarthost *h)
{
	return !is_login(h, "auto") && !is_login(h, "none") &&
	       !is_login(h, "external");
}

static void check_password(struct config_errors *e, const struct smarthost *h)
{
	bool wants = !is_login(h, "none") && !has_external(h);

	if (wants && has_user(h) && !has_password(h))
		config_complain(e, smarthost_line(h, "user"), "password",
		                _("`user` needs a password: add `password "
		                  "file PATH`, or `login none`"));
	if (wants && !has_user(h) && has_password(h))
		config_complain(e, smarthost_line(h, "password"), "user",
		                _("`password` needs a name to log in with: add "
		                  "`user NAME`"));
	if (!names_a_way(h) || has_user(h) || has_password(h))
		return;
	if (credential_is_token(h))
		config_complain(e, smarthost_line(h, "login"), "login",
		                _("`login %s` needs a name and a token: add "
		                  "`user NAME`, and `password command "
		                  "PROGRAM`, which prints it"),
		                h->login);
	else
		config_complain(e, smarthost_line(h, "login"), "login",
		                _("`login %s` needs a name and a password: add "
		                  "`user NAME` and `password file PATH`"),
		                h->login);
}

static void check_oauth(struct config_errors *e, const struct smarthost *h)
{
	if (!has_user(h))
		config_complain(e, smarthost_line(h, "login"), "user",
		                _("`login oauth` needs a name to log in with: "
		                  "add `user NAME`"));
	if (has_password(h))
		config_complain(e, smarthost_line(h, "password"), "password",
		                _("`login oauth` has its token from `relay "
		                  "login`: remove `password`, or write `login "
		                  "xoauth2` if it gives the token"));
}

/* Each is for the one or the other. */
static void check_words(struct config_errors *e, const struct smarthost *h)
{
	unsigned tokens, others;

	count_words(h->login, &tokens, &others);
	if (tokens > 0 && others > 0)
		config_complain(e, smarthost_line(h, "login"), "login",
		                _("`login %s` mixes ways that send a token "
		                  "with ways that send a password: remove the "
		                  "ones or the others"),
		                h->login);
	if (tokens > 0 && h->tls == CONFIG_TLS_NONE)
		config_complain(e, smarthost_line(h, "login"), "tls",
		                _("`login %s` sends a token, and `tls none` "
		                  "nothing secret: remove one of them"),
		                h->login);
}

void credential_check(struct config_errors *e, const struct smarthost *h)
{
	if (credential_is_oauth(h))
		check_oauth(e, h);
	else
		check_password(e, h);
	check_words(e, h);
	if (has_external(h) && !smarthost_says(h, "tls_cert"))
		config_complain(e, smarthost_line(h, "login"), "login",
		                _("`login external` logs in with a "
		                  "certificate: add `tls_cert` and "
		                  "`tls_key`"));
}
