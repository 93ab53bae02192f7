/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_entry - what was written is read; what cannot be read is not written */
#include "queue/entry.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "fixture.h"
#include "sample.h"

/* --- names -------------------------------------------------------------- */

static const struct {
	const char *name;
	bool is_id;
	int64_t time;
} names[] = {
	{ "0629C5C4F43F6A1A2B3C4D", true, 1734779249 },
	{ "0000000000000000000000", true, 0 },
	{ "FFFFFFFFFFFFFFFFFFFFFF", true, 72057594037 },
	{ "", false, 0 },
	{ ".", false, 0 },
	{ "..", false, 0 },
	{ "-rf", false, 0 },
	{ "0629c5c4f43f6a1a2b3c4d", false, 0 },
	{ "0629C5C4F43F6A1A2B3C4", false, 0 },
	{ "0629C5C4F43F6A1A2B3C4D0", false, 0 },
	{ "0629C5C4F43F6A1A2B3C4G", false, 0 },
	{ "0629C5C4F43F6A1A2B3C4\n", false, 0 },
	{ " 629C5C4F43F6A1A2B3C4D", false, 0 },
	{ "+629C5C4F43F6A1A2B3C4D", false, 0 },
	{ "0x29C5C4F43F6A1A2B3C4D", false, 0 },
	{ "/../29C5C4F43F6A1A2B3C", false, 0 },
};

START_TEST(name_of_an_entry)
{
	ck_assert_int_eq(entry_is_id(names[_i].name), names[_i].is_id);
	if (names[_i].is_id)
		ck_assert_int_eq(entry_time(names[_i].name), names[_i].time);
}
END_TEST

/* --- round trips -------------------------------------------------------- */

static const struct {
	const char *sender;
	const char *recipients[4];
	unsigned uid;
	const char *body, *notify, *ret, *envid;
} envelopes[] = {
	{ "me@example.org", { "you@example.net" }, 0, NULL, NULL, NULL, NULL },
	{ "",
	  { "you@example.net", "root", "r" },
	  UINT_MAX,
	  "8BITMIME",
	  "failure,delay",
	  "hdrs",
	  "id+20with" },
	{ "\xc3\xa9t\xc3\xa9@example.org",
	  { "\"a b\"@example.net", "<>", " ", "" },
	  1000,
	  "",
	  "",
	  "",
	  "" },
	{ "= 0000000000000ABC 1A2B3C4D",
	  { "R x", "\xff\xfe", "S" },
	  1,
	  "relay 2",
	  NULL,
	  "\\",
	  "%s%n" },
};

/* Each pair of what a recipient may have is somewhere among them. */
static void add_recipient(struct entry_envelope *env, int which, size_t i)
{
	const char *orcpt = i % 2 == 1 ? "rfc822;a+40b" : NULL;
	const char *notify = i / 2 == 1 ? "FAILURE,DELAY" : NULL;

	entry_envelope_add(env, envelopes[which].recipients[i]);
	if (which > 0)
		entry_envelope_add_dsn(env, orcpt, notify);
}

static void fill(struct entry_envelope *env, int which)
{
	entry_envelope_init(env);
	env->sender = mem_strdup(envelopes[which].sender);
	env->uid = envelopes[which].uid;
	for (size_t i = 0; i < 4; i++)
		if (envelopes[which].recipients[i] != NULL)
			add_recipient(env, which, i);
	if (envelopes[which].body != NULL)
		env->body = mem_strdup(envelopes[which].body);
	if (envelopes[which].notify != NULL)
		env->notify = mem_strdup(envelopes[which].notify);
	if (envelopes[which].ret != NULL)
		env->ret = mem_strdup(envelopes[which].ret);
	if (envelopes[which].envid != NULL)
		env->envid = mem_strdup(envelopes[which].envid);
	env->smtputf8 = which == 1;
}

/* Around the sizes of the buffers. */
static const size_t sizes[] = { 0,     1,      2000,   65535,  65536,
	                        65537, 131071, 131072, 131073, 300000 };

static char *make_content(size_t n)
{
	char *content = mem_alloc(n + 1);

	for (size_t i = 0; i < n; i++)
		content[i] = (char)(i * 7 % 256);
	return content;
}

START_TEST(round_trip)
{
	const int which = _i % (int)COUNT_OF(envelopes);
	const size_t size = sizes[_i / (int)COUNT_OF(envelopes)];
	char *content = make_content(size);
	struct entry_envelope env;
	struct fault f = { 0 };
	struct sbuf got;
	struct entry e;

	fill(&env, which);
	sample_write("entry", &env, content, size);
	sbuf_init(&got, 1 << 20);
	ck_assert_msg(sample_read("entry", &e, &got, &f) == 0, "%s", f.text);
	sample_expect_envelope(&e.envelope, &env);
	ck_assert_uint_eq(got.len, size);
	ck_assert_mem_eq(got.data, content, size);
	ck_assert_int_eq(e.content_end - e.content, (off_t)size);
	sbuf_release(&got);
	entry_release(&e);
	ck_assert_int_eq(e.fd, -1);
	entry_envelope_release(&env);
	free(content);
}
END_TEST

