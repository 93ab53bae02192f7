/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watchdog - an answer in any case
 *
 * A library that waits for a bus cannot be trusted to come back.  When the time
 * is over and nobody called watchdog_end(), the question is answered with an
 * error, in the protocol of doc/HELPERS, and the process ends with 75.
 */
#ifndef KEYRING_WATCHDOG_H
#define KEYRING_WATCHDOG_H

#include "base/fault.h"

/* `f` says what the answer is then. */
void watchdog_start(unsigned seconds, const struct fault *f);

/* From now on the answer is written: a reader who does not read it has a few
 * seconds, and then the process just ends. */
void watchdog_end(void);

#endif
