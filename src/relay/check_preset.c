/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/check_preset.h"

#include <string.h>

#include "base/escape.h"
#include "base/intl.h"
#include "config/credential.h"
#include "config/provider.h"

void check_preset_mark(const struct smarthost *h, const struct option *o,
                       struct sbuf *value)
{
	if (h->preset == NULL)
		return;
	if (strcmp(o->name, "provider") == 0 && h->provider == NULL)
		sbuf_addf(value, _("%s (by the domain of `user`)"),
		          h->preset->name);
	else if (h->from_preset[option_index(o)] && value->len > 0)
		sbuf_addf(value, " %s", _("(from the provider)"));
}

void check_preset_json(const struct smarthost *h, struct sbuf *b)
{
	const struct option *o;
	const char *comma = "";

	escape_add_member(b, ", ", "preset",
	                  h->preset != NULL ? h->preset->name : NULL);
	sbuf_addstr(b, ", \"from_preset\": [");
	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (!h->from_preset[i])
			continue;
		sbuf_addf(b, "%s\"%s\"", comma, o->name);
		comma = ", ";
	}
	sbuf_addstr(b, "]");
}

void check_preset_warn(const struct smarthost *h,
                       struct config_errors *warnings)
{
	const struct provider *p = h->preset;

	if (p == NULL)
		return;
	if (p->warning != NULL && h->password.kind != SOURCE_NONE &&
	    !credential_is_token(h))
		config_complain(warnings, smarthost_line(h, "password"),
		                "password", "%s", _(p->warning));
	if (!smarthost_says(h, "host") && !provider_is_sure(p, PROVIDER_HOST))
		config_complain(warnings, smarthost_line(h, "provider"),
		                "provider",
		                _("the host of `provider %s` is not verified: "
		                  "compare it with what the provider says"),
		                p->name);
}
