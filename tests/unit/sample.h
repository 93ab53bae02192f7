/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sample - entries for the tests of the queue
 *
 * On top of fixture.h; what goes wrong in here fails the test.
 */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include "queue/entry.h"
#include "queue/spool.h"

#define SAMPLE_ID "0629C5C4F43F6A1A2B3C4D" /* 2025-01 and by chance */
#define SAMPLE_CONTENT "Subject: hi\r\n\r\nhello\r\n"

/* me@example.org to `recipients` people called r0@example.net and so on. */
void sample_envelope(struct entry_envelope *env, size_t recipients);

/* Write an entry to the file `name`: the envelope, `n` bytes of content. */
void sample_write(const char *name, const struct entry_envelope *env,
                  const char *content, size_t n);

/* entry_read and entry_verify of a file: the content, or the fault.  Release
 * the entry in every case. */
int sample_read(const char *name, struct entry *e, struct sbuf *content,
                struct fault *f);

/* The queue `q` in the fixture's directory. */
void sample_open(struct spool *s);

/* The same as the machine's, with drop/: its owner is who runs the test. */
void sample_open_shared(struct spool *s);

/* Submit SAMPLE_CONTENT; the name in `id`. */
void sample_submit(struct spool *s, size_t recipients,
                   char id[ENTRY_ID_LENGTH + 1]);

/* Fail unless both say the same. */
void sample_expect_envelope(const struct entry_envelope *got,
                            const struct entry_envelope *expected);

#endif
