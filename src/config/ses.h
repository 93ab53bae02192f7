/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ses - the SMTP password that Amazon SES makes of an IAM secret key
 *
 * AWS, "Obtaining Amazon SES SMTP credentials by converting existing AWS
 * credentials": HMAC-SHA256 over date, region, service, terminal and message,
 * each with the code before as its key, then a version byte and base64.  The
 * name to log in with is the access key's id.
 */
#ifndef CONFIG_SES_H
#define CONFIG_SES_H

#include <stdbool.h>

#include "base/sbuf.h"
#include "base/secret.h"

/* Append the region that host email-smtp.REGION.amazonaws.com names (-fips and
 * amazonaws.com.cn, too).  False: it names none. */
bool ses_region(const char *host, struct sbuf *region);

/* What a region may be: letters, digits and hyphens. */
bool ses_is_region(const char *region);

/* The password; the caller frees it. */
struct secret *ses_password(const struct secret *key, const char *region);

#endif
