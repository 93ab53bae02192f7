/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parameter - what follows MAIL FROM: and RCPT TO:
 *
 * Pure: takes the text, says what it means or with which reply to refuse it.
 * Strict, since the clients tested here should be right and not just lucky.
 */
#ifndef SMARTHOST_PARAMETER_H
#define SMARTHOST_PARAMETER_H

#include "options.h"

struct path {
	char address[1024];     /* without the brackets, "" for <> */
	const char *parameters; /* borrowed: the rest of the line */
	bool ascii;
};

struct parameters {
	bool utf8;          /* SMTPUTF8 */
	bool eight;         /* BODY=8BITMIME */
	unsigned long size; /* SIZE=, 0: not said */
};

struct objection { /* code 0: none */
	int code;
	const char *enhanced;
	const char *text;
};

/* "FROM:<address> ...", with FROM: as the keyword.  False: syntax error. */
bool path_parse(struct path *path, const char *keyword, const char *args);

/* `offered`: EXT_...; `auth`: AUTH= is known. */
struct objection parameters_mail(struct parameters *p, const char *text,
                                 unsigned offered, bool auth);
struct objection parameters_rcpt(const char *text, unsigned offered);

#endif
