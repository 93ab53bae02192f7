/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grammar of RFC 5322, section 3.4, as callers write it:
 *
 *     list    = [member] *("," [member])
 *     member  = bare / [phrase] "<" [route] bare ">" / group
 *     group   = phrase ":" [member] *("," [member]) ";"
 *     route   = "@" domain *("," "@" domain) ":"
 *     bare    = word *(["."] ["@"] word)     checked when it is complete
 *     word    = atom / quoted-string / domain-literal / encoded-word
 *
 * Comments and blanks may stand between any two of these.  A phrase may hold
 * anything but the characters that end it, since people write "j@x <j@x>".
 * Whether words are a phrase or an address is known only at the end, so they
 * are collected as an address, and two words side by side make it a phrase.
 */
#include "message/address.h"

#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"

/* A token is one of these or the special character itself. */
enum {
	END = 0,
	WORD = 'w',
	QUOTED = 'q',
	LITERAL = 'l',
};

struct token {
	char kind;
	size_t at;
	size_t len;
};

struct parser {
	const char *text;
	size_t n;
	size_t at;     /* next byte to read */
	size_t member; /* where the member that is being read begins */
	address_see *see;
	void *arg;
	struct fault *f;
	const char *reason; /* why it was refused */
	struct sbuf bare;   /* what was collected of it */
	size_t from, to;    /* and where that stands in the text */
	bool started;       /* something was */
	bool after_word;    /* and the last was a word */
	bool is_phrase;     /* two words side by side */
	bool has_at;
	bool is_done;  /* its <address> was read */
	bool in_group; /* between ":" and ";" */
	bool has_members;
};

static int refuse_text(struct parser *p, size_t from, size_t end,
                       const char *reason)
{
	p->reason = reason;
	return address_refuse(p->text + from, end - from, reason, p->f);
}

/* Refuse the member that is being read, up to its comma. */
static int refuse(struct parser *p, const char *reason)
{
	size_t from = p->member, end = p->at;

	if (end > from && p->text[end - 1] == ',')
		end--;
	while (from < end && strchr(" \t\r\n", p->text[from]) != NULL)
		from++;
	while (end < p->n && p->text[end] != ',')
		end++;
	return refuse_text(p, from, end, reason);
}

/* Of the control bytes only a tab and a folded line's end may be there: CR LF
 * or LF before a blank.  NUL is not text, so strchr() is safe after this. */
static int check_bytes(struct parser *p)
{
	for (size_t i = 0; i < p->n; i++) {
		char c = p->text[i];
		bool crlf = c == '\r' && i + 1 < p->n && p->text[i + 1] == '\n';
		size_t next = i + (crlf ? 2 : 1);

		if (!ascii_is_control(c) || c == '\t')
			continue;
		if ((crlf || c == '\n') && next < p->n &&
		    ascii_is_blank(p->text[next])) {
			i = next;
			continue;
		}
		return refuse_text(p, 0, p->n,
		                   N_("it has a control character"));
	}
	return 0;
}

/* Comments nest; a counter knows how deep. */
static int skip_comment(struct parser *p)
{
	size_t depth = 0;

	for (; p->at < p->n; p->at++) {
		char c = p->text[p->at];

		if (c == '\\' && p->at + 1 < p->n)
			p->at++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0) {
			p->at++;
			return 0;
		}
	}
	return refuse(p, N_("a ( without its )"));
}

static int skip_blanks(struct parser *p)
{
	while (p->at < p->n) {
		char c = p->text[p->at];

		if (c == '(') {
			if (skip_comment(p) != 0)
				return -1;
		} else if (ascii_is_blank(c) || c == '\r' || c == '\n') {
			p->at++;
		} else {
			break;
		}
	}
	return 0;
}

static size_t span(const char *s, size_t n, const char *ends)
{
	size_t i = 0;

	while (i < n && strchr(ends, s[i]) == NULL)
		i++;
	return i;
}

/* Where a word without quotes ends, if no encoded word says otherwise. */
#define WORD_ENDS " \t\r\n\"(<>[,:;@."

