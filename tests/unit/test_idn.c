/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_idn - domains in ASCII letters, or a word why not */
#include "message/idn.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define U8 "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
#define U64 U8 U8 U8 U8 U8 U8 U8 U8

static const struct {
	const char *domain;
	const char *ascii; /* NULL: refused */
} domains[] = {
	{ "example.org", "example.org" },
	{ "Example.ORG", "Example.ORG" },
	{ "xn--bcher-kva.test", "xn--bcher-kva.test" },
	/* an A-label that is none: what is ASCII is the DNS's to refuse */
	{ "xn--a.test", "xn--a.test" },
	{ "a_b.test", "a_b.test" },
	{ "localhost", "localhost" },
	{ "[192.0.2.1]", "[192.0.2.1]" },
	{ "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]" },
	{ A63 "." A63 "." A63 "." A63 "." A63,
	  A63 "." A63 "." A63 "." A63 "." A63 },
	{ "b\xc3\xbc"
	  "cher.test",
	  "xn--bcher-kva.test" },
	{ "B\xc3\x9c"
	  "CHER.Test",
	  "xn--bcher-kva.test" },
	/* a letter and its two dots apart */
	{ "bu\xcc\x88"
	  "cher.test",
	  "xn--bcher-kva.test" },
	{ "stra\xc3\x9f"
	  "e.test",
	  "xn--strae-oqa.test" },
	{ "\xce\xb1\xcf\x82.test", "xn--mxa8a.test" },
	{ "\xe4\xbe\x8b\xe5\xad\x90.test", "xn--fsqu00a.test" },
	/* the ideographic full stop is a dot */
	{ "\xe4\xbe\x8b\xe5\xad\x90\xe3\x80\x82test", "xn--fsqu00a.test" },
	{ "xn--bcher-kva.b\xc3\xbc"
	  "cher.test",
	  "xn--bcher-kva.xn--bcher-kva.test" },
	{ "\xd8\xa7.test", "xn--mgb.test" },
	/* Latin and Cyrillic in one: a registry's matter, not ours */
	{ "p\xd0\xb0ypal.test", "xn--pypal-4ve.test" },
	{ "a_\xc3\xbc.test", "xn--a_-yka.test" },
	{ "xn--a.b\xc3\xbc"
	  "cher.test",
	  NULL },
	{ "\xff.test", NULL },
	{ "\xc3.test", NULL },
	{ "\xed\xa0\x80.test", NULL },
	{ "\xcc\x88.test", NULL },              /* begins with a mark */
	{ "-\xc3\xbc.test", NULL },             /* or with a hyphen */
	{ "\xc3\xbc..test", NULL },             /* empty */
	{ "\xc3\xbc\xef\xbc\xa0x.test", NULL }, /* an @, in full width */
	{ "\xc3\xbc\xe2\x80\x82x.test", NULL }, /* a blank */
	{ "\xe2\x80\xae\xc3\xbc.test", NULL },  /* right to left */
	{ "a\xd7\x90.test", NULL },             /* both directions in one */
	{ "\xe2\x80\x8d.test", NULL },          /* a joiner of nothing */
	{ U64 ".test", NULL },
	{ A63 "." A63 "." A63 "." A63 ".\xc3\xbc", NULL },
	{ U64 U64 U64 U64 U64 U64 U64 U64 U64 U64, NULL },
};

START_TEST(domain)
{
	const char *name = domains[_i].domain, *ascii = domains[_i].ascii;
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf out;

	sbuf_init(&out, 2000);
	sbuf_addstr(&out, "before ");
	if (ascii != NULL) {
		ck_assert_msg(idn_to_ascii(name, &out, &f) == 0, "%s", f.text);
		ck_assert_str_eq(out.data + 7, ascii);
	} else {
		ck_assert_msg(idn_to_ascii(name, &out, &f) == -1, "%s: gave %s",
		              name, out.data);
		ck_assert_str_eq(out.data, "before ");
		ck_assert_int_eq(f.kind, FAULT_PERM);
		ck_assert_str_eq(f.code, "5.1.2");
	}
	sbuf_release(&out);
}
END_TEST

static const struct {
	const char *bare, *ascii;
} addresses[] = {
	{ "root", "root" },
	{ "\xc3\xbc", "\xc3\xbc" },
	{ "a@example.org", "a@example.org" },
	{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "\"a@b\"@\xc3\xbc.test", "\"a@b\"@xn--tda.test" },
	{ "\xc3\xbc@\xc3\xbc.test", "\xc3\xbc@xn--tda.test" },
	{ "a@\xc3\xbc..test", NULL },
};

START_TEST(address)
{
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf out;
	int result;

	sbuf_init(&out, 400);
	result = idn_address(addresses[_i].bare, &out, &f);
	ck_assert_int_eq(result, addresses[_i].ascii == NULL ? -1 : 0);
	ck_assert_str_eq(out.data, result == 0 ? addresses[_i].ascii : "");
	sbuf_release(&out);
}
END_TEST

/* No letter of Unicode gives anything but a plain domain or a fault. */
START_TEST(every_letter)
{
	struct fault f;
	struct sbuf out;
	char text[32];

	sbuf_init(&out, 400);
	for (unsigned c = 0x80; c < 0x30000; c++) {
		size_t n = 0;

		if (c < 0x800) {
			text[n++] = (char)(0xc0 | c >> 6);
		} else if (c < 0x10000) {
			text[n++] = (char)(0xe0 | c >> 12);
			text[n++] = (char)(0x80 | (c >> 6 & 63));
		} else {
			text[n++] = (char)(0xf0 | c >> 18);
			text[n++] = (char)(0x80 | (c >> 12 & 63));
			text[n++] = (char)(0x80 | (c >> 6 & 63));
		}
		text[n++] = (char)(0x80 | (c & 63));
		memcpy(text + n, "b.test", 7);
		sbuf_reset(&out);
		if (idn_to_ascii(text, &out, &f) != 0)
			continue;
		if (strspn(out.data, "abcdefghijklmnopqrstuvwxyz0123456789-."
		                     "_!#$%&'*+/=?^`{|}~") != out.len)
			ck_abort_msg("U+%04X gives %s", c, out.data);
	}
	sbuf_release(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("idn");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, domain, 0, COUNT_OF(domains));
	tcase_add_loop_test(all, address, 0, COUNT_OF(addresses));
	tcase_add_test(all, every_letter);
	return fixture_run(suite);
}
