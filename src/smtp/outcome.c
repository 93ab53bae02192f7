/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/outcome.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

void outcome_release(struct outcome *o)
{
	free(o->text);
	*o = (struct outcome){ .state = OUTCOME_OPEN };
}

void outcome_set(struct outcome *o, enum outcome_state state,
                 enum verdict_scope scope, const struct fault *f)
{
	char *text = mem_strdup(f->text);

	outcome_release(o);
	o->state = state;
	o->scope = scope;
	o->kind = f->kind;
	snprintf(o->code, sizeof(o->code), "%s", f->code);
	o->text = text;
}

void outcome_fault(const struct outcome *o, struct fault *f)
{
	fault_set(f, o->kind, o->code, "%s", o->text != NULL ? o->text : "");
}
