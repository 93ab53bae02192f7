/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_bearer - what a server says of a token that it does not take
 *
 * Whatever it is: the words for a person are bounded, valid to show and have
 * no part of the token in them, and both mechanisms acknowledge it.  What is
 * read as an object is one to the last byte: without that byte, or with one
 * more, it is none.  Its members lie within it, in order.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "net/bearer.h"
#include "net/object.h"

#define TOKEN "ya29.a-token"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_bearer: not true: %s\n", what);
	abort();
}

static bool is_object(const char *bytes, size_t n)
{
	const char *before = bytes;
	struct object_member m;
	struct object o;
	int more;

	object_open(&o, bytes, n);
	while ((more = object_next(&o, &m)) > 0) {
		struct sbuf value;

		must(m.name > before && m.value > m.name + m.name_length &&
		             m.length > 0 && m.value + m.length <= bytes + n,
		     "members in order");
		before = m.value + m.length - 1;
		sbuf_init(&value, 4 * n + 4);
		object_add_value(&m, &value);
		must(!value.overflow, "a value grows by its escapes only");
		sbuf_release(&value);
	}
	return more == 0;
}

static void check_object(const char *bytes, size_t n)
{
	char *more;

	if (!is_object(bytes, n))
		return;
	while (n > 0 && strchr(" \t\r\n", bytes[n - 1]) != NULL)
		n--;
	must(n >= 2 && bytes[n - 1] == '}', "its last byte");
	must(!is_object(bytes, n - 1), "not without it");
	more = malloc(n + 1);
	memcpy(more, bytes, n);
	more[n] = '}';
	must(!is_object(more, n + 1), "nor with one more");
	free(more);
}

static void check_words(const char *words)
{
	char again[4 * BEARER_WORDS + 1];

	must(strlen(words) <= BEARER_WORDS, "bounded");
	escape_copy(again, sizeof(again), words, strlen(words));
	must(strcmp(again, words) == 0, "valid to show");
	must(strstr(words, TOKEN) == NULL, "no token");
}

static void check_login(enum bearer_kind kind, const char *bytes, size_t n)
{
	struct secret *token = secret_create(TOKEN, strlen(TOKEN));
	const struct bearer_login login = {
		.user = "me", .host = "h", .port = 587, .token = token
	};
	struct fault f = { 0 };
	struct bearer *b = bearer_create(kind, &login, &f);
	struct sbuf said;

	must(b != NULL, "a login");
	sbuf_init(&said, BEARER_LIMIT);
	must(bearer_step(b, "", 0, &said), "it begins");
	sbuf_reset(&said);
	must(!bearer_step(b, bytes, n, &said), "it ends");
	must(strcmp(said.data, bearer_acknowledge(kind)) == 0, "acknowledged");
	check_words(bearer_refusal(b));
	sbuf_release(&said);
	bearer_free(&b);
	secret_free(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *copy = malloc(n + 1); /* its end is found by sanitizers */

	if (n > 12288) {
		free(copy);
		return 0;
	}
	copy = realloc(copy, n > 0 ? n : 1);
	if (n > 0)
		memcpy(copy, bytes, n);
	check_object(copy, n);
	check_login(BEARER_XOAUTH2, copy, n);
	check_login(BEARER_OAUTHBEARER, copy, n);
	free(copy);
	return 0;
}