/* "=?utf-8?q?a,b@c?=" is one word whatever is inside (RFC 2047, though it wants
 * specials encoded).  0: not one. */
static size_t encoded_length(const char *s, size_t n)
{
	size_t at;

	if (n < 2 || s[0] != '=' || s[1] != '?')
		return 0;
	at = 2 + span(s + 2, n - 2, "? \t\r\n()<>@,;:\"[]");
	if (at == 2 || n - at < 3 || s[at] != '?' || s[at + 2] != '?')
		return 0;
	at += 3;
	at += span(s + at, n - at, "? \t\r\n");
	if (n - at < 2 || s[at] != '?' || s[at + 1] != '=')
		return 0;
	at += 2;
	return at == n || strchr(WORD_ENDS, s[at]) != NULL ? at : 0;
}

static size_t word_length(const char *s, size_t n)
{
	size_t encoded = encoded_length(s, n);

	return encoded > 0 ? encoded : span(s, n, WORD_ENDS);
}

static int next(struct parser *p, struct token *t)
{
	const char *s, *close;

	if (skip_blanks(p) != 0)
		return -1;
	*t = (struct token){ .kind = END, .at = p->at };
	if (p->at == p->n)
		return 0;
	s = p->text + p->at;
	t->len = 1;
	if (*s == '"') {
		t->kind = QUOTED;
		t->len = address_quoted_length(s, p->n - p->at);
		if (t->len == 0)
			return refuse(
				p, N_("a quoted part without its closing \""));
	} else if (*s == '[') {
		t->kind = LITERAL;
		close = memchr(s, ']', p->n - p->at);
		if (close == NULL)
			return refuse(p, N_("a [ without its ]"));
		t->len = (size_t)(close - s) + 1;
	} else if (strchr("<>,:;@.", *s) != NULL) {
		t->kind = *s;
	} else {
		t->kind = WORD;
		t->len = word_length(s, p->n - p->at);
	}
	p->at += t->len;
	return 0;
}

/* Forget what was collected. */
static void reset(struct parser *p)
{
	sbuf_reset(&p->bare);
	p->started = false;
	p->after_word = false;
	p->is_phrase = false;
	p->has_at = false;
}

static void collect(struct parser *p, const struct token *t)
{
	bool word = t->kind == WORD || t->kind == QUOTED || t->kind == LITERAL;
	const char *s = p->text + t->at;

	if (word && p->after_word)
		p->is_phrase = true;
	if (!p->started)
		p->from = t->at;
	p->to = t->at + t->len;
	p->started = true;
	p->after_word = word;
	p->has_at = p->has_at || t->kind == '@';
	for (size_t i = 0; i < t->len && !p->bare.overflow; i++)
		if (s[i] != '\r' && s[i] != '\n')
			sbuf_add(&p->bare, s + i, 1);
}

/* What was collected is an address: show it. */
static int keep(struct parser *p)
{
	struct address_place place = { .bare = p->bare.data,
		                       .at = p->from,
		                       .len = p->to - p->from,
		                       .in_angle = p->is_done };
	const char *reason = NULL;

	if (p->is_phrase)
		reason = N_("several words; use commas between addresses, "
		            "and < > around one that follows a name");
	else if (p->bare.overflow)
		reason = N_("it is longer than 320 bytes");
	else
		reason = address_problem(p->bare.data);
	if (reason != NULL)
		return refuse(p, reason);
	p->has_members = true;
	p->reason = N_("too many addresses");
	return p->see(p->arg, &place, p->f);
}

/* "<@a,@b:c@d>": the way through a and b is history (RFC 5321, appendix C). */
static int skip_route(struct parser *p, struct token *t)
{
	while (t->kind != ':') {
		if (t->kind == END || strchr("<>;", t->kind) != NULL)
			return refuse(p, N_("nothing before the @"));
		if (next(p, t) != 0)
			return -1;
	}
	return next(p, t);
}

