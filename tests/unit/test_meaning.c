/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_meaning - which sentence a status gets */
#include "message/meaning.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

static const struct {
	const char *status, *words;
	const char *part; /* of the meaning; NULL: there is none */
} cases[] = {
	/* the status itself */
	{ "5.1.1", NULL, "no mailbox of this name" },
	{ "5.1.1", "RCPT: 550 5.1.1 no", "no mailbox of this name" },
	{ "4.1.1", NULL, "no mailbox of this name" },
	{ "5.1.10", NULL, "takes no mail at all" },
	{ "5.1.2", NULL, "domain of the address does not exist" },
	{ "5.1.8", NULL, "`from_force`" },
	{ "5.2.1", NULL, "switched off" },
	{ "4.2.2", NULL, "full" },
	{ "5.2.2", NULL, "full" },
	{ "5.2.252", NULL, "may not send with this sender" },
	{ "5.3.4", NULL, "larger than" },
	{ "4.3.5", "451 4.3.5 x", "A setting is wrong" },
	{ "4.4.1", NULL, "could not be reached" },
	{ "5.4.1", NULL, "Microsoft" },
	{ "4.4.7", NULL, "as long as the settings allow" },
	{ "5.4.6", NULL, "circle" },
	{ "4.7.1", "RCPT: 450 4.7.1 Greylisted", "again later" },
	{ "5.7.8", NULL, "`password`" },
	{ "5.7.9", NULL, "password for applications" },
	{ "5.7.23", NULL, "SPF" },
	{ "5.7.25", NULL, "PTR" },
	{ "5.7.26", NULL, "DMARC" },
	{ "5.7.139", NULL, "switched off for this mailbox" },
	/* its subject; not the beginning of another number */
	{ "5.1.99", NULL, "does not accept this address" },
	{ "5.2.25", NULL, "could not be put into the mailbox" },
	{ "5.5.4", NULL, "did not understand" },
	{ "5.7.13", NULL, "account is switched off" },
	{ "5.7.1", NULL, "rule of its own" },
	{ "5.7.999", NULL, "rule of its own" },
	/* the reply */
	{ "5.0.0", "RCPT: 550 no such user", "refused the recipient" },
	{ "5.0.0", "message: 552-too\\nlong", "full" },
	{ NULL, "535 no", "`user`" },
	{ "4.0.0", "421 closing", "takes no mail at present" },
	{ "4.0.0", "RCPT: 450 busy", "mailbox cannot be written to" },
	{ "4.0.0", "MAIL: 452 no room", "no room" },
	{ "5.0.0", "RCPT: 551 elsewhere", "not at this server" },
	{ "5.0.0", "RCPT: 553 syntax", "does not accept an address" },
	{ "5.0.0", "message: 554 no", "rule of its own" },
	{ "4.7.0", "RCPT: 450 4.7.0 try again", "again later" },
	{ "4.0.0", "MAIL: 451 later", "takes no mail at present" },
	/* the class */
	{ "5.0.0", NULL, "for good" },
	{ "4.9.9", NULL, "may work later" },
	{ "5.0.0", "RCPT: 599 what", "for good" },
	{ NULL, "442 what", "may work later" },
	/* nothing failed, nothing is known */
	{ "2.0.0", "250 queued", NULL },
	{ "2.1.1", NULL, NULL },
	{ "", "", NULL },
	{ "5", NULL, "for good" },
	{ NULL, NULL, NULL },
	{ "x.1.1", NULL, NULL },
	/* our own words say what to do, but of a network that fails */
	{ "4.3.5", "cannot read /etc/pw", NULL },
	{ "4.7.0", "the password did not come", NULL },
	{ "4.4.1", "cannot connect", "could not be reached" },
	{ NULL, "cannot connect", NULL },
};

START_TEST(meanings)
{
	const char *text = meaning_of(cases[_i].status, cases[_i].words);

	if (cases[_i].part == NULL) {
		ck_assert_ptr_null(text);
		return;
	}
	ck_assert_ptr_nonnull(text);
	ck_assert_msg(strstr(text, cases[_i].part) != NULL, "%s %s: %s",
	              cases[_i].status, cases[_i].words, text);
}
END_TEST

static const struct {
	const char *words, *reply;
} replies[] = {
	{ "550 no", "550 no" },
	{ "550-no", "550-no" },
	{ "550", "550" },
	{ "RCPT: 550 no", "550 no" },
	{ "message: 554 no", "554 no" },
	{ "RCPT: no 550 x", NULL },
	{ "RCPT:550 x", NULL },
	{ "R2: 550 x", NULL },
	{ ": 550 x", NULL },
	{ "5500 x", NULL },
	{ "650 x", NULL },
	{ "55", NULL },
	{ "RCPT: 5", NULL },
	{ "", NULL },
};

START_TEST(where_a_reply_begins)
{
	ck_assert_pstr_eq(meaning_reply(replies[_i].words), replies[_i].reply);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meaning");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, meanings, 0, COUNT_OF(cases));
	tcase_add_loop_test(all, where_a_reply_begins, 0, COUNT_OF(replies));
	suite_add_tcase(suite, all);
	return fixture_run(suite);
}
