/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/sasl_choose.h"

#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/intl.h"

#define BLANKS " \t"

#define AS_SCRAM                                                         \
	(SASL_AUTOMATIC | SASL_CLIENT_FIRST | SASL_PROVES | SASL_SCRAM | \
	 SASL_PREPARED)

/* In the order of our own preference. */
/* clang-format off */
static const struct sasl_mechanism mechanisms[] = {
	{ "EXTERNAL",           SASL_CLIENT_FIRST | SASL_NO_PASSWORD },
	{ "SCRAM-SHA-256-PLUS", AS_SCRAM | SASL_BOUND },
	{ "SCRAM-SHA-256",      AS_SCRAM },
	{ "SCRAM-SHA-1-PLUS",   AS_SCRAM | SASL_BOUND },
	{ "SCRAM-SHA-1",        AS_SCRAM },
	{ "PLAIN",              SASL_AUTOMATIC | SASL_CLIENT_FIRST | SASL_IN_CLEAR },
	{ "LOGIN",              SASL_AUTOMATIC | SASL_IN_CLEAR },
	{ "CRAM-MD5",           SASL_PREPARED },
	{ "DIGEST-MD5",         SASL_PROVES },
	{ "OAUTHBEARER",        SASL_TOKEN | SASL_CLIENT_FIRST | SASL_IN_CLEAR },
	{ "XOAUTH2",            SASL_TOKEN | SASL_CLIENT_FIRST | SASL_IN_CLEAR },
};
/* clang-format on */

bool sasl_has(const struct sasl_mechanism *m, unsigned traits)
{
	return (m->traits & traits) == traits;
}

const struct sasl_mechanism *sasl_find(const char *name, size_t n)
{
	for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
		if (strlen(mechanisms[i].name) == n &&
		    ascii_is_same(mechanisms[i].name, name, n))
			return &mechanisms[i];
	return NULL;
}

static bool is_in_list(const char *list, const char *name)
{
	size_t n;

	for (; *list != '\0'; list += n) {
		list += strspn(list, BLANKS);
		n = strcspn(list, BLANKS);
		if (n == strlen(name) && ascii_is_same(list, name, n))
			return true;
	}
	return false;
}

/* --- the choice ----------------------------------------------------------- */

bool sasl_is_possible(const struct sasl_settings *s,
                      const struct sasl_mechanism *m)
{
	if (sasl_has(m, SASL_NO_PASSWORD))
		return s->has_certificate;
	if (sasl_has(m, SASL_BOUND) && s->binding == NULL)
		return false;
	if (sasl_has(m, SASL_IN_CLEAR) && !s->encrypted)
		return false;
	if (sasl_has(m, SASL_TOKEN) != s->is_token)
		return false;
	return s->user != NULL && s->password != NULL;
}

static bool is_automatic(const struct sasl_settings *s,
                         const struct sasl_mechanism *m)
{
	return sasl_has(m, SASL_AUTOMATIC) ||
	       (sasl_has(m, SASL_NO_PASSWORD) && s->user == NULL);
}

static const struct sasl_mechanism *
choose_automatic(const struct sasl_settings *s, const char *offered)
{
	for (size_t i = 0; i < COUNT_OF(mechanisms); i++) {
		const struct sasl_mechanism *m = &mechanisms[i];

		if (is_automatic(s, m) && sasl_is_possible(s, m) &&
		    is_in_list(offered, m->name))
			return m;
	}
	return NULL;
}

static const struct sasl_mechanism *choose_named(const struct sasl_settings *s,
                                                 const char *offered)
{
	const char *name = s->allowed;
	size_t n;

	for (; *name != '\0'; name += n) {
		const struct sasl_mechanism *m;

		name += strspn(name, BLANKS);
		n = strcspn(name, BLANKS);
		m = sasl_find(name, n);
		if (m != NULL && sasl_is_possible(s, m) &&
		    is_in_list(offered, m->name))
			return m;
	}
	return NULL;
}

static bool is_auto(const struct sasl_settings *s)
{
	return s->allowed == NULL || is_in_list(s->allowed, "auto");
}

static const struct sasl_mechanism *choose(const struct sasl_settings *s,
                                           const char *offered)
{
	return is_auto(s) ? choose_automatic(s, offered)
	                  : choose_named(s, offered);
}

/* Nothing fits.  Would it with encryption, with a binding, a certificate? */
int sasl_no_choice(const struct sasl_settings *s, const char *offered,
                   struct fault *f)
{
	const char *allowed = is_auto(s) ? "auto" : s->allowed;
	struct sasl_settings other = *s;

	if (offered[strspn(offered, BLANKS)] == '\0')
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("the server offers no login: check `host` "
		                   "and `port`, or set `login none`"));
	other.encrypted = true;
	if (choose(&other, offered) != NULL)
		return fault_set(f, FAULT_CONFIG, "4.7.11",
		                 _("the server offers %.150s, which would send "
		                   "the password in clear: use `tls starttls` "
		                   "or `tls implicit`"),
		                 offered);
	other = *s;
	other.has_certificate = true;
	if (!is_auto(s) && choose(&other, offered) != NULL)
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("login with EXTERNAL needs a client "
		                   "certificate: set `tls_cert` and "
		                   "`tls_key`"));
	if (s->is_token && s->password != NULL)
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("the server takes no tokens the way `login` "
		                   "says: it offers %.150s, `login` allows "
		                   "%.150s"),
		                 offered, allowed);
	if (s->user == NULL || s->password == NULL)
		return fault_set(f, FAULT_CONFIG, "4.7.0",
		                 _("the server wants a login: set `user` and "
		                   "`password`"));
	return fault_set(f, FAULT_CONFIG, "4.7.0",
	                 _("no way to log in that both sides know: the server "
	                   "offers %.150s, `login` allows %.150s"),
	                 offered, allowed);
}

const char *sasl_choose(const struct sasl_settings *settings,
                        const char *offered, struct fault *f)
{
	const struct sasl_mechanism *m = choose(settings, offered);

	if (m != NULL)
		return m->name;
	sasl_no_choice(settings, offered, f);
	return NULL;
}
