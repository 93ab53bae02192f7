/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/provider_data.h"

/* clang-format off */
const struct provider provider_mailboxes[] = {
	{
		.name = "aol",
		.title = "AOL Mail",
		.aliases = "aim",
		.domains = "aol.com aim.com netscape.net compuserve.com cs.com "
			   "aol.de aol.it aol.fr aol.es aol.se aol.co.uk "
			   "aol.co.nz aol.com.au aol.com.ar aol.com.br "
			   "aol.com.mx",
		.host = "smtp.aol.com",
		.implicit = { 465 },
		.starttls = { 587 },
		.mechanisms = "OAUTHBEARER PLAIN LOGIN",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = NEEDS_APP_PASSWORD,
		.oauth = &provider_oauth_aol,
		.sender = FROM_ACCOUNT,
		.size = "25 MB",
		.recipients = 100,
		.limits = N_("500 messages a day"),
		.verified = "2026-11-23",
		.sources = "senders.yahooinc.com, " ISPDB ", " THUNDERBIRD,
		.unverified = PROVIDER_SENDER | PROVIDER_SIZE |
			      PROVIDER_RECIPIENTS | PROVIDER_LIMITS,
	},
	{
		.name = "comcast",
		.title = "Comcast Xfinity",
		.aliases = "xfinity",
		.domains = "comcast.net",
		.host = "smtp.comcast.net",
		.implicit = { 465 },
		.starttls = { 587 },
		.mechanisms = "XOAUTH2 PLAIN LOGIN",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = NEEDS_PASSWORD,
		.oauth = &provider_oauth_comcast,
		.verified = "2026-11-23",
		.sources = ISPDB ", " THUNDERBIRD,
		.unverified = PROVIDER_MECHANISMS,
	},
	{
		.name = "fastmail",
		.title = "Fastmail",
		.aliases = "messagingengine",
		.domains = "fastmail.com fastmail.fm",
		.host = "smtp.fastmail.com",
		.implicit = { 465 },
		.starttls = { 587 },
		.mechanisms = "PLAIN LOGIN OAUTHBEARER XOAUTH2",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = NEEDS_APP_PASSWORD,
		.oauth = &provider_oauth_fastmail,
		.sender = FROM_ALIASES,
		.size = "70 MB",
		.limits = N_("those of the plan"),
		.spf = "include:spf.messagingengine.com",
		.dkim = "fm1, fm2, fm3 (CNAME)",
		.verified = "2026-11-23",
		.sources = THUNDERBIRD ", " DELTACHAT,
		.unverified = PROVIDER_MECHANISMS | PROVIDER_SENDER |
			      PROVIDER_SIZE,
	},
	{
		.name = "gmail",
		.title = "Gmail",
		.aliases = "google googlemail google-workspace",
		.domains = "gmail.com googlemail.com",
		.host = "smtp.gmail.com",
		.implicit = { 465 },
		.starttls = { 587 },
		.mechanisms = "LOGIN PLAIN XOAUTH2 OAUTHBEARER",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = N_("an app password, which needs 2-step verification, "
			    "or OAuth2"),
		.oauth = &provider_oauth_google,
		.sender = N_("the address of the account and its verified "
			     "aliases; other From are replaced"),
		.size = N_("35882577 bytes"),
		.recipients = 100,
		.limits = N_("in 24 hours 500 messages, with Workspace 2,000; "
			     "10,000 recipients"),
		.replies = {
			{ "421 4.7.0 Try again later, closing connection.",
			  PROVIDER_AT_MAIL, PROVIDER_BUSY, false },
			{ "421 4.4.5 Server busy, try again later.",
			  PROVIDER_AT_GREETING, PROVIDER_BUSY, false },
			{ "421 4.3.0 Temporary System Problem.  Try again "
			  "later.",
			  PROVIDER_AT_CONTENT, PROVIDER_BUSY, false },
			{ "550 5.4.5 Daily user sending limit exceeded.",
			  PROVIDER_AT_CONTENT, PROVIDER_QUOTA, true },
			{ "534 5.7.9 Application-specific password required.",
			  PROVIDER_AT_AUTH, PROVIDER_REFUSED_LOGIN, false },
			{ "535 5.7.8 Username and Password not accepted.",
			  PROVIDER_AT_AUTH, PROVIDER_REFUSED_LOGIN, false },
		},
		.spf = "include:_spf.google.com",
		.dkim = "google",
		.verified = "2026-11-23",
		.sources = "support.google.com/a/answer/166852, "
			   "support.google.com/a/answer/3726730, "
			   "developers.google.com/gmail/imap/xoauth2-protocol",
		.unverified = PROVIDER_SENDER,
	},
	{
		.name = "icloud",
		.title = "iCloud Mail",
		.aliases = "apple",
		.domains = "icloud.com me.com mac.com",
		.host = "smtp.mail.me.com",
		/* Sources disagree about 465. */
		.starttls = { 587 },
		.mechanisms = "PLAIN LOGIN",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = NEEDS_APP_PASSWORD,
		.sender = FROM_ALIASES,
		.size = "20 MB",
		.recipients = 500,
		.limits = N_("1,000 messages and 1,000 recipients a day"),
		.replies = {
			{ "550 5.7.1 You have exceeded your daily sending "
			  "limit",
			  PROVIDER_AT_MAIL, PROVIDER_QUOTA, false },
		},
		.spf = "include:icloud.com",
		.dkim = "sig1 (CNAME)",
		.verified = "2026-11-23",
		.sources = "support.apple.com/102198, " ISPDB,
		.unverified = PROVIDER_MECHANISMS | PROVIDER_SENDER |
			      PROVIDER_DKIM,
	},
	{
		.name = "mail.ru",
		.title = "Mail.ru",
		.domains = "mail.ru inbox.ru list.ru bk.ru",
		.host = "smtp.mail.ru",
		.implicit = { 465 },
		.starttls = { 587 },
		.mechanisms = "PLAIN LOGIN XOAUTH2",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = NEEDS_APP_PASSWORD,
		.oauth = &provider_oauth_mail_ru,
		.verified = "2026-11-23",
		.sources = ISPDB ", " THUNDERBIRD,
		.unverified = PROVIDER_MECHANISMS,
	},
	{
		.name = "microsoft365",
		.title = "Microsoft 365",
		.aliases = "m365 o365 office365 exchange-online",
		.domains = ".onmicrosoft.com",
		.host = "smtp.office365.com",
		.starttls = { 587 },
		.mechanisms = "XOAUTH2 LOGIN",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = N_("OAuth2: `login oauth`; a password only while the "
			    "organisation still allows it"),
		.warning = N_("Microsoft switches passwords off for SMTP by "
			      "default at the end of December 2026: write "
			      "`login oauth`"),
		.oauth = &provider_oauth_microsoft,
		.sender = N_("the user's own address, others with the right "
			     "Send As"),
		.size = N_("157286400 bytes; the organisation may say less"),
		.recipients = 500,
		.limits = N_("for a mailbox 3 connections, 30 messages a "
			     "minute and 10,000 recipients a day"),
		.rate = "30/min",
		.connections = 3,
		.replies = {
			{ "432 4.3.2 Concurrent connections limit exceeded.",
			  PROVIDER_AT_MAIL, PROVIDER_SLOWER, false },
			{ "432 4.3.2 STOREDRV.ClientSubmit; sender thread "
			  "limit exceeded",
			  PROVIDER_AT_CONTENT, PROVIDER_SLOWER, false },
			{ "554 5.2.0 STOREDRV.Submission.Exception:"
			  "SubmissionQuotaExceededException",
			  PROVIDER_AT_CONTENT, PROVIDER_QUOTA, false },
			{ "554 5.2.252 SendAsDenied; a@example.org not allowed "
			  "to send as b@example.org",
			  PROVIDER_AT_CONTENT, PROVIDER_REFUSED_SENDER, false },
			{ "535 5.7.139 Authentication unsuccessful, "
			  "SmtpClientAuthentication is disabled for the "
			  "Tenant.",
			  PROVIDER_AT_AUTH, PROVIDER_REFUSED_LOGIN, false },
			{ "550 5.7.30 Basic authentication is not supported "
			  "for Client Submission.",
			  PROVIDER_AT_AUTH, PROVIDER_REFUSED_LOGIN, false },
			{ "535 5.7.3 Authentication unsuccessful",
			  PROVIDER_AT_AUTH, PROVIDER_REFUSED_LOGIN, false },
		},
		.spf = "include:spf.protection.outlook.com",
		.dkim = "selector1, selector2 (CNAME)",
		.verified = "2026-11-23",
		.sources = "learn.microsoft.com (how to authenticate IMAP, POP "
			   "and SMTP by OAuth; SMTP submission improvements), "
			   "techcommunity.microsoft.com (Exchange team blog)",
		.unverified = PROVIDER_RECIPIENTS,
	},
	{
		.name = "microsoft365-hve",
		.title = "Microsoft 365 High Volume Email",
		.aliases = "hve",
		.host = "smtp-hve.office365.com",
		.starttls = { 587 },
		.mechanisms = "XOAUTH2 LOGIN",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = N_("OAuth2: `login oauth`; a password only while the "
			    "organisation still allows it"),
		.oauth = &provider_oauth_microsoft_hve,
		.sender = FROM_ACCOUNT,
		.replies = {
			{ "501 5.5.127 Invalid XOAUTH2 auth data - Token will "
			  "expire soon",
			  PROVIDER_AT_AUTH, PROVIDER_REFUSED_LOGIN, false },
		},
		.spf = "include:spf.protection.outlook.com",
		.dkim = "selector1, selector2 (CNAME)",
		.verified = "2026-11-23",
		.sources = "github.com/tarickb/sasl-xoauth2 (2026-04)",
		.unverified = PROVIDER_PORTS_OF | PROVIDER_MECHANISMS |
			      PROVIDER_SENDER,
	},
	{
		.name = "outlook",
		.title = "Outlook.com, Hotmail, Live, MSN",
		.aliases = "hotmail live msn windowslive",
		.domains = "outlook.com hotmail.com live.com msn.com "
			   "windowslive.com outlook.at outlook.be outlook.cl "
			   "outlook.cz outlook.de outlook.dk outlook.es "
			   "outlook.fr outlook.hu outlook.ie outlook.in "
			   "outlook.it outlook.jp outlook.kr outlook.lv "
			   "outlook.my outlook.ph outlook.pt outlook.sa "
			   "outlook.sg outlook.sk outlook.co.id outlook.co.il "
			   "outlook.co.th outlook.com.ar outlook.com.au "
			   "outlook.com.br outlook.com.gr outlook.com.tr "
			   "outlook.com.vn hotmail.be hotmail.ca hotmail.cl "
			   "hotmail.cz hotmail.de hotmail.dk hotmail.es "
			   "hotmail.fi hotmail.fr hotmail.gr hotmail.hu "
			   "hotmail.it hotmail.lt hotmail.lv hotmail.my "
			   "hotmail.nl hotmail.no hotmail.ph hotmail.rs "
			   "hotmail.se hotmail.sg hotmail.sk hotmail.co.id "
			   "hotmail.co.il hotmail.co.in hotmail.co.jp "
			   "hotmail.co.kr hotmail.co.th hotmail.co.uk "
			   "hotmail.co.za hotmail.com.ar hotmail.com.au "
			   "hotmail.com.br hotmail.com.hk hotmail.com.tr "
			   "hotmail.com.tw hotmail.com.vn live.at live.be "
			   "live.ca live.cl live.cn live.de live.dk live.fi "
			   "live.fr live.hk live.ie live.in live.it live.jp "
			   "live.nl live.no live.ru live.se live.co.jp "
			   "live.co.kr live.co.uk live.co.za live.com.ar "
			   "live.com.au live.com.mx live.com.my live.com.ph "
			   "live.com.pt live.com.sg livemail.tw",
		.host = "smtp-mail.outlook.com",
		.starttls = { 587 },
		.mechanisms = "XOAUTH2",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = NEEDS_OAUTH,
		.is_oauth_only = true,
		.oauth = &provider_oauth_outlook,
		.sender = FROM_ALIASES,
		.recipients = 100,
		.limits = N_("about 300 messages a day for a new account"),
		.verified = "2026-11-23",
		.sources = ISPDB ", " DELTACHAT
			   ", github.com/simonrob/email-oauth2-proxy (2026-04)",
		.unverified = PROVIDER_SENDER | PROVIDER_RECIPIENTS |
			      PROVIDER_LIMITS,
	},
	{
		.name = "proton",
		.title = "Proton Mail",
		.aliases = "protonmail",
		.host = "smtp.protonmail.ch",
		.other_hosts = N_("Proton Mail Bridge on this machine: "
				  "127.0.0.1, port 1025"),
		.starttls = { 587 },
		.mechanisms = "PLAIN LOGIN",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = N_("an SMTP token, for an address of your own domain "
			    "in a Business, Visionary or Family plan"),
		.sender = N_("the address of the token"),
		.verified = "2026-11-23",
		.sources = "proton.me/support/smtp-submission",
		.unverified = PROVIDER_OTHER_HOSTS | PROVIDER_MECHANISMS,
	},
	{
		.name = "workspace-relay",
		.title = "Google Workspace SMTP relay",
		.aliases = "google-relay gmail-relay",
		.host = "smtp-relay.gmail.com",
		.implicit = { 465 },
		.starttls = { 587, 25 },
		.mechanisms = "LOGIN PLAIN XOAUTH2 OAUTHBEARER",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = N_("as gmail, or nothing where the organisation "
			    "allows your address; `helo` must be a domain of "
			    "yours"),
		.oauth = &provider_oauth_google,
		.sender = N_("the domains that the organisation allows"),
		.size = N_("35882577 bytes"),
		.recipients = 100,
		.limits = N_("10,000 messages and recipients a day for a user; "
			     "4.6 million a day and 319,444 in ten minutes for "
			     "the organisation"),
		.replies = {
			{ "421 4.7.0 Try again later, closing connection.",
			  PROVIDER_AT_GREETING, PROVIDER_BUSY, false },
			{ "450 4.2.1 Peak SMTP relay limit exceeded for "
			  "customer.",
			  PROVIDER_AT_MAIL, PROVIDER_QUOTA, false },
			{ "550 5.4.5 Daily SMTP relay limit exceeded for user.",
			  PROVIDER_AT_MAIL, PROVIDER_QUOTA, false },
			{ "550 5.7.1 Daily SMTP relay limit exceeded for "
			  "customer.",
			  PROVIDER_AT_MAIL, PROVIDER_QUOTA, false },
		},
		.spf = "include:_spf.google.com",
		.dkim = "google",
		.verified = "2026-11-23",
		.sources = "support.google.com/a/answer/2956491",
	},
	{
		.name = "yahoo",
		.title = "Yahoo Mail",
		.aliases = "ymail",
		.domains = "yahoo.com yahoo.de yahoo.it yahoo.fr yahoo.es "
			   "yahoo.se yahoo.co.in yahoo.co.uk yahoo.co.nz "
			   "yahoo.com.au yahoo.com.ar yahoo.com.br "
			   "yahoo.com.mx ymail.com myyahoo.com rocketmail.com",
		.host = "smtp.mail.yahoo.com",
		.implicit = { 465 },
		.starttls = { 587 },
		.mechanisms = "OAUTHBEARER PLAIN LOGIN",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = NEEDS_APP_PASSWORD,
		.oauth = &provider_oauth_yahoo,
		.sender = FROM_ACCOUNT,
		.size = "25 MB",
		.recipients = 100,
		.limits = N_("500 messages a day"),
		.verified = "2026-11-23",
		.sources = "senders.yahooinc.com, " ISPDB ", " THUNDERBIRD,
		.unverified = PROVIDER_SENDER | PROVIDER_SIZE |
			      PROVIDER_RECIPIENTS | PROVIDER_LIMITS,
	},
	{
		.name = "yandex",
		.title = "Yandex Mail",
		.domains = "yandex.ru yandex.com yandex.net yandex.by "
			   "yandex.kz yandex.ua ya.ru narod.ru",
		.host = "smtp.yandex.com",
		.implicit = { 465 },
		.mechanisms = "PLAIN LOGIN XOAUTH2",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = NEEDS_APP_PASSWORD,
		.oauth = &provider_oauth_yandex,
		.sender = FROM_ACCOUNT,
		.verified = "2026-11-23",
		.sources = "yandex.com/support/mail, " ISPDB ", " THUNDERBIRD,
		.unverified = PROVIDER_SENDER,
	},
	{
		.name = "zoho",
		.title = "Zoho Mail, personal",
		.aliases = "zohomail",
		.domains = "zoho.com zohomail.com",
		.host = "smtp.zoho.%R",
		.regions = "com eu in com.au jp sa ...",
		.implicit = { 465 },
		.starttls = { 587 },
		.mechanisms = "PLAIN LOGIN",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = N_("the password, with two-factor login an app "
			    "password"),
		.sender = FROM_ALIASES,
		.limits = N_("those of the plan"),
		.replies = {
			{ "553 Relaying disallowed as me@example.org",
			  PROVIDER_AT_MAIL, PROVIDER_REFUSED_SENDER, false },
		},
		.spf = N_("include:zoho.com, or that of the region"),
		.dkim = N_("the selector chosen there"),
		.verified = "2026-11-23",
		.sources = "zoho.com/mail/help/zoho-smtp.html, " ISPDB,
		.unverified = PROVIDER_SPF | PROVIDER_DKIM,
	},
	{
		.name = "zohopro",
		.title = "Zoho Mail, of an organisation",
		.aliases = "zoho-pro smtppro",
		.host = "smtppro.zoho.%R",
		.regions = "com eu in com.au jp sa ...",
		.implicit = { 465 },
		.starttls = { 587 },
		.mechanisms = "PLAIN LOGIN",
		.user_is = PROVIDER_USER_ADDRESS,
		.needs = N_("the password, with two-factor login an app "
			    "password"),
		.sender = FROM_ALIASES,
		.limits = N_("those of the plan"),
		.replies = {
			{ "553 Relaying disallowed as me@example.org",
			  PROVIDER_AT_MAIL, PROVIDER_REFUSED_SENDER, false },
		},
		.spf = N_("include:zoho.com, or that of the region"),
		.dkim = N_("the selector chosen there"),
		.verified = "2026-11-23",
		.sources = "zoho.com/mail/help/zoho-smtp.html",
		.unverified = PROVIDER_SPF | PROVIDER_DKIM,
	},
};
/* clang-format on */

const size_t provider_mailboxes_count = COUNT_OF(provider_mailboxes);
