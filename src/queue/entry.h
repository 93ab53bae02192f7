/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entry - one message on disk: envelope, content, trailer
 *
 *     relay 1                        version
 *     S me@example.org               sender; "S " alone: the null sender
 *     R you@example.net              a recipient, one line each, at least one
 *     O rfc822;you+40example.net     DSN: ORCPT and NOTIFY of the recipient
 *     Y FAILURE,DELAY                before it (queue/dsn.h), optional
 *     U 1000                         uid of the caller, for people to read
 *     B 8BITMIME                     what the caller said (-B), optional
 *     N failure,delay                DSN: NOTIFY (-N), RET (-R), ENVID (-V)
 *     T hdrs
 *     V envelope-id
 *     E SMTPUTF8                     what the caller said (-bs), optional
 *     P 0629C5C4F43F6A1A2B3C4D       it is the report on that entry (itself: on
 *                                    several); never of a stranger
 *                                    (queue/strict)
 *                                    empty line
 *     (the message in wire form: every line ends in CRLF, dots not stuffed)
 *     = 0000000000000ABC 1A2B3C4D    bytes before this line, their CRC-32C
 *
 * No byte below 0x20 and no DEL in a value.  A file is never rewritten.  What
 * reads one checks the trailer over the whole file first, so a message that was
 * cut short or changed is never sent.
 *
 * Faults when reading: FAULT_PERM, the file is damaged; FAULT_CONFIG, it comes
 * from a newer relay and must be left alone; FAULT_TEMP, it could not be read.
 */
#ifndef QUEUE_ENTRY_H
#define QUEUE_ENTRY_H

#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "base/sbuf.h"

#define ENTRY_ID_LENGTH 22                       /* upper-case hex digits */
#define ENTRY_ENVELOPE_LIMIT (16U * 1024 * 1024) /* bytes of envelope lines */
#define ENTRY_VALUE_LIMIT 8192                   /* bytes of one value */
#define ENTRY_RECIPIENT_LIMIT 100000

/* What one recipient's reports are to be; NULL: not said. */
struct entry_dsn {
	char *orcpt;
	char *notify;
};

struct entry_envelope {
	char *sender; /* "" is the null sender */
	char **recipients;
	struct entry_dsn *dsn; /* of the recipient in the same place */
	size_t recipient_count;
	size_t recipient_room;
	unsigned uid;
	char *body; /* these four may be NULL */
	char *notify;
	char *ret;
	char *envid;
	char *about;   /* id of the entry that it is the report on, or NULL */
	bool smtputf8; /* the caller spoke of UTF-8 addresses (RFC 6531) */
};

void entry_envelope_init(struct entry_envelope *env);
void entry_envelope_release(struct entry_envelope *env);
void entry_envelope_add(struct entry_envelope *env, const char *recipient);

/* The same for the last recipient's reports; either may be NULL. */
void entry_envelope_add_dsn(struct entry_envelope *env, const char *orcpt,
                            const char *notify);

/* Writing, to a file that the spool opened; faults are FAULT_TEMP with exit
 * status 74 (I/O), or 65 when the envelope cannot be written as it is. */
struct entry_writer {
	int fd;
	struct sbuf pending; /* not yet given to the kernel */
	uint64_t length;     /* bytes given to entry_write so far */
	uint32_t crc;        /* of those bytes */
};

void entry_writer_init(struct entry_writer *w, int fd);
void entry_writer_release(struct entry_writer *w);
int entry_write_envelope(struct entry_writer *w,
                         const struct entry_envelope *env, struct fault *f);
int entry_write(struct entry_writer *w, const char *bytes, size_t n,
                struct fault *f);
int entry_finish(struct entry_writer *w, struct fault *f); /* the trailer */

/* Reading. */
struct entry {
	int fd;
	char id[ENTRY_ID_LENGTH + 1];
	struct entry_envelope envelope;
	off_t content;     /* where the message begins */
	off_t content_end; /* where the trailer begins */
	uint32_t crc;      /* of everything before the trailer, as it says */
	uint32_t head_crc; /* of everything before the message */

	/* position of entry_next() */
	off_t at;
	uint32_t running;
};

void entry_init(struct entry *e);
void entry_release(struct entry *e); /* closes the file, ends its lock */

/* Read the envelope and the trailer of the open file e->fd. */
int entry_read(struct entry *e, struct fault *f);

/* Read all of it and compare with the trailer; `see` (may be NULL) gets the
 * message in pieces on the way. */
int entry_verify(struct entry *e,
                 void (*see)(void *arg, const char *bytes, size_t n), void *arg,
                 struct fault *f);

/* The message again, in order, for sending: bytes, 0 at the end, -1.  The last
 * piece is given out only if the sum over everything still agrees, so the
 * caller cannot finish a message that changed under its hands. */
void entry_rewind(struct entry *e);
ssize_t entry_next(struct entry *e, char *bytes, size_t size, struct fault *f);

/* Is this a name that the spool gives to an entry? */
bool entry_is_id(const char *name);

/* Seconds since 1970 at which the entry was submitted, from its name. */
int64_t entry_time(const char *id);

#endif
