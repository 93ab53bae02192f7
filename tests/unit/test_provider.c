/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_provider - the records: whole, found by what people write, and in
 * agreement with what smtp/verdict makes of their replies */
#include "config/provider.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "config/host.h"
#include "config/rate.h"
#include "fixture.h"
#include "smtp/verdict.h"

/* --- finding one ---------------------------------------------------------- */

static const struct {
	const char *written;
	const char *name; /* NULL: none */
} names[] = {
	{ "gmail", "gmail" },       { "GMail", "gmail" },
	{ "googlemail", "gmail" },  { "hotmail", "outlook" },
	{ "live", "outlook" },      { "msn", "outlook" },
	{ "outlook", "outlook" },   { "wanadoo", "orange" },
	{ "neuf", "sfr" },          { "numericable", "numericable" },
	{ "aol", "aol" },           { "office365", "microsoft365" },
	{ "m365", "microsoft365" }, { "ses", "ses" },
	{ "amazon", "ses" },        { "sendgrid", "sendgrid" },
	{ "mailgun", "mailgun" },   { "yahoo", "yahoo" },
	{ "ovh", "ovh" },           { "bbox", "bouygues" },
	{ "web.de", "web.de" },     { "gmail.com", NULL },
	{ "gmai", NULL },           { "gmail ", NULL },
	{ "aol aim", NULL },        { "", NULL },
};

START_TEST(by_name)
{
	const struct provider *p = provider_find(names[_i].written);

	if (names[_i].name == NULL)
		ck_assert_ptr_null(p);
	else
		ck_assert_str_eq(p->name, names[_i].name);
}
END_TEST

static const struct {
	const char *domain;
	const char *name;
} domains[] = {
	{ "gmail.com", "gmail" },
	{ "GMAIL.COM", "gmail" },
	{ "googlemail.com", "gmail" },
	{ "hotmail.com", "outlook" },
	{ "hotmail.fr", "outlook" },
	{ "live.co.uk", "outlook" },
	{ "msn.com", "outlook" },
	{ "yahoo.fr", "yahoo" },
	{ "ymail.com", "yahoo" },
	{ "aol.com", "aol" },
	{ "me.com", "icloud" },
	{ "wanadoo.fr", "orange" },
	{ "orange.fr", "orange" },
	{ "neuf.fr", "sfr" },
	{ "sfr.fr", "sfr" },
	{ "free.fr", "free" },
	{ "laposte.net", "laposte" },
	{ "web.de", "web.de" },
	{ "gmx.de", "gmx" },
	{ "gmx.com", "gmx-com" },
	{ "acme.onmicrosoft.com", "microsoft365" },
	{ "onmicrosoft.com", NULL },
	{ ".onmicrosoft.com", NULL },
	{ "notonmicrosoft.com", NULL },
	{ "mail.gmail.com", NULL },
	{ "gmail.com.example.org", NULL },
	{ "gmail", NULL },
	{ "com", NULL },
	{ "gmail.com googlemail.com", NULL },
	{ "", NULL },
};

START_TEST(by_domain)
{
	const struct provider *p = provider_of_domain(domains[_i].domain);

	if (domains[_i].name == NULL)
		ck_assert_ptr_null(p);
	else
		ck_assert_str_eq(p->name, domains[_i].name);
}
END_TEST

static const struct {
	const char *written;
	const char *name;
} misspelt[] = {
	{ "gmial", "gmail" },
	{ "gmail.com", "gmail" },
	{ "hotmial", "outlook" },
	{ "sengrid", "sendgrid" },
	{ "microsoft", NULL },
	{ "microsft365", "microsoft365" },
	{ "xy", NULL },
	{ "exchange", NULL },
	{ "wanado", "orange" },
	{ "", NULL },
	{ "mail.example.org", NULL },
};

START_TEST(nearest)
{
	const char *name = provider_nearest(misspelt[_i].written);

	if (misspelt[_i].name == NULL)
		ck_assert_ptr_null(name);
	else
		ck_assert_str_eq(name, misspelt[_i].name);
}
END_TEST

/* --- regions and ports ---------------------------------------------------- */

