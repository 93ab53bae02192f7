/* SPDX-License-Identifier: GPL-3.0-or-later */
/* url - the little that is to be known of an endpoint's address */
#ifndef TOKEN_URL_H
#define TOKEN_URL_H

#include <stdbool.h>
#include <stddef.h>

/* https://, a host, and no blank or control byte. */
bool url_is_https(const char *url);

/* Do two URLs name the same scheme, host and port? */
bool url_is_same_origin(const char *a, const char *b);

/* "example.org:8443" of "https://example.org:8443/x?y", for people. */
void url_host(const char *url, char *host, size_t size);

/* Is its host `domain` or below it? */
bool url_is_of(const char *url, const char *domain);

#endif
