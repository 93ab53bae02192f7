/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each of the two converters is a machine that takes one byte (step), and a
 * fast path that does the same for all bytes between two chunk ends (bulk). The
 * fast path looks for CR and LF only, with memchr, and never looks at a byte
 * twice: what it has found stays in a struct marks.
 */
#include "message/wire.h"

#include <string.h>

/* ---- output ---- */

static void flush(struct wire_out *o)
{
	if (o->used > 0 && o->result == 0)
		o->result = o->write(o->arg, o->bytes, o->used);
	o->used = 0;
}

/* Long pieces are handed on as they are, short ones are collected. */
static void put(struct wire_out *o, const char *bytes, size_t n)
{
	if (n > sizeof(o->bytes) - o->used)
		flush(o);
	if (n >= sizeof(o->bytes) / 4) {
		flush(o);
		if (o->result == 0)
			o->result = o->write(o->arg, bytes, n);
		return;
	}
	memcpy(o->bytes + o->used, bytes, n);
	o->used += n;
}

static void put_slice(struct wire_out *o, const char *from, const char *to)
{
	if (to > from)
		put(o, from, (size_t)(to - from));
}

static void put_spaces(struct wire_out *o, size_t n)
{
	static const char spaces[] = "                                ";

	for (; n > sizeof(spaces) - 1; n -= sizeof(spaces) - 1)
		put(o, spaces, sizeof(spaces) - 1);
	put(o, spaces, n);
}

/* ---- marks: the next CR and LF ---- */

struct marks {
	const char *at; /* next byte to handle */
	const char *end;
	const char *lf; /* where the first one is, or end; stale if < at */
	const char *cr;
};

static const char *find(const char *from, const char *end, char c)
{
	const char *found =
		from < end ? memchr(from, c, (size_t)(end - from)) : NULL;

	return found == NULL ? end : found;
}

static void find_marks(struct marks *m)
{
	if (m->lf < m->at)
		m->lf = find(m->at, m->end, '\n');
	if (m->cr < m->at)
		m->cr = find(m->at, m->end, '\r');
}

static struct marks marks(const char *bytes, size_t n)
{
	const char *end = bytes + n;

	return (struct marks){ .at = bytes,
		               .end = end,
		               .lf = find(bytes, end, '\n'),
		               .cr = find(bytes, end, '\r') };
}

/* ---- input: the header ---- */

void wire_input_init(struct wire_input *w, bool dots_are_data, bool is_terminal,
                     size_t line_limit,
                     int (*write)(void *arg, const char *bytes, size_t n),
                     void *arg)
{
	w->dots_are_data = dots_are_data;
	w->is_terminal = is_terminal;
	w->has_ended = false;
	w->line_limit = line_limit;
	w->searched = 0;
	w->state = WIRE_LINE_START;
	w->crs = 0;
	w->out.write = write;
	w->out.arg = arg;
	w->out.result = 0;
	w->out.used = 0;
}

/* The line is `n` bytes, without its LF.  Dots as in the body. */
static void set_line(const struct wire_input *w, struct wire_line *line,
                     const char *bytes, size_t n)
{
	while (n > 0 && bytes[n - 1] == '\r')
		n--;
	if (!w->dots_are_data && n >= 2 && bytes[0] == '.' && bytes[1] == '.') {
		bytes++;
		n--;
	}
	line->text = bytes;
	line->len = n;
}

enum wire_next wire_next_line(struct wire_input *w, const char *bytes, size_t n,
                              bool at_end, struct wire_line *line)
{
	const char *lf = NULL;

	if (n > w->searched)
		lf = memchr(bytes + w->searched, '\n', n - w->searched);
	w->searched = n;
	if (lf == NULL && n <= w->line_limit) {
		if (!at_end)
			return WIRE_NEXT_READ;
		if (n == 0)
			return WIRE_NEXT_NONE;
	}
	w->searched = 0;
	line->used = lf == NULL ? n : (size_t)(lf - bytes) + 1;
	set_line(w, line, bytes, lf == NULL ? n : line->used - 1);
	return lf == NULL && !at_end ? WIRE_NEXT_PART : WIRE_NEXT_LINE;
}

/* ---- input: the body ---- */

static void end_line(struct wire_input *w)
{
	w->crs = 0;
	if (w->state != WIRE_DOT) {
		put(&w->out, "\r\n", 2);
		w->state = WIRE_LINE_START;
	} else if (w->is_terminal) {
		w->has_ended = true;
	} else {
		w->state = WIRE_DOT_LINE;
	}
}

