/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_aliases - any bytes as a file of aliases, and as its files of members
 *
 * Texts are divided by NUL: the first is the file, the others what each file of
 * members holds.  Every name expands to addresses that pass address_check(), at
 * least one, or has a fault that is among those of the table; and explaining it
 * agrees with expanding it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "message/aliases.h"

#define LIMIT ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static size_t part_length(const char *text, size_t n)
{
	const char *end = memchr(text, '\0', n);

	return end != NULL ? (size_t)(end - text) : n;
}

static struct aliases *load(const char *text, size_t n)
{
	struct aliases *a = aliases_create("/etc/aliases");
	struct fault f = { .kind = FAULT_NONE };
	size_t part = part_length(text, n);
	const char *path;

	fault_set(&f, FAULT_CONFIG, "4.3.5", "it is not there");
	aliases_add(a, text, part);
	while ((path = aliases_next_include(a)) != NULL) {
		must(path[0] == '/');
		text += part < n ? part + 1 : n;
		n -= part < n ? part + 1 : n;
		part = part_length(text, n);
		if (n > 0)
			aliases_add_include(a, text, part);
		else
			aliases_refuse_include(a, &f);
	}
	aliases_finish(a);
	return a;
}

static void check_fault(const struct aliases *a, const struct fault *f)
{
	struct fault known;
	size_t i = 0;

	must(f->kind == FAULT_CONFIG);
	must(f->text[0] != '\0' && strpbrk(f->text, "\r\n\t\x1b") == NULL);
	while (aliases_fault(a, i, &known) && strcmp(known.text, f->text) != 0)
		i++;
	must(aliases_fault(a, i, &known));
}

static void check_name(const struct aliases *a, const char *name)
{
	struct fault f = { .kind = FAULT_NONE }, again = { .kind = FAULT_NONE };
	struct address_list l;
	struct sbuf text;
	int result;

	address_list_init(&l, ADDRESS_COUNT_LIMIT, LIMIT);
	sbuf_init(&text, LIMIT);
	result = aliases_expand(a, name, &l, &f);
	must(aliases_explain(a, name, &text, &again) == result);
	if (result < 0) {
		check_fault(a, &f);
		must(strcmp(f.text, again.text) == 0);
	} else if (result > 0) {
		must(l.count > 0 && text.len > 0);
	}
	for (size_t i = 0; i < l.count; i++)
		must(address_check(l.item[i], &again) == 0);
	sbuf_release(&text);
	address_list_release(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = mem_alloc(n + 1);
	struct aliases *a;
	const char *name;
	size_t at = 0, count = 0;

	if (n > 0)
		memcpy(text, bytes, n);
	a = load(text, n);
	while ((name = aliases_next_name(a, &at)) != NULL) {
		check_name(a, name);
		count++;
	}
	must(count == aliases_count(a));
	check_name(a, "root");
	check_name(a, "\"a b\"");
	aliases_free(&a);
	free(text);
	return 0;
}
