/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/url.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/escape.h"

#define HTTPS "https://"

bool url_is_https(const char *url)
{
	size_t n = strlen(HTTPS);

	if (!ascii_begins(url, HTTPS) || strchr("/:?#@", url[n]) != NULL)
		return false;
	for (; *url != '\0'; url++)
		if (!ascii_is_graph(*url))
			return false;
	return true;
}

/* Scheme, host and port: up to the path. */
static size_t origin_length(const char *url)
{
	const char *host = strstr(url, "://");

	if (host == NULL)
		return 0;
	host += 3;
	return (size_t)(host - url) + strcspn(host, "/?#");
}

/* The port that is understood need not stand there. */
static size_t without_port(const char *url, size_t n)
{
	static const char port[] = ":443";
	size_t length = sizeof(port) - 1;

	if (ascii_begins(url, HTTPS) && n > length &&
	    memcmp(url + n - length, port, length) == 0)
		return n - length;
	return n;
}

bool url_is_same_origin(const char *a, const char *b)
{
	size_t m = without_port(a, origin_length(a));
	size_t n = without_port(b, origin_length(b));

	return m > 0 && m == n && ascii_is_same(a, b, n);
}

void url_host(const char *url, char *host, size_t size)
{
	const char *start = strstr(url, "://");

	start = start != NULL ? start + 3 : url;
	escape_copy(host, size, start, strcspn(start, "/?#"));
}

bool url_is_of(const char *url, const char *domain)
{
	char host[256];
	size_t n, m = strlen(domain);

	url_host(url, host, sizeof(host));
	host[strcspn(host, ":")] = '\0';
	n = strlen(host);
	return n >= m && ascii_is_same(host + n - m, domain, m) &&
	       (n == m || host[n - m - 1] == '.');
}
