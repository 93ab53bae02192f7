/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/content.h"

#include <string.h>

#include "base/intl.h"

/* A header that was rewritten may hold each of its fields twice, and some. */
#define HEAD_LIMIT (3 * HEADER_BYTE_LIMIT)

void content_init(struct content *c, struct entry *entry)
{
	memset(c, 0, sizeof(*c));
	c->entry = entry;
	wire_scan_init(&c->scan);
	sbuf_init(&c->original, HEADER_BYTE_LIMIT + 1024);
	sbuf_init(&c->head, HEAD_LIMIT);
}

void content_release(struct content *c)
{
	sbuf_release(&c->original);
	sbuf_release(&c->head);
}

/* ---- looking ---- */

void content_see(void *content, const char *bytes, size_t n)
{
	struct content *c = content;
	uint64_t before = c->scan.header_bytes;

	wire_scan_add(&c->scan, bytes, n);
	sbuf_add(&c->original, bytes, (size_t)(c->scan.header_bytes - before));
}

bool content_is_whole(const struct content *c)
{
	return c->scan.bare == 0 && c->scan.ends_with_crlf;
}

/* ---- the header ---- */

/* The lines of the header up to its empty line, or to one that is none: there
 * the body begins, and relay's own programs never write that.  -1: too long. */
static int split(const char *text, size_t n, struct header *h, size_t *used,
                 struct fault *f)
{
	*used = 0;
	while (*used < n) {
		const char *line = text + *used;
		const char *lf = memchr(line, '\n', n - *used);
		size_t len = (size_t)(lf - line) - 1;

		switch (header_add_line(h, line, len)) {
		case HEADER_TAKEN: *used += len + 2; break;
		case HEADER_END: *used += len + 2; return 0;
		case HEADER_BODY: return 0;
		case HEADER_TOO_LONG:
			return fault_set(f, FAULT_PERM, "5.3.4",
			                 _("its header has more than %zu MiB "
			                   "or %zu fields"),
			                 HEADER_BYTE_LIMIT >> 20,
			                 HEADER_FIELD_LIMIT);
		}
	}
	return 0;
}

static int put(void *arg, const char *bytes, size_t n)
{
	sbuf_add(arg, bytes, n);
	return 0;
}

static int rewrite(struct content *c, const struct rewrite_rules *rules,
                   struct fault *f)
{
	struct header h;
	size_t used = 0;
	int changed;

	header_init(&h, HEAD_LIMIT, HEADER_FIELD_LIMIT);
	changed = split(c->original.data, c->original.len, &h, &used, f);
	if (changed == 0)
		changed = rewrite_header(rules, &h, f);
	if (changed == 1) {
		header_write(&h, put, &c->head);
		sbuf_addstr(&c->head, "\r\n");
		c->skip = used;
		c->is_rewritten = true;
	}
	header_release(&h);
	return changed < 0 ? -1 : 0;
}

int content_rewrite(struct content *c, const char *trace,
                    const struct rewrite_rules *rules, struct fault *f)
{
	int result = 0;

	sbuf_addstr(&c->head, trace);
	if (c->original.overflow)
		result = fault_set(f, FAULT_PERM, "5.3.4",
		                   _("its header has more than %zu MiB or %zu "
		                     "fields"),
		                   HEADER_BYTE_LIMIT >> 20, HEADER_FIELD_LIMIT);
	else
		result = rewrite(c, rules, f);
	sbuf_release(&c->original);
	return result;
}

uint64_t content_size(const struct content *c)
{
	return c->head.len + c->scan.header_bytes + c->scan.body_bytes -
	       c->skip;
}

bool content_is_8bit(const struct content *c)
{
	return c->scan.has_8bit;
}

/* ---- reading ---- */

void content_rewind(struct content *c)
{
	entry_rewind(c->entry);
	c->head_at = 0;
	c->skipped = 0;
}

/* The head stands for the first bytes of the entry, which are read all the
 * same: its sum is over everything. */
static ssize_t next_of_entry(struct content *c, char *bytes, size_t size,
                             struct fault *f)
{
	for (;;) {
		uint64_t left = c->skip - c->skipped;
		ssize_t n = entry_next(c->entry, bytes, size, f);

		if (n <= 0 || left == 0)
			return n;
		if ((uint64_t)n > left) {
			c->skipped = c->skip;
			memmove(bytes, bytes + left, (size_t)n - (size_t)left);
			return n - (ssize_t)left;
		}
		c->skipped += (uint64_t)n;
	}
}

ssize_t content_next(struct content *c, char *bytes, size_t size,
                     struct fault *f)
{
	size_t left = c->head.len - c->head_at;

	if (left == 0)
		return next_of_entry(c, bytes, size, f);
	if (size > left)
		size = left;
	memcpy(bytes, c->head.data + c->head_at, size);
	c->head_at += size;
	return (ssize_t)size;
}
