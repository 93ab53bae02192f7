/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "queue/entry.h"

void entry_envelope_init(struct entry_envelope *env)
{
	memset(env, 0, sizeof(*env));
}

void entry_envelope_release(struct entry_envelope *env)
{
	for (size_t i = 0; i < env->recipient_count; i++) {
		free(env->recipients[i]);
		free(env->dsn[i].orcpt);
		free(env->dsn[i].notify);
	}
	free(env->recipients);
	free(env->dsn);
	free(env->sender);
	free(env->body);
	free(env->notify);
	free(env->ret);
	free(env->envid);
	free(env->about);
	entry_envelope_init(env);
}

void entry_envelope_add(struct entry_envelope *env, const char *recipient)
{
	size_t room = env->recipient_room;

	if (env->recipient_count == room) {
		env->recipient_room = room == 0 ? 8 : room * 2;
		env->recipients =
			mem_grow(env->recipients, room, env->recipient_room,
		                 sizeof(*env->recipients));
		env->dsn = mem_grow(env->dsn, room, env->recipient_room,
		                    sizeof(*env->dsn));
	}
	env->dsn[env->recipient_count] = (struct entry_dsn){ 0 };
	env->recipients[env->recipient_count++] = mem_strdup(recipient);
}

static char *copy(const char *value)
{
	return value != NULL ? mem_strdup(value) : NULL;
}

void entry_envelope_add_dsn(struct entry_envelope *env, const char *orcpt,
                            const char *notify)
{
	struct entry_dsn *dsn = &env->dsn[env->recipient_count - 1];

	free(dsn->orcpt);
	free(dsn->notify);
	*dsn = (struct entry_dsn){ copy(orcpt), copy(notify) };
}
