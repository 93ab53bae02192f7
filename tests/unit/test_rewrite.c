/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_rewrite - headers of callers, as a provider gets them */
#include "message/rewrite.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"
#include "message/address.h"

#define X "@x.test"

static bool is_ours(const void *arg, const char *address)
{
	(void)arg;
	return strcmp(address, "ann@x.test") == 0;
}

static const struct rewrite_rules plain = { .domain = "x.test", .host = "h" };
static const struct rewrite_rules force = { .domain = "x.test",
	                                    .host = "h",
	                                    .force = "mail@x.test",
	                                    .forces_envelope = true,
	                                    .forces_header = true,
	                                    .is_allowed = is_ours };

/* clang-format off */
static const struct {
	const struct rewrite_rules *rules;
	const char *before;	/* lines with \n */
	const char *after;	/* NULL: nothing changes */
} headers[] = {
	/* a domain for bare names */
	{ &plain, "From: root (Cron Daemon)\nTo: root\n",
	  "From: root" X " (Cron Daemon)\nTo: root" X "\n" },
	{ &plain, "From: \"(Cron Daemon)\" <root>\n",
	  "From: \"(Cron Daemon)\" <root" X ">\n" },
	{ &plain, "From: Fail2Ban <fail2ban>\nTo: ann@y.test\n",
	  "From: Fail2Ban <fail2ban" X ">\nTo: ann@y.test\n" },
	{ &plain, "From: ann@y.test\nTo: b@y.test\nSubject: root\n", NULL },
	{ &plain, "To: a,\n\tb (x, y), \"c d\" <e>,\n g@y.test\n",
	  "To: a" X ",\n\tb" X " (x, y), \"c d\" <e" X ">,\n g@y.test\n" },
	{ &plain, "To:root\n", "To:root" X "\n" },
	{ &plain, "to : root\n", "to : root" X "\n" },
	{ &plain, "To: \"a b\"\n", "To: \"a b\"" X "\n" },
	{ &plain, "To: Team: a, b;, c\n", "To: Team: a" X ", b" X ";, c" X "\n" },
	{ &plain, "To: undisclosed-recipients:;\n", NULL },
	{ &plain, "To: root@localhost, a@LocalHost.localdomain, b@h, c@h.x.test\n",
	  "To: root" X ", a" X ", b" X ", c@h.x.test\n" },
	{ &plain, "Resent-To: a\nResent-From: b\nSender: c\nReply-To: d\nCc: e\n",
	  "Resent-To: a" X "\nResent-From: b" X "\nSender: c" X
	  "\nReply-To: d" X "\nCc: e" X "\n" },
	{ &plain, "X-To: a\nErrors: b\n", NULL },
	{ &plain, "To: a b\nFrom: a@@b\n", NULL },	/* no addresses */
	{ &plain, "From: <>\nTo: (nobody)\n", NULL },
	/* a sender that is not ours */
	{ &force, "From: ann (Ann)\n", "From: ann" X " (Ann)\n" },
	{ &force, "From: Mail <mail" X ">\n", NULL },
	{ &force, "From: root (Cron Daemon)\nTo: root\n",
	  "From: mail" X " (Cron Daemon)\nTo: root" X "\n"
	  "X-Original-From: root (Cron Daemon)\n"
	  "Reply-To: root" X " (Cron Daemon)\n" },
	{ &force, "From: \"A, B\"\n\t<b@y.test>\nReply-To: c\n",
	  "From: \"A, B\"\n\t<mail" X ">\nReply-To: c" X "\n"
	  "X-Original-From: \"A, B\"\t<b@y.test>\n" },
	{ &force, "From: b@y.test, ann" X "\n",
	  "From: mail" X "\nX-Original-From: b@y.test, ann" X "\n"
	  "Reply-To: b@y.test, ann" X "\n" },
	{ &force, "From: <>\n",
	  "From: mail" X "\nX-Original-From: <>\n" },
	{ &force, "From: a b c\n",
	  "From: mail" X "\nX-Original-From: a b c\n" },
	/* what was said may not be fit to be said again */
	{ &force, "From: \033[31mEve\tB\177 <b@y.test>\nSender: \001\n",
	  "From: mail" X "\nX-Original-From: ?[31mEve\tB? <b@y.test>\n" },
	{ &plain, "From: \033[31mEve <eve>\nTo: root (\001)\n", NULL },
	{ &force, "Sender: b@y.test\nFrom: ann\n", "From: ann" X "\n" },
	{ &force, "Sender: ann\nFrom: ann\n",
	  "Sender: ann" X "\nFrom: ann" X "\n" },
	{ &force, "X-Original-From: z\nFrom: root\nReply-To: q@y.test\n",
	  "X-Original-From: z\nFrom: mail" X "\nReply-To: q@y.test\n" },
	/* the letters of a name are not an address */
	{ &force, "From: =?UTF-8?Q?J=C3=BCrgen=2C_b@y?= <b@y.test>\nReply-To: c@y.test\n",
	  "From: =?UTF-8?Q?J=C3=BCrgen=2C_b@y?= <mail" X ">\nReply-To: c@y.test\n"
	  "X-Original-From: =?UTF-8?Q?J=C3=BCrgen=2C_b@y?= <b@y.test>\n" },
};

