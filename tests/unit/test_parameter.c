/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_parameter - values of Content- fields, as mail has them */
#include "message/parameter.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

/* What was read: the first word, then name=value for each, a | between. */
static const struct {
	const char *text, *read;
} values[] = {
	{ "", "" },
	{ "text/plain", "text/plain" },
	{ " text/plain ; charset=utf-8", "text/plain|charset=utf-8" },
	{ "(c) a/b (c (d)) ; (e) x (f) = (g) y (h)", "a/b|x=y" },
	{ "a/b;x=\"q ; \\\" r\";y=2", "a/b|x=q ; \" r|y=2" },
	{ "a/b;\r\n\tx=1;\r\n y=2", "a/b|x=1|y=2" },
	{ "a/b; x=\"1\r\n 2\"", "a/b|x=1 2" },
	{ "a/b; name=my file.txt ; x=1", "a/b|name=my file.txt|x=1" },
	{ "a/b;;; x=1;", "a/b|x=1" },
	{ "a/b; x; y=1", "a/b|y=1" },
	{ "a/b; =1; y=", "a/b|y=" },
	{ "a/b; x=\"open", "a/b|x=open" },
	{ "a/b; x=\"\"", "a/b|x=" },
	{ "a/b; x=\"1\" junk; y=2", "a/b|x=1|y=2" },
	{ "a/b (open; x=1", "a/b" },
	{ "a/b; x=y=z", "a/b|x=y=z" },
	{ "7bit", "7bit" },
	{ ";x=1", "|x=1" },
};

START_TEST(value)
{
	const char *text = values[_i].text, *first;
	struct parameters all;
	struct parameter p;
	struct sbuf out;
	size_t len;

	sbuf_init(&out, 1000);
	first = parameters_begin(&all, text, strlen(text), &len);
	sbuf_add(&out, first, len);
	while (parameters_next(&all, &p)) {
		sbuf_addstr(&out, "|");
		sbuf_add(&out, p.name, p.name_len);
		sbuf_addstr(&out, "=");
		parameter_value(&p, &out);
	}
	ck_assert_str_eq(out.data, values[_i].read);
	sbuf_release(&out);
}
END_TEST

START_TEST(names)
{
	struct parameters all;
	struct parameter p;
	size_t len;

	parameters_begin(&all, "a/b; Boundary=x", 15, &len);
	ck_assert(parameters_next(&all, &p));
	ck_assert(parameter_is(&p, "boundary"));
	ck_assert(!parameter_is(&p, "bound"));
	ck_assert(!parameters_next(&all, &p));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parameter");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, value, 0, COUNT_OF(values));
	tcase_add_test(all, names);
	return fixture_run(suite);
}
