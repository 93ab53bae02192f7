/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"
#include "fixture.h"

void sample_envelope(struct entry_envelope *env, size_t recipients)
{
	entry_envelope_init(env);
	env->sender = mem_strdup("me@example.org");
	env->uid = 1000;
	for (size_t i = 0; i < recipients; i++) {
		char address[64];

		snprintf(address, sizeof(address), "r%zu@example.net", i);
		entry_envelope_add(env, address);
	}
}

static void write_to(int fd, const struct entry_envelope *env,
                     const char *content, size_t n)
{
	struct entry_writer w;
	struct fault f = { 0 };

	entry_writer_init(&w, fd);
	ck_assert_int_eq(entry_write_envelope(&w, env, &f), 0);
	ck_assert_int_eq(entry_write(&w, content, n, &f), 0);
	ck_assert_int_eq(entry_finish(&w, &f), 0);
	entry_writer_release(&w);
}

void sample_write(const char *name, const struct entry_envelope *env,
                  const char *content, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	write_to(fd, env, content, n);
	close(fd);
}

static void collect(void *arg, const char *bytes, size_t n)
{
	sbuf_add(arg, bytes, n);
}

int sample_read(const char *name, struct entry *e, struct sbuf *content,
                struct fault *f)
{
	entry_init(e);
	e->fd = open(name, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(e->fd, 0);
	sbuf_reset(content);
	if (entry_read(e, f) != 0)
		return -1;
	return entry_verify(e, collect, content, f);
}

void sample_open(struct spool *s)
{
	struct fault f = { 0 };

	spool_init(s);
	ck_assert_msg(spool_open(s, fixture_path("q"), &f) == 0, "%s", f.text);
}

void sample_open_shared(struct spool *s)
{
	static const struct {
		const char *name;
		mode_t mode;
	} places[] = { { "q", 0711 },         { "q/drop", 01770 },
		       { "q/new", 01770 },    { "q/hold", 01770 },
		       { "q/failed", 01770 }, { "q/log", 02750 },
		       { "q/tmp", 0700 },     { "q/bad", 0700 },
		       { "q/pause", 0700 } };
	struct fault f = { 0 };

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		if (mkdir(places[i].name, 0700) != 0)
			ck_assert_int_eq(errno, EEXIST);
		ck_assert_int_eq(chmod(places[i].name, places[i].mode), 0);
	}
	spool_init(s);
	spool_share(s, geteuid());
	ck_assert_msg(spool_open(s, fixture_path("q"), &f) == 0, "%s", f.text);
}

void sample_submit(struct spool *s, size_t recipients,
                   char id[ENTRY_ID_LENGTH + 1])
{
	struct entry_envelope env;
	struct fault f = { 0 };
	int fd = spool_create(s, id, &f);

	ck_assert_msg(fd >= 0, "%s", f.text);
	sample_envelope(&env, recipients);
	write_to(fd, &env, SAMPLE_CONTENT, strlen(SAMPLE_CONTENT));
	entry_envelope_release(&env);
	ck_assert_msg(spool_commit(s, id, fd, &f) == 0, "%s", f.text);
}

static void expect_same(const char *got, const char *expected)
{
	ck_assert_pstr_eq(got, expected);
}

void sample_expect_envelope(const struct entry_envelope *got,
                            const struct entry_envelope *expected)
{
	expect_same(got->sender, expected->sender);
	expect_same(got->body, expected->body);
	expect_same(got->notify, expected->notify);
	expect_same(got->ret, expected->ret);
	expect_same(got->envid, expected->envid);
	ck_assert_uint_eq(got->uid, expected->uid);
	ck_assert_uint_eq(got->recipient_count, expected->recipient_count);
	ck_assert(got->smtputf8 == expected->smtputf8);
	for (size_t i = 0; i < got->recipient_count; i++) {
		ck_assert_str_eq(got->recipients[i], expected->recipients[i]);
		expect_same(got->dsn[i].orcpt, expected->dsn[i].orcpt);
		expect_same(got->dsn[i].notify, expected->dsn[i].notify);
	}
}
