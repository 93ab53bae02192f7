/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_offer - what a server said it can, however it said it */
#include "smtp/offer.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

enum {
	STARTTLS = 1,
	PIPELINING = 2,
	CHUNKING = 4,
	EIGHTBIT = 8,
	UTF8 = 16,
	SIZE = 32,
	AUTH = 64,
};

/* The lines after the greeting line, as reply.h joins them. */
/* clang-format off */
static const struct {
	const char *lines;
	unsigned    offers;
	uint64_t    size;
	const char *mechanisms;
} cases[] = {
	{ "", 0, 0, "" },
	{ "STARTTLS", STARTTLS, 0, "" },
	{ "PIPELINING\n8BITMIME\nSMTPUTF8\nCHUNKING\nSTARTTLS",
	  PIPELINING | EIGHTBIT | UTF8 | CHUNKING | STARTTLS, 0, "" },
	{ "pipelining\n8bitmime\nSmtpUtf8\nchunking\nstarttls\nauth plain\nsize 7",
	  PIPELINING | EIGHTBIT | UTF8 | CHUNKING | STARTTLS | AUTH | SIZE, 7, "plain" },
	/* limits of size: none, zero, nonsense */
	{ "SIZE", SIZE, 0, "" },
	{ "SIZE 0", SIZE, 0, "" },
	{ "SIZE 35882577", SIZE, 35882577, "" },
	{ "SIZE 999999999999999999", SIZE, 999999999999999999, "" },
	{ "SIZE 9999999999999999999", SIZE, 0, "" },
	{ "SIZE 1000000000000000000000000000000", SIZE, 0, "" },
	{ "SIZE -1", SIZE, 0, "" },
	{ "SIZE +5", SIZE, 0, "" },
	{ "SIZE 0x10", SIZE, 0, "" },
	{ "SIZE 10k", SIZE, 0, "" },
	{ "SIZE unlimited", SIZE, 0, "" },
	{ "SIZE  10", SIZE, 0, "" },
	/* ways to log in */
	{ "AUTH PLAIN LOGIN", AUTH, 0, "PLAIN LOGIN" },
	{ "AUTH=PLAIN LOGIN", AUTH, 0, "PLAIN LOGIN" },
	{ "AUTH PLAIN\nAUTH=LOGIN", AUTH, 0, "PLAIN LOGIN" },
	{ "AUTH", AUTH, 0, "" },
	{ "AUTH ", AUTH, 0, "" },
	/* what only looks like a keyword */
	{ "STARTTLSX\nXSTARTTLS\nPIPELININGS\nAUTHENTICATE PLAIN\nSIZES 5", 0, 0, "" },
	{ " STARTTLS\n\tPIPELINING", 0, 0, "" },
	{ "X-UNKNOWN a b c\nDSN\nETRN\nHELP\n\n \n=\n\x1b[2J\nSTARTTLS", STARTTLS, 0, "" },
	{ "PIPE", 0, 0, "" },
	{ "S", 0, 0, "" },
};
/* clang-format on */

static unsigned bits(const struct session_offer *offer)
{
	return (offer->starttls ? STARTTLS : 0U) |
	       (offer->pipelining ? PIPELINING : 0U) |
	       (offer->chunking ? CHUNKING : 0U) |
	       (offer->eightbit ? EIGHTBIT : 0U) |
	       (offer->smtputf8 ? UTF8 : 0U) | (offer->size ? SIZE : 0U) |
	       (offer->auth ? AUTH : 0U);
}

static void read_lines(struct session_offer *offer, const char *first,
                       const char *lines)
{
	struct reply r = { .code = 250 };

	sbuf_init(&r.text, REPLY_BYTES);
	sbuf_addstr(&r.text, first);
	if (lines[0] != '\0')
		sbuf_addf(&r.text, "\n%s", lines);
	offer_read(offer, &r);
	sbuf_release(&r.text);
}

START_TEST(lines_are_offers)
{
	struct session_offer offer;

	offer_init(&offer);
	read_lines(&offer, "mx.example.org", cases[_i].lines);
	ck_assert_uint_eq(bits(&offer), cases[_i].offers);
	ck_assert_uint_eq(offer.size_limit, cases[_i].size);
	ck_assert_str_eq(offer.mechanisms.data, cases[_i].mechanisms);
	offer_release(&offer);
}
END_TEST

/* RFC 5321, section 4.1.1.1: it is a greeting, whatever it looks like. */
START_TEST(the_first_line_offers_nothing)
{
	struct session_offer offer;

	offer_init(&offer);
	read_lines(&offer, "STARTTLS", "");
	read_lines(&offer, "PIPELINING", "SIZE 5");
	ck_assert_uint_eq(bits(&offer), SIZE);
	offer_release(&offer);
}
END_TEST

/* C13: a thousand of them, and the one we want last. */
START_TEST(many_mechanisms)
{
	struct session_offer offer;
	struct sbuf lines;

	offer_init(&offer);
	sbuf_init(&lines, REPLY_BYTES);
	sbuf_addstr(&lines, "AUTH");
	for (int i = 0; i < 1000; i++)
		sbuf_addf(&lines, " MECHANISM-%d", i);
	sbuf_addstr(&lines, " PLAIN");
	read_lines(&offer, "mx", lines.data);
	ck_assert_ptr_nonnull(strstr(offer.mechanisms.data, " PLAIN"));
	sbuf_release(&lines);
	offer_release(&offer);
}
END_TEST

START_TEST(a_new_offer_is_empty)
{
	struct session_offer offer;

	offer_init(&offer);
	read_lines(&offer, "mx", "AUTH PLAIN\nSTARTTLS\nSIZE 5");
	offer_release(&offer);
	offer_init(&offer);
	ck_assert_uint_eq(bits(&offer), 0);
	ck_assert_uint_eq(offer.size_limit, 0);
	ck_assert_str_eq(offer.mechanisms.data, "");
	offer_release(&offer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("offer");
	TCase *tc = tcase_create("offer");

	tcase_add_loop_test(tc, lines_are_offers, 0, (int)COUNT_OF(cases));
	tcase_add_test(tc, the_first_line_offers_nothing);
	tcase_add_test(tc, many_mechanisms);
	tcase_add_test(tc, a_new_offer_is_empty);
	suite_add_tcase(suite, tc);
	return fixture_run(suite);
}
