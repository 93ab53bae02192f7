/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/address.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/port.h"

int address_refuse(const char *text, size_t n, const char *reason,
                   struct fault *f)
{
	char shown[120];

	escape_copy(shown, sizeof(shown), text, n);
	fault_set(f, FAULT_PERM, "5.1.3",
	          _("bad address \"%s\": %s; correct it and send again"), shown,
	          _(reason));
	f->status = EX_DATAERR;
	return -1;
}

/* ---- one bare address ---- */

/* Not allowed in an address outside quotes and brackets. */
static bool is_special(char c)
{
	return strchr("()<>[]:;\\,\" ", c) != NULL;
}

/* Only what can be shown as it is: no control bytes, no broken UTF-8, nothing
 * that reorders the text around it. */
static bool is_showable(const char *s, size_t n)
{
	char shown[ADDRESS_MAX + 8];

	return escape_copy(shown, sizeof(shown), s, n) == n &&
	       memcmp(shown, s, n) == 0;
}

size_t address_quoted_length(const char *s, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (s[i] == '"')
			return i + 1;
		if (s[i] == '\\')
			i++;
	}
	return 0;
}

/* A quoted string is a word of its own, between dots. */
static bool stands_alone(const char *s, size_t n, size_t at, size_t len)
{
	if (at > 0 && s[at - 1] != '.')
		return false;
	return at + len == n || s[at + len] == '.' || s[at + len] == '@';
}

/* The local part ends at *end: at the @ or at the end of the text.  NULL if it
 * is good, or the reason why not. */
static const char *local_problem(const char *s, size_t n, size_t *end)
{
	size_t i = 0;

	while (i < n && s[i] != '@') {
		size_t quoted =
			s[i] == '"' ? address_quoted_length(s + i, n - i) : 0;

		if (quoted == 0 && is_special(s[i]))
			return N_("a character that must be inside quotes");
		if (quoted > 0 && !stands_alone(s, n, i, quoted))
			return N_("a quoted part inside a word");
		i += quoted > 0 ? quoted : 1;
	}
	*end = i;
	return i == 0 ? N_("nothing before the @") : NULL;
}

static const char *domain_problem(const char *s, size_t n)
{
	if (n == 0)
		return N_("nothing after the @");
	if (s[0] == '[') {
		if (n < 3 || s[n - 1] != ']' ||
		    strcspn(s + 1, "[]\\ ") != n - 2)
			return N_("the part in [ ] is not an IP address");
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '@')
			return N_("more than one @");
		if (is_special(s[i]))
			return N_("the domain has a character it cannot have");
		if (s[i] == '.' && (i == 0 || i + 1 == n || s[i + 1] == '.'))
			return N_("the domain has an empty part");
	}
	return NULL;
}

const char *address_problem(const char *bare)
{
	size_t n = strlen(bare), at = 0;
	const char *reason;

	if (n == 0)
		return N_("it is empty");
	if (n > ADDRESS_MAX)
		return N_("it is longer than 320 bytes");
	if (!is_showable(bare, n))
		return N_("it has a control character or is not UTF-8");
	reason = local_problem(bare, n, &at);
	if (reason == NULL && at < n)
		reason = domain_problem(bare + at + 1, n - at - 1);
	return reason;
}

int address_check(const char *bare, struct fault *f)
{
	const char *reason = address_problem(bare);

	if (reason == NULL)
		return 0;
	return address_refuse(bare, strlen(bare), reason, f);
}

/* A domain has no quote in it, a quoted local part ends with one. */
const char *address_domain(const char *bare)
{
	const char *at = strrchr(bare, '@');

	return at == NULL || strchr(at, '"') != NULL ? NULL : at + 1;
}

bool address_is_qualified(const char *bare)
{
	return address_domain(bare) != NULL;
}

bool address_is_ascii(const char *bare)
{
	for (; *bare != '\0'; bare++)
		if ((unsigned char)*bare >= 0x80)
			return false;
	return true;
}

