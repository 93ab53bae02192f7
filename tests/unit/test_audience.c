/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_audience - whom a message is sent to, and what became of whom */
#include "flush/audience.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "fixture.h"
#include "message/aliases.h"
#include "message/rewrite.h"

#define MOST 4

static const char file[] = "team: ann, bob@y.test\n"
			   "all: team, ann, cy@y.test\n"
			   "nest: root\n"
			   "bad: |prog\n"
			   "idn: ann, x@\342\230\203.test\n";

static const struct rewrite_rules names = { .domain = "x.test", .host = "h" };

static bool is_root(const void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "root") == 0;
}

/* --- whom ----------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *recipients[MOST];
	const char *orcpt[MOST], *notify[MOST];
	const char *of_all;	/* sendmail -N, or NULL */
	const char *members;	/* of each recipient, "; " behind each */
	const char *slots;	/* "address notify orcpt", ", " behind each */
} gathered[] = {
	{ { "a@y.test", "b" }, { 0 }, { 0 }, NULL,
	  "a@y.test; b@x.test; ", "a@y.test - -, b@x.test - -, " },
	/* one address, two recipients */
	{ { "ann", "ann@X.test" }, { 0 }, { 0 }, NULL,
	  "ann@x.test; ann@x.test; ", "ann@x.test - -, " },
	{ { "team", "ann" }, { 0 }, { 0 }, NULL,
	  "ann@x.test bob@y.test; ann@x.test; ",
	  "ann@x.test - rfc822;team@x.test, bob@y.test - rfc822;team@x.test, " },
	{ { "ann", "team" }, { 0 }, { 0 }, NULL,
	  "ann@x.test; ann@x.test bob@y.test; ",
	  "ann@x.test - -, bob@y.test - rfc822;team@x.test, " },
	{ { "all" }, { 0 }, { 0 }, NULL, "ann@x.test bob@y.test cy@y.test; ",
	  "ann@x.test - rfc822;all@x.test, bob@y.test - rfc822;all@x.test, "
	  "cy@y.test - rfc822;all@x.test, " },
	{ { "root", "nest" }, { 0 }, { 0 }, NULL, "p@w.test; p@w.test; ",
	  "p@w.test - rfc822;root@x.test, " },
	/* a broken alias spoils itself only */
	{ { "bad", "ann" }, { 0 }, { 0 }, NULL, "bad!; ann@x.test; ",
	  "bad - -, ann@x.test - -, " },
	{ { "ann", "idn" }, { 0 }, { 0 }, NULL, "ann@x.test; ann@x.test idn!; ",
	  "ann@x.test - -, idn - -, " },
	{ { "x@\303\274..test" }, { 0 }, { 0 }, NULL, "x@\303\274..test!; ",
	  "x@\303\274..test - -, " },
	/* reports */
	{ { "a@y.test", "b@y.test" }, { 0 }, { [1] = "NEVER" }, "failure, delay",
	  "a@y.test; b@y.test; ",
	  "a@y.test FAILURE,DELAY -, b@y.test NEVER -, " },
	{ { "a@y.test" }, { 0 }, { 0 }, "Never", "a@y.test; ",
	  "a@y.test NEVER -, " },
	{ { "a@y.test" }, { 0 }, { 0 }, "never,success", "a@y.test; ",
	  "a@y.test - -, " },
	{ { "a@y.test" }, { 0 }, { 0 }, "failure,failure", "a@y.test; ",
	  "a@y.test - -, " },
	{ { "a@y.test" }, { 0 }, { 0 }, "delay\tsuccess", "a@y.test; ",
	  "a@y.test - -, " },
	{ { "a@y.test" }, { 0 }, { 0 }, "", "a@y.test; ", "a@y.test - -, " },
	{ { "a@y.test" }, { 0 }, { 0 },
	  "failure                                                   ,,,,,,,,,,"
	  ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,",
	  "a@y.test; ", "a@y.test - -, " },
	/* one address, two wishes: both */
	{ { "ann@x.test", "ann" }, { 0 }, { "NEVER", "SUCCESS" }, NULL,
	  "ann@x.test; ann@x.test; ", "ann@x.test SUCCESS -, " },
	{ { "ann@x.test", "ann" }, { 0 }, { "NEVER" }, NULL,
	  "ann@x.test; ann@x.test; ", "ann@x.test - -, " },
	{ { "ann@x.test", "ann" }, { 0 }, { "SUCCESS" }, NULL,
	  "ann@x.test; ann@x.test; ",
	  "ann@x.test SUCCESS,FAILURE,DELAY -, " },
	{ { "team" }, { "rfc822;o@z.test" }, { "DELAY" }, NULL,
	  "ann@x.test bob@y.test; ", "ann@x.test DELAY rfc822;o@z.test, "
	  "bob@y.test DELAY rfc822;o@z.test, " },
};
/* clang-format on */

