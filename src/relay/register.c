/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of the providers' pages are theirs, in English, as most people see
 * them; what they call a thing changes, so each is said in plain words, too.
 * Compared with their documentation on 2026-11-23. */
#include "relay/register.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/intl.h"
#include "base/wrap.h"
#include "config/endpoint.h"
#include "config/oauth.h"
#include "config/provider.h"
#include "relay/account.h"

#define STEP_INDENT 4
#define LEAD 16 /* bytes */

enum form {
	TITLE,
	PLAIN,  /* a paragraph */
	STEP,   /* the next one, numbered */
	MORE,   /* another paragraph of it */
	TYPE,   /* a line to type, as it is */
	CONFIG, /* the block of the configuration goes here */
	END,
};

struct line {
	enum form form;
	const char *text; /* N_(), but for TYPE */
};

/* clang-format off */
static const struct line google_person[] = {
	{ TITLE, N_("Google: a client id of your own") },
	{ PLAIN, N_("Google wants a program that sends mail for somebody to be known to it. This costs nothing, takes ten minutes, and is done once, in a browser, with any Google account.") },
	{ STEP,  N_("Open https://console.cloud.google.com/ and make a project: its name is of no importance.") },
	{ STEP,  N_("In \"APIs & Services\", \"Library\", search for Gmail API and press \"Enable\".") },
	{ STEP,  N_("In \"APIs & Services\", \"OAuth consent screen\" (also called \"Google Auth Platform\"), fill in a name and your address, and choose who may log in:") },
	{ MORE,  N_("\"External\" for an address at gmail.com. Then press \"Publish app\", so that it says \"In production\": while it says \"Testing\", Google ends each login after 7 days. Nobody has to verify the app: Google only warns once, when you log in.") },
	{ MORE,  N_("\"Internal\" for an address of your organisation (Google Workspace). There is no more to do, and no warning.") },
	{ STEP,  N_("In \"Clients\" (or \"Credentials\"), create an \"OAuth client ID\" with the application type \"Desktop app\".") },
	{ STEP,  N_("Google shows a client ID and a client secret. Write the secret to a file (chmod 600), and both into the configuration:") },
	{ CONFIG, NULL },
	{ STEP,  N_("Log in. Where Google says that it has not verified the app, choose \"Advanced\", then \"Go to\" its name: it is your own.") },
	{ END, NULL },
};

static const struct line google_service[] = {
	{ TITLE, N_("Google Workspace: a service account, so that nobody logs in") },
	{ PLAIN, N_("For servers of an organisation. Whoever has the key can send as any of its mailboxes: guard it. An administrator of Workspace has to take part.") },
	{ STEP,  N_("Open https://console.cloud.google.com/, make a project, and enable Gmail API in \"APIs & Services\", \"Library\".") },
	{ STEP,  N_("In \"IAM & Admin\", \"Service Accounts\", create one. Note its \"Unique ID\" (a long number), and in \"Keys\" add a key of type JSON: a file comes.") },
	{ STEP,  N_("As an administrator, open https://admin.google.com/ and there \"Security\", \"Access and data control\", \"API controls\", \"Manage domain-wide delegation\", \"Add new\": the unique ID as client ID, and as scope") },
	{ TYPE,  "https://mail.google.com/" },
	{ STEP,  N_("Copy the JSON file to this machine (chmod 600), and write into the configuration:") },
	{ CONFIG, NULL },
	{ STEP,  N_("Try it:") },
	{ END, NULL },
};

static const struct line microsoft_person[] = {
	{ TITLE, N_("Microsoft: a client id of your own") },
	{ PLAIN, N_("Microsoft wants a program that sends mail for somebody to be known to it. This costs nothing, takes ten minutes, and is done once, in a browser. It needs a tenant of Entra: organisations have one, and for a personal account (outlook.com, hotmail, live, msn) a free account of Azure makes one.") },
	{ STEP,  N_("Open https://entra.microsoft.com/ and there \"App registrations\", \"New registration\". Its name is what you will see when you log in.") },
	{ MORE,  N_("Supported account types: for a mailbox of your organisation \"Accounts in this organizational directory only\"; for a personal account \"Personal Microsoft accounts only\". No redirect URI. Then \"Register\".") },
	{ STEP,  N_("In \"Authentication\", at the bottom (\"Advanced settings\"), set \"Allow public client flows\" to Yes, and save.") },
	{ MORE,  N_("Does your organisation forbid the device code flow, as many do? Then add the platform \"Mobile and desktop applications\" there with the redirect URI http://localhost, and write `oauth_flow code` into the configuration, too.") },
	{ STEP,  N_("In \"API permissions\", \"Add a permission\", \"Microsoft Graph\", \"Delegated permissions\", tick SMTP.Send and offline_access. Where your organisation wants it, an administrator presses \"Grant admin consent\".") },
	{ STEP,  N_("For a mailbox of your organisation: SMTP must be switched on for it. In https://admin.microsoft.com/: \"Active users\", the user, \"Mail\", \"Manage email apps\", \"Authenticated SMTP\".") },
	{ STEP,  N_("In \"Overview\" are the \"Application (client) ID\" and the \"Directory (tenant) ID\". There is no secret. Write into the configuration:") },
	{ CONFIG, NULL },
	{ STEP,  N_("Log in:") },
	{ END, NULL },
};

