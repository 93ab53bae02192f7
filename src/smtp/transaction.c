/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/transaction.h"

#include <stdlib.h>

#include "base/mem.h"

struct transaction *transaction_create(struct session_mail *mail, size_t room)
{
	struct transaction *t =
		mem_alloc(sizeof(*t) + room * sizeof(t->turn[0]));

	t->mail = mail;
	return t;
}

void transaction_free(struct transaction **t)
{
	free(*t);
	*t = NULL;
}

struct session_recipient *transaction_recipient(const struct transaction *t,
                                                size_t i)
{
	return &t->mail->recipients[t->turn[i]];
}