/* entry_next in pieces of any size, twice. */
static const size_t pieces[] = { 1, 7, 4096, 100000 };

START_TEST(content_in_pieces)
{
	char *content = make_content(5000), *got = mem_alloc(100000);
	struct entry_envelope env;
	struct fault f = { 0 };
	struct entry e;

	sample_envelope(&env, 2);
	sample_write("entry", &env, content, 5000);
	entry_init(&e);
	e.fd = open("entry", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(entry_read(&e, &f), 0);
	for (int again = 0; again < 2; again++) {
		size_t total = 0;
		ssize_t k;

		while ((k = entry_next(&e, got, pieces[_i], &f)) > 0) {
			ck_assert_uint_le((size_t)k, pieces[_i]);
			ck_assert_mem_eq(content + total, got, (size_t)k);
			total += (size_t)k;
		}
		ck_assert_int_eq(k, 0);
		ck_assert_uint_eq(total, 5000);
		entry_rewind(&e);
	}
	entry_release(&e);
	entry_envelope_release(&env);
	free(content);
	free(got);
}
END_TEST

/* --- envelopes that are not written ------------------------------------- */

static int write_status(const struct entry_envelope *env)
{
	struct entry_writer w;
	struct fault f = { 0 };
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC), result;

	entry_writer_init(&w, fd);
	result = entry_write_envelope(&w, env, &f);
	ck_assert_int_eq(result, f.kind == FAULT_NONE ? 0 : -1);
	if (result != 0)
		ck_assert_int_eq(f.kind, FAULT_PERM);
	entry_writer_release(&w);
	close(fd);
	return fault_exit_status(&f);
}

static void set_value(struct entry_envelope *env, int which, const char *value)
{
	char **const values[] = {
		&env->sender, &env->recipients[1], &env->body,
		&env->notify, &env->ret,           &env->envid
	};

	free(*values[which]);
	*values[which] = value != NULL ? mem_strdup(value) : NULL;
}

START_TEST(control_bytes_are_not_written)
{
	struct entry_envelope env;
	char value[] = "a?b";

	sample_envelope(&env, 2);
	ck_assert_int_eq(write_status(&env), EX_OK);
	for (int c = 1; c < 256; c++) {
		value[1] = (char)c;
		set_value(&env, _i, value);
		ck_assert_int_eq(write_status(&env),
		                 c < 0x20 || c == 0x7f ? EX_DATAERR : EX_OK);
	}
	entry_envelope_release(&env);
}
END_TEST

static const struct {
	const char *orcpt, *notify;
	int status;
} reports[] = {
	{ "rfc822;a", "NEVER", EX_OK },
	{ "rfc822;a b", NULL, EX_DATAERR },
	{ "rfc822;", NULL, EX_DATAERR },
	{ "", NULL, EX_DATAERR },
	{ "rfc822;a\r\n", NULL, EX_DATAERR },
	{ NULL, "", EX_DATAERR },
	{ NULL, "NEVER,DELAY", EX_DATAERR },
	{ NULL, "DELAY ORCPT=x", EX_DATAERR },
};

START_TEST(reports_that_are_not_written)
{
	struct entry_envelope env;

	sample_envelope(&env, 2);
	entry_envelope_add_dsn(&env, "rfc822;replaced", "DELAY");
	entry_envelope_add_dsn(&env, reports[_i].orcpt, reports[_i].notify);
	ck_assert_int_eq(write_status(&env), reports[_i].status);
	entry_envelope_release(&env);
}
END_TEST

/* What is written must be read: the limit is the reader's, too. */
START_TEST(longest_value)
{
	char *value = mem_alloc(ENTRY_VALUE_LIMIT + 2);
	struct entry_envelope env;
	struct fault f = { 0 };
	struct sbuf got;
	struct entry e;

	memset(value, 'v', ENTRY_VALUE_LIMIT);
	sample_envelope(&env, 2);
	set_value(&env, _i, value);
	ck_assert_int_eq(write_status(&env), EX_OK);
	sample_write("entry", &env, "x", 1);
	sbuf_init(&got, 10);
	ck_assert_msg(sample_read("entry", &e, &got, &f) == 0, "%s", f.text);
	sample_expect_envelope(&e.envelope, &env);
	entry_release(&e);
	sbuf_release(&got);
	value[ENTRY_VALUE_LIMIT] = 'v';
	set_value(&env, _i, value);
	ck_assert_int_eq(write_status(&env), EX_DATAERR);
	entry_envelope_release(&env);
	free(value);
}
END_TEST

