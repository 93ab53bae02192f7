/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_digest - what became of many messages, as one mail to their sender
 *
 * For people: plain text in the language of the process, UTF-8 as
 * quoted-printable, with the same header as a report (message/report.h), and
 * safe from strangers' values in the same way.  Pure, and memory does not
 * depend on how many messages there are.
 *
 *     report_digest_begin(&w, &head, count, write, arg);
 *     report_digest_add(&w, &report); ...         each of the messages
 *     result = report_digest_end(&w);             always: it releases, too
 */
#ifndef MESSAGE_REPORT_DIGEST_H
#define MESSAGE_REPORT_DIGEST_H

#include "message/encode.h"
#include "message/report.h"

struct report_digest {
	int (*write)(void *arg, const char *bytes, size_t n);
	void *arg;
	int result;
	struct sbuf out; /* not yet written */
	struct quoted quoted;
	bool has_kept; /* one can be brought back */
	char host[256];
};

/* Of `head` count id, host, domain, to and now; it is not kept. */
int report_digest_begin(struct report_digest *w, const struct report *head,
                        size_t count,
                        int (*write)(void *arg, const char *bytes, size_t n),
                        void *arg);

/* Of `r` all but those and what is about the original. */
int report_digest_add(struct report_digest *w, const struct report *r);
int report_digest_end(struct report_digest *w);

#endif
