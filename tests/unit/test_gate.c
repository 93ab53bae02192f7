/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_gate - what may go into an SMTP command, and what never */
#include "smtp/gate.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define BYTES(s) s, sizeof(s) - 1

/* clang-format off */
static const struct {
	const char *bytes;
	size_t      n;
	bool        passes;
} lines[] = {
	{ BYTES(""), true },
	{ BYTES("QUIT"), true },
	{ BYTES("MAIL FROM:<a@b> SIZE=1"), true },
	{ BYTES("RCPT TO:<j\xc3\xb6rg@example.org>"), true },
	{ BYTES("\t\x01\x7f"), true }, /* the address check has its own eyes */
	{ BYTES("QUIT\r\n"), false },
	{ BYTES("QUIT\r"), false },
	{ BYTES("QUIT\n"), false },
	{ BYTES("\nQUIT"), false },
	{ BYTES("MAIL FROM:<a@b>\r\nDATA"), false },
	{ BYTES("MAIL\rFROM"), false },
	{ BYTES("MAIL\0FROM"), false },
	{ BYTES("MAIL\0"), false },
	{ BYTES("\0"), false },
};

static const struct {
	const char *address;
	bool        passes;
} addresses[] = {
	{ "", true },
	{ "me@example.org", true },
	{ "root", true },
	{ "me+tag@[192.0.2.1]", true },
	{ "me@[IPv6:2001:db8::1]", true },
	{ "j\xc3\xb6rg@b\xc3\xbc" "cher.example", true },
	{ "\"a b\"@example.org", true },
	{ "\"a>b\"@example.org", true },
	{ "\"a<b\"@example.org", true },
	{ "\"a\\\"b\"@example.org", true },
	{ "\"a\\\\\"@example.org", true },
	{ "a\\b@example.org", true },
	/* ends the path early, or adds a parameter */
	{ "a>@example.org", false },
	{ "<a@example.org", false },
	{ "<a@example.org>", false },
	{ "a@example.org> SIZE=1", false },
	{ "a b@example.org", false },
	{ " a@example.org", false },
	{ "a@example.org ", false },
	{ "a@example.org NOTIFY=NEVER", false },
	/* the quoted string does not end, or ended before the blank */
	{ "\"a@example.org", false },
	{ "\"", false },
	{ "\"a\\\"@example.org", false },
	{ "\"\" \"\"@example.org", false },
	{ "\"a\\", false },
	/* control bytes, inside quotes too */
	{ "a\r\nRCPT TO:<b@example.org", false },
	{ "a\n@example.org", false },
	{ "a\r@example.org", false },
	{ "a\t@example.org", false },
	{ "a\x7f@example.org", false },
	{ "\"a\nb\"@example.org", false },
	{ "\"a\\\nb\"@example.org", false },
	{ "\"a\\\x7f\"@example.org", false },
};
/* clang-format on */

START_TEST(a_line_is_one_line)
{
	struct fault f = { 0 };
	struct sbuf line;

	sbuf_init(&line, GATE_LINE_LIMIT);
	sbuf_add(&line, lines[_i].bytes, lines[_i].n);
	ck_assert_int_eq(gate_check_line(&line, &f) == 0, lines[_i].passes);
	if (!lines[_i].passes) {
		ck_assert_int_eq(f.kind, FAULT_PERM);
		ck_assert_str_eq(f.code, "5.5.4");
	}
	sbuf_release(&line);
}
END_TEST

/* Cut off it would mean something else. */
START_TEST(a_line_is_not_too_long)
{
	struct fault f = { 0 };
	struct sbuf line;

	sbuf_init(&line, GATE_LINE_LIMIT);
	for (size_t i = 0; i < GATE_LINE_LIMIT; i++)
		sbuf_addstr(&line, "x");
	ck_assert_int_eq(gate_check_line(&line, &f), 0);
	sbuf_addstr(&line, "x");
	ck_assert_int_eq(gate_check_line(&line, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_PERM);
	ck_assert_ptr_nonnull(strstr(f.text, "2048"));
	sbuf_release(&line);
}
END_TEST

START_TEST(an_address_stays_inside_its_angles)
{
	struct fault f = { 0 };

	ck_assert_int_eq(gate_check_address(addresses[_i].address, &f) == 0,
	                 addresses[_i].passes);
	if (!addresses[_i].passes) {
		ck_assert_int_eq(f.kind, FAULT_PERM);
		ck_assert_str_eq(f.code, "5.1.3");
		ck_assert_ptr_null(strpbrk(f.text, "\r\n\t\x7f"));
	}
}
END_TEST

START_TEST(an_address_is_not_too_long)
{
	char address[514];
	struct fault f = { 0 };

	memset(address, 'a', sizeof(address));
	address[512] = '\0';
	ck_assert_int_eq(gate_check_address(address, &f), 0);
	address[512] = 'a';
	address[513] = '\0';
	ck_assert_int_eq(gate_check_address(address, &f), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gate");
	TCase *tc = tcase_create("gate");

	tcase_add_loop_test(tc, a_line_is_one_line, 0, (int)COUNT_OF(lines));
	tcase_add_test(tc, a_line_is_not_too_long);
	tcase_add_loop_test(tc, an_address_stays_inside_its_angles, 0,
	                    (int)COUNT_OF(addresses));
	tcase_add_test(tc, an_address_is_not_too_long);
	suite_add_tcase(suite, tc);
	return fixture_run(suite);
}
