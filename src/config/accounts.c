/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/accounts.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/mem.h"
#include "message/address.h"

#define ACCOUNTS_MOST ((size_t)10000)
#define ACCOUNTS_BYTES ((size_t)1 << 20)
#define NAME_SIZE 256
#define NOBODY 65534
#define SYSTEM_MOST 999 /* where login.defs does not say */

struct accounts {
	struct address_list names; /* in lower case */
};

static bool in_lower_case(const char *name, char lower[NAME_SIZE])
{
	size_t n = strlen(name);

	for (size_t i = 0; i <= n && i < NAME_SIZE; i++)
		lower[i] = ascii_lower(name[i]);
	return n < NAME_SIZE;
}

static void add(struct accounts *a, const char *name)
{
	char lower[NAME_SIZE];
	struct fault full;

	if (in_lower_case(name, lower) && address_problem(lower) == NULL)
		address_list_add_unique(&a->names, lower, &full);
}

/* "SYS_UID_MAX  999" of login.defs. */
static unsigned system_most(void)
{
	FILE *file = fopen("/etc/login.defs", "re");
	unsigned most = SYSTEM_MOST, number;
	char line[256];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, " SYS_UID_MAX %u", &number) == 1)
			most = number;
	if (file != NULL)
		fclose(file);
	return most;
}

static void add_users(struct accounts *a)
{
	FILE *file = fopen("/etc/passwd", "re");
	unsigned most = system_most();
	struct passwd *user;

	while (file != NULL && (user = fgetpwent(file)) != NULL)
		if (user->pw_uid <= most || user->pw_uid == NOBODY)
			add(a, user->pw_name);
	if (file != NULL)
		fclose(file);
}

struct accounts *accounts_load(void)
{
	static const char *const everywhere[] = {
		"root",   "daemon",   "bin",        "sys",
		"nobody", "operator", "postmaster", "mailer-daemon"
	};
	struct accounts *a = mem_alloc(sizeof(*a));

	address_list_init(&a->names, ACCOUNTS_MOST, ACCOUNTS_BYTES);
	for (size_t i = 0; i < COUNT_OF(everywhere); i++)
		add(a, everywhere[i]);
	add_users(a);
	return a;
}

void accounts_free(struct accounts **accounts)
{
	struct accounts *a = *accounts;

	if (a == NULL)
		return;
	address_list_release(&a->names);
	free(a);
	*accounts = NULL;
}

bool accounts_has(const struct accounts *a, const char *name)
{
	char lower[NAME_SIZE];

	return in_lower_case(name, lower) &&
	       address_list_find(&a->names, lower) < a->names.count;
}
