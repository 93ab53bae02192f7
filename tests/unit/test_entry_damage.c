/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_entry_damage - a file that was cut or changed is refused, never altered
 */
#include "queue/entry.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/mem.h"
#include "fixture.h"
#include "sample.h"

#define TEXT(s) s, sizeof(s) - 1
#define TRAILER 28 /* bytes */

/* --- damage ------------------------------------------------------------- */

#define DAMAGE_CONTENT ((size_t)1900)

/* An entry of about 2 kB; its bytes. */
static size_t make_victim(struct entry_envelope *env, char *content,
                          char *bytes, size_t size)
{
	size_t n;

	for (size_t i = 0; i < DAMAGE_CONTENT; i++)
		content[i] = (char)('!' + i % 90);
	sample_envelope(env, 3);
	env->body = mem_strdup("8BITMIME");
	env->notify = mem_strdup("failure,delay");
	env->ret = mem_strdup("hdrs");
	env->envid = mem_strdup("id+20with");
	env->smtputf8 = true;
	entry_envelope_add_dsn(env, "rfc822;you+40x.test", "SUCCESS,DELAY");
	sample_write("victim", env, content, DAMAGE_CONTENT);
	n = fixture_read("victim", bytes, size);
	ck_assert_uint_gt(n, 2000);
	ck_assert_uint_lt(n, size);
	return n;
}

/* Never altered: refused, or the very same. */
static bool is_refused(const struct entry_envelope *env, const char *content)
{
	struct fault f = { 0 };
	struct sbuf got;
	struct entry e;
	bool refused;

	sbuf_init(&got, 8192);
	refused = sample_read("entry", &e, &got, &f) != 0;
	if (refused) {
		ck_assert(f.kind == FAULT_PERM || f.kind == FAULT_CONFIG);
		ck_assert_str_ne(f.text, "");
	} else {
		sample_expect_envelope(&e.envelope, env);
		ck_assert_uint_eq(got.len, DAMAGE_CONTENT);
		ck_assert_mem_eq(got.data, content, got.len);
	}
	entry_release(&e);
	sbuf_release(&got);
	return refused;
}

START_TEST(cut_at_every_length)
{
	char content[DAMAGE_CONTENT], bytes[4096];
	struct entry_envelope env;
	size_t n = make_victim(&env, content, bytes, sizeof(bytes));

	for (size_t cut = 0; cut < n; cut++) {
		fixture_write("entry", bytes, cut);
		ck_assert_msg(is_refused(&env, content), "cut at %zu", cut);
	}
	fixture_write("entry", bytes, n);
	ck_assert(!is_refused(&env, content));
	bytes[n] = '\n';
	fixture_write("entry", bytes, n + 1);
	ck_assert(is_refused(&env, content));
	entry_envelope_release(&env);
}
END_TEST

