/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report - what became of a message, as mail to its sender
 *
 * A delivery status notification: RFC 3464 in the multipart/report of RFC 6522,
 * in CRLF form.  The first part is for people, in the language of the process:
 * what happened to whom, what the server said, what that means and what to do.
 * The second says the same to programs, the third is the original message or
 * its header.
 *
 * Pure: no file, no clock, no network.  Memory does not depend on how many
 * recipients there are or how large the original is.  Values come from
 * strangers (addresses, words of servers, a subject): none of them can end a
 * line or a field, none makes a line over 998 octets, and what is too long is
 * cut.  All but the original is ASCII, unless the sender's address is not.
 *
 *     report_begin(&w, &report, write, arg);
 *     report_original(&w, bytes, n); ...      in pieces of any size
 *     result = report_end(&w);                always: it releases, too
 *
 * What `write` returns, if it is not 0, is the result; nothing more is written
 * then.
 */
#ifndef MESSAGE_REPORT_H
#define MESSAGE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sbuf.h"
#include "message/encode.h"

/* RFC 3464, section 2.3.3. */
enum report_action {
	REPORT_FAILED,
	REPORT_DELAYED,
	REPORT_RELAYED, /* to a server that will send no report */
	REPORT_DELIVERED,
};

struct report_recipient {
	const char *address; /* as the sender named it */
	const char *final;   /* the one that was tried; NULL: the same */
	const char *orcpt; /* of RFC 3461 as it came, "rfc822;a+2Bb", or NULL */
	enum report_action action;
	const char *status; /* "5.1.1" */
	const char *words;  /* "RCPT: 550 no such user", or our own; or NULL */
	const char *remote; /* "mail.example.org[192.0.2.1]:587", or NULL */
	int64_t last_try;   /* seconds since 1970, 0: unknown */
	bool in_doubt;      /* it may have been delivered */
};

struct report {
	const char *id;        /* of the report's own entry */
	const char *original;  /* of the entry that it is about */
	const char *host;      /* our name: who reports */
	const char *domain;    /* From: MAILER-DAEMON@domain */
	const char *to;        /* the sender, with a domain */
	const char *envid;     /* of RFC 3461, decoded; or NULL */
	const char *subject;   /* raw value of the original's; or NULL */
	int64_t arrival, now;  /* seconds since 1970 */
	int64_t retry_until;   /* for what is delayed; 0: unknown */
	bool is_kept;          /* `relay queue retry` can bring it back */
	bool with_body;        /* RET=FULL: the original is all of it */
	bool original_is_8bit; /* it may have octets above 127 */
	const struct report_recipient *recipients;
	size_t count;
};

struct report_writer {
	const struct report *report;
	int (*write)(void *arg, const char *bytes, size_t n);
	void *arg;
	int result;
	char boundary[72];
	struct sbuf out; /* not yet written */
	struct quoted quoted;
	bool is_quoted; /* the original, as quoted-printable */
	bool after_cr;
	bool in_line; /* the original does not end with a line end so far */
};

/* All but the original.  The report is borrowed until this returns. */
int report_begin(struct report_writer *w, const struct report *report,
                 int (*write)(void *arg, const char *bytes, size_t n),
                 void *arg);
int report_original(struct report_writer *w, const char *bytes, size_t n);
int report_end(struct report_writer *w);

#endif
