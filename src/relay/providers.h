/* SPDX-License-Identifier: GPL-3.0-or-later */
/* providers - what is known of mail providers, in two ways to say it
 *
 * providers.c chooses, providers_text.c says it to people, providers_json.c to
 * programs.  What no good source says is marked in both.
 */
#ifndef RELAY_PROVIDERS_H
#define RELAY_PROVIDERS_H

#include "base/fault.h"
#include "base/sbuf.h"
#include "config/provider.h"

#define PROVIDERS_OUTPUT_LIMIT ((size_t)1 << 20)

/* One line, under a heading; and all of it. */
void providers_text_heading(struct sbuf *out);
void providers_text_line(const struct provider *p, struct sbuf *out);
void providers_text_page(const struct provider *p, struct sbuf *out);

/* One object. */
void providers_json(const struct provider *p, struct sbuf *out);

/* There is none of that name: EX_USAGE, with the nearest one. */
int providers_unknown(const char *name, struct fault *f);

#endif
