/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store - one secret in the desktop's keyring (the Secret Service of D-Bus)
 *
 * An entry has the attributes account, kind, host, service and user of the
 * question; those that `secret-tool store host H service smtp user U` makes,
 * and msmtp reads, count as passwords, too.  Of several the best one is taken:
 * ours for this account, ours, theirs.  By host and user always, so that a
 * password does not follow a change of the configuration to another server.
 *
 * A locked keyring is not an absent entry, and is unlocked only where that
 * takes no prompt, or where the question says that a person waits
 * (interactive=1). Nothing here takes longer than STORE_TIME, or
 * STORE_PERSON_TIME with a person. FAULT_TEMP: locked, no bus, no answer;
 * FAULT_CONFIG: a person must act.
 */
#ifndef KEYRING_STORE_H
#define KEYRING_STORE_H

#include "base/fault.h"
#include "base/pairs.h"

#define STORE_TIME 20         /* seconds */
#define STORE_PERSON_TIME 110 /* the same, when a person may have to type */

/* secret=, or nothing where there is none. */
int store_get(const struct pairs *question, struct pairs *answer,
              struct fault *f);

/* The question's secret=, in place of what was there. */
int store_put(const struct pairs *question, struct pairs *answer,
              struct fault *f);

/* erased= says how many entries were ours, left= how many others a get would
 * still find. */
int store_erase(const struct pairs *question, struct pairs *answer,
                struct fault *f);

#endif