/* Bytes before the domain, with the @. */
static size_t exact_length(const char *bare, size_t n)
{
	const char *domain = address_domain(bare);

	return domain == NULL ? n : (size_t)(domain - bare);
}

bool address_is_same(const char *a, const char *b)
{
	size_t n = strlen(a), exact = exact_length(a, n);

	return strlen(b) == n && memcmp(a, b, exact) == 0 &&
	       exact_length(b, n) == exact &&
	       ascii_is_same(a + exact, b + exact, n - exact);
}

void address_add_login(struct sbuf *out, const char *login)
{
	bool shown = is_showable(login, strlen(login));

	if (address_problem(login) == NULL && !address_is_qualified(login)) {
		sbuf_addstr(out, login);
		return;
	}
	sbuf_add(out, "\"", 1);
	for (; *login != '\0'; login++) {
		if (*login == '"' || *login == '\\')
			sbuf_add(out, "\\", 1);
		if (shown || ascii_is_graph(*login) || *login == ' ')
			sbuf_add(out, login, 1);
		else
			sbuf_add(out, "?", 1);
	}
	sbuf_add(out, "\"", 1);
}

/* ---- the list: each address once ---- */

void address_list_init(struct address_list *l, size_t count_limit,
                       size_t byte_limit)
{
	*l = (struct address_list){ .count_limit = count_limit,
		                    .byte_limit = byte_limit };
}

void address_list_release(struct address_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->item[i]);
	free(l->item);
	free(l->slot);
	address_list_init(l, l->count_limit, l->byte_limit);
}

/* FNV-1a with a seed, mixed so that the low bits depend on all. */
static uint64_t hash(const struct address_list *l, const char *bare)
{
	size_t n = strlen(bare), exact = exact_length(bare, n);
	uint64_t h = l->seed ^ 0xcbf29ce484222325U;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bare[i];

		if (i >= exact)
			c = (unsigned char)ascii_lower(bare[i]);
		h = (h ^ c) * 0x100000001b3U;
	}
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15U;
	return h ^ h >> 32;
}

/* Where the address is in the table, or the free place where it goes. */
static uint32_t *find_slot(const struct address_list *l, const char *bare)
{
	size_t at = (size_t)hash(l, bare) & (l->slots - 1);

	while (l->slot[at] != 0 &&
	       !address_is_same(l->item[l->slot[at] - 1], bare))
		at = (at + 1) & (l->slots - 1);
	return &l->slot[at];
}

/* Twice the room.  The seed makes the order of the table a secret, so that
 * nobody can send addresses that all fall in one place. */
static void grow(struct address_list *l)
{
	size_t size = l->size == 0 ? 8 : l->size * 2;

	if (l->size == 0 && port_random(&l->seed, sizeof(l->seed)) != 0)
		l->seed = 0;
	l->item = mem_grow(l->item, l->size, size, sizeof(*l->item));
	l->size = size;
	free(l->slot);
	l->slots = size * 2;
	l->slot = mem_array(l->slots, sizeof(*l->slot));
	for (size_t i = 0; i < l->count; i++)
		*find_slot(l, l->item[i]) = (uint32_t)i + 1;
}

int address_list_add_unique(struct address_list *l, const char *bare,
                            struct fault *f)
{
	size_t n = strlen(bare);
	uint32_t *slot;

	if (l->count == l->size)
		grow(l);
	slot = find_slot(l, bare);
	if (*slot != 0)
		return 0;
	if (l->count >= l->count_limit || l->count >= UINT32_MAX ||
	    n > l->byte_limit - l->bytes) {
		fault_set(f, FAULT_PERM, "5.5.3",
		          _("more than %zu recipients; send the message in "
		            "several parts"),
		          l->count);
		f->status = EX_DATAERR;
		return -1;
	}
	l->item[l->count++] = mem_strndup(bare, n);
	l->bytes += n;
	*slot = (uint32_t)l->count;
	return 0;
}

size_t address_list_find(const struct address_list *l, const char *bare)
{
	uint32_t slot = l->slots > 0 ? *find_slot(l, bare) : 0;

	return slot > 0 ? slot - 1 : l->count;
}