/* The rules, and a message to nobody yet. */
struct scene {
	struct aliases *aliases;
	struct resolve_rules rules;
	struct entry_envelope envelope;
	struct history history;
	struct audience audience;
};

static void begin(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->aliases = aliases_create("f");
	aliases_add(s->aliases, file, sizeof(file) - 1);
	ck_assert_ptr_null(aliases_next_include(s->aliases));
	aliases_finish(s->aliases);
	s->rules = (struct resolve_rules){ .names = &names,
		                           .aliases = s->aliases,
		                           .postmaster = "p@w.test",
		                           .is_system = is_root };
	entry_envelope_init(&s->envelope);
	s->envelope.sender = mem_strdup("me@x.test");
	audience_init(&s->audience);
}

static void end(struct scene *s)
{
	audience_release(&s->audience);
	history_release(&s->history);
	entry_envelope_release(&s->envelope);
	aliases_free(&s->aliases);
}

static void gather(struct scene *s)
{
	size_t n = s->envelope.recipient_count;

	if (s->history.marks == NULL)
		s->history.marks = mem_array(n, sizeof(*s->history.marks));
	s->history.count = n;
	audience_gather(&s->audience, &s->envelope, &s->history, &s->rules);
}

/* "ann@x.test bob@y.test; bad!; ": "!" is settled, "(d)" was before. */
static void show_members(const struct audience *a, struct sbuf *out)
{
	for (size_t i = 0; i < a->envelope->recipient_count; i++) {
		for (size_t k = a->first[i]; k < a->first[i + 1]; k++) {
			const struct audience_member *m = &a->members[k];

			ck_assert_uint_eq(m->recipient, i);
			sbuf_addstr(out, k > a->first[i] ? " " : "");
			if (m->slot == AUDIENCE_BEFORE) {
				sbuf_addf(out, "(%c)", m->before);
				continue;
			}
			ck_assert_uint_lt(m->slot, a->count);
			sbuf_addf(out, "%s%s", a->recipients[m->slot].address,
			          a->recipients[m->slot].outcome.state ==
			                          OUTCOME_OPEN
			                  ? ""
			                  : "!");
		}
		sbuf_addstr(out, "; ");
		ck_assert_int_eq(audience_is_many(a, i),
		                 a->first[i + 1] - a->first[i] > 1);
	}
}

static void show_slots(const struct audience *a, struct sbuf *out)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct session_recipient *r = &a->recipients[i];

		sbuf_addf(out, "%s %s %s, ", r->address,
		          r->notify != NULL ? r->notify : "-",
		          r->orcpt != NULL ? r->orcpt : "-");
	}
}

