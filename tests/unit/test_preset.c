/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_preset - what a provider gives to a block, and what it says of it */
#include "config/preset.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "config/credential.h"
#include "config/options.h"
#include "config/provider.h"
#include "fixture.h"

#define A "smarthost a\n"
#define PASSWORD " password file /x\n"

/* --- what is filled in ---------------------------------------------------- */

/* "host|port|tls|user|login|connections|messages|rate|recipients" */
static const struct {
	const char *block;
	const char *preset;
	const char *means;
} filled[] = {
	{ " provider gmail\n user me@gmail.com\n" PASSWORD, "gmail",
	  "smtp.gmail.com|465|implicit|me@gmail.com|auto|20|0||100" },
	{ " user me@gmail.com\n" PASSWORD, "gmail",
	  "smtp.gmail.com|465|implicit|me@gmail.com|auto|20|0||100" },
	{ " user me@GoogleMail.com\n" PASSWORD, "gmail",
	  "smtp.gmail.com|465|implicit|me@GoogleMail.com|auto|20|0||100" },
	{ " provider googlemail\n user me@example.org\n" PASSWORD, "gmail",
	  "smtp.gmail.com|465|implicit|me@example.org|auto|20|0||100" },
	{ " provider sendgrid\n" PASSWORD, "sendgrid",
	  "smtp.sendgrid.net|465|implicit|apikey|auto|20|5000||1000" },
	{ " provider sendgrid\n user apikey\n" PASSWORD, "sendgrid",
	  "smtp.sendgrid.net|465|implicit|apikey|auto|20|5000||1000" },
	{ " provider sparkpost\n region eu\n" PASSWORD, "sparkpost",
	  "smtp.eu.sparkpostmail.com|587|starttls|SMTP_Injection|login|20|100||"
	  "0" },
	{ " provider ses\n region eu-west-1\n user AKIA\n" PASSWORD, "ses",
	  "email-smtp.eu-west-1.amazonaws.com|465|implicit|AKIA|auto|20|0||"
	  "50" },
	{ " provider m365\n user me@example.org\n login xoauth2\n"
	  " password command x\n",
	  "microsoft365",
	  "smtp.office365.com|587|starttls|me@example.org|xoauth2|3|0|30/"
	  "min|500" },
	{ " user me@hotmail.fr\n oauth_client c\n", "outlook",
	  "smtp-mail.outlook.com|587|starttls|me@hotmail.fr|oauth|20|0||100" },
	{ " user me@outlook.com\n login xoauth2\n password command x\n",
	  "outlook",
	  "smtp-mail.outlook.com|587|starttls|me@outlook.com|xoauth2|20|0||"
	  "100" },
	/* the local part */
	{ " user me@free.fr\n" PASSWORD, "free",
	  "smtp.free.fr|465|implicit|me|auto|20|0||0" },
	{ " provider free\n user me\n" PASSWORD, "free",
	  "smtp.free.fr|465|implicit|me|auto|20|0||0" },
	{ " provider laposte\n user me@laposte.net\n" PASSWORD, "laposte",
	  "smtp.laposte.net|465|implicit|me|auto|20|0||0" },
	{ " provider web.de\n user me@WEB.de\n" PASSWORD, "web.de",
	  "smtp.web.de|465|implicit|me|auto|20|0||0" },
	/* what the block says wins */
	{ " provider gmail\n host relay.example.org\n user "
	  "me@gmail.com\n" PASSWORD,
	  "gmail",
	  "relay.example.org|465|implicit|me@gmail.com|auto|20|0||100" },
	{ " provider gmail\n port 587\n user me@gmail.com\n" PASSWORD, "gmail",
	  "smtp.gmail.com|587|starttls|me@gmail.com|auto|20|0||100" },
	{ " provider gmail\n tls starttls\n user me@gmail.com\n" PASSWORD,
	  "gmail", "smtp.gmail.com|587|starttls|me@gmail.com|auto|20|0||100" },
	{ " provider postmark\n tls implicit\n user x\n" PASSWORD, "postmark",
	  "smtp.postmarkapp.com|465|implicit|x|auto|20|0||50" },
	{ " provider ses\n region eu-west-1\n port 2465\n user x\n" PASSWORD,
	  "ses",
	  "email-smtp.eu-west-1.amazonaws.com|2465|implicit|x|auto|20|0||50" },
	{ " provider gmail\n port 1025\n user me@gmail.com\n" PASSWORD, "gmail",
	  "smtp.gmail.com|1025|starttls|me@gmail.com|auto|20|0||100" },
	{ " provider gmail\n host srv:gmail.com\n user me@gmail.com\n" PASSWORD,
	  "gmail", "srv:gmail.com|465|implicit|me@gmail.com|auto|20|0||100" },
	{ " provider ses\n host vpce.example.org\n user x\n" PASSWORD, "ses",
	  "vpce.example.org|465|implicit|x|auto|20|0||50" },
	{ " provider m365\n user me@example.org\n password file /x\n"
	  " connections 2\n rate 10/min\n messages_per_connection 7\n"
	  " login login\n",
	  "microsoft365",
	  "smtp.office365.com|587|starttls|me@example.org|login|2|7|10/"
	  "min|500" },
	{ " provider sparkpost\n login plain\n" PASSWORD, "sparkpost",
	  "smtp.sparkpostmail.com|587|starttls|SMTP_Injection|plain|20|100||"
	  "0" },
	{ " provider workspace-relay\n login none\n", "workspace-relay",
	  "smtp-relay.gmail.com|465|implicit||none|20|0||100" },
	/* no provider */
	{ " host mail.example.org\n user me@gmail.com\n" PASSWORD, NULL,
	  "mail.example.org|587|starttls|me@gmail.com|auto|20|0||0" },
};

