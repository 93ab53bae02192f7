/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/oauth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/port.h"
#include "config/config.h"
#include "config/endpoint.h"
#include "config/helper.h"
#include "config/provider.h"
#include "config/source.h"

#define PROGRAM "relay-token"
#define PACKAGE_OF_IT "relay-oauth"
#define PATH_LIMIT 16384
#define TEXT_LIMIT 4096

#define ANY_TENANT "common"
#define TALK_TIME 1800   /* seconds that a person may take to log in */
#define DEFAULT_SKEW 300 /* seconds that a token must still be good */
#define SEAL_BYTES 32

/* --- what is meant -------------------------------------------------------- */

bool oauth_is_used(const struct smarthost *h)
{
	return strcmp(h->login, "oauth") == 0;
}

enum oauth_flow oauth_flow(const struct smarthost *h)
{
	if (h->oauth_flow != OAUTH_FLOW_AUTO)
		return h->oauth_flow;
	return endpoint_device_url(h) != NULL ? OAUTH_FLOW_DEVICE
	                                      : OAUTH_FLOW_CODE;
}

const char *oauth_flow_name(enum oauth_flow flow)
{
	static const char *const names[] = {
		[OAUTH_FLOW_AUTO] = "auto",
		[OAUTH_FLOW_DEVICE] = "device",
		[OAUTH_FLOW_CODE] = "code",
		[OAUTH_FLOW_CLIENT] = "client",
		[OAUTH_FLOW_SERVICE] = "service",
	};

	return names[flow];
}

bool oauth_has_person(enum oauth_flow flow)
{
	return flow != OAUTH_FLOW_CLIENT && flow != OAUTH_FLOW_SERVICE;
}

/* --- when the configuration is read --------------------------------------- */

struct need {
	const char *key;
	bool is_lacking;
	const char *words; /* N_() */
};

static void complain_of(struct config_errors *e, const struct smarthost *h,
                        const struct need *needs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (needs[i].is_lacking)
			config_complain(e, smarthost_line(h, "login"),
			                needs[i].key, "%s",
			                intl_text(needs[i].words));
}

static void check_endpoints(struct config_errors *e, const struct smarthost *h)
{
	enum oauth_flow flow = oauth_flow(h);
	struct sbuf scope;
	bool has_scope;

	sbuf_init(&scope, TEXT_LIMIT);
	endpoint_add_scope(h, &scope);
	has_scope = scope.len > 0;
	sbuf_release(&scope);
	const struct need needs[] = {
		{ "oauth_token_url", endpoint_token_url(h) == NULL,
		  N_("`login oauth` must know where the provider's tokens come "
		     "from: add `provider NAME`, one that `relay providers` "
		     "shows with OAuth, or `oauth_token_url`, `oauth_auth_url` "
		     "and `oauth_scope`") },
		{ "oauth_device_url",
		  flow == OAUTH_FLOW_DEVICE && endpoint_device_url(h) == NULL,
		  N_("`oauth_flow device` needs `oauth_device_url`, and this "
		     "provider has none for mail: write `oauth_flow code`") },
		{ "oauth_auth_url",
		  flow == OAUTH_FLOW_CODE && endpoint_token_url(h) != NULL &&
		          endpoint_auth_url(h) == NULL,
		  N_("`oauth_flow code` needs `oauth_auth_url`, the page on "
		     "which one logs in: add it") },
		{ "oauth_scope", endpoint_token_url(h) != NULL && !has_scope,
		  N_("`login oauth` needs `oauth_scope`, what the token is to "
		     "allow, as the provider names it for SMTP") },
	};

	complain_of(e, h, needs, COUNT_OF(needs));
}

/* Client credentials are those of one organisation. */
static bool lacks_tenant(const struct smarthost *h)
{
	return oauth_flow(h) == OAUTH_FLOW_CLIENT &&
	       endpoint_token_url(h) != NULL &&
	       strstr(endpoint_token_url(h), "%T") != NULL &&
	       h->oauth_tenant == NULL;
}

