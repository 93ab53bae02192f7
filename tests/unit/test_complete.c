/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_complete - what is added, what goes, who gets it */
#include "message/complete.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/attr.h"
#include "fixture.h"

#define ID "0123456789ABCDEF012345"
#define DATE "Date: Mon, 23 Nov 2026 04:20:01 +0000\r\n"
#define MESSAGE_ID "Message-ID: <" ID "@host.test>\r\n"
#define FROM "From: \"Alice A.\" <alice@x.test>\r\n"
#define NOBODY "To: undisclosed-recipients:;\r\n"

static const struct complete_facts facts = {
	.sender = "alice@x.test",
	.login = "alice",
	.full_name = "Alice A.",
	.hostname = "host.test",
	.id = ID,
	.now = 1795407601,
};

static void read_lines(struct header *h, const char *text)
{
	header_init(h, HEADER_BYTE_LIMIT, HEADER_FIELD_LIMIT);
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		ck_assert_int_eq(header_add_line(h, text, n), HEADER_TAKEN);
		text += n + (text[n] == '\n');
	}
}

static int collect(void *arg, const char *bytes, size_t n)
{
	sbuf_add(arg, bytes, n);
	return 0;
}

static void expect_header(const struct header *h, const char *expected)
{
	struct sbuf out;

	sbuf_init(&out, HEADER_BYTE_LIMIT);
	ck_assert_int_eq(header_write(h, collect, &out), 0);
	ck_assert_str_eq(out.data, expected);
	sbuf_release(&out);
}

/* clang-format off */
static const struct {
	const char *lines;
	const char *written;
} headers[] = {
	/* nothing there */
	{ "", DATE MESSAGE_ID FROM NOBODY },
	{ "Subject: x\nTo: root\n",
	  "Subject: x\r\nTo: root\r\n" DATE MESSAGE_ID FROM },
	/* all there: not a byte changes */
	{ "Message-Id: <1@x>\ndate:  Mon,\n 1 Jan 2026\nFROM: root (Cron)\n"
	  "cc: y\n",
	  "Message-Id: <1@x>\r\ndate:  Mon,\r\n 1 Jan 2026\r\n"
	  "FROM: root (Cron)\r\ncc: y\r\n" },
	/* what goes */
	{ "Bcc: a\nTo: b\n c\nBCC: d,\n e\nReturn-Path: <f>\n"
	  "Content-Length: 5\nresent-bcc: g\nX-Bcc: h\n",
	  "Resent-From: \"Alice A.\" <alice@x.test>\r\nResent-" DATE
	  "Resent-Message-ID: <resent." ID "@host.test>\r\n"
	  "To: b\r\n c\r\nX-Bcc: h\r\n" DATE MESSAGE_ID FROM },
	{ "Bcc: a\n", DATE MESSAGE_ID FROM NOBODY },
	/* a Message-ID that is none */
	{ "Message-ID:\nTo: a\n", "To: a\r\n" DATE MESSAGE_ID FROM },
	{ "Message-ID: \n \nTo: a\n", "To: a\r\n" DATE MESSAGE_ID FROM },
	{ "Message-ID: <a\x01@x>\nTo: a\n", "To: a\r\n" DATE MESSAGE_ID FROM },
	{ "Message-ID:\nMessage-ID: <1@x>\nTo: a\nMessage-ID: <2@x>\n",
	  "Message-ID: <1@x>\r\nTo: a\r\n" DATE FROM },
	{ "Message-ID:\n\t<1@x>\nTo: a\n",
	  "Message-ID:\r\n\t<1@x>\r\nTo: a\r\n" DATE FROM },
	{ "Message-ID: <1@x>\n\t(mine)\nTo: a\n",
	  "Message-ID: <1@x>\r\n\t(mine)\r\nTo: a\r\n" DATE FROM },
	/* resent: the originals stay, missing ones are added all the same */
	{ "Resent-To: r\nDate: d\nFrom: f\nTo: t\n",
	  "Resent-From: \"Alice A.\" <alice@x.test>\r\nResent-" DATE
	  "Resent-Message-ID: <resent." ID "@host.test>\r\n"
	  "Resent-To: r\r\nDate: d\r\nFrom: f\r\nTo: t\r\n" MESSAGE_ID },
	{ "resent-from: r\nResent-Date: d\nResent-Message-ID: <1@x>\nTo: t\n",
	  "resent-from: r\r\nResent-Date: d\r\nResent-Message-ID: <1@x>\r\n"
	  "To: t\r\n" DATE MESSAGE_ID FROM },
};
/* clang-format on */