static void add_key(const struct smarthost *h, const char *key, struct sbuf *b)
{
	option_print(option_find(OPTION_SMARTHOST, key), h, b);
	sbuf_addstr(b, "|");
}

static void describe(const struct smarthost *h, struct sbuf *b)
{
	add_key(h, "host", b);
	add_key(h, "port", b);
	add_key(h, "tls", b);
	add_key(h, "user", b);
	add_key(h, "login", b);
	add_key(h, "connections", b);
	add_key(h, "messages_per_connection", b);
	add_key(h, "rate", b);
	sbuf_addf(b, "%u", preset_recipients(h));
}

static struct config *parse(const char *block, struct fault *f)
{
	struct config *c;
	struct sbuf text;

	sbuf_init(&text, 4096);
	sbuf_addf(&text, A "%s", block);
	c = config_parse("rc", text.data, text.len, NULL, f);
	sbuf_release(&text);
	return c;
}

START_TEST(fills_in)
{
	struct fault f = { .kind = FAULT_NONE };
	struct config *c = parse(filled[_i].block, &f);
	const struct smarthost *h;
	struct sbuf b;

	ck_assert_str_eq(f.text, "");
	h = &c->smarthosts[0];
	if (filled[_i].preset == NULL)
		ck_assert_ptr_null(h->preset);
	else
		ck_assert_str_eq(h->preset->name, filled[_i].preset);
	sbuf_init(&b, 4096);
	describe(h, &b);
	ck_assert_str_eq(b.data, filled[_i].means);
	sbuf_release(&b);
	config_free(&c);
}
END_TEST

/* Whatever a preset gives goes through the parser of the key: none is refused,
 * and each is marked as coming from there. */
START_TEST(every_preset_is_taken)
{
	const struct provider *p = provider_at((size_t)_i);
	struct fault f = { .kind = FAULT_NONE };
	const struct smarthost *h;
	struct sbuf text;
	struct config *c;

	sbuf_init(&text, 4096);
	sbuf_addf(&text, " provider %s\n", p->name);
	if (provider_needs_region(p))
		sbuf_addf(&text, " region %.*s\n",
		          (int)strcspn(p->regions, " "), p->regions);
	if (p->user_is == PROVIDER_USER_ADDRESS)
		sbuf_addstr(&text, " user me@example.org\n");
	else if (p->user_is != PROVIDER_USER_LITERAL)
		sbuf_addstr(&text, " user me\n");
	sbuf_addstr(&text, p->is_oauth_only ? " oauth_client c\n" : PASSWORD);
	c = parse(text.data, &f);
	ck_assert_str_eq(f.text, "");
	h = &c->smarthosts[0];
	ck_assert_ptr_eq(h->preset, p);
	ck_assert_ptr_nonnull(h->host);
	ck_assert_uint_ne(h->port, 0);
	ck_assert_int_ne(h->tls, CONFIG_TLS_NONE);
	for (size_t i = 0; option_at(i) != NULL; i++)
		ck_assert(!h->from_preset[i] || h->lines[i] == 0);
	ck_assert(p->login == NULL || strcmp(h->login, p->login) == 0);
	ck_assert(p->rate == NULL || strcmp(h->rate, p->rate) == 0);
	sbuf_release(&text);
	config_free(&c);
}
END_TEST

