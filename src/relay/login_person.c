/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/wrap.h"
#include "config/oauth.h"
#include "queue/pause.h"
#include "queue/wake.h"
#include "relay/account.h"

#define LINE_LIMIT 4096

/* What a browser is started with, and the language of what is said. */
static const char *const desktop[] = {
	"DISPLAY",          "WAYLAND_DISPLAY", "XAUTHORITY",
	"BROWSER",          "DESKTOP_SESSION", "XDG_CURRENT_DESKTOP",
	"XDG_SESSION_TYPE", "XDG_DATA_DIRS",   "TERM",
	"LANGUAGE",         "LC_MESSAGES",     "RELAY_LOCALEDIR",
};

/* NAME=VALUE for those that are set; the caller frees them. */
static char **variables(void)
{
	char **list = mem_array(COUNT_OF(desktop) + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(desktop); i++) {
		const char *value = secure_getenv(desktop[i]);
		struct sbuf b;

		if (value == NULL)
			continue;
		sbuf_init(&b, LINE_LIMIT);
		sbuf_addf(&b, "%s=%s", desktop[i], value);
		list[n++] = mem_strdup(b.data);
		sbuf_release(&b);
	}
	return list;
}

static void free_variables(char **list)
{
	for (size_t i = 0; list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

/* --- what is said in the end ---------------------------------------------- */

static void print(const char *text)
{
	struct sbuf shown, out;

	sbuf_init(&shown, LINE_LIMIT);
	sbuf_init(&out, LINE_LIMIT);
	escape_add(&shown, text, strlen(text));
	wrap_add(&out, "", 0, shown.data);
	fputs(out.data, stdout);
	sbuf_release(&out);
	sbuf_release(&shown);
}

static void say_expiry(int64_t expires)
{
	struct sbuf date, text;

	if (expires <= 0)
		return;
	sbuf_init(&date, 64);
	sbuf_init(&text, LINE_LIMIT);
	clock_add_short(&date, expires);
	sbuf_addf(&text,
	          _("This token is good until %s; after that relay gets "
	            "new ones by itself."),
	          date.data);
	print(text.data);
	sbuf_release(&text);
	sbuf_release(&date);
}

static void say_lifetime(const struct smarthost *h)
{
	struct sbuf text;

	sbuf_init(&text, LINE_LIMIT);
	sbuf_addf(&text, _("To know: %s."), account_lifetime(h));
	print(text.data);
	sbuf_release(&text);
	print(_("`relay flush` sends what waits, and shows whether the server "
	        "takes the login; `relay status` keeps an eye on it."));
}

static void say_success(const struct login *l, int64_t expires)
{
	const struct smarthost *h = l->smarthost;
	struct sbuf text;

	sbuf_init(&text, LINE_LIMIT);
	sbuf_addf(&text,
	          oauth_has_person(oauth_flow(h))
	                  ? _("Logged in: %s, for smarthost %s.")
	                  : _("It works: the provider gave a token for %s, "
	                      "smarthost %s. Nobody has to log in."),
	          h->user, h->name);
	print(text.data);
	sbuf_release(&text);
	say_expiry(expires);
	say_lifetime(h);
}

/* --- the login ------------------------------------------------------------ */

int login_resume(const struct login *l, struct fault *f)
{
	struct spool spool;
	int result;

	spool_init(&spool);
	if (l->site->is_system)
		spool_share(&spool, l->site->owner);
	result = spool_open(&spool, l->site->queue, f);
	if (result == 0) {
		pause_clear(&spool.pause, l->smarthost->name);
		wake_ring(&spool.root);
	}
	spool_release(&spool);
	return result;
}

/* Nobody logs in: relay-token is asked for a token, a new one. */
static int try_alone(const struct login *l, int64_t *expires, struct fault *f)
{
	struct secret *token =
		oauth_fetch(l->smarthost, l->site->queue, clock_seconds(), f);
	struct account a;

	if (token == NULL)
		return -1;
	secret_free(&token);
	account_look(&a, l->smarthost, l->site->queue);
	*expires = a.tokens.expires;
	return 0;
}

static int talk(const struct login *l, int64_t *expires, struct fault *f)
{
	struct oauth_talk talk = { .prompt = l->prompt, .port = l->port };
	char **list;
	int result;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return fault_set_exit(
			f, EX_USAGE,
			_("`relay login %s` shows an address or a code to a "
		          "person: run it in a terminal (ssh -t, over the "
		          "network)"),
			l->name);
	list = variables();
	talk.variables = list;
	result = oauth_login(l->smarthost, l->site->queue, &talk, expires, f);
	free_variables(list);
	return result;
}

int login_perform(struct login *l, struct fault *f)
{
	bool has_person = oauth_has_person(oauth_flow(l->smarthost));
	int64_t expires = 0;
	int result;

	if (oauth_make_seal(l->smarthost, f) != 0)
		return -1;
	result = has_person ? talk(l, &expires, f) : try_alone(l, &expires, f);
	if (result != 0)
		return -1;
	if (has_person)
		puts(""); /* after what relay-token said */
	say_success(l, expires);
	return login_resume(l, f) == 0 ? EX_OK : -1;
}
