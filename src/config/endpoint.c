/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/endpoint.h"

#include <string.h>

#include "base/attr.h"
#include "config/config.h"
#include "config/oauth.h"
#include "config/provider.h"

const struct provider_oauth *endpoint_preset(const struct smarthost *h)
{
	return h->preset != NULL ? h->preset->oauth : NULL;
}

const char *endpoint_auth_url(const struct smarthost *h)
{
	const struct provider_oauth *p = endpoint_preset(h);

	if (h->oauth_auth_url != NULL)
		return h->oauth_auth_url;
	return p != NULL ? p->auth_url : NULL;
}

const char *endpoint_token_url(const struct smarthost *h)
{
	const struct provider_oauth *p = endpoint_preset(h);

	if (h->oauth_token_url != NULL)
		return h->oauth_token_url;
	return p != NULL ? p->token_url : NULL;
}

const char *endpoint_device_url(const struct smarthost *h)
{
	const struct provider_oauth *p = endpoint_preset(h);

	if (h->oauth_device_url != NULL)
		return h->oauth_device_url;
	return p != NULL ? p->device_url : NULL;
}

/* Is the server of the address `domain`, or below it? */
static bool is_at(const char *url, const char *domain)
{
	const char *host = url + strlen("https://");
	size_t length = strcspn(host, ":/?"), n = strlen(domain);

	return length >= n && strncmp(host + length - n, domain, n) == 0 &&
	       (length == n || host[length - n - 1] == '.');
}

enum endpoint_house endpoint_house(const struct smarthost *h)
{
	static const struct {
		const char *domain;
		enum endpoint_house house;
	} known[] = {
		{ "googleapis.com", ENDPOINT_GOOGLE },
		{ "google.com", ENDPOINT_GOOGLE },
		{ "microsoftonline.com", ENDPOINT_MICROSOFT },
		{ "microsoftonline.us", ENDPOINT_MICROSOFT },
		{ "microsoftonline.cn", ENDPOINT_MICROSOFT },
	};
	const char *url = endpoint_token_url(h);

	for (size_t i = 0; url != NULL && i < COUNT_OF(known); i++)
		if (is_at(url, known[i].domain))
			return known[i].house;
	return ENDPOINT_OTHER;
}

/* Microsoft's client credentials get all that an administrator gave, of one
 * resource: ".default" below its name.  That of Exchange is the one of the
 * documentation, where the scope that people log in for has a shorter one. */
static void add_default_scope(const char *scope, struct sbuf *b)
{
	static const char person[] = "https://outlook.office.com/";
	static const char documented[] = "https://outlook.office365.com/";
	const char *path;

	if (strncmp(scope, person, strlen(person)) == 0) {
		sbuf_addf(b, "%s.default", documented);
		return;
	}
	path = strchr(scope + strlen("https://"), '/');
	if (path != NULL)
		sbuf_add(b, scope, (size_t)(path - scope));
	sbuf_addstr(b, "/.default");
}

void endpoint_add_scope(const struct smarthost *h, struct sbuf *b)
{
	const struct provider_oauth *p = endpoint_preset(h);

	if (h->oauth_scope != NULL)
		sbuf_addstr(b, h->oauth_scope);
	else if (p == NULL || p->scope == NULL)
		return;
	else if (oauth_flow(h) == OAUTH_FLOW_CLIENT &&
	         endpoint_house(h) == ENDPOINT_MICROSOFT &&
	         strncmp(p->scope, "https://", strlen("https://")) == 0)
		add_default_scope(p->scope, b);
	else
		sbuf_addstr(b, p->scope);
}