static int read_angle(struct parser *p)
{
	struct token t;

	if (p->is_done)
		return refuse(p, N_("a second < >; a comma is missing"));
	reset(p);
	if (next(p, &t) != 0 || (t.kind == '@' && skip_route(p, &t) != 0))
		return -1;
	for (; t.kind != '>';) {
		if (t.kind == END || strchr("<,:;", t.kind) != NULL)
			return refuse(p, N_("a < without its >"));
		collect(p, &t);
		if (next(p, &t) != 0)
			return -1;
	}
	if (!p->started)
		return refuse(p, N_("nobody is between < and >"));
	p->is_done = true;
	return keep(p);
}

static int end_member(struct parser *p)
{
	if (!p->is_done && p->started && keep(p) != 0)
		return -1;
	reset(p);
	p->is_done = false;
	p->member = p->at;
	return 0;
}

static int begin_group(struct parser *p)
{
	if (p->in_group || p->is_done || p->has_at || !p->started)
		return refuse(p, N_("a : that begins no group"));
	reset(p);
	p->in_group = true;
	p->has_members = false;
	p->member = p->at;
	return 0;
}

static int end_group(struct parser *p)
{
	if (!p->in_group)
		return refuse(p, N_("a ; outside a group; use commas"));
	p->in_group = false;
	return end_member(p);
}

/* "Undisclosed recipients:" without the semicolon is common and harmless. */
static int end_list(struct parser *p)
{
	if (end_member(p) != 0)
		return -1;
	if (p->in_group && p->has_members)
		return refuse_text(p, 0, p->n, N_("a group without its ;"));
	return 0;
}

static int take(struct parser *p, const struct token *t)
{
	switch (t->kind) {
	case END: return end_list(p);
	case ',': return end_member(p);
	case ':': return begin_group(p);
	case ';': return end_group(p);
	case '<': return read_angle(p);
	case '>': return refuse(p, N_("a > without its <"));
	default: break;
	}
	if (p->is_done)
		return refuse(p, N_("text after the >; a comma is missing"));
	collect(p, t);
	return 0;
}

static int parse(struct parser *p)
{
	struct token t;

	if (check_bytes(p) != 0)
		return -1;
	do {
		if (next(p, &t) != 0 || take(p, &t) != 0)
			return -1;
	} while (t.kind != END);
	return 0;
}

static int walk(struct parser *p)
{
	int result;

	sbuf_init(&p->bare, ADDRESS_MAX);
	result = parse(p);
	sbuf_release(&p->bare);
	return result;
}

int address_walk(const char *text, size_t n, address_see *see, void *arg,
                 struct fault *f)
{
	struct parser p = {
		.text = text, .n = n, .see = see, .arg = arg, .f = f
	};

	return walk(&p);
}

static int add_unique(void *arg, const struct address_place *place,
                      struct fault *f)
{
	return address_list_add_unique(arg, place->bare, f);
}

int address_parse_list(const char *text, size_t n, struct address_list *out,
                       struct fault *f)
{
	return address_walk(text, n, add_unique, out, f);
}

const char *address_list_problem(const char *text, size_t n,
                                 struct address_list *out)
{
	struct fault f;
	struct parser p = {
		.text = text, .n = n, .see = add_unique, .arg = out, .f = &f
	};

	return walk(&p) == 0 ? NULL : p.reason;
}

int address_parse_sender(const char *text, struct sbuf *out, struct fault *f)
{
	struct address_list list;
	size_t n = strlen(text);
	int result = 0;

	while (n > 0 && ascii_is_blank(text[n - 1]))
		n--;
	while (n > 0 && ascii_is_blank(*text)) {
		text++;
		n--;
	}
	sbuf_reset(out);
	if (n == 0 || (n == 2 && memcmp(text, "<>", 2) == 0))
		return 0;
	address_list_init(&list, ADDRESS_COUNT_LIMIT, ADDRESS_BYTE_LIMIT);
	if (address_parse_list(text, n, &list, f) != 0)
		result = -1;
	else if (list.count == 0)
		result = address_refuse(text, n, N_("no address in it"), f);
	else
		sbuf_addstr(out, list.item[0]);
	address_list_release(&list);
	return result;
}