/* --- what is complained about --------------------------------------------- */

static const struct {
	const char *block;
	const char *fault;
} faults[] = {
	{ " provider gmial\n user me@gmail.com\n" PASSWORD,
	  "rc:2: there is no provider `gmial`: did you mean `gmail`?" },
	{ " provider gmail.com\n user me@gmail.com\n" PASSWORD,
	  "rc:2: there is no provider `gmail.com`: did you mean `gmail`?" },
	{ " provider acme\n user me\n" PASSWORD,
	  "rc:2: there is no provider `acme`: `relay providers` lists them; of "
	  "another one write `host` and `port`" },
	{ " provider ses\n user x\n" PASSWORD,
	  "rc:2: `provider ses` has a server for each region: add the one of "
	  "your account, as `region us-east-1`" },
	{ " provider gmail\n region eu\n user me@gmail.com\n" PASSWORD,
	  "rc:3: `provider gmail` has no regions: remove `region`" },
	{ " provider mailgun\n region us\n user x\n" PASSWORD,
	  "rc:3: `region` of `provider mailgun` cannot be `us`: write one of "
	  "eu" },
	{ " provider ses\n region a/b\n user x\n" PASSWORD,
	  "rc:3: `region` of `provider ses` cannot be `a/b`: write one of "
	  "us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 "
	  "eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 ap-south-1 "
	  "ap-northeast-1 ap-southeast-1 ap-southeast-2 ..." },
	{ " provider sendgrid\n user me@example.org\n" PASSWORD,
	  "rc:3: the `user` of `provider sendgrid` is always `apikey`: remove "
	  "this" },
	{ " provider sendgrid\n",
	  "rc:1: `user` needs a password: add `password file PATH`, or `login "
	  "none`" },
	{ " provider free\n user me@example.org\n" PASSWORD,
	  "rc:3: the `user` of `provider free` is what stands before the @ of "
	  "an address there: write `user NAME`" },
	{ " provider gmail\n user me\n" PASSWORD,
	  "rc:3: the `user` of `provider gmail` is the whole address: write it "
	  "as NAME@gmail.com" },
	{ " provider m365\n user me\n" PASSWORD,
	  "rc:3: the `user` of `provider microsoft365` is the whole address: "
	  "write it as NAME@example.org" },
	{ " provider gmail\n",
	  "rc:2: `provider gmail` wants a login: add `user NAME` and `password "
	  "file PATH` (an app password, which needs 2-step verification, or "
	  "OAuth2), or `login none`" },
	{ " provider outlook\n user me@outlook.com\n" PASSWORD,
	  "rc:4: `provider outlook` takes no passwords: write `login oauth` in "
	  "its place, or `login xoauth2` above it if it gives a token" },
	{ " provider outlook\n user me@outlook.com\n login plain\n" PASSWORD,
	  "rc:5: `provider outlook` takes no passwords: write `login oauth` in "
	  "its place, or `login xoauth2` above it if it gives a token" },
	{ " provider outlook\n",
	  "rc:1: `login oauth` needs a name to log in with: add `user NAME`" },
	{ " user me@example.org\n" PASSWORD,
	  "rc:1: this smarthost has no host: add `host mail.example.org` or "
	  "`provider NAME` below it" },
	{ " provider gmail\n provider ses\n user me@gmail.com\n" PASSWORD,
	  "rc:3: `provider` is there twice, first in line 2: remove one" },
	{ " provider gmail\n tls none\n user me@gmail.com\n" PASSWORD,
	  "rc:3: `tls none` sends nothing secret: remove it, or remove "
	  "`password`" },
	{ " provider gmail\n host a/b\n user me@gmail.com\n" PASSWORD,
	  "rc:3: `host` is a name alone, such as mail.example.org: no smtp://, "
	  "no user, no path" },
};

