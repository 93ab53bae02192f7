/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists with a hash over their names. */
#include "message/aliases.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"
#include "base/mem.h"
#include "message/aliases_table.h"

#define PATH_SHOWN 150 /* bytes: the words behind it must fit too */

/* --- faults --------------------------------------------------------------- */

const char *aliases_tail(const char *path)
{
	size_t n = strlen(path);

	return n > PATH_SHOWN ? path + n - PATH_SHOWN : path;
}

/* Kept for good. */
static const char *keep_fault(struct aliases *a, const char *path,
                              unsigned line, const char *text)
{
	struct fault f;

	if (line > 0)
		fault_set(&f, FAULT_CONFIG, "4.3.5", "%s:%u: %s",
		          aliases_tail(path), line, text);
	else
		fault_set(&f, FAULT_CONFIG, "4.3.5", "%s", text);
	return a->faults[a->fault_count++] = mem_strdup(f.text);
}

static void refuse_all(struct aliases *a, const char *text)
{
	if (a->fault == NULL)
		a->fault = keep_fault(a, a->path, 0, text);
}

static void too_much(struct aliases *a, const char *what)
{
	struct fault f;

	fault_set(&f, FAULT_CONFIG, "4.3.5", "%s: %s", aliases_tail(a->path),
	          what);
	refuse_all(a, f.text);
}

void aliases_complain(struct aliases *a, const struct alias_place *at,
                      const char *fmt, ...)
{
	char text[sizeof(((struct fault *)0)->text)];
	const char *kept;
	va_list args;

	if (a->fault_count >= ALIASES_FAULTS) {
		too_much(a, _("more is wrong than can be told: is this a file "
		              "of aliases?"));
		return;
	}
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	kept = keep_fault(a, at->path, at->line, text);
	if (at->list != ALIASES_NOBODY && a->lists[at->list].fault == NULL)
		a->lists[at->list].fault = kept;
}

/* --- the table ------------------------------------------------------------ */

/* A name as it is compared: without quotes around it, in small letters. */
static void make_key(const char *name, struct sbuf *key)
{
	size_t n = strlen(name);
	bool is_quoted =
		n >= 2 && name[0] == '"' && address_quoted_length(name, n) == n;
	size_t end = is_quoted ? n - 1 : n;

	for (size_t i = is_quoted ? 1 : 0; i < end; i++) {
		char c;

		if (is_quoted && name[i] == '\\' && i + 1 < end)
			i++;
		c = ascii_lower(name[i]);
		sbuf_add(key, &c, 1);
	}
}

/* FNV-1a: the names are those of the owner of the file. */
static size_t hash(const char *name)
{
	uint64_t h = 0xcbf29ce484222325U;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3U;
	return (size_t)(h ^ h >> 32);
}

/* Where it is, or the free place where it goes. */
static uint32_t *find_slot(const struct aliases *a, const char *name,
                           bool is_file)
{
	size_t i = hash(name) & (a->slot_count - 1);

	while (a->slots[i] != 0) {
		const struct alias_list *l = &a->lists[a->slots[i] - 1];

		if (l->is_file == is_file && strcmp(l->name, name) == 0)
			break;
		i = (i + 1) & (a->slot_count - 1);
	}
	return &a->slots[i];
}

static uint32_t find(const struct aliases *a, const char *name, bool is_file)
{
	uint32_t slot;

	if (a->slot_count == 0)
		return ALIASES_NOBODY;
	slot = *find_slot(a, name, is_file);
	return slot == 0 ? ALIASES_NOBODY : slot - 1;
}

uint32_t aliases_find_name(const struct aliases *a, const char *bare)
{
	struct sbuf key;
	uint32_t list;

	sbuf_init(&key, ADDRESS_MAX);
	make_key(bare, &key);
	list = key.overflow ? ALIASES_NOBODY : find(a, key.data, false);
	sbuf_release(&key);
	return list;
}

static void grow(struct aliases *a)
{
	size_t size = a->size == 0 ? 16 : a->size * 2;

	a->lists = mem_grow(a->lists, a->size, size, sizeof(*a->lists));
	a->size = size;
	free(a->slots);
	a->slot_count = size * 2;
	a->slots = mem_array(a->slot_count, sizeof(*a->slots));
	for (size_t i = 0; i < a->count; i++)
		*find_slot(a, a->lists[i].name, a->lists[i].is_file) =
			(uint32_t)i + 1;
}

/* NOBODY: there are too many. */
static uint32_t add_list(struct aliases *a, const struct alias_place *at,
                         const char *name, bool is_file)
{
	uint32_t number = (uint32_t)a->count;

	if (a->count == ALIASES_NAMES) {
		too_much(a, _("there are more names than can be read"));
		return ALIASES_NOBODY;
	}
	if (a->count == a->size)
		grow(a);
	a->lists[number] = (struct alias_list){ .name = mem_strdup(name),
		                                .is_file = is_file,
		                                .at = *at };
	a->lists[number].at.list = number;
	*find_slot(a, name, is_file) = number + 1;
	a->count++;
	return number;
}

