/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grammar, as sendmail and Postfix read it:
 *
 *     file     = *( empty / comment / entry )      lines end in LF or CRLF
 *     entry    = name ":" list *( LF blank list )  a line goes on with a blank
 *     empty    = *blank
 *     comment  = *blank "#" *any                   a line of its own, also
 *                                                  within an entry
 *     name     = local-part / DQUOTE *any DQUOTE   no @
 *     list     = [ member ] *( "," [ member ] )
 *     member   = address / "\" address / [ DQUOTE ] ":include:" path [ DQUOTE ]
 *
 * and in a file of members each line is a list.  Commas in quotes and comments
 * divide nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"
#include "base/mem.h"
#include "message/aliases_table.h"

#define INCLUDE ":include:"
#define SHOWN 80 /* bytes of a text that is refused */

struct piece {
	const char *at;
	size_t n;
};

struct reader {
	struct piece rest;
	unsigned line; /* of the last one that was taken */
};

/* --- lines ---------------------------------------------------------------- */

static struct piece trim(struct piece p)
{
	while (p.n > 0 && ascii_is_blank(p.at[0])) {
		p.at++;
		p.n--;
	}
	while (p.n > 0 && ascii_is_blank(p.at[p.n - 1]))
		p.n--;
	return p;
}

/* The next line without its end, and the bytes that it takes. */
static struct piece look(const struct reader *r, size_t *taken)
{
	const char *end = memchr(r->rest.at, '\n', r->rest.n);
	struct piece line = r->rest;

	if (end != NULL)
		line.n = (size_t)(end - line.at);
	*taken = end != NULL ? line.n + 1 : line.n;
	if (line.n > 0 && line.at[line.n - 1] == '\r')
		line.n--;
	return line;
}

static void skip(struct reader *r, size_t taken)
{
	r->rest.at += taken;
	r->rest.n -= taken;
	r->line++;
}

static bool says_nothing(struct piece line)
{
	line = trim(line);
	return line.n == 0 || line.at[0] == '#';
}

/* The next entry as one line, and the line where it begins; false: none. */
static bool next_entry(struct reader *r, struct sbuf *entry, unsigned *begin)
{
	sbuf_reset(entry);
	while (r->rest.n > 0) {
		size_t taken;
		struct piece line = look(r, &taken);
		bool nothing = says_nothing(line);

		if (!nothing && entry->len > 0 && !ascii_is_blank(line.at[0]))
			return true;
		skip(r, taken);
		if (nothing)
			continue;
		if (entry->len == 0)
			*begin = r->line;
		sbuf_add(entry, line.at, line.n);
	}
	return entry->len > 0;
}

/* --- members -------------------------------------------------------------- */

/* Bytes before the comma that ends the member. */
static size_t member_length(struct piece p)
{
	size_t i = 0, depth = 0;

	while (i < p.n) {
		size_t quoted = 1;

		if (p.at[i] == '"')
			quoted = address_quoted_length(p.at + i, p.n - i);
		else if (p.at[i] == '\\')
			quoted = 2;
		else if (p.at[i] == '(')
			depth++;
		else if (p.at[i] == ')' && depth > 0)
			depth--;
		else if (p.at[i] == ',' && depth == 0)
			return i;
		i += quoted > 0 ? quoted : p.n;
	}
	return p.n;
}

static bool is_quoted(struct piece p)
{
	return p.n >= 2 && p.at[0] == '"' &&
	       address_quoted_length(p.at, p.n) == p.n;
}

static struct piece unquoted(struct piece p)
{
	if (is_quoted(p))
		p = (struct piece){ p.at + 1, p.n - 2 };
	return trim(p);
}

static int shown(struct piece p)
{
	return (int)(p.n < SHOWN ? p.n : SHOWN);
}

static void add_include(struct aliases *a, const struct alias_place *at,
                        struct piece path)
{
	char *name;

	path = trim(path);
	if (path.n == 0 || path.at[0] != '/' ||
	    memchr(path.at, '\0', path.n) != NULL) {
		aliases_complain(a, at,
		                 _("`:include:%.*s` has no full path: start it "
		                   "with /"),
		                 shown(path), path.at);
		return;
	}
	name = mem_strndup(path.at, path.n);
	aliases_add_member(a, at, ALIAS_FILE, name);
	free(name);
}

static void add_addresses(struct aliases *a, const struct alias_place *at,
                          struct piece p, bool is_final)
{
	struct address_list list;
	const char *problem;

	address_list_init(&list, ADDRESS_COUNT_LIMIT, ALIASES_FILE_LIMIT);
	problem = address_list_problem(p.at, p.n, &list);
	if (problem == NULL && list.count == 0)
		problem = N_("it is empty");
	if (problem != NULL)
		aliases_complain(a, at, _("`%.*s` is no address: %s"), shown(p),
		                 p.at, _(problem));
	for (size_t i = 0; problem == NULL && i < list.count; i++) {
		enum alias_kind kind = is_final ? ALIAS_FINAL : ALIAS_NAME;

		if (address_is_qualified(list.item[i]))
			kind = ALIAS_ADDRESS;
		aliases_add_member(a, at, kind, list.item[i]);
	}
	address_list_release(&list);
}

static void add_member(struct aliases *a, const struct alias_place *at,
                       struct piece p)
{
	struct piece bare = unquoted(p);
	size_t n = strlen(INCLUDE);