START_TEST(completed)
{
	struct fault f = { .kind = FAULT_NONE };
	struct header h;

	read_lines(&h, headers[_i].lines);
	ck_assert_int_eq(complete_header(&h, &facts, &f), 0);
	expect_header(&h, headers[_i].written);
	/* what is complete stays as it is */
	ck_assert_int_eq(complete_header(&h, &facts, &f), 0);
	expect_header(&h, headers[_i].written);
	header_release(&h);
}
END_TEST

/* 57 bytes and a two-byte letter fill an encoded word. */
#define A57 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ENCODED(digits) "=?UTF-8?B?" digits "?="
#define QUOTED(text) "=?UTF-8?Q?" text "?="

static const struct {
	const char *sender, *login, *full_name, *from;
} names[] = {
	{ "a@x.test", "l", NULL, "a@x.test" },
	{ "a@x.test", "l", "", "a@x.test" },
	{ "", "alice", "Alice", "\"Alice\" <alice>" },
	{ "", "alice", NULL, "alice" },
	{ "", "DOM\\al", "A", "\"A\" <\"DOM\\\\al\">" },
	{ "a@x.test", "l", "CronDaemon", "\"CronDaemon\" <a@x.test>" },
	{ "a@x.test", "l", "A \"B\" \\C <d>, e",
	  "\"A \\\"B\\\" \\\\C <d>, e\" <a@x.test>" },
	{ "a@x.test", "l", "A\r\nBcc: b@x.test\tc\x7f",
	  "\"A  Bcc: b@x.test c \" <a@x.test>" },
	{ "a@x.test", "l", "J\xc3\xb6rg", ENCODED("SsO2cmc=") " <a@x.test>" },
	{ "a@x.test", "l", "\xc3\xb6\"\r\n",
	  ENCODED("w7YiICA=") " <a@x.test>" },
	{ "a@x.test", "l", A57 "\xc3\xb6", QUOTED(A57 "=C3=B6") " <a@x.test>" },
	{ "a@x.test", "l", A57 "a\xc3\xb6",
	  QUOTED(A57 "a") " " ENCODED("w7Y=") " <a@x.test>" },
	{ "a@x.test", "l", "J\xf6rg", "=?unknown-8bit?Q?J=F6rg?= <a@x.test>" },
};

START_TEST(from)
{
	struct fault f = { .kind = FAULT_NONE };
	struct complete_facts of = facts;
	const struct header_field *field;
	struct sbuf value;
	struct header h;

	of.sender = names[_i].sender;
	of.login = names[_i].login;
	of.full_name = names[_i].full_name;
	read_lines(&h, "");
	sbuf_init(&value, 1000);
	ck_assert_int_eq(complete_header(&h, &of, &f), 0);
	field = header_find(&h, "From", NULL);
	ck_assert_ptr_nonnull(field);
	header_value(&h, field, &value);
	ck_assert_str_eq(value.data, names[_i].from);
	sbuf_release(&value);
	header_release(&h);
}
END_TEST

/* A name of a megabyte, of letters or of nothing that is one. */
START_TEST(endless_name)
{
	static const char *const part[] = { "x", "\"", "\xe2\x82\xac", "\xbf" };
	size_t len = strlen(part[_i]), n = 300000;
	struct fault f = { .kind = FAULT_NONE };
	struct complete_facts of = facts;
	const struct header_field *field;
	struct sbuf name;
	struct header h;

	sbuf_init(&name, len * n);
	for (size_t i = 0; i < n; i++)
		sbuf_add(&name, part[_i], len);
	of.full_name = name.data;
	read_lines(&h, "");
	ck_assert_int_eq(complete_header(&h, &of, &f), 0);
	field = header_find(&h, "From", NULL);
	ck_assert_ptr_nonnull(field);
	ck_assert_uint_lt(field->len, 998);
	sbuf_release(&name);
	header_release(&h);
}
END_TEST

