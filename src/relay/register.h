/* SPDX-License-Identifier: GPL-3.0-or-later */
/* register - how one becomes a client of the provider, step by step
 *
 * relay ships no client ids: Google and Microsoft want each program's user to
 * have one.  So `relay login` explains, as text that can be followed at a
 * terminal, in the reader's language: what to press at the provider, and then
 * what to write into the configuration, with the names that are there already.
 */
#ifndef RELAY_REGISTER_H
#define RELAY_REGISTER_H

#include "base/sbuf.h"
#include "config/config.h"

/* For this smarthost, whatever of it is set already. */
void register_explain(const struct smarthost *h, const char *config,
                      struct sbuf *out);

#endif
