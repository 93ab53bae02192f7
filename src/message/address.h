/* SPDX-License-Identifier: GPL-3.0-or-later */
/* address - address lists of RFC 5322 to bare addresses
 *
 * A bare address is what stands between < and > in an envelope, "user@host" or
 * a name alone ("root"; it is qualified at flush).  Whatever comes out of here
 * passes address_check(): it fits in a queue file and in an SMTP command as it
 * is.  Faults have exit status 65 (EX_DATAERR) and quote the address.
 *
 *     Team: ann@x.test, "b, c"@y.test;, Dan (x, (y)) <@old.test:d@z.test>
 *     -> ann@x.test   "b, c"@y.test   d@z.test
 */
#ifndef MESSAGE_ADDRESS_H
#define MESSAGE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sbuf.h"

#define ADDRESS_MAX 320 /* bytes: local part 64, @, domain 255 */
#define ADDRESS_COUNT_LIMIT ((size_t)100000)
#define ADDRESS_BYTE_LIMIT ((size_t)8 << 20)

/* Addresses in the order they came, each once: the same address twice is one
 * recipient. */
struct address_list {
	char **item;
	size_t count;
	size_t size;
	size_t bytes; /* of all addresses */
	size_t count_limit;
	size_t byte_limit;
	uint32_t *slot; /* hash table: index into item plus 1, 0: free */
	size_t slots;   /* 0 or a power of 2, at least twice `count` */
	uint64_t seed;
};

void address_list_init(struct address_list *l, size_t count_limit,
                       size_t byte_limit);
void address_list_release(struct address_list *l);

/* Add a copy of an address that passed address_check, unless it is there.  A
 * fault if the list is full. */
int address_list_add_unique(struct address_list *l, const char *bare,
                            struct fault *f);

/* The place of an address, or l->count if it is not there. */
size_t address_list_find(const struct address_list *l, const char *bare);

/* Add every address of a list: a header value or one argv word.  Groups give
 * their members, "undisclosed-recipients:;" and empty text give none.  After a
 * fault the list may have got the ones before it. */
int address_parse_list(const char *text, size_t n, struct address_list *out,
                       struct fault *f);

/* The same; returns NULL, or the reason as address_problem() does. */
const char *address_list_problem(const char *text, size_t n,
                                 struct address_list *out);

/* Show every address of a list and where it stands in the text: `len` bytes at
 * `at`, the bare address as it was written, with comments between its parts and
 * without < >.  A result of `see` other than 0 ends the walk and is returned;
 * so does a fault, after the ones before it were shown. */
struct address_place {
	const char *bare; /* until `see` returns */
	size_t at;
	size_t len;
	bool in_angle; /* between < and > */
};

typedef int address_see(void *arg, const struct address_place *place,
                        struct fault *f);

int address_walk(const char *text, size_t n, address_see *see, void *arg,
                 struct fault *f);

/* The sender given with -f: empty or "<>" is the null sender (an empty `out`),
 * otherwise the first address of the text.  `out` is replaced. */
int address_parse_sender(const char *text, struct sbuf *out, struct fault *f);

/* Is it fit for the envelope and the wire?  No control byte, no blank or <>
 * outside quotes, at most one @, printable ASCII or UTF-8.  A leading "-" is
 * fine: no address is ever an argument of a command. */
int address_check(const char *bare, struct fault *f);

/* The same as a reason (to be translated when shown), NULL if it is fit; and
 * the one way to refuse a text as an address.  Returns -1. */
const char *address_problem(const char *bare);
int address_refuse(const char *text, size_t n, const char *reason,
                   struct fault *f);

/* Length of the quoted string that begins at `s`, with its quotes; 0 if it has
 * no end. */
size_t address_quoted_length(const char *s, size_t n);

/* What follows the @, or NULL.  For checked addresses, like those below. */
const char *address_domain(const char *bare);
bool address_is_qualified(const char *bare);
bool address_is_ascii(const char *bare);

/* The same mailbox: domains differ in case at most, local parts not at all. */
bool address_is_same(const char *a, const char *b);

/* Append a login name as a local part: quoted if it must be, what cannot be
 * shown as question marks. */
void address_add_login(struct sbuf *out, const char *login);

#endif
