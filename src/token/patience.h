/* SPDX-License-Identifier: GPL-3.0-or-later */
/* patience - when the endpoint is asked again, and what is not interrupted
 *
 * What failed is remembered in the store: since when, why, and until when the
 * endpoint is left alone.  That is as long as it asked for (Retry-After), or a
 * minute, two, four, up to an hour, where a question was sent and came to
 * nothing.  What was never sent (no network, no name) may be tried at once.
 */
#ifndef TOKEN_PATIENCE_H
#define TOKEN_PATIENCE_H

#include <signal.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/pairs.h"
#include "token/answer.h"

/* -1: not before a time that the fault names (FAULT_TEMP). */
int patience_is_due(const struct pairs *store, int64_t now, struct fault *f);

/* Remember a refusal, or that all is well. */
void patience_add(struct pairs *store, const struct refusal *r, int64_t now,
                  struct fault *ignored);
void patience_end(struct pairs *store, struct fault *ignored);

/* From the question to the disk: INT, TERM and HUP wait. */
void patience_hold_signals(sigset_t *before);
void patience_let_signals(const sigset_t *before);

#endif
