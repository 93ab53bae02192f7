/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_netrc - any bytes as a netrc
 *
 * It ends; found or not, the same each time; a fault is FAULT_CONFIG, names a
 * line that is there, and has no word of the file.  And what is put in quotes
 * comes back as it was, in front of whatever else the file has, for its user
 * and no other.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/netrc.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define HOST "smtp.example.org"
#define USER "me@example.org"
#define LIMIT 4194304

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_netrc: not true: %s\n", what);
	abort();
}

static void check_fault(const struct fault *f, const char *bytes, size_t n)
{
	unsigned long line, lines = 1;
	char *end;

	for (size_t i = 0; i < n; i++)
		lines += bytes[i] == '\n';
	must(f->kind == FAULT_CONFIG, "kind");
	must(strncmp(f->text, "line ", 5) == 0, "says where");
	line = strtoul(f->text + 5, &end, 10);
	must(line >= 1 && line <= lines && *end == ' ', "a line of the file");
}

static int search(const char *bytes, size_t n, const char *user,
                  struct sbuf *password)
{
	struct fault f = { .kind = FAULT_NONE };
	int found;

	sbuf_reset(password);
	found = netrc_find(bytes, n, HOST, user, password, &f);
	must(found == 1 || password->len == 0, "nothing when not found");
	must((found < 0) == (f.kind != FAULT_NONE), "a fault or none");
	if (found < 0)
		check_fault(&f, bytes, n);
	return found;
}

static void check_twice(const char *bytes, size_t n)
{
	struct sbuf one, two;

	sbuf_init(&one, NETRC_WORD);
	sbuf_init(&two, NETRC_WORD);
	must(search(bytes, n, USER, &one) == search(bytes, n, USER, &two),
	     "the same again");
	must(one.len == two.len && memcmp(one.data, two.data, one.len) == 0,
	     "the same password");
	sbuf_release(&one);
	sbuf_release(&two);
}

/* The bytes as a password in an entry before them. */
static void check_quoting(const char *bytes, size_t n)
{
	struct sbuf file, password;

	sbuf_init(&file, LIMIT);
	sbuf_init(&password, NETRC_WORD);
	sbuf_addstr(&file, "machine " HOST " login " USER " password \"");
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			sbuf_addstr(&file, "\\");
		sbuf_add(&file, bytes + i, 1);
	}
	sbuf_addstr(&file, "\"\ndefault login other password no\n");
	must(search(file.data, file.len, USER, &password) == 1, "found");
	must(password.len == n && memcmp(password.data, bytes, n) == 0,
	     "as it was");
	must(search(file.data, file.len, "nobody", &password) == 0,
	     "for nobody else");
	must(search(file.data, file.len, "other", &password) == 1 &&
	             strcmp(password.data, "no") == 0,
	     "what follows");
	sbuf_release(&file);
	sbuf_release(&password);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *text = (const char *)bytes;

	check_twice(text, n);
	if (n <= NETRC_WORD)
		check_quoting(text, n);
	return 0;
}
