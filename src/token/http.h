/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http - one POST over HTTPS; the only file that knows libcurl
 *
 * https only, TLS 1.2 or newer, the certificate verified against the system's
 * trust or `ca`; no redirect followed, no cookie, no .netrc, no proxy of the
 * environment, at most HTTP_LIMIT bytes of an answer, everything within the
 * time that is left.  Any status is an answer: what a refusal means is
 * token/answer's.  What was sent and received is wiped.
 *
 *     struct http http;
 *
 *     http_init(&http, NULL, NULL, 25);
 *     http.post(&http, "https://...", &form, &answer, &fault);
 */
#ifndef TOKEN_HTTP_H
#define TOKEN_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sbuf.h"

#define HTTP_LIMIT 65536
#define HTTP_LONGEST 20 /* seconds for one POST */
#define HTTP_LEAST 5    /* no POST is begun with less left */

struct http_answer {
	bool is_sent; /* the question may have reached the other side: it may
	                 have done what it was asked, answer or not */
	long status;
	int64_t retry_after; /* seconds; 0: it did not say */
	struct sbuf body;
};

void http_answer_init(struct http_answer *a);
void http_answer_release(struct http_answer *a); /* wipes */

struct http {
	/* -1: no answer; FAULT_TEMP, or FAULT_CONFIG for what is no https://
	 * URL.  A test puts its own here. */
	int (*post)(struct http *http, const char *url, const struct sbuf *form,
	            struct http_answer *answer, struct fault *f);
	void *arg;         /* the test's */
	const char *ca;    /* a file of certificates; NULL: the system's */
	const char *proxy; /* NULL: none */
	int64_t end;       /* clock_ticks() */
};

/* With libcurl, and so many seconds from now for all of them. */
void http_init(struct http *http, const char *ca, const char *proxy,
               unsigned seconds);

/* Begin to count the seconds anew. */
void http_allow(struct http *http, unsigned seconds);

#endif