START_TEST(every_bit_flipped)
{
	char content[DAMAGE_CONTENT], bytes[4096];
	struct entry_envelope env;
	size_t n = make_victim(&env, content, bytes, sizeof(bytes));
	size_t refused = 0;

	for (size_t bit = 0; bit < n * 8; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		fixture_write("entry", bytes, n);
		refused += is_refused(&env, content) ? 1 : 0;
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
	ck_assert_uint_eq(refused, n * 8);
	entry_envelope_release(&env);
}
END_TEST

START_TEST(content_replaced)
{
	char content[DAMAGE_CONTENT], bytes[4096];
	struct entry_envelope env;
	size_t n = make_victim(&env, content, bytes, sizeof(bytes));
	char *body = bytes + n - TRAILER - DAMAGE_CONTENT;

	ck_assert_mem_eq(body, content, DAMAGE_CONTENT);
	memset(body, 'x', DAMAGE_CONTENT);
	fixture_write("entry", bytes, n);
	ck_assert(is_refused(&env, content));
	memset(body, 0, DAMAGE_CONTENT); /* a file system's hole */
	fixture_write("entry", bytes, n);
	ck_assert(is_refused(&env, content));
	memcpy(body, content + 1, DAMAGE_CONTENT - 1); /* moved by one */
	fixture_write("entry", bytes, n);
	ck_assert(is_refused(&env, content));
	entry_envelope_release(&env);
}
END_TEST

/* --- changed while it is sent ------------------------------------------- */

/* Read one piece, then let `change` do it; bytes given out before the fault. */
static size_t give_out(void (*change)(const struct entry *e), size_t piece)
{
	struct entry_envelope env;
	struct fault f = { 0 };
	struct entry e;
	size_t total = 0;
	char bytes[4096];
	ssize_t k;

	sample_envelope(&env, 1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = 'a';
	sample_write("entry", &env, bytes, sizeof(bytes));
	entry_envelope_release(&env);
	entry_init(&e);
	e.fd = open("entry", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(entry_read(&e, &f), 0);
	ck_assert_int_eq(entry_verify(&e, NULL, NULL, &f), 0);
	k = entry_next(&e, bytes, piece, &f);
	ck_assert_int_gt(k, 0);
	total = (size_t)k;
	change(&e);
	while ((k = entry_next(&e, bytes, piece, &f)) > 0)
		total += (size_t)k;
	ck_assert_int_eq(k, -1);
	ck_assert_int_eq(f.kind, FAULT_PERM);
	entry_release(&e);
	return total;
}

static void change_last_byte(const struct entry *e)
{
	int fd = open("entry", O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(pwrite(fd, "b", 1, e->content_end - 1), 1);
	close(fd);
}

static void change_next_byte(const struct entry *e)
{
	int fd = open("entry", O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(pwrite(fd, "b", 1, e->at), 1);
	close(fd);
}

static void cut_short(const struct entry *e)
{
	ck_assert_int_eq(truncate("entry", e->content_end - 1), 0);
}

static void (*const changes[])(const struct entry *e) = { change_last_byte,
	                                                  change_next_byte,
	                                                  cut_short };

START_TEST(the_last_piece_is_held_back)
{
	ck_assert_uint_eq(give_out(changes[_i], 4095), 4095);
	ck_assert_uint_eq(give_out(changes[_i], 1024), 3072);
	ck_assert_uint_eq(give_out(changes[_i], 1), 4095);
}
END_TEST

/* --- envelopes that are not read ---------------------------------------- */

/* The text before the trailer, which is right. */
#define FIRST "relay 1\nS me\nR you\n"
static const struct {
	const char *text;
	size_t n;
	enum fault_kind kind;
} heads[] = {
	{ TEXT(FIRST "U 1\n\nbody"), FAULT_NONE },
	{ TEXT(FIRST "\n"), FAULT_NONE },
	{ TEXT("relay 1\nR you\nS \n\n"), FAULT_NONE },
	{ TEXT(""), FAULT_PERM },
	{ TEXT("\n"), FAULT_PERM },
	{ TEXT(FIRST), FAULT_PERM },
	{ TEXT("relay 1\n\nbody"), FAULT_PERM },
	{ TEXT("relay 1\nS me\n\nbody"), FAULT_PERM },
	{ TEXT("relay 1\nR you\n\nbody"), FAULT_PERM },
	{ TEXT("S me\nR you\n\nbody"), FAULT_PERM },
	{ TEXT(FIRST "S me\n\n"), FAULT_PERM },
	{ TEXT(FIRST "B 7BIT\nB 7BIT\n\n"), FAULT_PERM },
	{ TEXT(FIRST "N x\nN x\n\n"), FAULT_PERM },
	{ TEXT(FIRST "T x\nT x\n\n"), FAULT_PERM },
	{ TEXT(FIRST "V x\nV x\n\n"), FAULT_PERM },
	{ TEXT(FIRST "O rfc822;a+40b\n\n"), FAULT_NONE },
	{ TEXT(FIRST "Y NEVER\n\n"), FAULT_NONE },
	{ TEXT(FIRST "O x;a\nY DELAY\nR b\nO x;a\nY DELAY\n\n"), FAULT_NONE },
	{ TEXT(FIRST "E SMTPUTF8\n\n"), FAULT_NONE },
	{ TEXT(FIRST "E SMTPUTF8\nE SMTPUTF8\n\n"), FAULT_PERM },
	{ TEXT(FIRST "E smtputf8\n\n"), FAULT_PERM },
	{ TEXT(FIRST "O x;a\nO x;a\n\n"), FAULT_PERM },
	{ TEXT(FIRST "Y NEVER\nY NEVER\n\n"), FAULT_PERM },
	{ TEXT(FIRST "Y NEVER\nO x;a\n\n"), FAULT_PERM },
	{ TEXT(FIRST "O a b\n\n"), FAULT_PERM },
	{ TEXT(FIRST "Y never\n\n"), FAULT_PERM },
	{ TEXT("relay 1\nO x;a\nS me\nR you\n\n"), FAULT_PERM },
	{ TEXT("relay 1\nS me\nY NEVER\nR you\n\n"), FAULT_PERM },
	{ TEXT(FIRST "X what\n\n"), FAULT_PERM },
	{ TEXT(FIRST "r you\n\n"), FAULT_PERM },
	{ TEXT(FIRST "R\n\n"), FAULT_PERM },
	{ TEXT(FIRST "Ryou\n\n"), FAULT_PERM },
	{ TEXT(FIRST "R a\0b\n\n"), FAULT_PERM },
	{ TEXT(FIRST "R a\x7f\n\n"), FAULT_PERM },
	{ TEXT(FIRST "R a\r\n\n"), FAULT_PERM },
	{ TEXT(FIRST "\tb\n\n"), FAULT_PERM },
	{ TEXT(FIRST "= 0000000000000010 00000000\n"), FAULT_PERM },
	{ TEXT("relay 1 \nS me\nR you\n\n"), FAULT_PERM },
	{ TEXT("relay 1\r\nS me\nR you\n\n"), FAULT_PERM },
	{ TEXT("relay 1\0\nS me\nR you\n\n"), FAULT_PERM },
	{ TEXT("relay 0\nS me\nR you\n\n"), FAULT_PERM },
	{ TEXT("relay 01\nS me\nR you\n\n"), FAULT_PERM },
	{ TEXT("relay 2x\nS me\nR you\n\n"), FAULT_PERM },
	{ TEXT("relay \nS me\nR you\n\n"), FAULT_PERM },
	{ TEXT("relay -2\nS me\nR you\n\n"), FAULT_PERM },
	{ TEXT("relay 2\nQ anything \x01\n"), FAULT_CONFIG },
	{ TEXT("relay 10\nS me\nR you\n\n"), FAULT_CONFIG },
	{ TEXT("relay 987654321987654321\n"), FAULT_CONFIG },
};

static void write_with_trailer(const char *text, size_t n)
{
	char *bytes = mem_alloc(n + TRAILER + 1);

	memcpy(bytes, text, n);
	snprintf(bytes + n, TRAILER + 1, "= %016zX %08" PRIX32 "\n", n,
	         crc_add(0, text, n));
	fixture_write("entry", bytes, n + TRAILER);
	free(bytes);
}

static void expect_kind(enum fault_kind kind)
{
	struct fault f = { 0 };
	struct sbuf got;
	struct entry e;

	sbuf_init(&got, 1000);
	ck_assert_int_eq(sample_read("entry", &e, &got, &f),
	                 kind == FAULT_NONE ? 0 : -1);
	ck_assert_int_eq(f.kind, kind);
	entry_release(&e);
	sbuf_release(&got);
}

START_TEST(envelope_lines)
{
	write_with_trailer(heads[_i].text, heads[_i].n);
	expect_kind(heads[_i].kind);
}
END_TEST

/* The trailer of "relay 1\nS me\nR you\n\n": 20 bytes. */
static const struct {
	const char *trailer;
	enum fault_kind kind;
} trailers[] = {
	{ "= 0000000000000014 8ABF2F16\n", FAULT_NONE },
	{ "= 0000000000000014 8abf2f16\n", FAULT_PERM },
	{ "= 0000000000000014 8ABF2F10\n", FAULT_PERM },
	{ "= 0000000000000015 8ABF2F16\n", FAULT_PERM },
	{ "= FFFFFFFFFFFFFFEC 8ABF2F16\n", FAULT_PERM },
	{ "= 0000000000000014 8ABF2F16\r", FAULT_PERM },
	{ "=  000000000000014 8ABF2F16\n", FAULT_PERM },
	{ "= 0000000000000014-8ABF2F16\n", FAULT_PERM },
	{ "- 0000000000000014 8ABF2F16\n", FAULT_PERM },
};

START_TEST(trailer_line)
{
	char bytes[100];
	int n = snprintf(bytes, sizeof(bytes), FIRST "\n%s",
	                 trailers[_i].trailer);

	ck_assert_uint_eq(sizeof(FIRST), 20);
	fixture_write("entry", bytes, (size_t)n);
	expect_kind(trailers[_i].kind);
}
END_TEST

/* Lines repeated until something must give. */
static void write_many(const char *line, size_t n, size_t times)
{
	const size_t first = sizeof(FIRST) - 1;
	char *text = mem_alloc(first + n * times + 1);

	memcpy(text, FIRST, first);
	for (size_t i = 0; i < times; i++)
		memcpy(text + first + i * n, line, n);
	text[first + n * times] = '\n';
	write_with_trailer(text, first + n * times + 1);
	free(text);
}

START_TEST(too_much_of_it)
{
	write_many(TEXT("R x\n"), ENTRY_RECIPIENT_LIMIT - 1);
	expect_kind(FAULT_NONE);
	write_many(TEXT("R x\n"), ENTRY_RECIPIENT_LIMIT);
	expect_kind(FAULT_PERM);
	write_many(TEXT("R x\n"), 1000000);
	expect_kind(FAULT_PERM);
	write_many(TEXT("U 1\n"), ENTRY_ENVELOPE_LIMIT / 4 + 5000);
	expect_kind(FAULT_PERM);
	write_many(TEXT("V"), ENTRY_VALUE_LIMIT + 2);
	expect_kind(FAULT_PERM);
	write_many(TEXT("V"), 1000000);
	expect_kind(FAULT_PERM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("entry_damage");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, fixture_setup, fixture_teardown);
	tcase_add_test(all, cut_at_every_length);
	tcase_add_test(all, every_bit_flipped);
	tcase_add_test(all, content_replaced);
	tcase_add_loop_test(all, the_last_piece_is_held_back, 0,
	                    COUNT_OF(changes));
	tcase_add_loop_test(all, envelope_lines, 0, COUNT_OF(heads));
	tcase_add_loop_test(all, trailer_line, 0, COUNT_OF(trailers));
	tcase_add_test(all, too_much_of_it);
	return fixture_run(suite);
}