/* A byte of text: what was held back turns out to be text too. */
static void add_text(struct wire_input *w, char c)
{
	if (w->state == WIRE_DOT && (w->crs > 0 || c != '.'))
		put(&w->out, ".", 1);
	put_spaces(&w->out, w->crs);
	w->crs = 0;
	put(&w->out, &c, 1);
	w->state = WIRE_IN_LINE;
}

static bool begins_dot(const struct wire_input *w, char c)
{
	return c == '.' && w->crs == 0 && !w->dots_are_data &&
	       w->state == WIRE_LINE_START;
}

static void input_step(struct wire_input *w, char c)
{
	if (w->state == WIRE_DOT_LINE) {
		put(&w->out, ".\r\n", 3);
		w->state = WIRE_LINE_START;
	}
	if (c == '\r')
		w->crs++;
	else if (c == '\n')
		end_line(w);
	else if (begins_dot(w, c))
		w->state = WIRE_DOT;
	else
		add_text(w, c);
}

/* At m->at are CRs or an LF; `from` is where the slice begins that was not
 * written yet.  Returns where it begins now: a line that ends in one CRLF needs
 * no new one. */
static const char *input_mark(struct wire_input *w, struct marks *m,
                              const char *from)
{
	const char *mark = m->at;

	while (m->at < m->end && *m->at == '\r')
		m->at++;
	if (m->at < m->end && *m->at == '\n') {
		m->at++;
		w->state = WIRE_LINE_START;
		if (m->at - mark == 2)
			return from;
		put_slice(&w->out, from, mark);
		put(&w->out, "\r\n", 2);
		return m->at;
	}
	put_slice(&w->out, from, mark);
	if (m->at == m->end) {
		w->crs = (size_t)(m->at - mark);
		return m->at;
	}
	put_spaces(&w->out, (size_t)(m->at - mark));
	w->state = WIRE_IN_LINE;
	return m->at;
}

/* From m->at on nothing is held back.  Stops where step must look: at a dot
 * that begins a line, and at the end. */
static void input_bulk(struct wire_input *w, struct marks *m)
{
	const char *from = m->at;

	while (m->at < m->end && !begins_dot(w, *m->at)) {
		find_marks(m);
		if (m->at < m->lf && m->at < m->cr)
			w->state = WIRE_IN_LINE;
		m->at = m->cr < m->lf ? m->cr : m->lf;
		if (m->at < m->end)
			from = input_mark(w, m, from);
	}
	put_slice(&w->out, from, m->at);
}

enum wire_result wire_body(struct wire_input *w, const char *bytes, size_t n)
{
	struct marks m;

	m = marks(bytes, n);
	while (m.at < m.end && !w->has_ended && w->out.result == 0) {
		if (w->crs > 0 || w->state > WIRE_IN_LINE ||
		    begins_dot(w, *m.at))
			input_step(w, *m.at++);
		else
			input_bulk(w, &m);
	}
	if (w->has_ended)
		flush(&w->out);
	if (w->out.result != 0)
		return WIRE_FAILED;
	return w->has_ended ? WIRE_ENDED : WIRE_MORE;
}

/* A dot that is still held back was the end of the message. */
enum wire_result wire_body_end(struct wire_input *w)
{
	bool has_rest = w->state == WIRE_IN_LINE ||
	                (w->state == WIRE_LINE_START && w->crs > 0);

	if (has_rest)
		put(&w->out, "\r\n", 2);
	w->state = WIRE_LINE_START;
	w->crs = 0;
	flush(&w->out);
	return w->out.result != 0 ? WIRE_FAILED : WIRE_ENDED;
}

/* ---- DATA ---- */

void wire_stuff_init(struct wire_stuff *w,
                     int (*write)(void *arg, const char *bytes, size_t n),
                     void *arg)
{
	w->is_line_start = true;
	w->held_cr = false;
	w->repaired = 0;
	w->out.write = write;
	w->out.arg = arg;
	w->out.result = 0;
	w->out.used = 0;
}

/* A CR was the last byte of the chunk before.  Returns bytes consumed. */
static size_t settle_cr(struct wire_stuff *w, char c)
{
	w->held_cr = false;
	if (c == '\n') {
		put(&w->out, "\r\n", 2);
		w->is_line_start = true;
		return 1;
	}
	put(&w->out, " ", 1);
	w->repaired++;
	w->is_line_start = false;
	return 0;
}

