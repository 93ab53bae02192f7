/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines, or pieces of them, go through fragment(); a line that may be a
 * boundary is collected first.  A line's end is held back until it is known to
 * which it belongs: to the text, or to the boundary that follows.
 */
#include "message/mime.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"
#include "base/mem.h"
#include "message/encode.h"
#include "message/field.h"
#include "message/parameter.h"

/* A multipart that is open. */
struct level {
	struct mime_part part;
	size_t at; /* of its boundary, in m->boundaries */
	size_t len;
	uint32_t hash;
	bool is_closed; /* its last boundary was seen */
};

struct mime {
	const struct mime_reader *reader;
	void *arg;
	size_t header_limit; /* of the message; of a part it is MIME_HEADER */
	const char *problem;
	uint32_t parts;

	struct level level[MIME_DEPTH];
	size_t depth;
	size_t open; /* levels with a boundary to look for */
	struct sbuf boundaries;

	struct mime_part part; /* whose header or text is read */
	bool in_header;
	struct sbuf header;
	size_t header_line; /* where its last line begins */

	bool in_line;
	bool is_candidate; /* the line may be a boundary: `line` has it */
	bool held_cr;
	bool held_break; /* the end of the line before */
	struct sbuf line;
};

/* ---- what a header says ---- */

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && ascii_is_same(s, word, n);
}

static bool is_prefix(const char *s, size_t n, const char *prefix)
{
	return n >= strlen(prefix) && ascii_is_same(s, prefix, strlen(prefix));
}

static enum mime_encoding read_encoding(const struct field *field)
{
	static const char *const word[] = {
		[MIME_7BIT] = "7bit",     [MIME_8BIT] = "8bit",
		[MIME_BINARY] = "binary", [MIME_QUOTED] = "quoted-printable",
		[MIME_BASE64] = "base64",
	};
	struct parameters p;
	const char *s;
	size_t n;

	s = parameters_begin(&p, field->value, field->value_len, &n);
	for (int i = MIME_7BIT; i <= MIME_BASE64; i++)
		if (is_word(s, n, word[i]))
			return (enum mime_encoding)i;
	return MIME_UNKNOWN;
}

/* False: there is none that can be used. */
static bool read_boundary(struct parameters *p, struct sbuf *out)
{
	struct parameter got;

	while (parameters_next(p, &got)) {
		if (is_prefix(got.name, got.name_len, "boundary*"))
			return false; /* RFC 2231: what is in it is no ASCII */
		if (!parameter_is(&got, "boundary"))
			continue;
		parameter_value(&got, out);
		while (out->len > 0 && ascii_is_blank(out->data[out->len - 1]))
			sbuf_cut(out, out->len - 1);
		return !out->overflow && out->len > 0 &&
		       !encode_has_8bit(out->data, out->len);
	}
	return false;
}

static void read_type(struct mime_part *part, const struct field *field,
                      struct sbuf *boundary)
{
	struct parameters p;
	const char *s;
	size_t n;

	s = parameters_begin(&p, field->value, field->value_len, &n);
	part->has_type = true;
	/* without a subtype it is no type: RFC 2045, section 5.2 */
	part->is_text = memchr(s, '/', n) == NULL || is_prefix(s, n, "text/") ||
	                is_prefix(s, n, "message/");
	part->is_partial = is_word(s, n, "message/partial");
	part->kind = MIME_LEAF;
	if (is_prefix(s, n, "multipart/")) {
		part->is_digest = is_word(s, n, "multipart/digest");
		part->kind = MIME_MULTIPART;
	} else if (is_word(s, n, "message/rfc822") ||
	           is_word(s, n, "message/global")) {
		part->kind = MIME_MESSAGE;
	}
	if (is_word(s, n, "multipart/signed") ||
	    is_word(s, n, "multipart/encrypted") ||
	    is_word(s, n, "application/pkcs7-mime") ||
	    is_word(s, n, "application/x-pkcs7-mime"))
		part->seals = true;
	part->is_broken =
		part->kind == MIME_MULTIPART && !read_boundary(&p, boundary);
}

/* Of two fields of a name the first counts.  What is encoded is not walked
 * into, though it says that there are parts. */
static void read_header(struct mime *m, struct sbuf *boundary)
{
	struct mime_part *part = &m->part;
	struct field field;
	size_t at = 0;

	while (field_next(m->header.data, m->header.len, &at, &field)) {
		if (field_is(&field, "MIME-Version"))
			part->has_version = true;
		else if (field_is(&field, "Content-Type") && !part->has_type)
			read_type(part, &field, boundary);
		else if (field_is(&field, "Content-Transfer-Encoding") &&
		         part->encoding == MIME_NONE)
			part->encoding = read_encoding(&field);
	}
	if (part->encoding == MIME_QUOTED || part->encoding == MIME_BASE64 ||
	    part->is_broken)
		part->kind = MIME_LEAF;
}

