/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_helper - any bytes as what a helper says, and as what one is asked
 *
 * Refused: nothing is kept, and the fault has a line, no value, no control
 * byte.  Taken: every key and value is one, each key is there once, and what is
 * written of it reads as the same.  Setting a value to any bytes keeps all
 * this, and never makes a line of its own.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pairs.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define MARK "s3cret-mark"

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_helper: not true: %s\n", what);
	abort();
}

static bool is_clean(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static size_t count_of(const struct pairs *p)
{
	const char *value;
	size_t n = 0;

	while (pairs_at(p, n, &value) != NULL)
		n++;
	return n;
}

static void check_each(const struct pairs *p)
{
	const char *key, *value;

	for (size_t i = 0; (key = pairs_at(p, i, &value)) != NULL; i++) {
		size_t length = strlen(key);

		must(length > 0 && length < PAIRS_KEY &&
		             strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789"
		                         "_") == length,
		     "a key");
		must(is_clean(value), "a value");
		must(pairs_get(p, key) == value, "found, and once");
	}
	must(p->bytes.len <= PAIRS_LIMIT, "no more than the limit");
}

static void check_again(const struct pairs *p)
{
	struct fault f = { .kind = FAULT_NONE };
	struct pairs again;
	struct sbuf b;

	sbuf_init(&b, PAIRS_LIMIT + PAIRS_KEY);
	pairs_init(&again);
	pairs_write(p, &b);
	must(!b.overflow && b.len >= 1 && b.data[b.len - 1] == '\n', "written");
	must(pairs_read(&again, b.data, b.len, &f) == 0, "can be read");
	must(again.bytes.len == p->bytes.len &&
	             memcmp(again.bytes.data, p->bytes.data, p->bytes.len) == 0,
	     "the same");
	pairs_release(&again);
	sbuf_release(&b);
}

/* The bytes up to the first NUL, as a value among others. */
static void check_put(struct pairs *p, const char *text)
{
	struct fault f = { .kind = FAULT_NONE };
	size_t before;
	bool was_there = pairs_get(p, "secret") != NULL;
	int result;

	before = count_of(p);
	result = pairs_put(p, "secret", text, &f);
	must(result != 0 || is_clean(text), "no line break is put");
	must(result == 0 ? strcmp(pairs_get(p, "secret"), text) == 0
	                 : pairs_get(p, "secret") == NULL,
	     "there or not");
	must(count_of(p) ==
	             before + (result == 0 ? 1 : 0) - (was_there ? 1 : 0),
	     "one line, no more");
	check_each(p);
	check_again(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fault f = { .kind = FAULT_NONE };
	char *text = malloc(n + 1);
	struct pairs p;

	must(text != NULL, "memory");
	memcpy(text, bytes, n);
	text[n] = '\0';
	pairs_init(&p);
	if (pairs_read(&p, text, n, &f) != 0) {
		must(p.bytes.len == 0, "nothing is kept");
		must(f.kind == FAULT_TEMP && f.text[0] != '\0' &&
		             is_clean(f.text) && strstr(f.text, MARK) == NULL,
		     "a fault without a secret");
	}
	check_each(&p);
	check_again(&p);
	check_put(&p, text);
	pairs_release(&p);
	free(text);
	return 0;
}
