/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/owed.h"

#include "queue/dsn.h"

bool owed_is_possible(const struct entry_envelope *env)
{
	return env->sender[0] != '\0' && env->about == NULL;
}

bool owed_any(const struct entry_envelope *env, const struct history *h)
{
	char all[DSN_NOTIFY_SIZE] = "";

	if (!owed_is_possible(env))
		return false;
	if (env->notify != NULL)
		dsn_of_option(env->notify, all);
	for (size_t i = 0; i < h->count; i++) {
		const char *notify = env->dsn[i].notify;

		if (h->marks[i].kind == JOURNAL_DELIVERED &&
		    h->marks[i].owes_success)
			return true;
		if (h->marks[i].kind == JOURNAL_FAILED &&
		    dsn_asks(notify != NULL ? notify : all, "FAILURE"))
			return true;
	}
	return false;
}
