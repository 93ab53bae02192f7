/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay logout - forget what a login left
 *
 * The tokens are erased here; that they are worth nothing any more, the
 * provider alone can say, and where it is asked, this says.
 */
#include <stdio.h>
#include <sysexits.h>

#include "base/intl.h"
#include "base/wrap.h"
#include "config/endpoint.h"
#include "config/oauth.h"
#include "relay/command.h"
#include "relay/login.h"

#define LINE_LIMIT 4096

/* Where a person takes the right back for good. */
static const char *revocation(const struct smarthost *h)
{
	switch (endpoint_house(h)) {
	case ENDPOINT_GOOGLE: return "https://myaccount.google.com/connections";
	case ENDPOINT_MICROSOFT: return "https://myapps.microsoft.com/";
	case ENDPOINT_OTHER: break;
	}
	return NULL;
}

static void say_logged_out(const struct smarthost *h)
{
	const char *where = revocation(h);
	struct sbuf text, out;

	sbuf_init(&text, LINE_LIMIT);
	sbuf_init(&out, LINE_LIMIT);
	sbuf_addf(&text, _("The tokens of smarthost %s are erased. "), h->name);
	if (!oauth_has_person(oauth_flow(h)))
		sbuf_addstr(&text, _("It logs in by itself again with the next "
		                     "mail: take its key away to end that."));
	else if (where != NULL)
		sbuf_addf(&text,
		          _("A copy of them, in a backup or elsewhere, works "
		            "until you revoke it at the provider: %s"),
		          where);
	else
		sbuf_addstr(&text,
		            _("A copy of them, in a backup or elsewhere, "
		              "works until you revoke it in the "
		              "provider's pages."));
	wrap_add(&out, "", 0, text.data);
	fputs(out.data, stdout);
	sbuf_release(&out);
	sbuf_release(&text);
}

static int log_out(struct login *l, struct fault *f)
{
	if (login_load(l, f) != 0)
		return -1;
	if (!oauth_is_used(l->smarthost))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("smarthost %s has no `login oauth`: a "
		                   "password is erased by `relay secret erase "
		                   "%s`"),
		                 l->name, l->name);
	if (oauth_erase(l->smarthost, l->site->queue, f) != 0)
		return -1;
	say_logged_out(l->smarthost);
	return EX_OK;
}

int command_logout(const struct site *site, int argc, char *argv[])
{
	struct login l = { .site = site, .file = -1 };
	struct fault f = { 0 };
	int status;

	if (argc < 2)
		return command_refuse_usage(
			_("relay logout: which smarthost?  `relay login` lists "
		          "them"));
	if (argc > 2 || argv[1][0] == '-')
		return command_refuse("logout", argv[argc > 2 ? 2 : 1]);
	l.name = argv[1];
	status = log_out(&l, &f);
	if (status < 0)
		status = command_fail(&f);
	config_free(&l.config);
	return status;
}
