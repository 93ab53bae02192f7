/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store - where accepted messages go
 *
 * A message streams into a temporary file while it comes in, so its size does
 * not matter.  message_commit() then gives it a number that no other message
 * of the directory has: NUMBER.env appears first, NUMBER.eml second.  Whoever
 * sees the .eml sees a whole message.
 *
 * Without a directory everything succeeds and nothing is kept.
 */
#ifndef SMARTHOST_STORE_H
#define SMARTHOST_STORE_H

#include "persona.h"
#include "record.h"

#include <sys/types.h>

struct store {
	int dir;               /* -1: none */
	struct record *record; /* borrowed; hands out the numbers */
};

/* `path` NULL: none.  -1 after a complaint. */
int store_open(struct store *s, const char *path, struct record *record);
void store_close(struct store *s);

/* Remove what a process that was killed left half done. */
void store_forget(const struct store *s, pid_t pid);

struct message {
	const struct store *store;
	int fd; /* -1: nothing is kept */
	bool failed;
	char *buffer;
	size_t len;
	char *head; /* the first PERSONA_HEAD bytes */
	size_t head_len;
};

void message_begin(struct message *m, const struct store *s);
void message_add(struct message *m, const char *bytes, size_t n);

/* Keep it: its number, or 0 if that failed.  The message is over. */
unsigned long message_commit(struct message *m, const char *envelope, size_t n);

/* Throw it away, whatever its state. */
void message_drop(struct message *m);

#endif