static const struct {
	const struct rewrite_rules *rules;
	const char *before, *after;
	enum rewrite_rule rule;
} senders[] = {
	{ &plain, "root", "root" X, REWRITE_DOMAIN },
	{ &plain, "root@h", "root" X, REWRITE_DOMAIN },
	{ &plain, "\"o b\"", "\"o b\"" X, REWRITE_DOMAIN },
	{ &plain, "b@y.test", "b@y.test", REWRITE_NOTHING },
	{ &plain, "", "", REWRITE_NOTHING },
	{ &force, "", "", REWRITE_NOTHING },
	{ &force, "root", "mail" X, REWRITE_FORCE },
	{ &force, "ann", "ann" X, REWRITE_DOMAIN },
	{ &force, "mail@X.TEST", "mail@X.TEST", REWRITE_NOTHING },
	{ &force, "b@y.test", "mail" X, REWRITE_FORCE },
};
/* clang-format on */

static void fill(struct header *h, const char *lines)
{
	while (*lines != '\0') {
		size_t n = strcspn(lines, "\n");

		ck_assert_int_eq(header_add_line(h, lines, n), HEADER_TAKEN);
		lines += n + 1;
	}
}

static int collect(void *arg, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != '\r')
			sbuf_add(arg, bytes + i, 1);
	return 0;
}

static void count_note(void *arg, enum rewrite_rule rule, const char *name,
                       const char *before, const char *after)
{
	ck_assert_int_ne(rule, REWRITE_NOTHING);
	ck_assert_ptr_nonnull(name);
	ck_assert(before != NULL || after != NULL);
	++*(unsigned *)arg;
}

START_TEST(header)
{
	const char *want = headers[_i].after;
	struct rewrite_rules rules = *headers[_i].rules;
	unsigned notes = 0;
	struct header h;
	struct sbuf out;
	struct fault f;

	if (want == NULL)
		want = headers[_i].before;
	rules.note = count_note;
	rules.note_arg = &notes;
	header_init(&h, 4096, 100);
	sbuf_init(&out, 4096);
	fill(&h, headers[_i].before);
	ck_assert_int_eq(rewrite_header(&rules, &h, &f),
	                 headers[_i].after != NULL);
	ck_assert_int_eq(notes > 0, headers[_i].after != NULL);
	header_write(&h, collect, &out);
	ck_assert_str_eq(out.data, want);
	sbuf_release(&out);
	header_release(&h);
}
END_TEST

/* Done twice is done once: what came out is right. */
START_TEST(again)
{
	struct header h;
	struct sbuf once, twice;
	struct fault f;

	header_init(&h, 4096, 100);
	sbuf_init(&once, 4096);
	sbuf_init(&twice, 4096);
	fill(&h, headers[_i].before);
	rewrite_header(headers[_i].rules, &h, &f);
	header_write(&h, collect, &once);
	ck_assert_int_eq(rewrite_header(headers[_i].rules, &h, &f), 0);
	header_write(&h, collect, &twice);
	ck_assert_str_eq(once.data, twice.data);
	sbuf_release(&once);
	sbuf_release(&twice);
	header_release(&h);
}
END_TEST

START_TEST(sender)
{
	struct sbuf out;

	sbuf_init(&out, ADDRESS_MAX * 2);
	ck_assert_int_eq(
		rewrite_sender(senders[_i].rules, senders[_i].before, &out),
		senders[_i].rule);
	ck_assert_str_eq(out.data, senders[_i].after);
	sbuf_release(&out);
}
END_TEST

/* Only where it was asked for. */
START_TEST(scope)
{
	struct rewrite_rules rules = force;
	struct header h;
	struct sbuf out;
	struct fault f;

	sbuf_init(&out, 4096);
	rules.forces_envelope = false;
	ck_assert_int_eq(rewrite_sender(&rules, "root", &out), REWRITE_DOMAIN);
	rules.forces_header = false;
	header_init(&h, 4096, 100);
	fill(&h, "From: root\nSender: b@y.test\n");
	ck_assert_int_eq(rewrite_header(&rules, &h, &f), 1);
	sbuf_reset(&out);
	header_write(&h, collect, &out);
	ck_assert_str_eq(out.data, "From: root" X "\nSender: b@y.test\n");
	sbuf_release(&out);
	header_release(&h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rewrite");
	TCase *tc = tcase_create("rewrite");

	tcase_add_loop_test(tc, header, 0, COUNT_OF(headers));
	tcase_add_loop_test(tc, again, 0, COUNT_OF(headers));
	tcase_add_loop_test(tc, sender, 0, COUNT_OF(senders));
	tcase_add_test(tc, scope);
	suite_add_tcase(suite, tc);
	return fixture_run(suite);
}
