/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_turns - users take turns
 *
 * fstatat() below is found before libc's: a name's first letter is its user, a
 * dot is a name that is gone.
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
	errno = name[0] == '.' ? ENOENT : 0;
	return errno != 0 ? -1 : 0;
}

/* The users of a list, and of the same in the order of sending. */
static const struct {
	const char *list, *order;
	bool is_shared;
} cases[] = {
	{ "", "", true },
	{ "a", "a", true },
	{ "ab", "ab", true },
	{ "ba", "ba", true },
	{ "aab", "aba", true },
	{ "aaaaab", "abaaaa", true },
	{ "aaabbb", "ababab", true },
	{ "aaabbc", "abcaba", true },
	{ "abcabc", "abcabc", true },
	{ "caaab", "cabaa", true },
	/* gone: not for long, and nobody waits for it */
	{ "aa.ab", "a.baa", true },
	{ "...", "...", true },
	{ "aaab", "aaab", false },
	{ "a.b", "a.b", false },
};

START_TEST(turn)
{
	const char *list = cases[_i].list;
	size_t n = strlen(list), last[256] = { 0 };
	struct spool_list names = { .id = mem_array(n + 1, sizeof(*names.id)),
		                    .count = n };
	struct spool s;
	size_t *order;

	spool_init(&s);
	s.is_shared = cases[_i].is_shared;
	for (size_t i = 0; i < n; i++) {
		memset(names.id[i], '0', ENTRY_ID_LENGTH);
		names.id[i][0] = list[i];
	}
	order = turns_make(&s, &names);
	for (size_t i = 0; i < n; i++) {
		unsigned char user = (unsigned char)list[order[i]];

		ck_assert_int_eq(user, cases[_i].order[i]);
		/* of one user in the order of arrival, so each once */
		ck_assert(last[user] <= order[i]);
		last[user] = order[i] + 1;
	}
	free(order);
	free(names.id);
	spool_release(&s);
}
END_TEST

/* "a1 a2 b1": the user and what tells it from others. */
static void fill(struct spool_list *list, const char *text)
{
	memset(list, 0, sizeof(*list));
	list->id = mem_array(strlen(text), sizeof(*list->id));
	for (; *text != '\0'; text += text[2] == ' ' ? 3 : 2)
		snprintf(list->id[list->count++], sizeof(*list->id),
		         "%c%020d%c", text[0], 0, text[1]);
}

static const struct {
	bool is_shared;
	size_t first;
	const char *before, *after;
} later[] = {
	{ true, 0, "a1 a2 a3 b1", "a1 b1 a2 a3" },
	{ true, 0, "a1 b1 a2 b2 c1", "a1 b1 c1 a2 b2" },
	{ true, 1, "a1 a2 a3 b1", "a1 a2 b1 a3" },
	{ true, 4, "a1 a2 a3 b1", "a1 a2 a3 b1" },
	{ false, 0, "a1 a2 a3 b1", "a1 a2 a3 b1" },
};

START_TEST(those_who_come_later_have_a_turn_soon)
{
	struct spool s;
	struct spool_list list, after;

	spool_init(&s);
	s.is_shared = later[_i].is_shared;
	fill(&list, later[_i].before);
	fill(&after, later[_i].after);
	turns_sort(&s, &list, later[_i].first);
	ck_assert_mem_eq(list.id, after.id, after.count * sizeof(*after.id));
	spool_list_release(&after);
	spool_list_release(&list);
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
