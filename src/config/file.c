/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grammar:
 *
 *     file      = *( line LF )                 CR before LF is dropped
 *     line      = [ blanks ] [ key *( blanks word ) ] [ blanks ] [ comment ]
 *     comment   = "#" *any                     where a word could begin
 *     word      = bare / "'" *( any but "'" ) "'" / DQUOTE *part DQUOTE
 *     part      = any but DQUOTE and "\" / "\" DQUOTE / "\" "\"
 *     bare      = 1*( any but blank, DQUOTE, "'" )   not begun with "#"
 *
 * A line without blanks in front belongs to the file, one with blanks to the
 * smarthost above it.  A quote inside a bare word is refused rather than
 * guessed at: shells and people disagree about it, and it may be in a password.
 */
#include "config/file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "config/options.h"

#define WORDS_MAX (CONFIG_LINE_LIMIT / 2 + 1)
#define NAME_LENGTH 64

struct reader {
	struct config *config;
	struct config_errors *errors;
	unsigned line;
	bool in_block;  /* the last smarthost takes indented lines */
	unsigned ended; /* where the last block did */
};

struct words {
	char *word[WORDS_MAX];
	size_t count;
};

/* --- text ----------------------------------------------------------------- */

/* Length of the UTF-8 character (RFC 3629) at `s`, or 0. */
static size_t character(const unsigned char *s, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t k = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	*c = s[0];
	if (k == 1)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4 || k > n)
		return 0;
	*c &= 0x7fU >> k;
	for (size_t i = 1; i < k; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3fU);
	}
	if (*c < least[k] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return k;
}

const char *file_text_problem(const char *bytes, size_t n)
{
	const unsigned char *s = (const unsigned char *)bytes;
	size_t at = 0;

	while (at < n) {
		uint32_t c;
		size_t k = character(s + at, n - at, &c);

		if (k == 0)
			return N_("this is not valid UTF-8: save it as UTF-8");
		if (c == 0)
			return N_("there is a NUL byte: remove it");
		if ((c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0))
			return N_("there is a control character: remove it");
		at += k;
	}
	return NULL;
}

/* --- words ---------------------------------------------------------------- */

static bool ends_word(char c)
{
	return c == '\0' || c == ' ' || c == '\t';
}

/* Each of these takes the word at *at, ends it with a NUL in place, moves *at
 * behind it and returns NULL or what is wrong. */

static const char *take_bare(char **at)
{
	char *s = *at;

	while (!ends_word(*s)) {
		if (*s == '"' || *s == '\'')
			return N_("there is a quote inside a word: put the "
			          "whole word in quotes");
		s++;
	}
	*at = *s == '\0' ? s : s + 1;
	*s = '\0';
	return NULL;
}

static const char *take_quoted(char **at)
{
	char quote = **at;
	char *to = *at, *s = *at + 1;

	while (*s != quote) {
		if (*s == '\0')
			return N_("a quote is not closed: close it on the same "
			          "line");
		if (quote == '"' && *s == '\\') {
			s++;
			if (*s != '"' && *s != '\\')
				return N_("a \\ in double quotes stands before "
				          "\" or \\ only: write \\\\ for one, "
				          "or use single quotes");
		}
		*to++ = *s++;
	}
	s++;
	if (!ends_word(*s))
		return N_("a blank is missing behind a closing quote");
	*at = *s == '\0' ? s : s + 1;
	*to = '\0';
	return NULL;
}

/* Words of `line`, which is cut up in place.  A quoted word starts one byte
 * later than it ends up, so its beginning is where its quote was. */
static const char *split(char *line, struct words *words)
{
	char *at = line;

	words->count = 0;
	for (;;) {
		const char *problem;

		at += strspn(at, " \t");
		if (*at == '\0' || *at == '#')
			return NULL;
		words->word[words->count++] = at;
		problem = *at == '"' || *at == '\'' ? take_quoted(&at)
		                                    : take_bare(&at);
		if (problem != NULL)
			return problem;
	}
}

