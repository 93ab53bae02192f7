/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_accounts - which names are the system's */
#include "config/accounts.h"

#include <check.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name;
	bool is_system;
} names[] = {
	{ "root", true },
	{ "Root", true },
	{ "POSTMASTER", true },
	{ "Mailer-Daemon", true },
	{ "daemon", true },
	{ "nobody", true },
	{ "operator", true },
	{ "root ", false },
	{ "roots", false },
	{ "roo", false },
	{ "", false },
	{ "root@localhost", false }, /* names alone are asked for */
	{ "\"root\"", false },
	{ "no-such-account", false },
	{ "j\303\266rg", false },
	{ HUNDRED HUNDRED HUNDRED, false },
};

START_TEST(name)
{
	struct accounts *a = accounts_load();

	ck_assert_int_eq(accounts_has(a, names[_i].name), names[_i].is_system);
	accounts_free(&a);
	ck_assert_ptr_null(a);
	accounts_free(&a);
}
END_TEST

/* No login.defs has people below 100, or the system above 60000 but nobody. */
START_TEST(accounts_of_this_machine)
{
	struct accounts *a = accounts_load();
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *user;

	ck_assert_ptr_nonnull(file);
	while ((user = fgetpwent(file)) != NULL) {
		if (user->pw_uid < 100 || user->pw_uid == 65534)
			ck_assert(accounts_has(a, user->pw_name));
		else if (user->pw_uid > 60000)
			ck_assert(!accounts_has(a, user->pw_name));
	}
	fclose(file);
	accounts_free(&a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("accounts");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, name, 0, COUNT_OF(names));
	tcase_add_test(all, accounts_of_this_machine);
	suite_add_tcase(suite, all);
	return fixture_run(suite);
}