static const struct line microsoft_client[] = {
	{ TITLE, N_("Microsoft 365: the client itself logs in, so that nobody has to") },
	{ PLAIN, N_("For servers of an organisation: no password, no second factor and no policy about people ends this. Whoever has the secret can send from the mailboxes that are named in step 4: guard it. An administrator has to take part.") },
	{ STEP,  N_("Open https://entra.microsoft.com/ and there \"App registrations\", \"New registration\": \"Accounts in this organizational directory only\", no redirect URI.") },
	{ STEP,  N_("In \"API permissions\", \"Add a permission\", \"APIs my organization uses\", search for Office 365 Exchange Online; there \"Application permissions\", SMTP.SendAsApp. Then \"Grant admin consent\".") },
	{ STEP,  N_("In \"Certificates & secrets\" make a new client secret and copy its value at once. It ends after 24 months at most: note the day. Or upload a certificate there, and write `oauth_key` and `oauth_cert` in place of `oauth_secret`.") },
	{ STEP,  N_("Tell Exchange, in PowerShell, as an administrator. The Object ID is the one that \"Enterprise applications\" shows for this app. The one of \"App registrations\" is another, and with it every login is refused.") },
	{ TYPE,  "Install-Module -Name ExchangeOnlineManagement" },
	{ TYPE,  "Connect-ExchangeOnline" },
	{ TYPE,  "New-ServicePrincipal -AppId CLIENT-ID -ObjectId OBJECT-ID" },
	{ TYPE,  "Add-MailboxPermission -Identity MAILBOX -User OBJECT-ID `" },
	{ TYPE,  "    -AccessRights FullAccess" },
	{ TYPE,  "Add-RecipientPermission -Identity MAILBOX -Trustee OBJECT-ID `" },
	{ TYPE,  "    -AccessRights SendAs" },
	{ STEP,  N_("Write the secret to a file (chmod 600), and into the configuration:") },
	{ CONFIG, NULL },
	{ STEP,  N_("Try it. Exchange may take an hour until it knows of step 4:") },
	{ END, NULL },
};

static const struct line other_person[] = {
	{ TITLE, N_("A client id of your own") },
	{ PLAIN, N_("`login oauth` needs an id under which the provider knows this program. relay comes with none: register one in the provider's pages for developers, as an installed or desktop application.") },
	{ PLAIN, N_("Yahoo and AOL give them to companies only; there an application password is the way: remove `login oauth`.") },
	{ STEP,  N_("Where it asks for a redirect URI: http://127.0.0.1. Where it asks what the program may do: send mail by SMTP.") },
	{ STEP,  N_("Write what it gives you into the configuration, the secret (if there is one) to a file (chmod 600):") },
	{ CONFIG, NULL },
	{ STEP,  N_("Log in:") },
	{ END, NULL },
};
/* clang-format on */

/* --- the block of the configuration --------------------------------------- */

/* In columns; `value` is the user's, or stands for it. */
static void add_key(struct sbuf *out, const char *key, const char *value)
{
	sbuf_addf(out, "            %-13s %s\n", key, value);
}

static const char *or_else(const char *value, const char *otherwise)
{
	return value != NULL ? value : otherwise;
}

/* Microsoft's organisations; personal accounts have one for all of them. */
static bool has_tenant(const struct smarthost *h)
{
	const char *url = endpoint_token_url(h);

	return url != NULL && strstr(url, "%T") != NULL;
}

