/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/settings.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "base/intl.h"
#include "token/url.h"

#define SKEW 300        /* seconds */
#define MAX_AGE 1209600 /* 14 days */
#define YEAR (366 * 86400)

/* clang-format off */
static const struct {
	const char *key;
	size_t      at;
	bool        is_url;
} texts[] = {
	{ "account",       offsetof(struct settings, account),       false },
	{ "store",         offsetof(struct settings, store),         false },
	{ "user",          offsetof(struct settings, user),          false },
	{ "flow",          offsetof(struct settings, flow_name),     false },
	{ "token_url",     offsetof(struct settings, token_url),     true },
	{ "auth_url",      offsetof(struct settings, auth_url),      true },
	{ "device_url",    offsetof(struct settings, device_url),    true },
	{ "revoke_url",    offsetof(struct settings, revoke_url),    true },
	{ "scope",         offsetof(struct settings, scope),         false },
	{ "auth_extra",    offsetof(struct settings, auth_extra),    false },
	{ "issuer",        offsetof(struct settings, issuer),        false },
	{ "redirect",      offsetof(struct settings, redirect),      false },
	{ "client_id",     offsetof(struct settings, client_id),     false },
	{ "client_secret", offsetof(struct settings, client_secret), false },
	{ "key",           offsetof(struct settings, key),           false },
	{ "cert",          offsetof(struct settings, cert),          false },
	{ "ca",            offsetof(struct settings, ca),            false },
	{ "proxy",         offsetof(struct settings, proxy),         false },
	{ "seal",          offsetof(struct settings, seal),          false },
};

static const struct {
	const char *key;
	size_t      at;
	int64_t     most;
} numbers[] = {
	{ "skew",          offsetof(struct settings, skew),          86400 },
	{ "newer_than",    offsetof(struct settings, newer_than),    INT64_MAX },
	{ "max_age",       offsetof(struct settings, max_age),       YEAR },
	{ "redirect_port", offsetof(struct settings, redirect_port), 65535 },
};

static const char *const flows[] = {
	[FLOW_DEVICE]  = "device",
	[FLOW_CODE]    = "code",
	[FLOW_CLIENT]  = "client",
	[FLOW_SERVICE] = "service",
};
/* clang-format on */

static int wrong(struct fault *f, const char *key, const char *value)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`%s` cannot be `%s`; doc/TOKENS says what it can"),
	                 key, value);
}

static int take_texts(struct settings *s, const struct pairs *question,
                      struct fault *f)
{
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		const char *value = pairs_get(question, texts[i].key);

		if (value == NULL || value[0] == '\0')
			continue;
		if (texts[i].is_url && !url_is_https(value))
			return fault_set(f, FAULT_CONFIG, "4.3.5",
			                 _("`%s` is no https:// URL: a secret "
			                   "goes nowhere else"),
			                 value);
		memcpy((char *)s + texts[i].at, &value, sizeof(value));
	}
	return 0;
}

static int take_numbers(struct settings *s, const struct pairs *question,
                        struct fault *f)
{
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		const char *text = pairs_get(question, numbers[i].key);
		int64_t value;

		if (text == NULL || text[0] == '\0')
			continue;
		if (!pairs_get_number(question, numbers[i].key, &value) ||
		    value < 0 || value > numbers[i].most)
			return wrong(f, numbers[i].key, text);
		memcpy((char *)s + numbers[i].at, &value, sizeof(value));
	}
	return 0;
}

static int take_flow(struct settings *s, struct fault *f)
{
	for (size_t i = 0; s->flow_name != NULL && i < COUNT_OF(flows); i++)
		if (strcmp(s->flow_name, flows[i]) == 0) {
			s->flow = (enum flow)i;
			return 0;
		}
	if (s->flow_name != NULL)
		return wrong(f, "flow", s->flow_name);
	s->flow_name = flows[FLOW_DEVICE];
	return 0;
}

static int lacks(struct fault *f, const char *key)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5", _("the question lacks `%s`"),
	                 key);
}

int settings_take(struct settings *s, const struct pairs *question,
                  struct fault *f)
{
	const char *prompt = pairs_get(question, "prompt");

	*s = (struct settings){ .skew = SKEW, .max_age = MAX_AGE };
	if (take_texts(s, question, f) != 0 ||
	    take_numbers(s, question, f) != 0 || take_flow(s, f) != 0)
		return -1;
	if (s->account == NULL)
		return lacks(f, "account");
	if (s->store == NULL)
		return lacks(f, "store");
	s->is_paste = prompt != NULL && strcmp(prompt, "paste") == 0;
	return 0;
}

int settings_check(const struct settings *s, struct fault *f)
{
	if (s->token_url == NULL)
		return lacks(f, "token_url");
	if (s->flow == FLOW_SERVICE && s->key == NULL)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("a service account has a key: name its file "
		                   "in oauth_key"));
	if (s->flow != FLOW_SERVICE && s->client_id == NULL)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("no client id: register a program with the "
		                   "provider and name it in oauth_client "
		                   "(`relay login %s` says how)"),
		                 s->account);
	if (s->flow == FLOW_CLIENT && s->client_secret == NULL &&
	    (s->key == NULL || s->cert == NULL))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("a program that logs in by itself has a "
		                   "secret (oauth_secret), or a key and a "
		                   "certificate (oauth_key, oauth_cert)"));
	return 0;
}

bool settings_has_login(const struct settings *s)
{
	return s->flow == FLOW_DEVICE || s->flow == FLOW_CODE;
}
