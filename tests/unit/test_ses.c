/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_ses - the passwords of Amazon SES, by vectors of others */
#include "config/ses.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

/* Of the tests of Terraform's AWS provider (aws_iam_access_key). */
static const struct {
	const char *region, *key, *password;
} vectors[] = {
	{ "eu-central-1", "some+secret+key",
	  "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2" },
	{ "eu-central-1", "another+secret+key",
	  "BBbphbrQmrKMx42d1N6+C7VINYEBGI5v9VsZeTxwskfh" },
	{ "us-west-1", "some+secret+key",
	  "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj" },
	{ "us-west-1", "another+secret+key",
	  "BKVmjjMDFk/qqw8EROW99bjCS65PF8WKvK5bSr4Y6EqF" },
};

START_TEST(vector)
{
	struct secret *key =
		secret_create(vectors[_i].key, strlen(vectors[_i].key));
	struct secret *got = ses_password(key, vectors[_i].region);

	ck_assert_str_eq(secret_reveal(got), vectors[_i].password);
	ck_assert_uint_eq(secret_length(got), 44);
	secret_free(&got);
	secret_free(&key);
}
END_TEST

static const struct {
	const char *host;
	const char *region; /* NULL: none */
} hosts[] = {
	{ "email-smtp.eu-west-3.amazonaws.com", "eu-west-3" },
	{ "email-smtp-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
	{ "email-smtp.cn-north-1.amazonaws.com.cn", "cn-north-1" },
	{ "email-smtp..amazonaws.com", NULL },
	{ "email-smtp.a.b.amazonaws.com", NULL },
	{ "email-smtp.amazonaws.com", NULL },
	{ "email-smtp.eu-west-3.amazonaws.com.example.org", NULL },
	{ "inbound-smtp.eu-west-3.amazonaws.com", NULL },
	{ "smtp.example.org", NULL },
	{ "", NULL },
};

START_TEST(region)
{
	struct sbuf b;

	sbuf_init(&b, 300);
	ck_assert_int_eq(ses_region(hosts[_i].host, &b),
	                 hosts[_i].region != NULL);
	if (hosts[_i].region != NULL)
		ck_assert_str_eq(b.data, hosts[_i].region);
	sbuf_release(&b);
}
END_TEST

START_TEST(what_is_a_region)
{
	ck_assert(ses_is_region("ap-southeast-2"));
	ck_assert(!ses_is_region(""));
	ck_assert(!ses_is_region("EU-WEST-1"));
	ck_assert(!ses_is_region("eu_west_1"));
	ck_assert(!ses_is_region("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ses");
	TCase *tests = tcase_create("ses");

	tcase_add_loop_test(tests, vector, 0, (int)COUNT_OF(vectors));
	tcase_add_loop_test(tests, region, 0, (int)COUNT_OF(hosts));
	tcase_add_test(tests, what_is_a_region);
	suite_add_tcase(suite, tests);
	return fixture_run(suite);
}
