/* SPDX-License-Identifier: GPL-3.0-or-later */
/* args - sendmail's options as a table: honoured, ignored, refused, and why
 *
 * About 75 programs call sendmail, each in its own dialect; an option that
 * means nothing here is taken silently, because any word on stderr counts as
 * failure for many of them.  Nothing in argv makes us write or read a file, run
 * a program or look at another queue (-X, -C, -D, -oQ, -be: CVE-2016-10033).
 *
 * Grammar: sendmail 8's getopt string, clusters (-ti), joined and separate
 * arguments, options after operands, "--" ends them.
 */
#ifndef SENDMAIL_ARGS_H
#define SENDMAIL_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

enum args_mode {
	ARGS_SUBMIT,  /* -bm, -ba: a message on stdin */
	ARGS_SERVE,   /* -bs: SMTP on stdin */
	ARGS_LIST,    /* -bp, mailq */
	ARGS_COUNT,   /* -bP */
	ARGS_VERIFY,  /* -bv */
	ARGS_RUN,     /* -q: tell the flusher */
	ARGS_ALIASES, /* -bi, newaliases */
	ARGS_NOTHING, /* -bh, -bH: success, silence */
	ARGS_DAEMON,  /* smtpd; never what parsing returns */
	ARGS_HELP,
	ARGS_VERSION,
};

struct args {
	enum args_mode mode;
	bool reads_header;  /* -t */
	bool dots_are_data; /* -i */
	bool is_patient;    /* -odq, -odd: wake nobody */
	bool is_quiet;      /* -oeq: say nothing on stderr */
	bool is_verbose;    /* -v */
	const char *sender; /* -f, -r; NULL: not given */
	const char *full_name;
	const char *body;
	const char *notify;
	const char *ret;
	const char *envid;
	const char *tag; /* -L, for the system log */
	char **operands; /* allocated; the words are argv's */
	size_t operand_count;
};

/* Take argv apart.  -1: EX_USAGE, or EX_DATAERR for a control byte. */
int args_parse(struct args *args, int argc, char *argv[], struct fault *f);
void args_release(struct args *args);

#endif