/* ---- parts ---- */

static void stop(struct mime *m, const char *problem)
{
	m->problem = problem;
}

/* `in` is the multipart that it is in, or NULL: it is a message. */
static void begin_part(struct mime *m, const struct mime_part *in,
                       bool is_sealed)
{
	bool in_digest = in != NULL && in->is_digest;

	if (m->parts >= MIME_PARTS) {
		stop(m, N_("it has more than 20000 parts"));
		return;
	}
	m->part = (struct mime_part){
		.index = m->parts,
		.message = in == NULL ? m->parts : in->message,
		.is_message = in == NULL,
		.is_sealed = is_sealed,
		.is_text = !in_digest,
		.kind = in_digest ? MIME_MESSAGE : MIME_LEAF
	};
	m->parts++;
	sbuf_release(&m->header);
	sbuf_init(&m->header,
	          m->part.index == 0 ? m->header_limit : MIME_HEADER);
	m->header_line = 0;
	m->in_header = true;
	m->held_break = false;
}

static uint32_t hash(const char *s, size_t n)
{
	uint32_t h = 0x811c9dc5U;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x01000193U;
	return h;
}

static void open_level(struct mime *m, const struct sbuf *boundary)
{
	if (m->depth == MIME_DEPTH) {
		stop(m, N_("its parts lie more than 100 deep"));
		return;
	}
	m->level[m->depth++] = (struct level){
		.part = m->part,
		.at = m->boundaries.len,
		.len = boundary->len,
		.hash = hash(boundary->data, boundary->len),
	};
	m->open++;
	sbuf_add(&m->boundaries, boundary->data, boundary->len);
}

static void end_header(struct mime *m, bool is_ended)
{
	struct sbuf boundary;

	sbuf_init(&boundary, MIME_BOUNDARY);
	read_header(m, &boundary);
	m->in_header = false;
	m->held_break = false;
	m->reader->header(m->arg, &m->part, m->header.data, m->header.len,
	                  is_ended);
	if (m->part.kind == MIME_MULTIPART)
		open_level(m, &boundary);
	else if (m->part.kind == MIME_MESSAGE)
		begin_part(m, NULL, m->part.is_sealed || m->part.seals);
	sbuf_release(&boundary);
}

/* All that is open above a level ends. */
static void end_parts(struct mime *m, size_t depth)
{
	while (m->in_header && m->problem == NULL)
		end_header(m, false);
	if (m->part.kind == MIME_LEAF)
		m->reader->end(m->arg, &m->part);
	for (; m->depth > depth; m->depth--) {
		m->open -= !m->level[m->depth - 1].is_closed;
		sbuf_cut(&m->boundaries, m->level[m->depth - 1].at);
	}
}

/* ---- boundaries ---- */

static bool is_of(const struct mime *m, const struct level *level,
                  const char *s, size_t n, uint32_t h)
{
	return !level->is_closed && level->len == n && level->hash == h &&
	       memcmp(m->boundaries.data + level->at, s, n) == 0;
}

/* The level whose boundary the line is, or NULL.  Whole lines are compared, by
 * length and hash first. */
static struct level *find_level(struct mime *m, const char *line, size_t n,
                                bool *is_last)
{
	uint32_t whole, shorter = 0;

	while (n > 2 && ascii_is_blank(line[n - 1]))
		n--;
	if (n < 3 || line[0] != '-' || line[1] != '-')
		return NULL;
	line += 2;
	n -= 2;
	whole = hash(line, n);
	*is_last = n > 2 && line[n - 1] == '-' && line[n - 2] == '-';
	if (*is_last)
		shorter = hash(line, n - 2);
	for (size_t i = m->depth; i > 0; i--) {
		struct level *level = &m->level[i - 1];

		if (*is_last && is_of(m, level, line, n - 2, shorter))
			return level;
		if (is_of(m, level, line, n, whole)) {
			*is_last = false;
			return level;
		}
	}
	return NULL;
}

/* False: the line is none. */
static bool take_boundary(struct mime *m, const char *line, size_t n)
{
	bool is_last = false, breaks = m->held_break;
	struct level *level = find_level(m, line, n, &is_last);

	if (level == NULL)
		return false;
	m->held_break = false;
	end_parts(m, (size_t)(level - m->level) + 1);
	if (m->problem != NULL)
		return true;
	m->reader->boundary(m->arg, line, n, breaks, is_last);
	if (is_last) {
		level->is_closed = true;
		m->open--;
		m->part = level->part;
		m->held_break = true;
	} else {
		begin_part(m, &level->part,
		           level->part.is_sealed || level->part.seals);
	}
	return true;
}

/* ---- lines ---- */

static void put_text(struct mime *m, const char *s, size_t n, bool ends)
{
	bool begins = !m->in_line;

	m->reader->text(m->arg, &m->part, s, n, begins,
	                begins && m->held_break);
	m->held_break = ends;
}

