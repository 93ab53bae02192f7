/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/rewrite.h"

#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "message/address.h"

/* ---- one address ---- */

static bool is_this_machine(const struct rewrite_rules *rules,
                            const char *domain)
{
	const char *host = rules->host;

	if (ascii_is_word(domain, "localhost") ||
	    ascii_is_word(domain, "localhost.localdomain"))
		return true;
	return host != NULL && strchr(host, '.') == NULL &&
	       ascii_is_word(domain, host);
}

bool rewrite_is_bare(const struct rewrite_rules *rules, const char *address,
                     size_t *n)
{
	const char *domain = address_domain(address);

	*n = strlen(address);
	if (domain == NULL)
		return true;
	if (!is_this_machine(rules, domain))
		return false;
	*n = (size_t)(domain - address) - 1;
	return true;
}

enum rewrite_rule rewrite_qualify(const struct rewrite_rules *rules,
                                  const char *address, struct sbuf *out)
{
	size_t n;

	if (address[0] == '\0' || !rewrite_is_bare(rules, address, &n)) {
		sbuf_addstr(out, address);
		return REWRITE_NOTHING;
	}
	sbuf_add(out, address, n);
	sbuf_addf(out, "@%s", rules->domain);
	return REWRITE_DOMAIN;
}

static bool is_allowed(const struct rewrite_rules *rules, const char *address)
{
	if (rules->force == NULL || address_is_same(address, rules->force))
		return true;
	return rules->is_allowed != NULL &&
	       rules->is_allowed(rules->arg, address);
}

enum rewrite_rule rewrite_sender(const struct rewrite_rules *rules,
                                 const char *address, struct sbuf *out)
{
	size_t at = out->len;
	enum rewrite_rule rule = rewrite_qualify(rules, address, out);

	if (address[0] == '\0' || !rules->forces_envelope ||
	    is_allowed(rules, out->data + at))
		return rule;
	sbuf_cut(out, at);
	sbuf_addstr(out, rules->force);
	return REWRITE_FORCE;
}

/* ---- one field ---- */

/* A field's text on its way into another: what is between the addresses is
 * copied as it is. */
struct edit {
	const struct rewrite_rules *rules;
	const char *raw;
	size_t copied;         /* of raw */
	struct sbuf qualified; /* the text with every address qualified */
	struct sbuf forced;    /* and with `force` in place of the first */
	struct sbuf address;
	size_t count;
	bool is_changed; /* `qualified` is another text than raw */
	bool is_foreign; /* one of them is not allowed */
};

static void edit_init(struct edit *e, const struct rewrite_rules *rules,
                      const struct header *h)
{
	*e = (struct edit){ .rules = rules };
	sbuf_init(&e->qualified, h->text.limit);
	sbuf_init(&e->forced, h->text.limit);
	sbuf_init(&e->address, ADDRESS_MAX * 2);
}

static void edit_release(struct edit *e)
{
	sbuf_release(&e->qualified);
	sbuf_release(&e->forced);
	sbuf_release(&e->address);
}

static int see_address(void *arg, const struct address_place *place,
                       struct fault *f)
{
	struct edit *e = arg;
	enum rewrite_rule rule;

	(void)f;
	sbuf_reset(&e->address);
	rule = rewrite_qualify(e->rules, place->bare, &e->address);
	if (e->count++ == 0) {
		sbuf_add(&e->forced, e->raw, place->at);
		if (e->rules->force != NULL)
			sbuf_addstr(&e->forced, e->rules->force);
		sbuf_addstr(&e->forced, e->raw + place->at + place->len);
	}
	e->is_foreign |= !is_allowed(e->rules, e->address.data);
	if (rule == REWRITE_NOTHING)
		return 0;
	e->is_changed = true;
	sbuf_add(&e->qualified, e->raw + e->copied, place->at - e->copied);
	sbuf_add(&e->qualified, e->address.data, e->address.len);
	e->copied = place->at + place->len;
	return 0;
}