START_TEST(no_sender_or_no_recipient)
{
	struct entry_envelope env;

	sample_envelope(&env, 0);
	ck_assert_int_eq(write_status(&env), EX_DATAERR);
	entry_envelope_release(&env);
	sample_envelope(&env, 1);
	free(env.sender);
	env.sender = NULL;
	ck_assert_int_eq(write_status(&env), EX_DATAERR);
	entry_envelope_release(&env);
}
END_TEST

START_TEST(most_recipients)
{
	struct entry_envelope env;
	struct fault f = { 0 };
	struct sbuf got;
	struct entry e;

	sample_envelope(&env, ENTRY_RECIPIENT_LIMIT);
	sample_write("entry", &env, "x", 1);
	sbuf_init(&got, 10);
	ck_assert_msg(sample_read("entry", &e, &got, &f) == 0, "%s", f.text);
	sample_expect_envelope(&e.envelope, &env);
	entry_release(&e);
	sbuf_release(&got);
	entry_envelope_add(&env, "one@too.many");
	ck_assert_int_eq(write_status(&env), EX_DATAERR);
	entry_envelope_release(&env);
}
END_TEST

START_TEST(largest_envelope)
{
	struct entry_envelope env;
	char value[1001];

	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	sample_envelope(&env, 1);
	for (int i = 0; i < 16000; i++)
		entry_envelope_add(&env, value);
	ck_assert_int_eq(write_status(&env), EX_OK);
	for (int i = 0; i < 1000; i++)
		entry_envelope_add(&env, value);
	ck_assert_int_eq(write_status(&env), EX_DATAERR);
	entry_envelope_release(&env);
}
END_TEST

/* --- disks -------------------------------------------------------------- */

START_TEST(a_full_disk)
{
	const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	char *content = make_content(200000);
	struct entry_envelope env;
	struct fault f = { 0 };
	struct entry_writer w;

	sample_envelope(&env, 1);
	entry_writer_init(&w, fd);
	ck_assert_int_eq(entry_write_envelope(&w, &env, &f), 0);
	if (_i == 0)
		ck_assert_int_eq(entry_write(&w, content, 200000, &f), -1);
	else
		ck_assert_int_eq(entry_finish(&w, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	ck_assert_int_eq(fault_exit_status(&f), EX_IOERR);
	entry_writer_release(&w);
	entry_envelope_release(&env);
	close(fd);
	free(content);
}
END_TEST

/* The file ends somewhere in the trailer. */
static int write_limited(void *arg)
{
	const struct rlimit limit = { 60, 60 };
	struct entry_envelope env;
	struct fault f = { 0 };
	struct entry_writer w;
	int fd = open("entry", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	sample_envelope(&env, 1);
	entry_writer_init(&w, fd);
	ck_assert_int_eq(entry_write_envelope(&w, &env, &f), 0);
	ck_assert_int_eq(entry_finish(&w, &f), -1);
	ck_assert_int_eq(fault_exit_status(&f), EX_IOERR);
	entry_writer_release(&w);
	entry_envelope_release(&env);
	close(fd);
	return 0;
}

START_TEST(a_disk_that_fills_in_the_trailer)
{
	struct fault f = { 0 };
	struct sbuf got;
	struct entry e;

	ck_assert_int_eq(fixture_child(write_limited, NULL), 0);
	sbuf_init(&got, 10);
	ck_assert_int_eq(sample_read("entry", &e, &got, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_PERM);
	entry_release(&e);
	sbuf_release(&got);
}
END_TEST

START_TEST(a_file_that_cannot_be_read)
{
	struct fault f = { 0 };
	struct entry e;

	entry_init(&e);
	e.fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(entry_read(&e, &f), -1);
	ck_assert_int_eq(f.kind, FAULT_TEMP);
	entry_release(&e);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("entry");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_loop_test(all, name_of_an_entry, 0, COUNT_OF(names));
	tcase_add_loop_test(all, round_trip, 0,
	                    COUNT_OF(envelopes) * COUNT_OF(sizes));
	tcase_add_loop_test(all, content_in_pieces, 0, COUNT_OF(pieces));
	tcase_add_loop_test(all, control_bytes_are_not_written, 0, 6);
	tcase_add_loop_test(all, reports_that_are_not_written, 0,
	                    COUNT_OF(reports));
	tcase_add_loop_test(all, longest_value, 0, 6);
	tcase_add_test(all, no_sender_or_no_recipient);
	tcase_add_test(all, most_recipients);
	tcase_add_test(all, largest_envelope);
	tcase_add_loop_test(all, a_full_disk, 0, 2);
	tcase_add_test(all, a_disk_that_fills_in_the_trailer);
	tcase_add_test(all, a_file_that_cannot_be_read);
	return fixture_run(suite);
}
