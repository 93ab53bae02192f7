/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/field.h"

#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "base/intl.h"
#include "message/encode.h"

#define FOLDED ((size_t)76) /* what a line that we fold is cut to */

enum value {
	TEXT,
	ADDRESSES,
	PARAMETERS,
	OTHER, /* there is no form for 8-bit text but in comments */
};

static const struct {
	const char *name;
	enum value value;
} known[] = {
	{ "From", ADDRESSES },
	{ "Sender", ADDRESSES },
	{ "Reply-To", ADDRESSES },
	{ "To", ADDRESSES },
	{ "Cc", ADDRESSES },
	{ "Bcc", ADDRESSES },
	{ "Resent-From", ADDRESSES },
	{ "Resent-Sender", ADDRESSES },
	{ "Resent-Reply-To", ADDRESSES },
	{ "Resent-To", ADDRESSES },
	{ "Resent-Cc", ADDRESSES },
	{ "Resent-Bcc", ADDRESSES },
	{ "Apparently-To", ADDRESSES },
	{ "Disposition-Notification-To", ADDRESSES },
	{ "Errors-To", ADDRESSES },
	{ "Mail-Followup-To", ADDRESSES },
	{ "Mail-Reply-To", ADDRESSES },
	{ "Return-Receipt-To", ADDRESSES },
	{ "List-Id", ADDRESSES },
	{ "Content-Type", PARAMETERS },
	{ "Content-Disposition", PARAMETERS },
	{ "Date", OTHER },
	{ "Resent-Date", OTHER },
	{ "Message-ID", OTHER },
	{ "Resent-Message-ID", OTHER },
	{ "In-Reply-To", OTHER },
	{ "References", OTHER },
	{ "Received", OTHER },
	{ "Return-Path", OTHER },
	{ "MIME-Version", OTHER },
	{ "Content-Transfer-Encoding", OTHER },
	{ "Content-ID", OTHER },
	{ "Content-Location", OTHER },
	{ "Content-Base", OTHER },
	{ "Content-Language", OTHER },
	{ "Content-MD5", OTHER },
	{ "Auto-Submitted", OTHER },
	{ "Authentication-Results", OTHER },
	{ "DKIM-Signature", OTHER },
	{ "ARC-Seal", OTHER },
	{ "ARC-Message-Signature", OTHER },
	{ "ARC-Authentication-Results", OTHER },
	{ "List-Archive", OTHER },
	{ "List-Help", OTHER },
	{ "List-Owner", OTHER },
	{ "List-Post", OTHER },
	{ "List-Subscribe", OTHER },
	{ "List-Unsubscribe", OTHER },
	{ "List-Unsubscribe-Post", OTHER },
};

/* ---- reading ---- */

static size_t name_length(const char *line, size_t n)
{
	size_t name = 0, at;

	if (n >= 2 && line[0] == '-' && line[1] == '-')
		return 0;
	while (name < n && ascii_is_graph(line[name]) && line[name] != ':')
		name++;
	at = name;
	while (at < n && ascii_is_blank(line[at]))
		at++;
	return at < n && line[at] == ':' ? name : 0;
}

bool field_begins(const char *line, size_t n)
{
	return name_length(line, n) > 0;
}

static size_t line_end(const char *s, size_t n, size_t at)
{
	const char *lf = memchr(s + at, '\n', n - at);

	return lf == NULL ? n : (size_t)(lf - s) + 1;
}

bool field_next(const char *header, size_t n, size_t *at, struct field *field)
{
	size_t from = *at, end;
	const char *colon;

	if (from >= n)
		return false;
	end = line_end(header, n, from);
	*field = (struct field){ .raw = header + from };
	field->name_len = name_length(field->raw, end - from);
	while (end < n && ascii_is_blank(header[end]))
		end = line_end(header, n, end);
	field->len = end - from;
	colon = memchr(field->raw, ':', field->len);
	field->value = colon == NULL ? field->raw : colon + 1;
	field->value_len = field->len - (size_t)(field->value - field->raw);
	if (field->value_len >= 2)
		field->value_len -= 2;
	*at = end;
	return true;
}