	if (bare.n >= n && ascii_is_same(bare.at, INCLUDE, n))
		add_include(a, at, (struct piece){ bare.at + n, bare.n - n });
	else if (bare.n > 0 && bare.at[0] == '|')
		aliases_complain(a, at,
		                 _("`%.*s` is a program, and none is run for "
		                   "an alias: write an address, or see `local` "
		                   "in relayrc(5)"),
		                 shown(bare), bare.at);
	else if (bare.n > 0 && bare.at[0] == '/')
		aliases_complain(a, at,
		                 _("`%.*s` is a file, and none is written for "
		                   "an alias: write an address, or see `local` "
		                   "in relayrc(5)"),
		                 shown(bare), bare.at);
	else if (bare.n > 0 && bare.at[0] == ':')
		aliases_complain(a, at,
		                 _("`%.*s` is not known here: write an "
		                   "address, or `:include:/PATH`"),
		                 shown(bare), bare.at);
	else if (p.at[0] == '\\')
		add_addresses(a, at, (struct piece){ p.at + 1, p.n - 1 }, true);
	else
		add_addresses(a, at, p, false);
}

/* Returns how many there were. */
static size_t add_members(struct aliases *a, const struct alias_place *at,
                          struct piece list)
{
	size_t count = 0;

	while (list.n > 0) {
		size_t n = member_length(list);
		struct piece member = trim((struct piece){ list.at, n });

		if (member.n > 0) {
			add_member(a, at, member);
			count++;
		}
		if (n < list.n)
			n++; /* the comma */
		list.at += n;
		list.n -= n;
	}
	return count;
}

/* --- entries -------------------------------------------------------------- */

/* Bytes of the name at the beginning of an entry. */
static size_t name_length(struct piece p)
{
	size_t quoted = p.at[0] == '"' ? address_quoted_length(p.at, p.n) : 0;
	size_t i = 0;

	if (quoted > 0)
		return quoted;
	while (i < p.n && p.at[i] != ':' && !ascii_is_blank(p.at[i]))
		i++;
	return i;
}

static const char *name_problem(struct piece p, const char *name)
{
	const char *problem = address_problem(name);

	if (strlen(name) != p.n)
		return N_("it has a control character or is not UTF-8");
	if (problem == NULL && address_is_qualified(name))
		return N_("it has an @; only bare names have aliases");
	return problem;
}

/* False: there is nobody to keep members for. */
static bool begin(struct aliases *a, struct alias_place *at, struct piece p)
{
	char *name = mem_strndup(p.at, p.n);
	const char *problem = name_problem(p, name);

	if (problem != NULL)
		aliases_complain(a, at, _("`%.*s` can be no alias: %s"),
		                 shown(p), p.at, _(problem));
	else
		aliases_add_name(a, at, name);
	free(name);
	return at->list != ALIASES_NOBODY;
}

/* Without a colon the first word is taken for the name: mail for it waits
 * rather than go somewhere else. */
static void add_entry(struct aliases *a, struct alias_place *at,
                      struct piece entry)
{
	size_t n = name_length(entry);
	struct piece name = { entry.at, n };
	struct piece rest = trim((struct piece){ entry.at + n, entry.n - n });

	if (ascii_is_blank(entry.at[0])) {
		aliases_complain(a, at,
		                 _("this line begins with a blank, and there "
		                   "is no alias above that it belongs to: "
		                   "write `NAME:` before it"));
		return;
	}
	if (!begin(a, at, name))
		return;
	if (rest.n == 0 || rest.at[0] != ':') {
		aliases_complain(a, at,
		                 _("there is no colon behind the name `%.*s`: "
		                   "write `%.*s: ADDRESS`"),
		                 shown(name), name.at, shown(name), name.at);
		return;
	}
	rest = (struct piece){ rest.at + 1, rest.n - 1 };
	if (add_members(a, at, rest) == 0)
		aliases_complain(a, at,
		                 _("nobody is behind `%.*s:`: write an "
		                   "address, or remove the line"),
		                 shown(name), name.at);
}

/* A byte order mark, as some editors put before UTF-8. */
static struct piece without_mark(struct piece p)
{
	if (p.n >= 3 && memcmp(p.at, "\xEF\xBB\xBF", 3) == 0)
		p = (struct piece){ p.at + 3, p.n - 3 };
	return p;
}

void aliases_parse(struct aliases *a, const char *path, const char *bytes,
                   size_t n)
{
	struct reader r = { .rest = without_mark((struct piece){ bytes, n }) };
	struct alias_place at = { .path = path };
	struct sbuf entry;

	sbuf_init(&entry, ALIASES_FILE_LIMIT);
	while (next_entry(&r, &entry, &at.line)) {
		at.list = ALIASES_NOBODY;
		add_entry(a, &at, (struct piece){ entry.data, entry.len });
	}
	sbuf_release(&entry);
}

void aliases_parse_members(struct aliases *a, const char *path, uint32_t list,
                           const char *bytes, size_t n)
{
	struct reader r = { .rest = without_mark((struct piece){ bytes, n }) };
	struct alias_place at = { .path = path, .list = list };
	size_t count = 0;

	while (r.rest.n > 0) {
		size_t taken;
		struct piece line = look(&r, &taken);

		skip(&r, taken);
		at.line = r.line;
		if (!says_nothing(line))
			count += add_members(a, &at, line);
	}
	if (count == 0)
		aliases_complain(a, &at,
		                 _("this file has no members: write an address "
		                   "on each line"));
}