/* It is none: what was collected is text. */
static void give_up(struct mime *m)
{
	m->is_candidate = false;
	m->in_line = false;
	put_text(m, m->line.data, m->line.len, false);
	m->in_line = true;
}

static bool may_be_boundary(const char *s, size_t n, bool ends)
{
	if (n < 2)
		return !ends && (n == 0 || s[0] == '-');
	return s[0] == '-' && s[1] == '-';
}

static void add_text(struct mime *m, const char *s, size_t n, bool ends)
{
	if (!m->in_line && m->open > 0 && may_be_boundary(s, n, ends)) {
		if (ends && n <= MIME_LINE && take_boundary(m, s, n))
			return;
		m->is_candidate = !ends;
		sbuf_reset(&m->line);
	}
	if (!m->is_candidate) {
		put_text(m, s, n, ends);
		return;
	}
	if (n > MIME_LINE - m->line.len) {
		give_up(m);
		put_text(m, s, n, ends);
		return;
	}
	sbuf_add(&m->line, s, n);
	if (!ends) {
		if (!may_be_boundary(m->line.data, m->line.len, false))
			give_up(m);
		return;
	}
	m->is_candidate = false;
	if (!take_boundary(m, m->line.data, m->line.len)) {
		m->in_line = false;
		put_text(m, m->line.data, m->line.len, true);
	}
}

/* The last line of m->header is complete.  What is no field begins the text,
 * and belongs to it. */
static void take_header_line(struct mime *m)
{
	const char *line = m->header.data + m->header_line;
	size_t n = m->header.len - m->header_line;
	struct sbuf copy;

	if (n == 0) {
		end_header(m, true);
		return;
	}
	if ((m->header_line > 0 && ascii_is_blank(*line)) ||
	    field_begins(line, n)) {
		sbuf_addstr(&m->header, "\r\n");
		m->header_line = m->header.len;
		return;
	}
	sbuf_init(&copy, n);
	sbuf_add(&copy, line, n);
	sbuf_cut(&m->header, m->header_line);
	while (m->in_header && m->problem == NULL)
		end_header(m, false);
	m->in_line = false;
	if (m->problem == NULL)
		add_text(m, copy.data, n, true);
	sbuf_release(&copy);
}

static void add_header(struct mime *m, const char *s, size_t n, bool ends)
{
	sbuf_add(&m->header, s, n);
	if (m->header.overflow || m->header.len + 2 > m->header.limit)
		stop(m, N_("the header of a part is too long"));
	else if (ends)
		take_header_line(m);
}

static void fragment(struct mime *m, const char *s, size_t n, bool ends)
{
	if (m->problem != NULL)
		return;
	if (m->in_header)
		add_header(m, s, n, ends);
	else
		add_text(m, s, n, ends);
	m->in_line = !ends;
}

/* A CR at the end of a piece may be half of a line end. */
static void take(struct mime *m, const char *s, size_t n, bool ends)
{
	bool has_cr = n > 0 && s[n - 1] == '\r';

	if (m->held_cr && !(n == 0 && ends))
		fragment(m, "\r", 1, false);
	m->held_cr = has_cr && !ends;
	if (has_cr)
		n--;
	if (n > 0 || ends)
		fragment(m, s, n, ends);
}

void mime_add(struct mime *m, const char *bytes, size_t n)
{
	const char *end = bytes + n, *lf;

	while (bytes < end && m->problem == NULL) {
		lf = memchr(bytes, '\n', (size_t)(end - bytes));
		take(m, bytes, (size_t)((lf == NULL ? end : lf) - bytes),
		     lf != NULL);
		bytes = lf == NULL ? end : lf + 1;
	}
}

/* A last line without its end gets one. */
void mime_end(struct mime *m)
{
	if (m->held_cr || m->in_line)
		take(m, "", 0, true);
	if (m->problem != NULL)
		return;
	if (!m->in_header && m->held_break) {
		m->in_line = false;
		put_text(m, "", 0, false);
	}
	end_parts(m, 0);
}

struct mime *mime_create(const struct mime_reader *reader, void *arg,
                         size_t header_limit)
{
	struct mime *m = mem_alloc(sizeof(*m));

	m->reader = reader;
	m->arg = arg;
	m->header_limit = header_limit;
	sbuf_init(&m->boundaries, (size_t)MIME_DEPTH * MIME_BOUNDARY);
	sbuf_init(&m->header, header_limit);
	sbuf_init(&m->line, MIME_LINE);
	begin_part(m, NULL, false);
	return m;
}

const char *mime_problem(const struct mime *m)
{
	return m->problem;
}

void mime_free(struct mime **pointer)
{
	struct mime *m = *pointer;

	if (m == NULL)
		return;
	sbuf_release(&m->line);
	sbuf_release(&m->header);
	sbuf_release(&m->boundaries);
	free(m);
	*pointer = NULL;
}