START_TEST(whom)
{
	struct scene s;
	struct sbuf shown;

	begin(&s);
	for (size_t i = 0; i < MOST && gathered[_i].recipients[i] != NULL;
	     i++) {
		entry_envelope_add(&s.envelope, gathered[_i].recipients[i]);
		entry_envelope_add_dsn(&s.envelope, gathered[_i].orcpt[i],
		                       gathered[_i].notify[i]);
	}
	if (gathered[_i].of_all != NULL)
		s.envelope.notify = mem_strdup(gathered[_i].of_all);
	gather(&s);
	sbuf_init(&shown, 4096);
	show_members(&s.audience, &shown);
	ck_assert_str_eq(shown.data, gathered[_i].members);
	sbuf_reset(&shown);
	show_slots(&s.audience, &shown);
	ck_assert_str_eq(shown.data, gathered[_i].slots);
	sbuf_release(&shown);
	end(&s);
}
END_TEST

/* A name without an @ is no address of local delivery for others. */
START_TEST(here)
{
	struct scene s;
	struct sbuf shown;

	begin(&s);
	s.rules.delivers_here = true;
	entry_envelope_add(&s.envelope, "team");
	entry_envelope_add(&s.envelope, "ann@x.test");
	gather(&s);
	sbuf_init(&shown, 4096);
	show_members(&s.audience, &shown);
	ck_assert_str_eq(shown.data, "ann bob@y.test; ann@x.test; ");
	ck_assert(s.audience.slots[0].is_here);
	ck_assert(!s.audience.slots[1].is_here);
	ck_assert(!s.audience.slots[2].is_here);
	sbuf_release(&shown);
	end(&s);
}
END_TEST

/* --- what became of them -------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *outcomes;	/* of ann, bob and cy: D delivered, F failed,
				 * L later, I doubt, O open; d f: before */
	char result;		/* O: open */
	const char *words;
} results[] = {
	{ "DDD", 'D', "ok 0" }, { "DDF", 'F', "no 2" }, { "DFL", 'L', "later 2" },
	{ "FIL", 'I', "doubt 1" }, { "DDO", 'O', NULL }, { "OII", 'O', NULL },
	{ "FFF", 'F', "no 0" }, { "LFD", 'L', "later 0" },
	/* half of it was done in an earlier try */
	{ "dDD", 'D', "before" }, { "ddD", 'D', "before" }, { "ddL", 'L', "later 2" },
	{ "dfD", 'F', "before" }, { "fdI", 'I', "doubt 2" }, { "dOd", 'O', NULL },
	{ "ddd", 'D', "before" }, { "ddf", 'F', "before" },
};
/* clang-format on */

static void settle(struct session_recipient *r, char how, size_t i)
{
	enum fault_kind kind = how == 'F' ? FAULT_PERM : FAULT_TEMP;
	const char *word = how == 'D'   ? "ok"
	                   : how == 'F' ? "no"
	                   : how == 'I' ? "doubt"
	                                : "later";
	enum outcome_state state = how == 'O'   ? OUTCOME_OPEN
	                           : how == 'D' ? OUTCOME_DELIVERED
	                           : how == 'I' ? OUTCOME_DOUBT
	                                        : OUTCOME_REFUSED;
	struct fault f;

	fault_set(&f, how == 'D' ? FAULT_NONE : kind, "4.0.0", "%s %zu", word,
	          i);
	outcome_set(&r->outcome, state, VERDICT_RECIPIENT, &f);
}

/* What the journal has: sorted by address. */
static void remember(struct history *h, const char *address, char how)
{
	h->parts = mem_grow(h->parts, h->part_count, h->part_count + 1,
	                    sizeof(*h->parts));
	h->parts[h->part_count] = (struct part){
		.address = mem_strdup(address),
		.line = h->part_count,
		.mark = { .kind = how == 'd' ? JOURNAL_DELIVERED
		                             : JOURNAL_FAILED,
		          .code = "2.0.0",
		          .text = mem_strdup("before") },
	};
	h->part_count++;
}

