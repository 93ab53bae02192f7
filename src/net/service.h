/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service - the servers that a domain names for a service (SRV, RFC 2782)
 *
 *     _submissions._tcp.example.org  SRV  0 1 465 mail.example.org
 *
 * The answer of the DNS is a stranger's: it is read within its length, of its
 * records the first SERVICE_SERVERS are looked at, and a name that is no host's
 * is left out.  It says where to call, and nothing about whom to trust.
 *
 * service_find() waits for the DNS as long as the resolver likes: only a
 * process that can be killed calls it (net/lookup).
 */
#ifndef NET_SERVICE_H
#define NET_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define SERVICE_SERVERS 16
#define SERVICE_NAME 256

struct service_server {
	char name[SERVICE_NAME];
	unsigned port;
	unsigned priority, weight;
};

struct service {
	struct service_server servers[SERVICE_SERVERS];
	size_t count;
	bool is_denied; /* "there is none here": a target of "." */
};

enum service_result {
	SERVICE_FOUND,
	SERVICE_NONE,    /* the domain has no such record */
	SERVICE_DENIED,  /* it says that there is no such service */
	SERVICE_LATER,   /* the DNS does not answer now */
	SERVICE_GARBLED, /* it answers nonsense */
};

/* `service` as "_submissions._tcp"; in the order in which to call. */
enum service_result service_find(const char *domain, const char *service,
                                 struct service *s);

/* What such a result means, for people; of FOUND there is nothing to say.
 * Always -1: FAULT_TEMP. */
int service_fault(enum service_result result, const char *domain,
                  const char *service, struct fault *f);

/* From an answer of `n` bytes.  False: it is malformed. */
bool service_parse(const unsigned char *answer, size_t n, struct service *s);

/* By priority, and within one by chance, the heavier the likelier.  `chance`
 * has a number for each place. */
void service_order(struct service *s, const uint32_t chance[SERVICE_SERVERS]);

#endif