static const struct {
	const char *name;
	const char *region; /* NULL: none */
	const char *host;   /* NULL: it has no such region */
} regions[] = {
	{ "ses", "eu-west-1", "email-smtp.eu-west-1.amazonaws.com" },
	{ "ses", "af-south-1", "email-smtp.af-south-1.amazonaws.com" },
	{ "ses", "eu-west-1.example.org.", NULL },
	{ "ses", "x/y", NULL },
	{ "ses", "EU-WEST-1", NULL },
	{ "ses", "a..b", NULL },
	{ "ses", "-a", NULL },
	{ "ses", "", NULL },
	{ "mailgun", NULL, "smtp.mailgun.org" },
	{ "mailgun", "eu", "smtp.eu.mailgun.org" },
	{ "mailgun", "us", NULL },
	{ "smtp2go", "eu2", "mail-eu2.smtp2go.com" },
	{ "zoho", "com.au", "smtp.zoho.com.au" },
	{ "zohopro", "eu", "smtppro.zoho.eu" },
	{ "gmail", NULL, "smtp.gmail.com" },
	{ "gmail", "eu", NULL },
};

START_TEST(hosts)
{
	const struct provider *p = provider_find(regions[_i].name);
	const char *region = regions[_i].region;
	struct sbuf host;

	if (region != NULL)
		ck_assert_int_eq(provider_has_region(p, region),
		                 regions[_i].host != NULL);
	else
		ck_assert(!provider_needs_region(p));
	if (regions[_i].host == NULL)
		return;
	sbuf_init(&host, 255);
	provider_add_host(p, region, &host);
	ck_assert_str_eq(host.data, regions[_i].host);
	sbuf_release(&host);
}
END_TEST

START_TEST(ports)
{
	const struct provider *gmail = provider_find("gmail");
	const struct provider *postmark = provider_find("postmark");
	bool is_implicit;

	ck_assert_uint_eq(provider_port(gmail, &is_implicit), 465);
	ck_assert(is_implicit);
	ck_assert_uint_eq(provider_port(postmark, &is_implicit), 587);
	ck_assert(!is_implicit);
	ck_assert_int_eq(provider_is_implicit(gmail, 465), 1);
	ck_assert_int_eq(provider_is_implicit(gmail, 587), 0);
	ck_assert_int_eq(provider_is_implicit(gmail, 25), -1);
	ck_assert_int_eq(provider_is_implicit(postmark, 465), -1);
	ck_assert_int_eq(provider_is_implicit(gmail, 0), -1);
}
END_TEST

/* --- every record --------------------------------------------------------- */

static size_t count_all(void)
{
	size_t count = 0;

	while (provider_at(count) != NULL)
		count++;
	return count;
}

/* Each word of a list, or the text itself where `is_list` is false, leads to
 * this record and to no other. */
static void leads_here(const struct provider *p, const char *list,
                       const struct provider *(*find)(const char *))
{
	char word[80];

	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, " ");

		ck_assert_uint_lt(n, sizeof(word) - 1);
		snprintf(word, sizeof(word), "%s%.*s",
		         list[0] == '.' ? "x" : "", (int)n, list);
		ck_assert_msg(find(word) == p, "%s: %s leads elsewhere",
		              p->name, word);
		list += n + strspn(list + n, " ");
	}
}

static void has_a_server(const struct provider *p)
{
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf host;
	bool is_implicit;

	sbuf_init(&host, 255);
	provider_add_host(p, provider_needs_region(p) ? "eu" : NULL, &host);
	ck_assert_msg(host_check("host", host.data, &f) == 0, "%s: %s", p->name,
	              f.text);
	ck_assert(strchr(host.data, '.') != NULL && !host.overflow);
	sbuf_release(&host);
	ck_assert_uint_ne(provider_port(p, &is_implicit), 0);
	for (size_t i = 0; p->implicit[i] != 0; i++)
		ck_assert_int_eq(provider_is_implicit(p, p->implicit[i]), 1);
	for (size_t i = 0; p->starttls[i] != 0; i++)
		ck_assert_int_eq(provider_is_implicit(p, p->starttls[i]), 0);
	ck_assert((p->region_host == NULL && !provider_needs_region(p)) ||
	          p->regions != NULL);
	ck_assert(p->region_host == NULL || strstr(p->region_host, "%R"));
}

static void has_a_login(const struct provider *p)
{
	struct rate rate;

	ck_assert_ptr_nonnull(p->needs);
	ck_assert_int_eq(p->user_is == PROVIDER_USER_LITERAL, p->user != NULL);
	ck_assert(!p->is_oauth_only || p->oauth != NULL);
	ck_assert(p->rate == NULL || rate_parse(p->rate, &rate));
	if (p->user_is == PROVIDER_USER_LOCAL)
		ck_assert_ptr_nonnull(p->domains);
	if (p->oauth == NULL)
		return;
	ck_assert_ptr_nonnull(strstr(p->mechanisms, "OAUTH"));
	ck_assert_int_eq(strncmp(p->oauth->auth_url, "https://", 8), 0);
	ck_assert_int_eq(strncmp(p->oauth->token_url, "https://", 8), 0);
	ck_assert_ptr_nonnull(p->oauth->scope);
	ck_assert_uint_ge(p->oauth->skew, 300);
}

