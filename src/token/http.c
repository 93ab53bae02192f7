/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a question was sent decides whether it may be asked again: a server
 * that gives each refresh token once ends the login of who shows an old one.
 * libcurl counts the bytes of the request that it wrote after the handshake.
 *
 * Not FAILONERROR: the body of a 400 says why. */
#include "token/http.h"

#include <curl/curl.h>
#include <string.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/mem.h"
#include "token/url.h"
#include "token/wiped.h"

#define CONNECT_LONGEST 10L /* seconds */
#define RETRY_AFTER_MOST 86400

void http_answer_init(struct http_answer *a)
{
	*a = (struct http_answer){ .is_sent = false };
	sbuf_init(&a->body, HTTP_LIMIT);
}

void http_answer_release(struct http_answer *a)
{
	sbuf_release(&a->body);
}

void http_allow(struct http *http, unsigned seconds)
{
	http->end = clock_ticks() + (int64_t)seconds * 1000;
}

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
	struct sbuf *body = arg;

	sbuf_add(body, bytes, size * count);
	return body->overflow ? 0 : size * count;
}

/* --- what went wrong ------------------------------------------------------ */

static const char *reason(const struct http_answer *a, CURLcode code)
{
	if (a->body.overflow)
		return _("it answers with more than 64 KiB, which no token "
		         "endpoint does: is that the right URL?");
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return _("its name is not found; is there a network?");
	case CURLE_COULDNT_CONNECT:
		return _("it cannot be reached; is there a network?");
	case CURLE_COULDNT_RESOLVE_PROXY:
		return _("the name of the proxy is not found");
	case CURLE_OPERATION_TIMEDOUT: return _("it does not answer in time");
	case CURLE_PEER_FAILED_VERIFICATION:
		return _("its certificate cannot be trusted; with a CA of your "
		         "own, name its file in oauth_ca");
	case CURLE_SSL_CACERT_BADFILE:
		return _("the file of certificates (oauth_ca) cannot be read");
	case CURLE_SSL_CONNECT_ERROR: return _("no TLS 1.2 or newer with it");
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
		return _("it hung up before its answer was whole");
	default: return NULL;
	}
}

static int unanswered(const char *url, const struct http_answer *a,
                      CURLcode code, const char *detail, struct fault *f)
{
	const char *why = reason(a, code);
	char host[256];

	url_host(url, host, sizeof(host));
	if (why == NULL)
		return fault_set(f, FAULT_TEMP, "4.4.1", "%s: %s", host,
		                 detail[0] != '\0' ? detail
		                                   : curl_easy_strerror(code));
	if (code == CURLE_PEER_FAILED_VERIFICATION && detail[0] != '\0')
		return fault_set(f, FAULT_TEMP, "4.7.5", "%s: %s (%s)", host,
		                 why, detail);
	return fault_set(f, FAULT_TEMP, "4.4.1", "%s: %s", host, why);
}

/* --- the question --------------------------------------------------------- */

/* With a clear list of what may happen; everything else is off. */
static bool prepare(CURL *curl, const struct http *http, const char *url,
                    long milliseconds)
{
	const char *proxy = http->proxy != NULL ? http->proxy : "";

	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") ==
	               CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLVERSION,
	                        (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       (http->ca == NULL ||
	        (curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca) == CURLE_OK &&
	         curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK)) &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, proxy) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
	                        (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       /* a name server that hangs does not keep us beyond our time */
	       curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
	                        CONNECT_LONGEST) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds) ==
	               CURLE_OK;
}

static struct curl_slist *headers(void)
{
	static const char *const lines[] = {
		"Accept: application/json",
		"Content-Type: application/x-www-form-urlencoded",
		"Expect:",
		("User-Agent: relay/" PACKAGE_VERSION),
	};
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < COUNT_OF(lines); i++)
		list = curl_slist_append(list, lines[i]);
	return list;
}

static void note(CURL *curl, struct http_answer *a)
{
	curl_off_t wait = 0;
	long sent = 0;

	curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->status);
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
	a->is_sent = sent > 0;
	a->retry_after = wait < 0                  ? 0
	                 : wait > RETRY_AFTER_MOST ? RETRY_AFTER_MOST
	                                           : (int64_t)wait;
}

static int ask(CURL *curl, const char *url, const struct sbuf *form,
               struct http_answer *a, struct fault *f)
{
	struct curl_slist *list = headers();
	char detail[CURL_ERROR_SIZE] = "";
	CURLcode code;

	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)form->len);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form->data);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a->body);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	code = curl_easy_perform(curl);
	note(curl, a);
	curl_slist_free_all(list);
	return code == CURLE_OK ? 0 : unanswered(url, a, code, detail, f);
}

static int post(struct http *http, const char *url, const struct sbuf *form,
                struct http_answer *a, struct fault *f)
{
	int64_t left = http->end - clock_ticks();
	CURL *curl;
	int result;

	if (!url_is_https(url))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` is no https:// URL: a secret goes "
		                   "nowhere else"),
		                 url);
	if (left < HTTP_LEAST * 1000)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("no time is left to ask for a token"));
	if (left > HTTP_LONGEST * 1000)
		left = HTTP_LONGEST * 1000;
	curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiped_malloc, wiped_free,
	                     wiped_realloc, wiped_strdup, wiped_calloc);
	curl = curl_easy_init();
	if (curl == NULL || !prepare(curl, http, url, (long)left))
		result = fault_set(f, FAULT_TEMP, "4.3.0",
		                   _("libcurl cannot do what relay needs of "
		                     "it: is it older than 7.87?"));
	else
		result = ask(curl, url, form, a, f);
	if (curl != NULL)
		curl_easy_cleanup(curl);
	curl_global_cleanup();
	return result;
}

void http_init(struct http *http, const char *ca, const char *proxy,
               unsigned seconds)
{
	*http = (struct http){ .post = post, .ca = ca, .proxy = proxy };
	http_allow(http, seconds);
}
