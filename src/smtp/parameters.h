/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parameters - what may follow the path of MAIL and RCPT
 *
 * BODY (RFC 6152), SIZE (RFC 1870), RET, ENVID, NOTIFY and ORCPT (RFC 3461),
 * SMTPUTF8 (RFC 6531); a row in parameters.c for each.  Words come out in upper
 * case, a list in one order and each word once.  Each parameter may be there
 * once.
 */
#ifndef SMTP_PARAMETERS_H
#define SMTP_PARAMETERS_H

#include <stdbool.h>
#include <stdint.h>

#include "smtp/path.h"

enum parameters_of {
	PARAMETERS_MAIL,
	PARAMETERS_RCPT,
};

/* Zero before.  Strings are NULL if they were not given. */
struct parameters {
	const char *body; /* "7BIT", "8BITMIME" */
	const char *ret;  /* "FULL", "HDRS" */
	const char *envid;
	const char *orcpt;  /* its form is not checked */
	const char *notify; /* "NEVER", "FAILURE,DELAY" and so on */
	uint64_t size;      /* 0: not given */
	bool has_size;
	bool smtputf8;
	char envid_text[101]; /* RFC 3461, section 5.4 */
	char orcpt_text[501]; /* section 4.2 */
	char notify_text[32];
};

enum parameters_result {
	PARAMETERS_OK,
	PARAMETERS_UNKNOWN, /* *bad is the parameter */
	PARAMETERS_WRONG,   /* so it is: its value, or it is there twice */
};

enum parameters_result parameters_take(struct parameters *to,
                                       enum parameters_of of, const char *text,
                                       struct path_parameter *bad);

#endif
