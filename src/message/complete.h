/* SPDX-License-Identifier: GPL-3.0-or-later */
/* complete - what a submission may lack, and what it must not carry
 *
 * Date, Message-ID and From are added when missing, Resent-Date and the like
 * when the message is resent; Bcc, Resent-Bcc, Return-Path and Content-Length
 * go.  What is there and stays is not rewritten.
 *
 * Ask for the recipients first: complete_header() removes Bcc.
 */
#ifndef MESSAGE_COMPLETE_H
#define MESSAGE_COMPLETE_H

#include <stdint.h>

#include "base/fault.h"
#include "message/address.h"
#include "message/header.h"

struct complete_facts {        /* all borrowed */
	const char *sender;    /* bare envelope sender, "" is the null sender */
	const char *login;     /* name of the real uid */
	const char *full_name; /* of -F or the user database; may be NULL */
	const char *hostname;
	const char *id; /* of the queue entry: Message-ID is <id@hostname> */
	int64_t now;    /* seconds since 1970 */
};

/* A fault only when the header has no room left. */
int complete_header(struct header *h, const struct complete_facts *facts,
                    struct fault *f);

/* Add the recipients of -t: To, Cc, Bcc and Apparently-To, or only the Resent-
 * ones if there are any.  Every address must parse, or the fault (status 65)
 * names the field. */
int complete_recipients(const struct header *h, struct address_list *to,
                        struct fault *f);

#endif