/* --- keys ----------------------------------------------------------------- */

/* Only what looks like a key is repeated: `password=secret` is one word, and a
 * secret may stand at the beginning of a line by mistake. */
static void unknown_key(struct reader *r, const struct words *words)
{
	const char *key = words->word[0];
	const char *nearest = option_nearest(key);
	int length = (int)strspn(key, "abcdefghijklmnopqrstuvwxyz_");

	if (length > 0 && (key[length] == '=' || key[length] == ':'))
		config_complain(r->errors, r->line, NULL,
		                _("write a blank between the key `%.*s` and "
		                  "its value, not `%c`"),
		                length, key, key[length]);
	else if (nearest != NULL && key[length] == '\0')
		config_complain(r->errors, r->line, NULL,
		                _("unknown key `%s`: did you mean `%s`?"), key,
		                nearest);
	else if (key[length] == '\0' && length <= 40 && words->count > 1)
		config_complain(r->errors, r->line, NULL,
		                _("unknown key `%s`: `relay check --options` "
		                  "lists them"),
		                key);
	else
		config_complain(r->errors, r->line, NULL,
		                _("this line starts with no key: `relay check "
		                  "--options` lists them"));
}

static void set_key(struct reader *r, const struct option *o, void *block,
                    unsigned *lines, struct words *words)
{
	struct fault f = { .kind = FAULT_NONE };
	unsigned *line = &lines[option_index(o)];

	if (*line != 0) {
		config_complain(r->errors, r->line, o->name,
		                _("`%s` is there twice, first in line %u: "
		                  "remove one"),
		                o->name, *line);
		return;
	}
	*line = r->line;
	if (words->count == 1)
		config_complain(r->errors, r->line, o->name,
		                _("`%s` has no value: write it behind the key"),
		                o->name);
	else if (option_set(o, block, words->word + 1, words->count - 1, &f))
		config_complain(r->errors, r->line, o->name, "%s", f.text);
}

static struct smarthost *find_block(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->count; i++)
		if (strcmp(config->smarthosts[i].name, name) == 0)
			return &config->smarthosts[i];
	return NULL;
}

bool file_is_block_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
	                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n > 0 && n <= NAME_LENGTH && name[n] == '\0';
}

static void check_block_name(struct reader *r, const struct words *words)
{
	const struct smarthost *before;

	if (words->count == 1) {
		config_complain(r->errors, r->line, NULL,
		                _("this smarthost has no name: write "
		                  "`smarthost NAME`, any name will do"));
		return;
	}
	if (words->count > 2 || !file_is_block_name(words->word[1])) {
		config_complain(r->errors, r->line, NULL,
		                _("the name of a smarthost is one word of "
		                  "letters, digits, dots and hyphens, 64 at "
		                  "most"));
		return;
	}
	before = find_block(r->config, words->word[1]);
	if (before != NULL)
		config_complain(r->errors, r->line, NULL,
		                _("smarthost `%s` is there twice, first in "
		                  "line %u: give this one another name"),
		                words->word[1], before->line);
}

/* A block that is wrong is opened all the same, so that its keys are not
 * complained about as well. */
static void begin_block(struct reader *r, const struct words *words)
{
	struct config *c = r->config;
	struct smarthost *h;

	check_block_name(r, words);
	r->in_block = true;
	if (c->count == CONFIG_SMARTHOSTS) {
		config_complain(r->errors, r->line, NULL,
		                _("there are more than %d smarthosts: remove "
		                  "some"),
		                CONFIG_SMARTHOSTS);
		return;
	}
	c->smarthosts = mem_grow(c->smarthosts, c->count, c->count + 1,
	                         sizeof(*c->smarthosts));
	h = &c->smarthosts[c->count++];
	h->name = mem_strdup(words->count > 1 ? words->word[1] : "");
	h->line = r->line;
	options_init(OPTION_SMARTHOST, h);
}