/* False: it is no list of addresses. */
static bool edit_read(struct edit *e, const char *raw, size_t n)
{
	struct fault ignored;

	e->raw = raw;
	if (address_walk(raw, n, see_address, e, &ignored) != 0)
		return false;
	sbuf_add(&e->qualified, raw + e->copied, n - e->copied);
	return true;
}

static void note(const struct rewrite_rules *rules, enum rewrite_rule rule,
                 const char *name, const char *before, const char *after)
{
	if (rules->note != NULL)
		rules->note(rules->note_arg, rule, name, before, after);
}

static int replace(const struct rewrite_rules *rules, enum rewrite_rule rule,
                   struct header *h, struct header_field *field,
                   const struct sbuf *raw, struct fault *f)
{
	struct sbuf name, before, after;
	int result;

	sbuf_init(&name, h->text.limit);
	sbuf_init(&before, h->text.limit);
	sbuf_init(&after, h->text.limit);
	sbuf_add(&name, h->text.data + field->at, field->name_len);
	header_value(h, field, &before);
	result = header_replace(h, field, raw->data, raw->len, f);
	header_value(h, field, &after);
	if (result == 0)
		note(rules, rule, name.data, before.data, after.data);
	sbuf_release(&name);
	sbuf_release(&before);
	sbuf_release(&after);
	return result == 0 ? 1 : -1;
}

/* A copy of the raw text, which moves when the header grows. */
static void copy_raw(const struct header *h, const struct header_field *field,
                     struct sbuf *out)
{
	size_t n;
	const char *raw = header_raw(h, field, &n);

	sbuf_init(out, h->text.limit);
	sbuf_add(out, raw, n);
}

static int qualify_field(const struct rewrite_rules *rules, struct header *h,
                         struct header_field *field, struct fault *f)
{
	struct sbuf raw;
	struct edit e;
	int result = 0;

	copy_raw(h, field, &raw);
	edit_init(&e, rules, h);
	if (edit_read(&e, raw.data, raw.len) && e.is_changed)
		result = replace(rules, REWRITE_DOMAIN, h, field, &e.qualified,
		                 f);
	edit_release(&e);
	sbuf_release(&raw);
	return result;
}

/* ---- From ---- */

static int add_field(const struct rewrite_rules *rules, struct header *h,
                     const char *name, const struct sbuf *value,
                     struct fault *f)
{
	const char *text = value->data;

	while (ascii_is_blank(*text))
		text++;
	if (header_find(h, name, NULL) != NULL)
		return 0;
	if (header_append(h, name, text, f) != 0)
		return -1;
	note(rules, REWRITE_FORCE, name, NULL, text);
	return 0;
}

/* One line of a raw text: what folding added goes. */
static void unfold(struct sbuf *b, const struct sbuf *raw)
{
	for (size_t i = 0; i < raw->len; i++)
		if (raw->data[i] != '\r' && raw->data[i] != '\n')
			sbuf_add(b, raw->data + i, 1);
}

/* A caller's control characters are no reason to refuse what we add. */
static void add_clean(struct sbuf *b, const struct sbuf *value)
{
	for (size_t i = 0; i < value->len; i++) {
		const char *c = value->data + i;

		sbuf_add(b, ascii_is_control(*c) && *c != '\t' ? "?" : c, 1);
	}
}

/* Where answers go, and what was said: before From changes. */
static int keep_original(const struct rewrite_rules *rules, struct header *h,
                         const struct header_field *from, const struct edit *e,
                         bool is_list, struct fault *f)
{
	struct sbuf value, clean;
	int result = 0;

	sbuf_init(&value, h->text.limit);
	sbuf_init(&clean, h->text.limit);
	header_value(h, from, &value);
	add_clean(&clean, &value);
	result = add_field(rules, h, "X-Original-From", &clean, f);
	sbuf_reset(&value);
	unfold(&value, &e->qualified);
	if (result == 0 && is_list && e->count > 0)
		result = add_field(rules, h, "Reply-To", &value, f);
	sbuf_release(&value);
	sbuf_release(&clean);
	return result;
}