bool field_is(const struct field *field, const char *name)
{
	return strlen(name) == field->name_len &&
	       ascii_is_same(field->raw, name, field->name_len);
}

size_t field_longest(const struct field *field)
{
	size_t longest = 0;

	for (size_t at = 0, end; at < field->len; at = end) {
		end = line_end(field->raw, field->len, at);
		if (end - at > longest + 2)
			longest = end - at - 2;
	}
	return longest;
}

bool field_fits(const struct field *field, bool to_ascii)
{
	return field_longest(field) <= FIELD_LINE &&
	       !(to_ascii && encode_has_8bit(field->raw, field->len));
}

static enum value value_of(const struct field *field)
{
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (field_is(field, known[i].name))
			return known[i].value;
	return TEXT;
}

/* ---- folding ---- */

/* One line that is too long. */
struct fold {
	enum value value;
	const char *s; /* without its end */
	size_t n;
	size_t text;    /* no break before: there is the name */
	size_t from;    /* where the line that is being made begins */
	size_t place;   /* the last place to break it, or 0 */
	size_t blanks;  /* where blanks begin: one if more follows; or 0 */
	size_t longest; /* line that was made */
	bool is_quoted;
	size_t depth; /* of comments */
	bool in_angle;
};

/* A blank may be added here: behind a comma or a semicolon of a list. */
static bool is_list_place(const struct fold *f, size_t i)
{
	char mark = f->s[i - 1];

	if (i <= f->from + 1 || f->is_quoted || f->depth > 0 || f->in_angle)
		return false;
	return (f->value == ADDRESSES && mark == ',') ||
	       (f->value == PARAMETERS && mark == ';');
}

/* What the byte means for those behind it. */
static void follow(struct fold *f, size_t i)
{
	char c = f->s[i];

	if (f->s[i - 1] == '\\' && (f->is_quoted || f->depth > 0))
		return;
	if (c == '"' && f->depth == 0)
		f->is_quoted = !f->is_quoted;
	if (f->is_quoted)
		return;
	if (c == '(')
		f->depth++;
	else if (c == ')' && f->depth > 0)
		f->depth--;
	else if (f->depth == 0 && (c == '<' || c == '>'))
		f->in_angle = c == '<';
}

static void put_line(struct fold *f, size_t to, struct sbuf *out)
{
	bool adds_blank = f->from > 0 && !ascii_is_blank(f->s[f->from]);

	if (adds_blank)
		sbuf_add(out, " ", 1);
	sbuf_add(out, f->s + f->from, to - f->from);
	if (to - f->from + adds_blank > f->longest)
		f->longest = to - f->from + adds_blank;
	f->from = to;
	f->place = 0;
}

/* Is there a place before byte `i`, now that it is known to be no blank?  No
 * line is made of blanks alone. */
static void find_place(struct fold *f, size_t i)
{
	size_t place = 0;

	if (f->blanks > f->from)
		place = f->blanks;
	else if (is_list_place(f, i))
		place = i;
	if (place >= f->text && place > 0)
		f->place = place;
	f->blanks = 0;
}

/* Cut at the last place within FOLDED, or at the first behind it. */
static size_t fold_line(struct fold *f, struct sbuf *out)
{
	for (size_t i = 1; i < f->n; i++) {
		if (!ascii_is_blank(f->s[i]))
			find_place(f, i);
		else if (!ascii_is_blank(f->s[i - 1]))
			f->blanks = i;
		follow(f, i);
		if (i - f->from >= FOLDED && f->place > 0) {
			put_line(f, f->place, out);
			sbuf_addstr(out, "\r\n");
		}
	}
	put_line(f, f->n, out);
	return f->longest;
}