/* A token goes the way that the provider prefers, else the standard's. */
START_TEST(the_way_of_tokens)
{
	static const struct {
		const char *block, *mechanisms;
	} cases[] = {
		{ A
		  " provider microsoft365\n user me@example.org\n login oauth\n"
		  " oauth_client c\n",
		  "xoauth2 oauthbearer" },
		{ A " provider yahoo\n user me@yahoo.com\n login oauth\n"
		    " oauth_client c\n",
		  "oauthbearer xoauth2" },
		{ A " host h\n user me\n login xoauth2\n password command x\n",
		  "xoauth2" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fault f = { 0 };
		struct config *config = config_parse(
			"rc", cases[i].block, strlen(cases[i].block), NULL, &f);

		ck_assert_msg(config != NULL, "%s", f.text);
		ck_assert_str_eq(credential_mechanisms(&config->smarthosts[0]),
		                 cases[i].mechanisms);
		config_free(&config);
	}
}
END_TEST

START_TEST(complains)
{
	struct fault f = { .kind = FAULT_NONE };
	struct config *c = parse(faults[_i].block, &f);

	ck_assert_str_eq(f.text, faults[_i].fault);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(f.kind, FAULT_CONFIG);
}
END_TEST

/* A rule that is not verified is no reason to complain. */
START_TEST(unverified_rules_bind_nobody)
{
	struct fault f = { .kind = FAULT_NONE };
	struct config *c =
		parse(" provider numericable\n user me\n" PASSWORD, &f);

	ck_assert_str_eq(f.text, "");
	ck_assert_str_eq(c->smarthosts[0].user, "me");
	config_free(&c);
}
END_TEST

/* --- from the environment ------------------------------------------------- */

START_TEST(environment)
{
	struct fault f = { .kind = FAULT_NONE };
	struct config *c;

	setenv("RELAY_PROVIDER", "mailgun", 1);
	setenv("RELAY_REGION", "eu", 1);
	setenv("RELAY_USER", "postmaster@mg.example.org", 1);
	setenv("RELAY_PASSWORD", "hunter2", 1);
	c = config_load(NULL, NULL, &f);
	ck_assert_str_eq(f.text, "");
	ck_assert_str_eq(c->smarthosts[0].host, "smtp.eu.mailgun.org");
	ck_assert_uint_eq(c->smarthosts[0].port, 465);
	config_free(&c);
	setenv("RELAY_PROVIDER", "sendgrid", 1);
	unsetenv("RELAY_USER");
	unsetenv("RELAY_REGION");
	c = config_load(NULL, NULL, &f);
	ck_assert_str_eq(f.text, "");
	ck_assert_str_eq(c->smarthosts[0].user, "apikey");
	config_free(&c);
	unsetenv("RELAY_PASSWORD");
	ck_assert_ptr_null(config_load(NULL, NULL, &f));
	ck_assert_str_eq(f.text, "RELAY_PASSWORD: RELAY_USER needs a password: "
	                         "set this too");
	setenv("RELAY_PROVIDER", "sengrid", 1);
	setenv("RELAY_PASSWORD", "hunter2", 1);
	ck_assert_ptr_null(config_load(NULL, NULL, &f));
	ck_assert_str_eq(f.text, "RELAY_PROVIDER: there is no provider "
	                         "`sengrid`: did you mean `sendgrid`?");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("preset");
	TCase *all = tcase_create("all");
	int count = 0;

	while (provider_at((size_t)count) != NULL)
		count++;
	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, fills_in, 0, COUNT_OF(filled));
	tcase_add_loop_test(all, every_preset_is_taken, 0, count);
	tcase_add_loop_test(all, complains, 0, COUNT_OF(faults));
	tcase_add_test(all, the_way_of_tokens);
	tcase_add_test(all, unverified_rules_bind_nobody);
	tcase_add_test(all, environment);
	return fixture_run(suite);
}