/* Of several authors none is left: the one address stands for them. */
static void forced_text(const struct edit *e, bool is_list, struct sbuf *out)
{
	if (is_list && e->count == 1)
		sbuf_add(out, e->forced.data, e->forced.len);
	else
		sbuf_addf(out, " %s", e->rules->force);
}

/* The header's fields move when one is added: `field` by its number. */
static int force_from(const struct rewrite_rules *rules, struct header *h,
                      size_t field, const struct edit *e, bool is_list,
                      struct fault *f)
{
	struct sbuf text;
	int result;

	if (keep_original(rules, h, &h->field[field], e, is_list, f) != 0)
		return -1;
	sbuf_init(&text, h->text.limit);
	forced_text(e, is_list, &text);
	result = replace(rules, REWRITE_FORCE, h, &h->field[field], &text, f);
	sbuf_release(&text);
	return result;
}

static int rewrite_from(const struct rewrite_rules *rules, struct header *h,
                        struct header_field *field, struct fault *f)
{
	struct sbuf raw;
	struct edit e;
	int result = 0;
	bool is_list;

	copy_raw(h, field, &raw);
	edit_init(&e, rules, h);
	is_list = edit_read(&e, raw.data, raw.len);
	if (rules->force != NULL && rules->forces_header &&
	    (e.is_foreign || !is_list || e.count == 0))
		result = force_from(rules, h, (size_t)(field - h->field), &e,
		                    is_list, f);
	else if (is_list && e.is_changed)
		result = replace(rules, REWRITE_DOMAIN, h, field, &e.qualified,
		                 f);
	edit_release(&e);
	sbuf_release(&raw);
	return result;
}

/* Who sent it for the author; nobody, if that is not allowed either. */
static int rewrite_agent(const struct rewrite_rules *rules, struct header *h,
                         struct header_field *field, struct fault *f)
{
	struct sbuf raw;
	struct edit e;
	bool goes;

	if (rules->force == NULL || !rules->forces_header)
		return qualify_field(rules, h, field, f);
	copy_raw(h, field, &raw);
	edit_init(&e, rules, h);
	goes = !edit_read(&e, raw.data, raw.len) || e.is_foreign;
	edit_release(&e);
	if (goes) {
		struct sbuf value;

		sbuf_init(&value, h->text.limit);
		header_value(h, field, &value);
		note(rules, REWRITE_FORCE, "Sender", value.data, NULL);
		header_drop(field);
		sbuf_release(&value);
	}
	sbuf_release(&raw);
	return goes ? 1 : qualify_field(rules, h, field, f);
}

/* ---- the header ---- */

typedef int rewrite_function(const struct rewrite_rules *rules,
                             struct header *h, struct header_field *field,
                             struct fault *f);

static const struct {
	const char *name;
	rewrite_function *rewrite;
} fields[] = {
	{ "From", rewrite_from },
	{ "Sender", rewrite_agent },
	{ "Reply-To", qualify_field },
	{ "To", qualify_field },
	{ "Cc", qualify_field },
	{ "Resent-From", qualify_field },
	{ "Resent-Sender", qualify_field },
	{ "Resent-Reply-To", qualify_field },
	{ "Resent-To", qualify_field },
	{ "Resent-Cc", qualify_field },
};

static rewrite_function *function_of(const struct header *h,
                                     const struct header_field *field)
{
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (strlen(fields[i].name) == field->name_len &&
		    ascii_is_same(h->text.data + field->at, fields[i].name,
		                  field->name_len))
			return fields[i].rewrite;
	return NULL;
}

/* Fields that are added on the way are right already. */
int rewrite_header(const struct rewrite_rules *rules, struct header *h,
                   struct fault *f)
{
	size_t count = h->count;
	int changed = 0;

	for (size_t i = 0; i < count; i++) {
		rewrite_function *rewrite;
		int result;

		if (h->field[i].len == 0)
			continue;
		rewrite = function_of(h, &h->field[i]);
		result = rewrite != NULL ? rewrite(rules, h, &h->field[i], f)
		                         : 0;
		if (result < 0)
			return -1;
		changed |= result;
	}
	return changed;
}
