/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "input.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/crc.h"
#include "queue/strict.h"

#define TRAILER STRICT_TRAILER
#define ROOM (INPUT_SIZE - 4096) /* what is left for changes, and a trailer */

struct text {
	char *bytes;
	size_t n;
};

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

size_t input_choose(uint64_t *state, size_t limit)
{
	return (size_t)(next(state) % limit);
}

static bool one_in(uint64_t *state, size_t n)
{
	return input_choose(state, n) == 0;
}

static void add(struct text *t, const char *bytes, size_t n)
{
	if (n > ROOM - t->n)
		n = ROOM - t->n;
	memcpy(t->bytes + t->n, bytes, n);
	t->n += n;
}

static void add_word(struct text *t, const char *word)
{
	add(t, word, strlen(word));
}

static void add_trailer(struct text *t)
{
	char line[TRAILER + 1];

	snprintf(line, sizeof(line), "= %016zX %08" PRIX32 "\n", t->n,
	         crc_add(0, t->bytes, t->n));
	memcpy(t->bytes + t->n, line, TRAILER);
	t->n += TRAILER;
}

static void add_content(uint64_t *state, struct text *t)
{
	static const char *const lines[] = {
		"Subject: x\r\n",
		"\r\n",
		".\r\n",
		"one line\r\n",
		"gr\xc3\xbc\xff\r\n",
		"= 0000000000000000 00000000\r\n"
	};
	size_t count = input_choose(state, one_in(state, 64) ? 20000 : 12) + 1;

	while (count-- > 0 && ROOM - t->n > 64)
		add_word(t, lines[input_choose(state, COUNT_OF(lines))]);
}

static void make_entry(uint64_t *state, struct text *t)
{
	static const char *const senders[] = { "S \n", "S me@example.org\n",
		                               "S \xff\xfe@x\n" };
	static const char *const more[] = { "B 8BITMIME\n", "N never\n",
		                            "T hdrs\n", "V id\n" };
	size_t count = input_choose(state, 4) + 1;

	add_word(t, "relay 1\n");
	add_word(t, senders[input_choose(state, COUNT_OF(senders))]);
	while (count-- > 0)
		add_word(t, "R you@example.net\n");
	add_word(t, one_in(state, 2) ? "U 0\n" : "U 4294967295\n");
	for (size_t i = 0; i < COUNT_OF(more); i++)
		if (one_in(state, 3))
			add_word(t, more[i]);
	add_word(t, "\n");
	add_content(state, t);
}

static void make_noise(uint64_t *state, struct text *t)
{
	size_t count = input_choose(state, 300);

	while (count-- > 0)
		t->bytes[t->n++] = (char)next(state);
}

static void remove_range(struct text *t, size_t at, size_t n)
{
	n = n < t->n - at ? n : t->n - at;
	memmove(t->bytes + at, t->bytes + at + n, t->n - at - n);
	t->n -= n;
}

/* Its own bytes once more, or others. */
static void insert_range(uint64_t *state, struct text *t, size_t at, size_t n)
{
	bool is_noise = one_in(state, 2);

	n = n < t->n - at ? n : t->n - at;
	if (n > ROOM - t->n)
		return;
	memmove(t->bytes + at + n, t->bytes + at, t->n - at);
	t->n += n;
	for (size_t i = 0; is_noise && i < n; i++)
		t->bytes[at + i] = (char)next(state);
}

/* Mostly near the beginning, where the rules are. */
static void change(uint64_t *state, struct text *t)
{
	static const char special[] = "\0\n\r\t\x1b\x7f =SRUBNTVX1\xff";
	size_t near = t->n < 120 || one_in(state, 4) ? t->n : 120;
	size_t at = near > 0 ? input_choose(state, near) : 0;

	if (t->n == 0)
		return;
	switch (input_choose(state, 6)) {
	case 0:
		t->bytes[at] = (char)((unsigned char)t->bytes[at] ^
		                      (1U << input_choose(state, 8)));
		break;
	case 1:
		t->bytes[at] = special[input_choose(state, sizeof(special))];
		break;
	case 2: remove_range(t, at, input_choose(state, 40)); break;
	case 3: insert_range(state, t, at, input_choose(state, 40)); break;
	case 4: t->n = at; break;
	default: insert_range(state, t, at, 1); break;
	}
}

size_t input_make(uint64_t *state, char bytes[INPUT_SIZE])
{
	struct text t = { .bytes = bytes };
	size_t kind = input_choose(state, 16);

	if (kind == 0) {
		make_noise(state, &t);
		if (one_in(state, 2))
			add_trailer(&t);
		return t.n;
	}
	make_entry(state, &t);
	if (kind > 2)
		for (size_t k = input_choose(state, 3) + 1; k > 0; k--)
			change(state, &t);
	add_trailer(&t);
	if (kind > 12)
		change(state, &t);
	return t.n;
}

struct output {
	char *bytes;
	size_t n;
};

static bool collect(void *arg, const char *bytes, size_t n)
{
	struct output *o = arg;

	memcpy(o->bytes + o->n, bytes, n);
	o->n += n;
	return true;
}

bool input_is_entry(const char *bytes, size_t n, unsigned uid, char *out,
                    size_t *out_len)
{
	struct output o = { .bytes = out };
	struct strict s;
	bool is_entry;

	strict_init(&s, uid, collect, &o);
	is_entry = strict_take(&s, bytes, n) == STRICT_OK &&
	           strict_end(&s) == STRICT_OK;
	*out_len = o.n;
	return is_entry;
}
