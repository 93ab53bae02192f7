/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reasons - what the words of token endpoints mean: a table
 *
 * RFC 6749, 5.2 and RFC 8628, 3.5; and the numbers that Microsoft puts into its
 * descriptions (AADSTS...), which say more than its words do.
 */
#ifndef TOKEN_REASONS_H
#define TOKEN_REASONS_H

#include "base/fault.h"
#include "token/settings.h"

enum remedy {
	REMEDY_NONE,  /* the words say it */
	REMEDY_LOGIN, /* log in again */
};

struct reason {
	const char *error; /* NULL: any */
	const char *mark;  /* in the description, a whole number; NULL: any */
	enum fault_kind kind;
	enum remedy remedy;
	const char *words; /* not yet translated */
};

/* Never NULL: what is not known is a person's. */
const struct reason *reasons_find(enum flow flow, const char *error,
                                  const char *description);

#endif
