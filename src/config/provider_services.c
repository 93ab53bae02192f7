/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/provider_data.h"

/* clang-format off */
const struct provider provider_services[] = {
	{
		.name = "brevo",
		.title = "Brevo",
		.aliases = "sendinblue",
		.host = "smtp-relay.brevo.com",
		.implicit = { 465 },
		.starttls = { 587, 2525 },
		.mechanisms = "PLAIN LOGIN",
		.needs = N_("an SMTP key, which is not an API key"),
		.sender = FROM_SENDER,
		.limits = N_("300 messages a day where it is free"),
		.spf = "include:spf.brevo.com",
		.dkim = "brevo1, brevo2 (CNAME)",
		.verified = "2026-11-23",
		.sources = "developers.brevo.com/docs/smtp-integration",
		.unverified = PROVIDER_MECHANISMS | PROVIDER_SENDER |
			      PROVIDER_SPF | PROVIDER_DKIM,
	},
	{
		.name = "mailgun",
		.title = "Mailgun",
		.host = "smtp.mailgun.org",
		.region_host = "smtp.%R.mailgun.org",
		.regions = "eu",
		.implicit = { 465 },
		.starttls = { 587, 2525, 25 },
		.mechanisms = "PLAIN LOGIN",
		.needs = N_("the SMTP password of one of your domains, which "
			    "is not the API key; `user` is one such as "
			    "postmaster@mg.example.org"),
		.sender = N_("an envelope sender in one of your domains"),
		.size = "25 MB",
		.recipients = 1000,
		.replies = { { "421 try again later", PROVIDER_AT_MAIL,
			       PROVIDER_BUSY, true } },
		.spf = "include:mailgun.org",
		.dkim = N_("2 CNAME that change every 120 days, or TXT"),
		.verified = "2026-11-23",
		.sources = "documentation.mailgun.com",
		.unverified = PROVIDER_RECIPIENTS,
	},
	{
		.name = "mailjet",
		.title = "Mailjet",
		.host = "in-v3.mailjet.com",
		.implicit = { 465 },
		.starttls = { 587, 25 },
		.mechanisms = "PLAIN LOGIN",
		.needs = N_("the secret key; `user` is the API key"),
		.sender = FROM_SENDER,
		.size = "15 MB",
		.recipients = 50,
		.limits = N_("200 messages a day and 6,000 a month where it is "
			     "free"),
		.spf = "include:spf.mailjet.com",
		.dkim = "mailjet",
		.verified = "2026-11-23",
		.sources = "smtptester.org, captaindns.com (Mailjet guides)",
		.unverified = PROVIDER_SIZE | PROVIDER_RECIPIENTS,
	},
	{
		.name = "postmark",
		.title = "Postmark",
		.host = "smtp.postmarkapp.com",
		.other_hosts = N_("broadcasts: smtp-broadcasts.postmarkapp.com"),
		/* On 465 it takes the connection and says nothing. */
		.starttls = { 587, 2525, 25 },
		.mechanisms = "PLAIN LOGIN CRAM-MD5",
		.needs = N_("the server token, which is the `user` as well; or "
			    "the pair of an SMTP token"),
		.sender = N_("a confirmed signature or domain"),
		.size = "10 MB",
		.recipients = 50,
		.spf = N_("include:spf.mtasv.net, or CNAME of the Return-Path "
			  "to pm.mtasv.net"),
		.dkim = N_("DATEpm (TXT)"),
		.verified = "2026-11-23",
		.sources = "postmarkapp.com/support/article/811",
		.unverified = PROVIDER_MECHANISMS | PROVIDER_SPF |
			      PROVIDER_DKIM,
	},
	{
		.name = "resend",
		.title = "Resend",
		.host = "smtp.resend.com",
		.implicit = { 465, 2465 },
		.starttls = { 587, 2587, 25 },
		.mechanisms = "PLAIN LOGIN",
		.user_is = PROVIDER_USER_LITERAL,
		.user = "resend",
		.needs = N_("an API key"),
		.sender = FROM_DOMAIN,
		.size = "40 MB",
		.recipients = 50,
		.spf = N_("include:amazonses.com, for send.DOMAIN"),
		.dkim = "resend (TXT)",
		.verified = "2026-11-23",
		.sources = "resend.com/docs/send-with-smtp",
		.unverified = PROVIDER_MECHANISMS | PROVIDER_SIZE |
			      PROVIDER_RECIPIENTS | PROVIDER_SPF |
			      PROVIDER_DKIM,
	},
	{
		.name = "scaleway",
		.title = "Scaleway Transactional Email",
		.aliases = "tem",
		.host = "smtp.tem.scaleway.com",
		.implicit = { 465, 2465 },
		.starttls = { 587, 2587 },
		.mechanisms = "PLAIN LOGIN",
		.needs = N_("the secret key of an API key; `user` is the "
			    "project's id"),
		.sender = FROM_DOMAIN,
		.size = "50 MB",
		.recipients = 10,
		.limits = N_("10,000 messages a month at first; each recipient "
			     "is billed"),
		.spf = "include:_spf.scw-tem.cloud",
		.dkim = N_("the project's id"),
		.verified = "2026-11-23",
		.sources = "github.com/scaleway/docs-content (2025-10)",
		.unverified = PROVIDER_HOST | PROVIDER_MECHANISMS |
			      PROVIDER_SPF | PROVIDER_DKIM,
	},
	{
		.name = "sendgrid",
		.title = "SendGrid",
		.aliases = "twilio",
		.host = "smtp.sendgrid.net",
		.region_host = "smtp.%R.sendgrid.net",
		.regions = "eu",
		.implicit = { 465 },
		.starttls = { 587, 2525, 25 },
		.mechanisms = "PLAIN LOGIN",
		.user_is = PROVIDER_USER_LITERAL,
		.user = "apikey",
		.needs = N_("an API key with the right Mail Send"),
		.sender = N_("a verified Sender Identity"),
		.size = "30 MB",
		.recipients = 1000,
		.limits = N_("5,000 messages on one connection, 10,000 "
			     "connections"),
		.messages = 5000,
		.replies = {
			{ "450 too frequent connects from 192.0.2.1, please "
			  "try again later.",
			  PROVIDER_AT_GREETING, PROVIDER_SLOWER, false },
			{ "452 Too many recipients received this hour",
			  PROVIDER_AT_RCPT, PROVIDER_QUOTA, false },
			{ "451 Authentication failed: Maximum credits exceeded",
			  PROVIDER_AT_AUTH, PROVIDER_QUOTA, false },
			{ "403 You are not authorized to send from that email "
			  "address",
			  PROVIDER_AT_MAIL, PROVIDER_REFUSED_SENDER, false },
			{ "550 The from address does not match a verified "
			  "Sender Identity. Mail cannot be sent until this "
			  "error is resolved.",
			  PROVIDER_AT_CONTENT, PROVIDER_REFUSED_SENDER, false },
		},
		.spf = N_("include:sendgrid.net, or CNAME of emNNN to "
			  "uNNN.wlNNN.sendgrid.net"),
		.dkim = N_("s1, s2 (CNAME); m1 (TXT) without automation"),
		.verified = "2026-11-23",
		.sources = "github.com/sendgrid/docs, twilio.com/docs/sendgrid",
		.unverified = PROVIDER_OTHER_HOSTS | PROVIDER_MECHANISMS |
			      PROVIDER_SIZE | PROVIDER_RECIPIENTS,
	},
	{
		.name = "ses",
		.title = "Amazon SES",
		.aliases = "amazon amazon-ses amazonses aws",
		.host = "email-smtp.%R.amazonaws.com",
		.regions = "us-east-1 us-east-2 us-west-1 us-west-2 "
			   "ca-central-1 sa-east-1 eu-central-1 eu-north-1 "
			   "eu-west-1 eu-west-2 eu-west-3 ap-south-1 "
			   "ap-northeast-1 ap-southeast-1 ap-southeast-2 ...",
		.other_hosts = N_("FIPS: email-smtp-fips.REGION.amazonaws.com"),
		.implicit = { 465, 2465 },
		.starttls = { 587, 2587, 25 },
		.mechanisms = "PLAIN LOGIN",
		.needs = N_("the SMTP password of the region, which `password "
			    "ses-key SOURCE` makes of the secret key; `user` "
			    "is the access key id"),
		.sender = N_("a verified identity"),
		.size = "40 MB",
		.recipients = 50,
		.limits = N_("of the account, in recipients a second and a day; "
			     "in the sandbox 1 a second and 200 a day"),
		.replies = {
			{ "454 Throttling failure: Maximum sending rate "
			  "exceeded.",
			  PROVIDER_AT_CONTENT, PROVIDER_SLOWER, false },
			{ "454 Throttling failure: Daily message quota "
			  "exceeded.",
			  PROVIDER_AT_MAIL, PROVIDER_QUOTA, false },
			{ "421 Too many concurrent SMTP connections",
			  PROVIDER_AT_GREETING, PROVIDER_BUSY, false },
			{ "554 Message rejected: Email address is not "
			  "verified.",
			  PROVIDER_AT_CONTENT, PROVIDER_REFUSED_SENDER, false },
		},
		.spf = N_("include:amazonses.com, for the custom MAIL FROM "
			  "domain"),
		.dkim = N_("3 CNAME, TOKEN._domainkey to dkim.amazonses.com"),
		.verified = "2026-11-23",
		.sources = "docs.aws.amazon.com/ses (smtp-connect, quotas, "
			   "smtp-response-codes, manage-sending-quotas-errors)",
		.unverified = PROVIDER_OTHER_HOSTS | PROVIDER_MECHANISMS |
			      PROVIDER_RECIPIENTS | PROVIDER_DKIM,
	},
	{
		.name = "smtp2go",
		.title = "SMTP2GO",
		.host = "mail.smtp2go.com",
		.region_host = "mail-%R.smtp2go.com",
		.regions = "us eu eu2 au",
		.implicit = { 465, 8465, 443 },
		.starttls = { 587, 2525, 8025, 80, 25 },
		.mechanisms = "CRAM-MD5 PLAIN LOGIN",
		.needs = N_("the password of an SMTP user"),
		.sender = FROM_SENDER,
		.size = "50 MB",
		.spf = N_("CNAME of emNNN"),
		.dkim = "sNNN (CNAME)",
		.verified = "2026-11-23",
		.sources = "developers.smtp2go.com/docs/smtp-relay",
		.unverified = PROVIDER_MECHANISMS | PROVIDER_SIZE |
			      PROVIDER_SPF | PROVIDER_DKIM,
	},
	{
		.name = "sparkpost",
		.title = "SparkPost",
		.host = "smtp.sparkpostmail.com",
		.region_host = "smtp.%R.sparkpostmail.com",
		.regions = "eu",
		.starttls = { 587, 2525 },
		.mechanisms = "LOGIN",
		.login = "login",
		.user_is = PROVIDER_USER_LITERAL,
		.user = "SMTP_Injection",
		.needs = N_("an API key with the right Send via SMTP"),
		.sender = FROM_DOMAIN,
		.size = "20 MB",
		.limits = N_("100 messages on one connection; a new account "
			     "1,000 a day"),
		.messages = 100,
		.replies = { { "421 try again later", PROVIDER_AT_MAIL,
			       PROVIDER_BUSY, true } },
		.dkim = "scphMMYY",
		.verified = "2026-11-23",
		.sources = "developers.sparkpost.com/api/smtp",
		.unverified = PROVIDER_SENDER | PROVIDER_SIZE | PROVIDER_DKIM,
	},
};
/* clang-format on */

const size_t provider_services_count = COUNT_OF(provider_services);