START_TEST(strange_host)
{
	static const char *const host[] = { "", "a b", "a>b", "a\nb", "\xc3" };
	struct fault f = { .kind = FAULT_NONE };
	struct complete_facts of = facts;
	struct header h;

	of.hostname = host[_i];
	read_lines(&h, "To: a\n");
	ck_assert_int_eq(complete_header(&h, &of, &f), 0);
	expect_header(&h, "To: a\r\n" DATE "Message-ID: <" ID
	                  "@localhost>\r\n" FROM);
	header_release(&h);
}
END_TEST

static const struct {
	const char *lines;
	const char *to; /* NULL: refused */
	const char *named;
} recipients[] = {
	{ "To: a@x\nCc: b@x\nBcc: c@x\nApparently-To: d@x\n",
	  "a@x b@x c@x d@x ", NULL },
	{ "to: a@x\nTO: b@x,\n c@x\nTo: A <a@X>\n", "a@x b@x c@x ", NULL },
	{ "From: f@x\nSubject: s\nReply-To: r@x\n", "", NULL },
	{ "To: undisclosed-recipients:;\nBcc: a@x\n", "a@x ", NULL },
	{ "To:\nCc: ,\n", "", NULL },
	{ "To: o@x\nResent-To: r@x\nCc: bad@@x\nResent-Bcc: s@x\n", "r@x s@x ",
	  NULL },
	{ "To: o@x\nResent-Cc:\n", "", NULL },
	{ "Resent-From: r@x\nTo: o@x\n", "o@x ", NULL },
	{ "To: a@x\nCc: bad@@x\n", NULL, "Cc: bad address \"bad@@x\"" },
	{ "To: a@x b@x\n", NULL, "To: " },
	{ "Resent-To: <\n", NULL, "Resent-To: " },
};

START_TEST(recipients_of_header)
{
	struct fault f = { .kind = FAULT_NONE };
	struct address_list l;
	struct sbuf all;
	struct header h;
	int result;

	read_lines(&h, recipients[_i].lines);
	address_list_init(&l, 100, 1000);
	sbuf_init(&all, 1000);
	result = complete_recipients(&h, &l, &f);
	for (size_t i = 0; i < l.count; i++)
		sbuf_addf(&all, "%s ", l.item[i]);
	if (recipients[_i].to != NULL) {
		ck_assert_int_eq(result, 0);
		ck_assert_str_eq(all.data, recipients[_i].to);
	} else {
		ck_assert_int_eq(result, -1);
		ck_assert_int_eq(fault_exit_status(&f), EX_DATAERR);
		ck_assert_ptr_nonnull(strstr(f.text, recipients[_i].named));
	}
	sbuf_release(&all);
	address_list_release(&l);
	header_release(&h);
}
END_TEST

/* One line with many, as some callers write it; and many fields. */
START_TEST(many_recipients)
{
	struct fault f = { .kind = FAULT_NONE };
	struct address_list l;
	struct sbuf line;
	struct header h;

	sbuf_init(&line, 1000000);
	sbuf_addstr(&line, "To: ");
	for (int i = 0; i < 30000; i++)
		sbuf_addf(&line, "User %d <user%d@x.test>, ", i, i);
	header_init(&h, HEADER_BYTE_LIMIT, HEADER_FIELD_LIMIT);
	ck_assert_int_eq(header_add_line(&h, line.data, line.len),
	                 HEADER_TAKEN);
	for (int i = 0; i < 60000; i++)
		header_add_line(&h, "Bcc: user0@x.test", 17);
	address_list_init(&l, ADDRESS_COUNT_LIMIT, ADDRESS_BYTE_LIMIT);
	ck_assert_int_eq(complete_recipients(&h, &l, &f), 0);
	ck_assert_uint_eq(l.count, 30000);
	address_list_release(&l);
	header_release(&h);
	sbuf_release(&line);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("complete");
	TCase *all = tcase_create("all");

	setenv("TZ", "UTC", 1);
	tzset();
	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, completed, 0, COUNT_OF(headers));
	tcase_add_loop_test(all, from, 0, COUNT_OF(names));
	tcase_add_loop_test(all, endless_name, 0, 4);
	tcase_add_loop_test(all, strange_host, 0, 5);
	tcase_add_loop_test(all, recipients_of_header, 0, COUNT_OF(recipients));
	tcase_add_test(all, many_recipients);
	return fixture_run(suite);
}
