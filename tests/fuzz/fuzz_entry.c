/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_entry - a queue file of any bytes
 *
 * Once as it is, and once as everything before a right trailer: a checksum is
 * not found by chance.  What is accepted must be written again and then be read
 * the same; the content must come out byte for byte.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/mem.h"
#include "queue/entry.h"

#define CONTENT_LIMIT ((size_t)1 << 26)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Not assert(): it must hold in every build. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

static int make_file(void)
{
	int fd = memfd_create("entry", MFD_CLOEXEC);

	must(fd >= 0);
	return fd;
}

static void append(int fd, const void *bytes, size_t n)
{
	must(write(fd, bytes, n) == (ssize_t)n);
}

static void collect(void *arg, const char *bytes, size_t n)
{
	sbuf_add(arg, bytes, n);
}

/* Takes `fd` over. */
static bool read_entry(int fd, struct entry *e, struct sbuf *content)
{
	struct fault f = { 0 };
	bool accepted;

	entry_init(e);
	e->fd = fd;
	accepted = entry_read(e, &f) == 0 &&
	           entry_verify(e, collect, content, &f) == 0;
	must(accepted == (f.kind == FAULT_NONE));
	must(accepted || f.text[0] != '\0');
	must(!content->overflow);
	return accepted;
}

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void compare(const struct entry_envelope *a,
                    const struct entry_envelope *b)
{
	must(is_same(a->sender, b->sender) && is_same(a->body, b->body) &&
	     is_same(a->notify, b->notify) && is_same(a->ret, b->ret) &&
	     is_same(a->envid, b->envid) && a->uid == b->uid &&
	     a->smtputf8 == b->smtputf8);
	must(a->recipient_count == b->recipient_count);
	for (size_t i = 0; i < a->recipient_count; i++) {
		must(is_same(a->recipients[i], b->recipients[i]));
		must(is_same(a->dsn[i].orcpt, b->dsn[i].orcpt));
		must(is_same(a->dsn[i].notify, b->dsn[i].notify));
	}
}

static void write_again(const struct entry *e, const struct sbuf *content)
{
	struct fault f = { 0 };
	struct entry_writer w;
	struct entry again;
	struct sbuf got;
	int fd = make_file();

	sbuf_init(&got, CONTENT_LIMIT);
	entry_writer_init(&w, fd);
	must(entry_write_envelope(&w, &e->envelope, &f) == 0);
	must(entry_write(&w, content->data, content->len, &f) == 0);
	must(entry_finish(&w, &f) == 0);
	entry_writer_release(&w);
	must(read_entry(fd, &again, &got));
	compare(&e->envelope, &again.envelope);
	must(got.len == content->len &&
	     memcmp(got.data, content->data, got.len) == 0);
	entry_release(&again);
	sbuf_release(&got);
}

/* Takes `fd` over, a file that begins with `bytes`. */
static void try_file(int fd, const uint8_t *bytes)
{
	struct sbuf content;
	struct entry e;

	sbuf_init(&content, CONTENT_LIMIT);
	if (read_entry(fd, &e, &content)) {
		must(memcmp(content.data, bytes + e.content, content.len) == 0);
		must(e.content_end - e.content == (off_t)content.len);
		write_again(&e, &content);
	}
	entry_release(&e);
	sbuf_release(&content);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char trailer[40];
	int fd = make_file();

	append(fd, bytes, n);
	try_file(fd, bytes);
	fd = make_file();
	append(fd, bytes, n);
	snprintf(trailer, sizeof(trailer), "= %016zX %08" PRIX32 "\n", n,
	         crc_add(0, bytes, n));
	append(fd, trailer, strlen(trailer));
	try_file(fd, bytes);
	return 0;
}