/* `from` is where the slice begins that was not given out yet; returns the new
 * one after the mark at m->at, a CR or LF. */
static const char *stuff_mark(struct wire_stuff *w, struct marks *m,
                              const char *from)
{
	const char *mark = m->at++;

	if (*mark == '\r' && m->at < m->end && *m->at == '\n') {
		m->at++;
		w->is_line_start = true;
		return from;
	}
	put_slice(&w->out, from, mark);
	if (*mark == '\r' && m->at == m->end) {
		w->held_cr = true;
		return m->at;
	}
	w->repaired++;
	w->is_line_start = *mark == '\n';
	if (*mark == '\n')
		put(&w->out, "\r\n", 2);
	else
		put(&w->out, " ", 1);
	return m->at;
}

enum wire_result wire_stuff(struct wire_stuff *w, const char *bytes, size_t n)
{
	const char *from = bytes;
	struct marks m;

	if (n > 0 && w->held_cr)
		from += settle_cr(w, *bytes);
	m = marks(from, n - (size_t)(from - bytes));
	while (m.at < m.end && w->out.result == 0) {
		if (w->is_line_start && *m.at == '.') {
			put_slice(&w->out, from, m.at);
			put(&w->out, ".", 1);
			from = m.at;
		}
		find_marks(&m);
		if (m.at < m.lf && m.at < m.cr)
			w->is_line_start = false;
		m.at = m.cr < m.lf ? m.cr : m.lf;
		if (m.at < m.end)
			from = stuff_mark(w, &m, from);
	}
	put_slice(&w->out, from, m.end);
	return w->out.result != 0 ? WIRE_FAILED : WIRE_MORE;
}

enum wire_result wire_stuff_end(struct wire_stuff *w)
{
	if (w->held_cr) {
		w->held_cr = false;
		w->is_line_start = false;
		w->repaired++;
	}
	if (!w->is_line_start)
		put(&w->out, "\r\n", 2);
	put(&w->out, ".\r\n", 3);
	flush(&w->out);
	return w->out.result != 0 ? WIRE_FAILED : WIRE_ENDED;
}

/* ---- scan ---- */

void wire_scan_init(struct wire_scan *s)
{
	*s = (struct wire_scan){ .header_bytes = 0 };
}

/* Eight bytes at a time. */
static bool find_8bit(const char *bytes, size_t n)
{
	uint64_t word, all = 0;

	for (; n >= sizeof(word); n -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		all |= word;
	}
	for (; n > 0; n--, bytes++)
		all |= (unsigned char)*bytes;
	return (all & 0x8080808080808080U) != 0;
}

static size_t count_crs(const char *bytes, size_t n)
{
	const char *end = bytes + n;
	size_t count = 0;

	while ((bytes = find(bytes, end, '\r')) < end) {
		bytes++;
		count++;
	}
	return count;
}

static void scan_line_end(struct wire_scan *s)
{
	if (s->after_cr)
		s->crs--;
	else
		s->bare++;
	s->bare += s->crs;
	if (s->line == (s->after_cr ? 1U : 0U))
		s->in_body = true;
	s->ends_with_crlf = s->after_cr;
	s->after_cr = false;
	s->line = 0;
	s->crs = 0;
}

/* A line or the part of one that the chunk has, without its LF. */
static void scan_part(struct wire_scan *s, const char *bytes, size_t n)
{
	size_t len;

	if (n == 0)
		return;
	s->line += n;
	s->crs += count_crs(bytes, n);
	s->after_cr = bytes[n - 1] == '\r';
	s->ends_with_crlf = false;
	len = s->line - (s->after_cr ? 1 : 0);
	if (len > s->longest)
		s->longest = len;
}

void wire_scan_add(struct wire_scan *s, const char *bytes, size_t n)
{
	const char *end = bytes + n;

	s->has_nul = s->has_nul || find(bytes, end, '\0') < end;
	s->has_8bit = s->has_8bit || find_8bit(bytes, n);
	while (bytes < end) {
		const char *lf = find(bytes, end, '\n');
		const char *next = lf < end ? lf + 1 : end;
		size_t used = (size_t)(next - bytes);

		if (s->in_body)
			s->body_bytes += used;
		else
			s->header_bytes += used;
		if (!s->in_body && !s->header_has_8bit)
			s->header_has_8bit = find_8bit(bytes, used);
		scan_part(s, bytes, (size_t)(lf - bytes));
		if (lf < end)
			scan_line_end(s);
		bytes = next;
	}
}