/* Every line over `most` octets; what is not folded stays.  Returns the length
 * of the longest that came of it.  The value begins at `text`. */
static size_t fold(const char *s, size_t n, size_t text, enum value value,
                   size_t most, struct sbuf *out)
{
	size_t longest = 0, made;

	for (size_t at = 0, end; at < n; at = end) {
		struct fold f = { .value = value,
			          .s = s + at,
			          .text = at == 0 ? text : 0 };

		end = line_end(s, n, at);
		f.n = end - at - 2;
		made = f.n;
		if (f.n <= most)
			sbuf_add(out, f.s, f.n);
		else
			made = fold_line(&f, out);
		if (made > longest)
			longest = made;
		sbuf_addstr(out, "\r\n");
	}
	return longest;
}

/* ---- encoding ---- */

static void put_other(struct words *w, const char *s, size_t n)
{
	for (size_t at = 0, len; at < n; at += len) {
		len = s[at] == '(' ? words_comment_length(s + at, n - at) : 1;
		if (len > 1)
			words_add(w, WORDS_PHRASE, s + at, len);
		else
			words_put_shown(w, s + at, 1);
	}
}

static void encode(const struct field *field, enum value value,
                   struct sbuf *out)
{
	const char *s = field->value;
	size_t n = field->value_len;
	struct words w;

	words_init(&w, out);
	words_put(&w, field->raw, (size_t)(s - field->raw));
	switch (value) {
	case TEXT: words_add(&w, WORDS_TEXT, s, n); break;
	case ADDRESSES: field_add_addresses(&w, s, n); break;
	case PARAMETERS: field_add_parameters(&w, s, n); break;
	case OTHER: put_other(&w, s, n); break;
	}
	words_put(&w, "\r\n", 2);
}

/* All of a text that has no blank to fold it at, unfolded. */
static void encode_all(const struct field *field, struct sbuf *out)
{
	struct sbuf text;
	struct words w;

	sbuf_init(&text, field->value_len);
	for (size_t i = 0; i < field->value_len; i++) {
		char c = field->value[i];

		if (c != '\r' && c != '\n' &&
		    !(text.len == 0 && ascii_is_blank(c)))
			sbuf_add(&text, &c, 1);
	}
	words_init(&w, out);
	words_put(&w, field->raw, (size_t)(field->value - field->raw));
	words_put(&w, " ", 1);
	words_encode(&w, text.data, text.len);
	words_put(&w, "\r\n", 2);
	sbuf_release(&text);
}

static int refuse(const struct field *field, size_t longest, struct fault *f)
{
	return fault_set(f, FAULT_PERM, "5.6.0",
	                 _("the header field %.*s has %zu characters without a "
	                   "blank, which no mail server has to take (998 are "
	                   "allowed in a line); shorten it and send again"),
	                 field->name_len > 60 ? 60 : (int)field->name_len,
	                 field->raw, longest);
}

int field_fit(const struct field *field, bool to_ascii, struct sbuf *out,
              struct fault *f)
{
	bool is_8bit = to_ascii && encode_has_8bit(field->raw, field->len);
	enum value value = value_of(field);
	size_t before = out->len, longest;
	struct sbuf encoded;

	/* at worst every second octet becomes an encoded word, folded */
	sbuf_init(&encoded, 32 * field->len + 1000);
	if (is_8bit)
		encode(field, value, &encoded);
	else
		sbuf_add(&encoded, field->raw, field->len);
	longest = fold(encoded.data, encoded.len,
	               (size_t)(field->value - field->raw), value,
	               is_8bit ? FOLDED : FIELD_LINE, out);
	out->overflow |= encoded.overflow;
	sbuf_release(&encoded);
	if (longest <= FIELD_LINE)
		return 0;
	sbuf_cut(out, before);
	if (value != TEXT || field->value - field->raw >= (int)FIELD_LINE)
		return refuse(field, longest, f);
	encode_all(field, out);
	return 0;
}