static void check_identity(struct config_errors *e, const struct smarthost *h)
{
	enum oauth_flow flow = oauth_flow(h);
	bool has_secret = h->oauth_secret.kind != SOURCE_NONE;
	const struct need needs[] = {
		{ "oauth_secret",
		  flow == OAUTH_FLOW_CLIENT && !has_secret &&
		          h->oauth_key == NULL,
		  N_("`oauth_flow client` logs in as the client itself: add "
		     "`oauth_secret file PATH`, or `oauth_key PATH` and "
		     "`oauth_cert PATH`") },
		{ "oauth_tenant", lacks_tenant(h),
		  N_("`oauth_flow client` is for one organisation: add "
		     "`oauth_tenant`, its id or a domain of it") },
		{ "oauth_key",
		  flow == OAUTH_FLOW_SERVICE && h->oauth_key == NULL,
		  N_("`oauth_flow service` signs with the service account's "
		     "key: "
		     "add `oauth_key PATH`, the JSON file of the provider") },
		{ "oauth_cert",
		  flow == OAUTH_FLOW_CLIENT && h->oauth_key != NULL &&
		          h->oauth_cert == NULL,
		  N_("`oauth_flow client` with `oauth_key` needs the "
		     "certificate "
		     "that the provider knows: add `oauth_cert PATH`") },
		{ "oauth_key", h->oauth_cert != NULL && h->oauth_key == NULL,
		  N_("`oauth_cert` needs its key: add `oauth_key PATH`") },
	};

	complain_of(e, h, needs, COUNT_OF(needs));
}

/* Keys that nobody will look at tell of a line that was forgotten. */
static void check_unused(struct config_errors *e, const struct smarthost *h)
{
	const struct {
		const char *key;
		bool is_set;
	} keys[] = {
		{ "oauth_client", h->oauth_client != NULL },
		{ "oauth_secret", h->oauth_secret.kind != SOURCE_NONE },
		{ "oauth_flow", h->oauth_flow != OAUTH_FLOW_AUTO },
		{ "oauth_tenant", h->oauth_tenant != NULL },
		{ "oauth_key", h->oauth_key != NULL },
		{ "oauth_seal", h->oauth_seal.kind != SOURCE_NONE },
	};

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (keys[i].is_set)
			config_complain(e, smarthost_line(h, keys[i].key),
			                keys[i].key,
			                _("`%s` is for `login oauth`: add "
			                  "that, or remove this"),
			                keys[i].key);
}

/* Google's service accounts have their id in the key file. */
static void check_client(struct config_errors *e, const struct smarthost *h)
{
	if (h->oauth_client != NULL || oauth_flow(h) == OAUTH_FLOW_SERVICE)
		return;
	e->without_client++;
	config_complain(e, smarthost_line(h, "login"), "oauth_client",
	                _("`login oauth` needs `oauth_client`, an id of your "
	                  "own at the provider: register one (`relay login %s` "
	                  "explains how)"),
	                h->name);
}

void oauth_check(struct config_errors *errors, const struct smarthost *h)
{
	if (!oauth_is_used(h)) {
		check_unused(errors, h);
		return;
	}
	check_endpoints(errors, h);
	check_identity(errors, h);
	check_client(errors, h);
}

/* --- the question --------------------------------------------------------- */

void oauth_store(const struct smarthost *h, const char *queue,
                 struct sbuf *path)
{
	sbuf_addf(path, "%s/tokens/", queue);
	escape_add_name(path, h->name);
}

/* "%T" is the tenant. */
static int put_url(const struct smarthost *h, const char *key, const char *url,
                   struct pairs *question, struct fault *f)
{
	const char *tenant =
		h->oauth_tenant != NULL ? h->oauth_tenant : ANY_TENANT;
	const char *at = url != NULL ? strstr(url, "%T") : NULL;
	struct sbuf whole;
	int result;

	if (at == NULL)
		return pairs_put(question, key, url, f);
	sbuf_init(&whole, TEXT_LIMIT);
	sbuf_addf(&whole, "%.*s%s%s", (int)(at - url), url, tenant, at + 2);
	result = pairs_put(question, key, whole.data, f);
	sbuf_release(&whole);
	return result;
}