static void add_identity(const struct smarthost *h, enum oauth_flow flow,
                         struct sbuf *out)
{
	bool is_google = endpoint_house(h) == ENDPOINT_GOOGLE;
	bool is_microsoft = endpoint_house(h) == ENDPOINT_MICROSOFT;

	if (!oauth_has_person(flow))
		add_key(out, "oauth_flow", oauth_flow_name(flow));
	if (has_tenant(h))
		add_key(out, "oauth_tenant",
		        or_else(h->oauth_tenant, "TENANT-ID"));
	if (flow == OAUTH_FLOW_SERVICE) {
		add_key(out, "oauth_key",
		        or_else(h->oauth_key, "~/.relay-key.json"));
		return;
	}
	add_key(out, "oauth_client", or_else(h->oauth_client, "CLIENT-ID"));
	if (is_google || flow == OAUTH_FLOW_CLIENT || !is_microsoft)
		add_key(out, "oauth_secret", "file ~/.relay-client-secret");
}

static void add_block(const struct smarthost *h, enum oauth_flow flow,
                      struct sbuf *out)
{
	sbuf_addf(out, "\n        smarthost %s\n", h->name);
	if (h->preset != NULL)
		add_key(out, "provider", h->preset->name);
	else
		add_key(out, "host", h->host);
	add_key(out, "user", or_else(h->user, "ADDRESS"));
	add_key(out, "login", "oauth");
	add_identity(h, flow, out);
}

/* --- all of it ------------------------------------------------------------ */

static void add_line(const struct line *line, unsigned *step, struct sbuf *out)
{
	char lead[LEAD];

	switch (line->form) {
	case TITLE:
		wrap_add(out, "", 0, intl_text(line->text));
		*step = 0;
		break;
	case PLAIN:
		sbuf_addstr(out, "\n");
		wrap_add(out, "", 0, intl_text(line->text));
		break;
	case STEP:
		snprintf(lead, sizeof(lead), "%2u. ", ++*step);
		sbuf_addstr(out, "\n");
		wrap_add(out, lead, STEP_INDENT, intl_text(line->text));
		break;
	case MORE:
		wrap_add(out, "    ", STEP_INDENT, intl_text(line->text));
		break;
	case TYPE: sbuf_addf(out, "        %s\n", line->text); break;
	case CONFIG:
	case END: break;
	}
}

static void explain(const struct line *lines, const struct smarthost *h,
                    enum oauth_flow flow, struct sbuf *out)
{
	unsigned step = 0;

	for (; lines->form != END; lines++) {
		if (lines->form == CONFIG)
			add_block(h, flow, out);
		else
			add_line(lines, &step, out);
	}
	sbuf_addf(out, "\n        relay login %s\n", h->name);
}

/* An address that the provider gives to anybody, not one of an organisation. */
static bool is_personal(const struct smarthost *h)
{
	const char *at = h->user != NULL ? strrchr(h->user, '@') : NULL;

	return at != NULL && h->preset != NULL &&
	       endpoint_house(h) == ENDPOINT_GOOGLE &&
	       provider_of_domain(at + 1) == h->preset;
}

/* With a person, and without, where the provider knows both. */
static void explain_both(const struct line *person, const struct line *alone,
                         enum oauth_flow flow, const struct smarthost *h,
                         struct sbuf *out)
{
	if (oauth_has_person(h->oauth_flow)) {
		explain(person, h, OAUTH_FLOW_AUTO, out);
		if (is_personal(h))
			return;
		sbuf_addf(out, "\n%s\n\n",
		          _("Or, on a server of an "
		            "organisation:"));
	}
	explain(alone, h, flow, out);
}

void register_explain(const struct smarthost *h, const char *config,
                      struct sbuf *out)
{
	switch (endpoint_house(h)) {
	case ENDPOINT_GOOGLE:
		explain_both(google_person, google_service, OAUTH_FLOW_SERVICE,
		             h, out);
		break;
	case ENDPOINT_MICROSOFT:
		if (has_tenant(h))
			explain_both(microsoft_person, microsoft_client,
			             OAUTH_FLOW_CLIENT, h, out);
		else
			explain(microsoft_person, h, OAUTH_FLOW_AUTO, out);
		break;
	case ENDPOINT_OTHER:
		explain(other_person, h, OAUTH_FLOW_AUTO, out);
		break;
	}
	sbuf_addstr(out, "\n");
	if (config != NULL)
		sbuf_addf(out, _("The configuration is %s.\n"), config);
}
