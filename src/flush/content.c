/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/content.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"
#include "base/mem.h"

/* A header that was rewritten may hold each of its fields twice, and some. */
#define HEAD_LIMIT (3 * HEADER_BYTE_LIMIT)

/* Of converted text at a time: a header, encoded.  One that was made for it may
 * grow to fourteen times its length, and is refused. */
#define READY_LIMIT (8 * HEADER_BYTE_LIMIT)

#define SUBJECT_KEPT 500 /* bytes, for a report */
#define PIECE 8192       /* bytes read at a time to be converted */
#define LONGEST_LINE 998 /* RFC 5321, 4.5.3.1.6, without the CRLF */

void content_init(struct content *c, struct entry *entry)
{
	memset(c, 0, sizeof(*c));
	c->entry = entry;
	wire_scan_init(&c->scan);
	sbuf_init(&c->original, HEADER_BYTE_LIMIT + 1024);
	sbuf_init(&c->head, HEAD_LIMIT);
	sbuf_init(&c->ready, READY_LIMIT);
}

void content_release(struct content *c)
{
	sbuf_release(&c->original);
	sbuf_release(&c->head);
	sbuf_release(&c->ready);
	free(c->subject);
	downgrade_free(&c->downgrade);
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

static int too_long(struct fault *f)
{
	return fault_set(f, FAULT_PERM, "5.3.4",
	                 _("its header has more than %zu MiB or %zu fields"),
	                 HEADER_BYTE_LIMIT >> 20, HEADER_FIELD_LIMIT);
}

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
		case HEADER_TOO_LONG: return too_long(f);
		}
	}
	return 0;
}

static int put(void *arg, const char *bytes, size_t n)
{
	sbuf_add(arg, bytes, n);
	return 0;
}

static char *copy_subject(const struct header *h)
{
	const struct header_field *field = header_find(h, "Subject", NULL);
	struct sbuf value;
	char *subject;

	if (field == NULL)
		return NULL;
	sbuf_init(&value, h->text.limit);
	header_value(h, field, &value);
	subject = mem_strndup(value.data, value.len < SUBJECT_KEPT
	                                          ? value.len
	                                          : SUBJECT_KEPT);
	sbuf_release(&value);
	return subject;
}

/* Has it parts, with headers of their own? */
static bool is_composite(const struct header *h)
{
	const struct header_field *type = header_find(h, "Content-Type", NULL);
	struct sbuf value;
	bool composite = false;

	sbuf_init(&value, h->text.limit);
	if (type != NULL)
		header_value(h, type, &value);
	composite = ascii_begins(value.data, "multipart/") ||
	            ascii_begins(value.data, "message/");
	sbuf_release(&value);
	return composite;
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
	c->subject = copy_subject(&h);
	c->has_mime_version = header_find(&h, "MIME-Version", NULL) != NULL;
	c->is_composite = is_composite(&h);
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
		result = too_long(f);
	else
		result = rewrite(c, rules, f);
	sbuf_release(&c->original);
	wire_scan_init(&c->head_scan);
	wire_scan_add(&c->head_scan, c->head.data, c->head.len);
	return result;
}

uint64_t content_size(const struct content *c)
{
	if (c->is_converted)
		return c->converted.header_bytes + c->converted.body_bytes;
	return c->head.len + c->scan.header_bytes + c->scan.body_bytes -
	       c->skip;
}

bool content_is_8bit(const struct content *c)
{
	if (c->is_converted)
		return c->converted.has_8bit;
	return c->scan.has_8bit || c->head_scan.has_8bit;
}

/* ---- reading ---- */

static void rewind_source(struct content *c)
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