static void top_line(struct reader *r, struct words *words)
{
	const char *key = words->word[0];
	const struct option *o = option_find(OPTION_TOP, key);

	if (strcmp(key, "smarthost") == 0) {
		begin_block(r, words);
	} else if (o != NULL) {
		if (r->in_block)
			r->ended = r->line;
		r->in_block = false;
		set_key(r, o, r->config, r->config->lines, words);
	} else if (option_find(OPTION_SMARTHOST, key) != NULL) {
		config_complain(r->errors, r->line, NULL,
		                _("`%s` belongs inside a smarthost block: "
		                  "indent it below `smarthost NAME`"),
		                key);
	} else {
		unknown_key(r, words);
	}
}

static void block_line(struct reader *r, struct words *words)
{
	const char *key = words->word[0];
	const struct option *o = option_find(OPTION_SMARTHOST, key);
	struct smarthost *h;

	if (strcmp(key, "smarthost") == 0 ||
	    option_find(OPTION_TOP, key) != NULL) {
		config_complain(r->errors, r->line, NULL,
		                _("`%s` belongs to the file as a whole: remove "
		                  "the blanks before it"),
		                key);
	} else if (o == NULL) {
		unknown_key(r, words);
	} else if (!r->in_block && r->ended != 0) {
		config_complain(r->errors, r->line, NULL,
		                _("`%s` is indented, but line %u ended the "
		                  "block above it: move it up, below "
		                  "`smarthost NAME`"),
		                key, r->ended);
	} else if (!r->in_block) {
		config_complain(r->errors, r->line, NULL,
		                _("`%s` is indented, but no smarthost is above "
		                  "it: write `smarthost NAME` first"),
		                key);
	} else {
		h = &r->config->smarthosts[r->config->count - 1];
		set_key(r, o, h, h->lines, words);
	}
}

/* --- lines ---------------------------------------------------------------- */

static void parse_line(struct reader *r, const char *bytes, size_t n)
{
	char line[CONFIG_LINE_LIMIT + 1];
	struct words words;
	const char *problem;

	if (n > CONFIG_LINE_LIMIT) {
		config_complain(r->errors, r->line, NULL,
		                _("this line is longer than %d bytes: shorten "
		                  "it"),
		                CONFIG_LINE_LIMIT);
		return;
	}
	problem = file_text_problem(bytes, n);
	if (problem == NULL) {
		memcpy(line, bytes, n);
		line[n] = '\0';
		problem = split(line, &words);
		if (problem == NULL && words.count > 0 && ends_word(bytes[0]))
			block_line(r, &words);
		else if (problem == NULL && words.count > 0)
			top_line(r, &words);
		explicit_bzero(line, n);
	}
	if (problem != NULL)
		config_complain(r->errors, r->line, NULL, "%s", _(problem));
}

/* A byte order mark, as some editors put before UTF-8. */
static size_t mark_length(const char *bytes, size_t n)
{
	return n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

void file_parse(struct config *config, const char *bytes, size_t n,
                struct config_errors *errors)
{
	struct reader r = { .config = config, .errors = errors };
	size_t at = mark_length(bytes, n);

	if (n > CONFIG_FILE_LIMIT) {
		config_complain(errors, 1, NULL,
		                _("the file is larger than %d bytes"),
		                CONFIG_FILE_LIMIT);
		return;
	}
	while (at < n && !errors->more) {
		const char *end = memchr(bytes + at, '\n', n - at);
		size_t length =
			end != NULL ? (size_t)(end - (bytes + at)) : n - at;
		size_t text = length;

		r.line++;
		if (text > 0 && bytes[at + text - 1] == '\r')
			text--;
		parse_line(&r, bytes + at, text);
		at += length + 1;
	}
	if (config->count == 0)
		config_complain(errors, r.line > 0 ? r.line : 1, NULL,
		                _("there is no smarthost: add `smarthost NAME` "
		                  "and, indented below it, `host "
		                  "mail.example.org`"));
}
