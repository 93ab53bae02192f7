/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_strict - an entry from a stranger
 *
 * The first byte says in which pieces it comes; then once as it is, and once as
 * everything before a right trailer.  What is accepted is what was given but
 * for the uid, and an entry for those who read it later; never is more given
 * out than was taken, but for a longer uid.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/sbuf.h"
#include "queue/strict.h"

#define UID 4294967294U
#define UID_GROWS 10 /* digits */
#define CONTENT_LIMIT ((size_t)1 << 26)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Not assert(): it must hold in every build. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

struct output {
	struct sbuf given;
	const struct strict *strict;
};

static bool collect(void *arg, const char *bytes, size_t n)
{
	struct output *o = arg;

	must(n > 0);
	sbuf_add(&o->given, bytes, n);
	must(o->given.len <= o->strict->taken + UID_GROWS + STRICT_TRAILER);
	return true;
}

static enum strict_result run(struct output *o, const char *bytes, size_t n,
                              size_t size)
{
	enum strict_result result = STRICT_OK;
	struct strict s;

	sbuf_init(&o->given, CONTENT_LIMIT);
	o->strict = &s;
	strict_init(&s, UID, collect, o);
	for (size_t at = 0; at < n && result == STRICT_OK; at += size)
		result = strict_take(&s, bytes + at,
		                     size < n - at ? size : n - at);
	return result == STRICT_OK ? strict_end(&s) : result;
}

/* Of the line that begins with "U "; how long it is in *len. */
static size_t find_uid(const struct sbuf *b, size_t *len)
{
	const char *at = memmem(b->data, b->len, "\nU ", 3);

	must(at != NULL);
	*len = (size_t)((const char *)memchr(at + 1, '\n', b->len) - at);
	return (size_t)(at - b->data);
}

/* The same up to the uid, and from there to the trailer. */
static void compare(const struct sbuf *taken, const struct sbuf *given)
{
	size_t a_len, b_len;
	size_t a = find_uid(taken, &a_len), b = find_uid(given, &b_len);
	size_t rest = taken->len - STRICT_TRAILER - a - a_len;

	must(a == b && memcmp(taken->data, given->data, a) == 0);
	must(given->len - STRICT_TRAILER - b - b_len == rest);
	must(memcmp(taken->data + a + a_len, given->data + b + b_len, rest) ==
	     0);
}

static void read_it(const struct sbuf *given)
{
	struct fault f = { 0 };
	struct entry e;

	entry_init(&e);
	e.fd = memfd_create("entry", MFD_CLOEXEC);
	must(e.fd >= 0);
	must(write(e.fd, given->data, given->len) == (ssize_t)given->len);
	must(entry_read(&e, &f) == 0);
	must(entry_verify(&e, NULL, NULL, &f) == 0);
	must(e.envelope.uid == UID);
	entry_release(&e);
}

static void try(const struct sbuf *input, size_t size)
{
	struct output whole = { 0 }, pieces = { 0 };
	enum strict_result result =
		run(&whole, input->data, input->len, input->len + 1);

	must(run(&pieces, input->data, input->len, size) == result);
	if (result == STRICT_OK) {
		must(pieces.given.len == whole.given.len);
		must(memcmp(pieces.given.data, whole.given.data,
		            whole.given.len) == 0);
		compare(input, &whole.given);
		read_it(&whole.given);
	}
	sbuf_release(&whole.given);
	sbuf_release(&pieces.given);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	size_t size = n > 0 ? bytes[0] % 64 + 1 : 1;
	char line[STRICT_TRAILER + 1];
	struct sbuf input;

	sbuf_init(&input, CONTENT_LIMIT);
	if (n > 1)
		sbuf_add(&input, (const char *)bytes + 1, n - 1);
	try(&input, size);
	snprintf(line, sizeof(line), "= %016zX %08" PRIX32 "\n", input.len,
	         crc_add(0, input.data, input.len));
	sbuf_add(&input, line, STRICT_TRAILER);
	try(&input, size);
	sbuf_release(&input);
	return 0;
}
