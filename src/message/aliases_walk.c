/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One walk over the lists: to expand, to explain, and to find the loops.  It is
 * as deep as its stack, which grows; a list that was visited is not visited
 * again, so it takes as many steps as there are members. */
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "message/aliases_table.h"

struct frame {
	uint32_t list;
	size_t next; /* member */
};

/* With `out` it expands, with `text` it explains, with `checked` it puts what
 * is wrong into the table and goes on. */
struct walk {
	const struct aliases *aliases;
	struct aliases *checked; /* the same */
	struct address_list *out;
	struct sbuf *text;
	struct fault *fault;
	struct frame *stack;
	size_t depth, size;
};

static void add_way(struct sbuf *b, const struct walk *w, uint32_t end)
{
	size_t i = 0;

	while (w->stack[i].list != end)
		i++;
	for (; i < w->depth; i++)
		sbuf_addf(b, "%s -> ",
		          w->aliases->lists[w->stack[i].list].name);
	sbuf_addstr(b, w->aliases->lists[end].name);
}

/* The last list on the stack leads to `end`, which is on it, too. */
static void complain_of_loop(struct walk *w, uint32_t end)
{
	uint32_t last = w->stack[w->depth - 1].list;
	struct sbuf way;

	sbuf_init(&way, 300);
	add_way(&way, w, end);
	aliases_complain(w->checked, &w->aliases->lists[last].at,
	                 _("this leads back to where it came from: %s; remove "
	                   "one of them, or write \\ before the name that is "
	                   "a mailbox"),
	                 way.data);
	sbuf_release(&way);
}

static void add_line(const struct walk *w, const struct alias_list *l)
{
	static const char *const before[] = { [ALIAS_ADDRESS] = "",
		                              [ALIAS_NAME] = "",
		                              [ALIAS_FINAL] = "\\",
		                              [ALIAS_FILE] = ":include:" };

	sbuf_addf(w->text, "%s:%u: %s ->", aliases_tail(l->at.path), l->at.line,
	          l->name);
	for (size_t i = 0; i < l->count; i++)
		sbuf_addf(w->text, "%s %s%s", i > 0 ? "," : "",
		          before[l->members[i].kind], l->members[i].text);
	sbuf_addstr(w->text, "\n");
}

static int broken(struct walk *w, const char *text)
{
	return fault_set(w->fault, FAULT_CONFIG, "4.3.5", "%s", text);
}

/* Begin with a list. */
static int enter(struct walk *w, uint32_t number)
{
	struct alias_mark *mark = &w->aliases->marks->of[number];
	const struct alias_list *l = &w->aliases->lists[number];

	if (w->checked == NULL && l->fault != NULL)
		return broken(w, l->fault);
	if (w->text != NULL)
		add_line(w, l);
	if (w->depth == w->size) {
		size_t size = w->size == 0 ? 16 : w->size * 2;

		w->stack = mem_grow(w->stack, w->size, size, sizeof(*w->stack));
		w->size = size;
	}
	*mark = (struct alias_mark){ .walk = w->aliases->marks->walks,
		                     .is_open = true };
	w->stack[w->depth++] = (struct frame){ .list = number };
	return 0;
}

static int give(struct walk *w, const struct alias_member *m)
{
	const struct alias_list *from = &w->aliases->lists[w->stack[0].list];
	struct fault full;

	if (w->out == NULL ||
	    address_list_add_unique(w->out, m->text, &full) == 0)
		return 0;
	return fault_set(w->fault, FAULT_CONFIG, "4.3.5",
	                 _("%s:%u: with `%s` there are more than %zu "
	                   "recipients: make the list shorter"),
	                 aliases_tail(from->at.path), from->at.line, from->name,
	                 w->out->count);
}

static int follow(struct walk *w, const struct alias_member *m)
{
	const struct alias_mark *mark;

	if (m->target == ALIASES_NOBODY)
		return give(w, m);
	mark = &w->aliases->marks->of[m->target];
	if (mark->walk < w->aliases->marks->walks)
		return enter(w, m->target);
	if (mark->is_open && w->checked != NULL)
		complain_of_loop(w, m->target);
	return 0;
}

/* From where it stands to the end. */
static int walk_on(struct walk *w)
{
	while (w->depth > 0) {
		struct frame *top = &w->stack[w->depth - 1];
		const struct alias_list *l = &w->aliases->lists[top->list];

		if (top->next == l->count) {
			w->aliases->marks->of[top->list].is_open = false;
			w->depth--;
		} else if (follow(w, &l->members[top->next++]) != 0) {
			return -1;
		}
	}
	return 0;
}

/* A name that leads to itself at once is a mailbox: "ann: ann, bob". */
static void link_names(struct aliases *a, uint32_t number)
{
	struct alias_list *l = &a->lists[number];

	for (size_t i = 0; i < l->count; i++) {
		struct alias_member *m = &l->members[i];

		if (m->kind != ALIAS_NAME)
			continue;
		m->target = aliases_find_name(a, m->text);
		if (m->target == number) {
			m->target = ALIASES_NOBODY;
			m->kind = ALIAS_FINAL;
		}
	}
}

void aliases_finish(struct aliases *a)
{
	struct walk w = { .aliases = a, .checked = a };

	if (a->count == 0)
		return;
	a->marks = mem_alloc(sizeof(*a->marks));
	a->marks->of = mem_array(a->count, sizeof(*a->marks->of));
	a->marks->walks = 1;
	for (size_t i = 0; i < a->count; i++)
		link_names(a, (uint32_t)i);
	for (size_t i = 0; i < a->count; i++)
		if (a->marks->of[i].walk == 0) {
			enter(&w, (uint32_t)i);
			walk_on(&w);
		}
	free(w.stack);
}

/* --- asking it ------------------------------------------------------------ */

static int walk_from(struct walk *w, const char *name)
{
	const struct aliases *a = w->aliases;
	uint32_t number;
	int result;

	if (address_is_qualified(name))
		return 0;
	if (a->fault != NULL)
		return broken(w, a->fault);
	number = aliases_find_name(a, name);
	if (number == ALIASES_NOBODY)
		return 0;
	a->marks->walks++;
	result = enter(w, number);
	if (result == 0)
		result = walk_on(w);
	free(w->stack);
	return result == 0 ? 1 : -1;
}

int aliases_expand(const struct aliases *a, const char *name,
                   struct address_list *out, struct fault *f)
{
	struct walk w = { .aliases = a, .out = out, .fault = f };

	return walk_from(&w, name);
}

int aliases_explain(const struct aliases *a, const char *name, struct sbuf *out,
                    struct fault *f)
{
	struct walk w = { .aliases = a, .text = out, .fault = f };

	return walk_from(&w, name);
}