START_TEST(every_record_is_whole)
{
	const struct provider *p = provider_at((size_t)_i);
	int year, month, day;

	leads_here(p, p->name, provider_find);
	leads_here(p, p->aliases, provider_find);
	leads_here(p, p->domains, provider_of_domain);
	ck_assert_uint_le(strlen(p->name), 16); /* the list has columns */
	ck_assert_str_ne(p->title, "");
	has_a_server(p);
	has_a_login(p);
	ck_assert_int_eq(
		sscanf(p->verified, "%4d-%2d-%2d", &year, &month, &day), 3);
	ck_assert(p->sources != NULL || !provider_is_sure(p, PROVIDER_HOST));
}
END_TEST

/* --- what they say is what we understand ---------------------------------- */

static const enum verdict_step steps[] = {
	[PROVIDER_AT_GREETING] = VERDICT_AT_GREETING,
	[PROVIDER_AT_AUTH] = VERDICT_AT_AUTH,
	[PROVIDER_AT_MAIL] = VERDICT_AT_MAIL,
	[PROVIDER_AT_RCPT] = VERDICT_AT_RCPT,
	[PROVIDER_AT_CONTENT] = VERDICT_AT_FINAL,
};

static void read_reply(struct reply_reader *r, const char *lines)
{
	enum reply_result result = REPLY_MORE;
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf bytes;
	size_t used = 0, at = 0;

	reply_reader_init(r);
	sbuf_init(&bytes, REPLY_BYTES);
	sbuf_addf(&bytes, "%s\r\n", lines);
	while (result == REPLY_MORE && at < bytes.len) {
		result = reply_read(r, bytes.data + at, bytes.len - at, &used,
		                    &f);
		at += used;
	}
	ck_assert_msg(result == REPLY_DONE && at == bytes.len, "%s", lines);
	sbuf_release(&bytes);
}

/* Before there is a message, "more slowly" is to leave the account alone. */
static enum verdict_scope claimed(const struct provider_reply *reply)
{
	switch (reply->means) {
	case PROVIDER_SLOWER:
		return steps[reply->at] < VERDICT_AT_MAIL ? VERDICT_QUOTA
		                                          : VERDICT_THROTTLE;
	case PROVIDER_QUOTA: return VERDICT_QUOTA;
	case PROVIDER_BUSY: return VERDICT_SERVER;
	case PROVIDER_REFUSED_SENDER: return VERDICT_MESSAGE;
	case PROVIDER_REFUSED_LOGIN: break;
	}
	return VERDICT_LOGIN;
}

START_TEST(replies_are_understood)
{
	const struct provider *p = provider_at((size_t)_i);

	for (const struct provider_reply *reply = p->replies;
	     reply->text != NULL; reply++) {
		struct reply_reader r;
		enum verdict_scope scope;
		struct fault f;

		read_reply(&r, reply->text);
		scope = verdict_judge(steps[reply->at], &r.reply, &f);
		ck_assert_msg(scope == claimed(reply), "%s: %s: %s", p->name,
		              reply->text, verdict_scope_name(scope));
		/* None of it may cost a message. */
		ck_assert_int_ne(f.kind, FAULT_PERM);
		if (reply->means == PROVIDER_REFUSED_SENDER)
			ck_assert_int_eq(f.kind, FAULT_CONFIG);
		else if (reply->means != PROVIDER_REFUSED_LOGIN)
			ck_assert_int_eq(f.kind, FAULT_TEMP);
		if (reply->means == PROVIDER_SLOWER)
			ck_assert_ptr_nonnull(strstr(f.text, "more slowly"));
		reply_reader_release(&r);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("provider");
	TCase *all = tcase_create("all");
	int count = (int)count_all();

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, by_name, 0, COUNT_OF(names));
	tcase_add_loop_test(all, by_domain, 0, COUNT_OF(domains));
	tcase_add_loop_test(all, nearest, 0, COUNT_OF(misspelt));
	tcase_add_loop_test(all, hosts, 0, COUNT_OF(regions));
	tcase_add_test(all, ports);
	tcase_add_loop_test(all, every_record_is_whole, 0, count);
	tcase_add_loop_test(all, replies_are_understood, 0, count);
	return fixture_run(suite);
}