static int put_scope(const struct smarthost *h, struct pairs *question,
                     struct fault *f)
{
	struct sbuf scope;
	int result;

	sbuf_init(&scope, TEXT_LIMIT);
	endpoint_add_scope(h, &scope);
	result = pairs_put(question, "scope", scope.len > 0 ? scope.data : NULL,
	                   f);
	sbuf_release(&scope);
	return result;
}

/* `name` is the configuration's, `key` the question's. */
static int put_secret(const struct smarthost *h, const struct source *source,
                      const char *kind, const char *name, const char *key,
                      struct pairs *question, struct fault *f)
{
	struct source_query query;
	struct secret *secret;
	int result;

	if (source->kind == SOURCE_NONE)
		return 0;
	smarthost_query(h, kind, &query);
	secret = source_fetch(source, &query, f);
	if (secret == NULL)
		return fault_wrap(f, "`%s`", name);
	result = pairs_put(question, key, secret_reveal(secret), f);
	secret_free(&secret);
	return result;
}

static int put_endpoints(const struct smarthost *h, struct pairs *question,
                         struct fault *f)
{
	const struct provider_oauth *p = endpoint_preset(h);
	int64_t skew = p != NULL && p->skew > 0 ? p->skew : DEFAULT_SKEW;

	if (put_url(h, "token_url", endpoint_token_url(h), question, f) != 0 ||
	    put_url(h, "auth_url", endpoint_auth_url(h), question, f) != 0 ||
	    put_url(h, "device_url", endpoint_device_url(h), question, f) !=
	            0 ||
	    put_scope(h, question, f) != 0 ||
	    pairs_put_number(question, "skew", skew, f) != 0)
		return -1;
	return pairs_put(question, "auth_extra",
	                 p != NULL ? p->auth_extra : NULL, f);
}

static int put_account(const struct smarthost *h, const char *queue,
                       struct pairs *question, struct fault *f)
{
	struct sbuf store;
	int result;

	sbuf_init(&store, PATH_LIMIT);
	oauth_store(h, queue, &store);
	result = pairs_put(question, "store", store.data, f);
	sbuf_release(&store);
	if (result != 0 || pairs_put(question, "account", h->name, f) != 0 ||
	    pairs_put(question, "user", h->user, f) != 0)
		return -1;
	return pairs_put(question, "flow", oauth_flow_name(oauth_flow(h)), f);
}

int oauth_question(const struct smarthost *h, const char *queue,
                   struct pairs *question, struct fault *f)
{
	if (put_account(h, queue, question, f) != 0 ||
	    put_endpoints(h, question, f) != 0 ||
	    pairs_put(question, "client_id", h->oauth_client, f) != 0 ||
	    pairs_put(question, "key", h->oauth_key, f) != 0 ||
	    pairs_put(question, "cert", h->oauth_cert, f) != 0 ||
	    pairs_put(question, "ca", h->oauth_ca, f) != 0 ||
	    put_secret(h, &h->oauth_secret, SOURCE_CLIENT_SECRET,
	               "oauth_secret", "client_secret", question, f) != 0)
		return -1;
	return put_secret(h, &h->oauth_seal, SOURCE_TOKEN_SEAL, "oauth_seal",
	                  "seal", question, f);
}

int oauth_make_seal(const struct smarthost *h, struct fault *f)
{
	unsigned char bytes[SEAL_BYTES];
	struct source_query query;
	struct secret *secret;
	struct sbuf text;
	int result = -1;

	if (h->oauth_seal.kind == SOURCE_NONE)
		return 0;
	smarthost_query(h, SOURCE_TOKEN_SEAL, &query);
	query.is_interactive = true;
	if (!source_is_absent(&h->oauth_seal, &query))
		return 0;
	sbuf_init(&text, 2 * SEAL_BYTES);
	if (port_random(bytes, sizeof(bytes)) != 0) {
		fault_set(f, FAULT_TEMP, "4.3.0", _("no random numbers: %s"),
		          intl_error(errno));
	} else {
		sbuf_add_hex(&text, bytes, sizeof(bytes));
		secret = secret_create(text.data, text.len);
		result = source_store(&h->oauth_seal, &query, secret, f);
		secret_free(&secret);
	}
	explicit_bzero(bytes, sizeof(bytes));
	sbuf_release(&text);
	return result == 0 ? 0 : fault_wrap(f, "`oauth_seal`");
}

