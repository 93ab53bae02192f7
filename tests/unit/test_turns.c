/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_turns - users take turns
 *
 * fstatat() below is found before libc's: a name's first letter is its user, of
 * which F has none (a name that is gone).
 */
#include "flush/turns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/mem.h"
#include "fixture.h"

int fstatat(int fd, const char *restrict name, struct stat *restrict st,
            int flags)
{
	(void)fd, (void)flags;
	memset(st, 0, sizeof(*st));
	st->st_uid = (uid_t)(unsigned char)name[0];
	errno = name[0] == 'F' ? ENOENT : 0;
	return errno != 0 ? -1 : 0;
}

/* The users of a list, and of the same in the order of sending. */
static const struct {
	const char *list, *order;
	bool is_shared;
} cases[] = {
	{ "", "", true },
	{ "A", "A", true },
	{ "AB", "AB", true },
	{ "BA", "BA", true },
	{ "AAB", "ABA", true },
	{ "AAAAAB", "ABAAAA", true },
	{ "AAABBB", "ABABAB", true },
	{ "AAABBC", "ABCABA", true },
	{ "ABCABC", "ABCABC", true },
	{ "CAAAB", "CABAA", true },
	/* gone: not for long, and nobody waits for it */
	{ "AAFAB", "AFBAA", true },
	{ "FFF", "FFF", true },
	{ "AAAB", "AAAB", false },
	{ "AFB", "AFB", false },
};

START_TEST(turn)
{
	const char *list = cases[_i].list;
	size_t n = strlen(list), last[256] = { 0 };
	struct names names = { 0 };
	struct spool s;
	size_t *order;

	spool_init(&s);
	s.is_shared = cases[_i].is_shared;
	for (size_t i = 0; i < n; i++) {
		char id[ENTRY_ID_LENGTH + 1] = { list[i] };

		memset(id + 1, '0', ENTRY_ID_LENGTH - 1);
		names_add(&names, id);
	}
	order = turns_make(&s, &names);
	for (size_t i = 0; i < n; i++) {
		size_t at = order != NULL ? order[i] : i;
		unsigned char user = (unsigned char)list[at];

		ck_assert_int_eq(user, cases[_i].order[i]);
		/* of one user in the order of arrival, so each once */
		ck_assert(last[user] <= at);
		last[user] = at + 1;
	}
	free(order);
	names_release(&names);
	spool_release(&s);
}
END_TEST

/* "A1 A2 B1": the user and what tells it from others. */
static void fill(struct names *list, const char *text)
{
	memset(list, 0, sizeof(*list));
	for (; *text != '\0'; text += text[2] == ' ' ? 3 : 2) {
		char id[ENTRY_ID_LENGTH + 1];

		snprintf(id, sizeof(id), "%c%020d%c", text[0], 0, text[1]);
		names_add(list, id);
	}
}

static const struct {
	bool is_shared;
	size_t first;
	const char *before, *after;
} later[] = {
	{ true, 0, "A1 A2 A3 B1", "A1 B1 A2 A3" },
	{ true, 0, "A1 B1 A2 B2 C1", "A1 B1 C1 A2 B2" },
	{ true, 1, "A1 A2 A3 B1", "A1 A2 B1 A3" },
	{ true, 4, "A1 A2 A3 B1", "A1 A2 A3 B1" },
	{ false, 0, "A1 A2 A3 B1", "A1 A2 A3 B1" },
};

START_TEST(those_who_come_later_have_a_turn_soon)
{
	struct spool s;
	struct names list, after;

	spool_init(&s);
	s.is_shared = later[_i].is_shared;
	fill(&list, later[_i].before);
	fill(&after, later[_i].after);
	turns_sort(&s, &list, later[_i].first);
	ck_assert_mem_eq(list.packed, after.packed,
	                 after.count * sizeof(*after.packed));
	names_release(&after);
	names_release(&list);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("turns");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_loop_test(all, turn, 0, COUNT_OF(cases));
	tcase_add_loop_test(all, those_who_come_later_have_a_turn_soon, 0,
	                    COUNT_OF(later));
	return fixture_run(suite);
}
