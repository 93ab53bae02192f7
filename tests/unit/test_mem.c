/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_mem - zeroed memory, or the end of the process */
#include "base/mem.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "fixture.h"

/* AddressSanitizer asks here: let malloc fail as it does without it. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static bool is_zero(const unsigned char *p, size_t n)
{
	while (n > 0)
		if (p[--n] != 0)
			return false;
	return true;
}

START_TEST(memory_is_zero)
{
	unsigned char *dirty = malloc(5000), *p, *q;

	memset(dirty, 0xff, 5000);
	free(dirty);
	p = mem_alloc(5000);
	ck_assert(is_zero(p, 5000));
	memset(p, 0xff, 5000);
	q = mem_array(50, 100);
	ck_assert(is_zero(q, 5000));
	free(p);
	free(q);
}
END_TEST

START_TEST(grown_memory_is_zero)
{
	uint32_t *p = mem_grow(NULL, 0, 2, sizeof(*p));

	ck_assert(is_zero((unsigned char *)p, 2 * sizeof(*p)));
	p[0] = 1;
	p[1] = 2;
	p = mem_grow(p, 2, 5000, sizeof(*p));
	ck_assert_uint_eq(p[0], 1);
	ck_assert_uint_eq(p[1], 2);
	ck_assert(is_zero((unsigned char *)(p + 2), 4998 * sizeof(*p)));
	free(p);
}
END_TEST

START_TEST(strings)
{
	char *a = mem_strdup("text"), *b = mem_strndup("text", 2);
	char *c = mem_strndup("a\0b", 3), *d = mem_strdup("");

	ck_assert_str_eq(a, "text");
	ck_assert_str_eq(b, "te");
	ck_assert_mem_eq(c, "a\0b", 4);
	ck_assert_str_eq(d, "");
	free(a);
	free(b);
	free(c);
	free(d);
}
END_TEST

/* Each asks for more than any machine has, or for a product that overflows. */
static void too_much(volatile size_t huge)
{
	free(mem_alloc(huge));
}

static void too_many(volatile size_t huge)
{
	free(mem_array(huge, huge));
}

static void grow_too_much(volatile size_t huge)
{
	free(mem_grow(NULL, 0, huge, 1));
}

static void grow_too_many(volatile size_t huge)
{
	free(mem_grow(NULL, 0, huge, huge));
}

static void (*const asks[])(volatile size_t huge) = { too_much, too_many,
	                                              grow_too_much,
	                                              grow_too_many };

static int ask(void *arg)
{
	int fd = open("stderr", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	dup2(fd, STDERR_FILENO);
	asks[*(const int *)arg]((SIZE_MAX >> 1) - 4096);
	return 0;
}

START_TEST(no_memory_ends_the_process)
{
	static const char line[] = "relay: out of memory\n";
	char text[5000];
	size_t n;
	int which = _i;

	ck_assert_int_eq(fixture_child(ask, &which), EX_OSERR);
	n = fixture_read("stderr", text, sizeof(text));
	ck_assert_uint_ge(n, sizeof(line) - 1);
	ck_assert_mem_eq(text + n - (sizeof(line) - 1), line, sizeof(line) - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mem");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, memory_is_zero);
	tcase_add_test(all, grown_memory_is_zero);
	tcase_add_test(all, strings);
	tcase_add_loop_test(all, no_memory_ends_the_process, 0, COUNT_OF(asks));
	return fixture_run(suite);
}