/* --- relay-token ---------------------------------------------------------- */

static int find_program(struct sbuf *path, struct fault *f)
{
	helper_path(PROGRAM, path);
	if (access(path->data, X_OK) == 0)
		return 0;
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`login oauth` needs the program %s, and that "
	                   "cannot be run: %s; install the package %s"),
	                 path->data, intl_error(errno), PACKAGE_OF_IT);
}

/* With a person, if there is a `talk`. */
static int ask(const char *verb, const struct oauth_talk *talk,
               const struct pairs *question, struct pairs *answer,
               struct fault *f)
{
	char word[16];
	struct sbuf path;
	int result;

	sbuf_init(&path, PATH_LIMIT);
	result = find_program(&path, f);
	if (result == 0) {
		char *const argv[] = { path.data, word, NULL };

		snprintf(word, sizeof(word), "%s", verb);
		result = talk != NULL
		                 ? helper_talk(argv, talk->variables, TALK_TIME,
		                               question, answer, f)
		                 : helper_ask(argv, question, answer, f);
	}
	sbuf_release(&path);
	return result;
}

/* `key` and `number`: one line more, if there is a key. */
static int ask_about(const char *verb, const struct smarthost *h,
                     const char *queue, const char *key, int64_t number,
                     struct pairs *answer, struct fault *f)
{
	struct pairs question;
	int result;

	pairs_init(&question);
	result = oauth_question(h, queue, &question, f);
	if (result == 0 && key != NULL)
		result = pairs_put_number(&question, key, number, f);
	if (result == 0)
		result = ask(verb, NULL, &question, answer, f);
	pairs_release(&question);
	return result;
}

struct secret *oauth_fetch(const struct smarthost *h, const char *queue,
                           int64_t newer_than, struct fault *f)
{
	struct secret *secret = NULL;
	struct pairs answer;
	const char *token;

	pairs_init(&answer);
	if (ask_about("get", h, queue, newer_than > 0 ? "newer_than" : NULL,
	              newer_than, &answer, f) == 0) {
		token = pairs_get(&answer, "secret");
		if (token != NULL && token[0] != '\0')
			secret = secret_create(token, strlen(token));
		else
			fault_set(f, FAULT_CONFIG, "4.7.0",
			          _("nobody is logged in: `relay login %s`"),
			          h->name);
	}
	pairs_release(&answer);
	return secret;
}

static int put_talk(struct pairs *question, const struct oauth_talk *talk,
                    struct fault *f)
{
	if (talk->port > 0 &&
	    pairs_put_number(question, "redirect_port", talk->port, f) != 0)
		return -1;
	return pairs_put(question, "prompt", talk->prompt, f);
}

int oauth_login(const struct smarthost *h, const char *queue,
                const struct oauth_talk *talk, int64_t *expires,
                struct fault *f)
{
	struct pairs question, answer;
	int result = -1;

	*expires = 0;
	pairs_init(&question);
	pairs_init(&answer);
	if (oauth_question(h, queue, &question, f) == 0 &&
	    put_talk(&question, talk, f) == 0)
		result = ask("login", talk, &question, &answer, f);
	if (result == 0)
		pairs_get_number(&answer, "expires", expires);
	pairs_release(&answer);
	pairs_release(&question);
	return result;
}

int oauth_keep(const struct smarthost *h, const char *queue, struct fault *f)
{
	struct pairs answer;
	int result;

	pairs_init(&answer);
	result = ask_about("keep", h, queue, "max_age", OAUTH_KEEP_TIME,
	                   &answer, f);
	pairs_release(&answer);
	return result;
}

int oauth_erase(const struct smarthost *h, const char *queue, struct fault *f)
{
	struct pairs answer;
	int result;

	pairs_init(&answer);
	result = ask_about("erase", h, queue, NULL, 0, &answer, f);
	pairs_release(&answer);
	return result;
}