static ssize_t next_of_source(struct content *c, char *bytes, size_t size,
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

static int make_ready(void *arg, const char *bytes, size_t n)
{
	sbuf_add(arg, bytes, n);
	return 0;
}

void content_rewind(struct content *c)
{
	rewind_source(c);
	sbuf_reset(&c->ready);
	c->ready_at = 0;
	c->has_ended = false;
	if (c->is_converted)
		downgrade_begin(c->downgrade, make_ready, &c->ready);
}

/* Something is ready, or it has ended.  -1: the file cannot be read. */
static int convert_more(struct content *c, struct fault *f)
{
	char piece[PIECE];
	ssize_t n = 1;

	sbuf_reset(&c->ready);
	c->ready_at = 0;
	while (c->ready.len == 0 && n > 0) {
		n = next_of_source(c, piece, sizeof(piece), f);
		if (n < 0)
			return -1;
		if (n > 0)
			downgrade_add(c->downgrade, piece, (size_t)n);
		else
			downgrade_end(c->downgrade);
		c->has_ended = n == 0;
	}
	if (!c->ready.overflow)
		return 0;
	return fault_set(f, FAULT_PERM, "5.6.3",
	                 _("its header is too long to be converted for this "
	                   "server: send it with a shorter one"));
}

ssize_t content_next(struct content *c, char *bytes, size_t size,
                     struct fault *f)
{
	size_t left;

	if (!c->is_converted)
		return next_of_source(c, bytes, size, f);
	if (c->ready_at == c->ready.len && !c->has_ended &&
	    convert_more(c, f) != 0)
		return -1;
	left = c->ready.len - c->ready_at;
	if (size > left)
		size = left;
	memcpy(bytes, c->ready.data + c->ready_at, size);
	c->ready_at += size;
	return (ssize_t)size;
}

/* ---- what the server takes ---- */

/* Most mail is text that every server takes; what is known of it already says
 * so, without another reading. */
static bool is_plain(const struct content *c, bool can_8bit, bool can_utf8)
{
	bool body_8bit = c->scan.has_8bit; /* the header's included */

	if (c->scan.longest > LONGEST_LINE ||
	    c->head_scan.longest > LONGEST_LINE)
		return false;
	if (!can_utf8 &&
	    (c->scan.header_has_8bit || c->head_scan.header_has_8bit))
		return false;
	if (body_8bit && (!can_8bit || !c->has_mime_version || c->is_composite))
		return false;
	return can_8bit || !c->scan.has_nul;
}

/* Read all of it, `see` piece by piece. */
static int read_source(struct content *c,
                       void (*see)(struct downgrade *d, const char *bytes,
                                   size_t n),
                       struct fault *f)
{
	char piece[PIECE];
	ssize_t n;

	rewind_source(c);
	while ((n = next_of_source(c, piece, sizeof(piece), f)) > 0)
		see(c->downgrade, piece, (size_t)n);
	return (int)n;
}

static int look(struct content *c, struct fault *f)
{
	if (c->downgrade != NULL)
		return 0;
	c->downgrade = downgrade_create();
	if (read_source(c, downgrade_look, f) != 0) {
		downgrade_free(&c->downgrade);
		return -1;
	}
	downgrade_looked(c->downgrade);
	return 0;
}

/* Its size must be known before it is sent. */
static int measure(struct content *c, struct fault *f)
{
	char piece[PIECE];
	ssize_t n;

	wire_scan_init(&c->converted);
	c->is_converted = true;
	content_rewind(c);
	while ((n = content_next(c, piece, sizeof(piece), f)) > 0)
		wire_scan_add(&c->converted, piece, (size_t)n);
	return (int)n;
}

enum content_result content_fit(struct content *c, bool can_8bit, bool can_utf8,
                                struct fault *f)
{
	struct downgrade_limits limits = { .can_8bit = can_8bit,
		                           .can_utf8 = can_utf8 };
	int plan;

	c->is_converted = false;
	if (is_plain(c, can_8bit, can_utf8))
		return CONTENT_FITS;
	if (look(c, f) != 0)
		return CONTENT_DAMAGED;
	plan = downgrade_plan(c->downgrade, &limits, f);
	if (plan < 0)
		return CONTENT_REFUSED;
	if (plan > 0 && measure(c, f) != 0)
		return c->ready.overflow ? CONTENT_REFUSED : CONTENT_DAMAGED;
	return CONTENT_FITS;
}

const char *content_changes(const struct content *c)
{
	return c->is_converted ? downgrade_changes(c->downgrade) : "";
}
