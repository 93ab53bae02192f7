/* SPDX-License-Identifier: GPL-3.0-or-later */
/* specimen - a message to be explained: from the queue, or as sendmail gets it
 *
 * An entry of the queue has its envelope; of a file the sender and recipients
 * are those given, else the caller and those of the header, and its header is
 * completed as sendmail would.  Only the header is kept; the body passes by.
 */
#ifndef RELAY_SPECIMEN_H
#define RELAY_SPECIMEN_H

#include <stddef.h>

#include "base/fault.h"
#include "base/sbuf.h"
#include "message/address.h"
#include "message/header.h"
#include "message/wire.h"
#include "queue/entry.h"
#include "queue/site.h"

struct specimen {
	const char *name; /* borrowed */
	bool is_id;
	struct entry entry; /* of the queue, or fd -1 */
	int fd;             /* of a file, or -1 */
	struct sbuf sender; /* bare; "" is the null sender */
	struct address_list recipients;
	struct header header;
	struct wire_input input;
	struct sbuf unread;
	bool at_end;
};

void specimen_init(struct specimen *s);
void specimen_release(struct specimen *s);

/* `name` is an id of the queue, a file, or "-"; a file is opened now, with the
 * rights that the caller has now. */
int specimen_open(struct specimen *s, const char *name, struct fault *f);

/* `sender` may be NULL, and recipients may be none: then they are the message's
 * own. */
int specimen_read(struct specimen *s, const struct site *site,
                  const char *sender, char *const *recipients, size_t count,
                  struct fault *f);

/* The body in CRLF form, once. */
int specimen_body(struct specimen *s,
                  int (*see)(void *arg, const char *bytes, size_t n), void *arg,
                  struct fault *f);

#endif
