/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/reasons.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "base/intl.h"

/* The first row that fits; numbers first.  Sources: Entra's list of error
 * codes, Google's page on expired refresh tokens, the RFCs. */
/* clang-format off */
static const struct reason reasons[] = {
	/* the client's own secret */
	{ NULL, "AADSTS7000222", FAULT_CONFIG, REMEDY_NONE,
	  N_("the client secret has expired: make a new one with the provider and put it into oauth_secret") },
	{ NULL, "AADSTS7000215", FAULT_CONFIG, REMEDY_NONE,
	  N_("the client secret is wrong: oauth_secret takes the secret's value, not its id") },
	{ NULL, "AADSTS7000218", FAULT_CONFIG, REMEDY_NONE,
	  N_("the provider wants a client secret (oauth_secret), or \"Allow public client flows\" in the app's registration") },
	{ NULL, "AADSTS700027", FAULT_CONFIG, REMEDY_NONE,
	  N_("the certificate is not the one that is registered with the app, or has expired") },
	{ NULL, "AADSTS700016", FAULT_CONFIG, REMEDY_NONE,
	  N_("the provider does not know this client in this tenant: see oauth_client and oauth_tenant") },
	{ NULL, "AADSTS90002", FAULT_CONFIG, REMEDY_NONE,
	  N_("the provider does not know this tenant: see oauth_tenant") },
	{ NULL, "AADSTS50020", FAULT_CONFIG, REMEDY_NONE,
	  N_("this user is not of this tenant: see oauth_tenant and the account type of the app's registration") },
	{ NULL, "AADSTS9002331", FAULT_CONFIG, REMEDY_NONE,
	  N_("the app is registered for personal accounts only: set oauth_tenant consumers") },
	{ NULL, "AADSTS70002", FAULT_CONFIG, REMEDY_NONE,
	  N_("the app is not registered as a public client: turn \"Allow public client flows\" on") },
	/* the login */
	{ NULL, "AADSTS50076", FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the provider wants a second factor from now on") },
	{ NULL, "AADSTS50079", FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the provider wants the user to register a second factor") },
	{ NULL, "AADSTS50078", FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the second factor was shown too long ago") },
	{ NULL, "AADSTS50173", FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the password was changed, which ended the login") },
	{ NULL, "AADSTS700082", FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the login has ended: nobody used it for 90 days") },
	{ NULL, "AADSTS70008", FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the login has ended: it was not used for too long, or was revoked") },
	{ NULL, "AADSTS70043", FAULT_CONFIG, REMEDY_LOGIN,
	  N_("a rule of the organisation (sign-in frequency) ends logins after some time; for a machine that nobody sits at, ask for an app that logs in by itself (oauth_flow client)") },
	{ NULL, "AADSTS700084", FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the app is registered for a single page (SPA), whose logins end after 24 hours: register it as \"Mobile and desktop\"") },
	{ NULL, "AADSTS65001", FAULT_CONFIG, REMEDY_LOGIN,
	  N_("nobody has agreed yet that this app may send mail for the user, or an administrator has to") },
	{ NULL, "AADSTS53003", FAULT_CONFIG, REMEDY_NONE,
	  N_("a rule of the organisation (Conditional Access) does not allow it: ask its administrator") },
	{ NULL, "AADSTS50057", FAULT_CONFIG, REMEDY_NONE,
	  N_("the user's account is disabled: ask the organisation's administrator") },
	{ NULL, "AADSTS50055", FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the user's password has expired: change it") },
	/* RFC 6749, 5.2 and 4.1.2.1 */
	{ "temporarily_unavailable", NULL, FAULT_TEMP, REMEDY_NONE,
	  N_("the provider cannot answer now") },
	{ "server_error", NULL, FAULT_TEMP, REMEDY_NONE,
	  N_("the provider has trouble of its own") },
	{ "slow_down", NULL, FAULT_TEMP, REMEDY_NONE,
	  N_("the provider wants to be asked less often") },
	{ "invalid_grant", NULL, FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the login is not valid any more: it was revoked, the password was changed, or it was not used for too long") },
	{ "interaction_required", NULL, FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the provider wants to ask the user something") },
	{ "consent_required", NULL, FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the user has to agree again that this app may send mail") },
	{ "login_required", NULL, FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the provider wants the user to log in again") },
	{ "invalid_client", NULL, FAULT_CONFIG, REMEDY_NONE,
	  N_("the provider does not know this client, or its secret is wrong or has expired: see oauth_client and oauth_secret") },
	{ "unauthorized_client", NULL, FAULT_CONFIG, REMEDY_NONE,
	  N_("this client may not log in this way: see oauth_flow, and what its registration allows") },
	{ "invalid_scope", NULL, FAULT_CONFIG, REMEDY_NONE,
	  N_("the provider does not give this client this right: see oauth_scope, and what its registration allows") },
	{ "unsupported_grant_type", NULL, FAULT_CONFIG, REMEDY_NONE,
	  N_("the provider does not know this way to log in: see oauth_flow") },
	{ "unsupported_response_type", NULL, FAULT_CONFIG, REMEDY_NONE,
	  N_("the provider does not know this way to log in: see oauth_flow") },
	{ "invalid_request", NULL, FAULT_CONFIG, REMEDY_NONE,
	  N_("the provider misses something in the question: see the oauth_ keys") },
	/* RFC 8628, 3.5, and Microsoft's own */
	{ "access_denied", NULL, FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the user, or a rule of the organisation, said no") },
	{ "authorization_declined", NULL, FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the user said no") },
	{ "expired_token", NULL, FAULT_CONFIG, REMEDY_LOGIN,
	  N_("nobody typed the code in time") },
	{ "bad_verification_code", NULL, FAULT_CONFIG, REMEDY_LOGIN,
	  N_("the provider does not know the code any more") },
	{ NULL, NULL, FAULT_CONFIG, REMEDY_NONE,
	  N_("the provider refuses") },
};

/* Where nobody logged in, the same words mean something else. */
static const struct reason of_services[] = {
	{ "invalid_grant", NULL, FAULT_CONFIG, REMEDY_NONE,
	  N_("the provider does not take the service account's key for this user: is there such a user, is the key still listed, and is the clock of this machine right?") },
	{ "unauthorized_client", NULL, FAULT_CONFIG, REMEDY_NONE,
	  N_("the service account may not act for this user: in the Workspace console, under domain-wide delegation, give its client id the scope https://mail.google.com/") },
	{ NULL, NULL, FAULT_NONE, REMEDY_NONE, NULL },
};
/* clang-format on */

/* AADSTS70008 is not in AADSTS700082. */
static bool has_mark(const char *text, const char *mark)
{
	size_t n = strlen(mark);

	for (const char *at = text; (at = strstr(at, mark)) != NULL; at += n)
		if (at[n] < '0' || at[n] > '9')
			return true;
	return false;
}

/* The first that fits, or the last, which has neither word nor mark. */
static const struct reason *find(const struct reason *r, const char *error,
                                 const char *description)
{
	for (; r->error != NULL || r->mark != NULL; r++) {
		if (r->error != NULL && strcmp(r->error, error) != 0)
			continue;
		if (r->mark == NULL || has_mark(description, r->mark))
			break;
	}
	return r;
}

const struct reason *reasons_find(enum flow flow, const char *error,
                                  const char *description)
{
	const struct reason *r = find(of_services, error, description);

	if (flow == FLOW_SERVICE && r->words != NULL)
		return r;
	return find(reasons, error, description);
}