START_TEST(result)
{
	static const char *const members[] = { "ann@x.test", "bob@y.test",
		                               "cy@y.test" };
	const char *outcomes = results[_i].outcomes;
	enum journal_kind kind = JOURNAL_AGAIN;
	struct fault words = { 0 };
	struct scene s;
	size_t slot = 0;

	begin(&s);
	entry_envelope_add(&s.envelope, "all");
	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (outcomes[i] == 'd' || outcomes[i] == 'f')
			remember(&s.history, members[i], outcomes[i]);
	gather(&s);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		if (outcomes[i] == 'd' || outcomes[i] == 'f')
			continue;
		ck_assert_str_eq(s.audience.recipients[slot].address,
		                 members[i]);
		settle(&s.audience.recipients[slot++], outcomes[i], i);
	}
	ck_assert_uint_eq(s.audience.count, slot);
	ck_assert_int_eq(audience_result(&s.audience, 0, &kind, &words),
	                 results[_i].result != 'O');
	if (results[_i].result != 'O') {
		ck_assert_int_eq(kind, results[_i].result);
		ck_assert_str_eq(words.text, results[_i].words);
	}
	end(&s);
}
END_TEST

START_TEST(broken_alias_waits_with_its_reason)
{
	enum journal_kind kind;
	struct fault words;
	struct scene s;

	begin(&s);
	entry_envelope_add(&s.envelope, "bad");
	gather(&s);
	ck_assert(audience_result(&s.audience, 0, &kind, &words));
	ck_assert_int_eq(kind, JOURNAL_LATER);
	ck_assert_int_eq(words.kind, FAULT_CONFIG);
	ck_assert_ptr_nonnull(strstr(words.text, "f:4: `|prog`"));
	end(&s);
}
END_TEST

START_TEST(settled_before)
{
	enum journal_kind kind;
	struct fault words;
	struct scene s;

	begin(&s);
	entry_envelope_add(&s.envelope, "all");
	entry_envelope_add(&s.envelope, "b@y.test");
	s.history.marks = mem_array(2, sizeof(*s.history.marks));
	s.history.marks[0].kind = JOURNAL_DELIVERED;
	gather(&s);
	ck_assert_uint_eq(s.audience.count, 1);
	ck_assert(!audience_result(&s.audience, 0, &kind, &words));
	ck_assert(!audience_is_many(&s.audience, 0));
	end(&s);
}
END_TEST

/* More than can be asked: those are refused, and nobody else. */
START_TEST(too_many)
{
	static const char *const last[] = { "team", "r0@z.test", "bad" };
	enum journal_kind kind;
	struct fault words;
	struct scene s;
	size_t n = ADDRESS_COUNT_LIMIT - COUNT_OF(last) + 2;

	begin(&s);
	for (size_t i = 0; i < n; i++) {
		char address[32];

		snprintf(address, sizeof(address), "r%zu@z.test", i);
		entry_envelope_add(&s.envelope, address);
	}
	for (size_t i = 0; i < COUNT_OF(last); i++)
		entry_envelope_add(&s.envelope, last[i]);
	gather(&s);
	/* ann has found room, and bob has not: the name waits for neither */
	ck_assert(audience_result(&s.audience, n + 2, &kind, &words));
	ck_assert_int_eq(words.kind, FAULT_CONFIG);
	ck_assert(!audience_result(&s.audience, n + 1, &kind, &words));
	for (size_t i = 0; i < s.audience.count; i++)
		if (s.audience.recipients[i].outcome.state == OUTCOME_OPEN)
			settle(&s.audience.recipients[i], 'D', i);
	ck_assert(audience_result(&s.audience, n, &kind, &words));
	ck_assert_int_eq(kind, JOURNAL_FAILED);
	ck_assert_ptr_nonnull(strstr(words.text, "recipients; send it in"));
	ck_assert(audience_result(&s.audience, n + 1, &kind, &words));
	ck_assert_int_eq(kind, JOURNAL_DELIVERED);
	end(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audience");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, whom, 0, COUNT_OF(gathered));
	tcase_add_test(all, here);
	tcase_add_loop_test(all, result, 0, COUNT_OF(results));
	tcase_add_test(all, broken_alias_waits_with_its_reason);
	tcase_add_test(all, settled_before);
	tcase_add_test(all, too_many);
	suite_add_tcase(suite, all);
	return fixture_run(suite);
}