void aliases_add_name(struct aliases *a, struct alias_place *at,
                      const char *name)
{
	uint32_t before = aliases_find_name(a, name);
	struct sbuf key;

	if (before != ALIASES_NOBODY) {
		aliases_complain(a, at,
		                 _("`%s` is there twice, and the first one, in "
		                   "line %u, counts: remove one"),
		                 name, a->lists[before].at.line);
		return;
	}
	sbuf_init(&key, ADDRESS_MAX);
	make_key(name, &key);
	at->list = add_list(a, at, key.data, false);
	sbuf_release(&key);
}

/* The number of a file that is a member at that place. */
static uint32_t add_file(struct aliases *a, const struct alias_place *at,
                         const char *path)
{
	const struct alias_list *from = &a->lists[at->list];
	unsigned nesting = from->is_file ? from->nesting + 1 : 1;
	uint32_t number = find(a, path, true);

	if (number != ALIASES_NOBODY)
		return number;
	if (nesting > ALIASES_NESTING || a->files == ALIASES_INCLUDES) {
		aliases_complain(a, at,
		                 _("%s is not read: there are more than %d "
		                   "such files, or more than %d in each "
		                   "other"),
		                 aliases_tail(path), ALIASES_INCLUDES,
		                 ALIASES_NESTING);
		return ALIASES_NOBODY;
	}
	number = add_list(a, at, path, true);
	if (number == ALIASES_NOBODY)
		return number;
	a->lists[number].nesting = nesting;
	a->files++;
	return number;
}

void aliases_add_member(struct aliases *a, const struct alias_place *at,
                        enum alias_kind kind, const char *text)
{
	uint32_t target = ALIASES_NOBODY;
	struct alias_list *l;

	if (kind == ALIAS_FILE) {
		target = add_file(a, at, text);
		if (target == ALIASES_NOBODY)
			return;
	}
	if (a->members++ == ALIASES_MEMBERS)
		too_much(a, _("there are more members than can be read"));
	if (a->fault != NULL)
		return;
	l = &a->lists[at->list];
	if (l->count == l->size) {
		size_t size = l->size == 0 ? 2 : l->size * 2;

		l->members = mem_grow(l->members, l->size, size,
		                      sizeof(*l->members));
		l->size = size;
	}
	l->members[l->count++] = (struct alias_member){
		.text = mem_strdup(text), .kind = kind, .target = target
	};
}

/* --- making one ----------------------------------------------------------- */

struct aliases *aliases_create(const char *path)
{
	struct aliases *a = mem_alloc(sizeof(*a));

	a->path = mem_strdup(path);
	a->reading = ALIASES_NOBODY;
	return a;
}

void aliases_free(struct aliases **aliases)
{
	struct aliases *a = *aliases;

	if (a == NULL)
		return;
	for (size_t i = 0; i < a->count; i++) {
		for (size_t k = 0; k < a->lists[i].count; k++)
			free(a->lists[i].members[k].text);
		free(a->lists[i].members);
		free(a->lists[i].name);
	}
	for (size_t i = 0; i < a->fault_count; i++)
		free(a->faults[i]);
	free(a->lists);
	free(a->slots);
	if (a->marks != NULL)
		free(a->marks->of);
	free(a->marks);
	free(a->path);
	free(a);
	*aliases = NULL;
}

void aliases_add(struct aliases *a, const char *bytes, size_t n)
{
	if (n > ALIASES_FILE_LIMIT)
		too_much(a, _("it is larger than can be read"));
	else
		aliases_parse(a, a->path, bytes, n);
}

const char *aliases_next_include(struct aliases *a)
{
	while (a->next_file < a->count && !a->lists[a->next_file].is_file)
		a->next_file++;
	if (a->next_file == a->count || a->fault != NULL)
		return NULL;
	a->reading = (uint32_t)a->next_file++;
	return a->lists[a->reading].name;
}

void aliases_add_include(struct aliases *a, const char *bytes, size_t n)
{
	const struct alias_list *l = &a->lists[a->reading];

	if (n > ALIASES_FILE_LIMIT)
		aliases_complain(a, &l->at, _("%s is larger than %zu bytes"),
		                 aliases_tail(l->name), ALIASES_FILE_LIMIT);
	else
		aliases_parse_members(a, l->name, a->reading, bytes, n);
}

void aliases_refuse(struct aliases *a, const struct fault *why)
{
	refuse_all(a, why->text);
}

void aliases_refuse_include(struct aliases *a, const struct fault *why)
{
	aliases_complain(a, &a->lists[a->reading].at, "%s", why->text);
}

/* --- what is in it -------------------------------------------------------- */

size_t aliases_count(const struct aliases *a)
{
	return a->count - a->files;
}

const char *aliases_next_name(const struct aliases *a, size_t *at)
{
	while (*at < a->count && a->lists[*at].is_file)
		++*at;
	return *at < a->count ? a->lists[(*at)++].name : NULL;
}

bool aliases_fault(const struct aliases *a, size_t i, struct fault *f)
{
	if (i >= a->fault_count)
		return false;
	fault_set(f, FAULT_CONFIG, "4.3.5", "%s", a->faults[i]);
	return true;
}
