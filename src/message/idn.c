/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "message/idn.h"

#include <idn2.h>
#include <string.h>

#include "base/escape.h"
#include "base/intl.h"
#include "message/address.h"

/* Of the text that goes in: a name of 255 letters of four bytes, and dots. */
#define DOMAIN_MOST ((size_t)1024)

static int refuse(const char *domain, const char *why, struct fault *f)
{
	char shown[120];

	escape_copy(shown, sizeof(shown), domain, strlen(domain));
	return fault_set(f, FAULT_PERM, "5.1.2",
	                 _("the domain %s cannot be written in ASCII letters, "
	                   "as the server wants it: %s; correct the address "
	                   "and send again"),
	                 shown, why);
}

/* The mapping gives an @, a blank or an empty part for letters that only look
 * different, and these are none in a domain. */
static const char *problem(const char *ascii)
{
	const char *reason = NULL;
	struct sbuf address;

	sbuf_init(&address, ADDRESS_MAX + 1);
	sbuf_addf(&address, "x@%s", ascii);
	if (strlen(ascii) > 255)
		reason = N_("it is longer than 255 bytes");
	else if (!address_is_ascii(ascii) || *ascii == '[')
		reason = N_("the domain has a character it cannot have");
	else
		reason = address_problem(address.data);
	sbuf_release(&address);
	return reason;
}

int idn_to_ascii(const char *domain, struct sbuf *out, struct fault *f)
{
	const char *reason;
	uint8_t *ascii = NULL;
	int result;

	if (address_is_ascii(domain) || *domain == '[') {
		sbuf_addstr(out, domain);
		return 0;
	}
	if (strlen(domain) > DOMAIN_MOST)
		return refuse(domain, _("it is longer than 255 bytes"), f);
	result = idn2_lookup_u8((const uint8_t *)domain, &ascii,
	                        IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (result != IDN2_OK)
		return refuse(domain, idn2_strerror(result), f);
	reason = problem((const char *)ascii);
	if (reason == NULL)
		sbuf_addstr(out, (const char *)ascii);
	else
		refuse(domain, _(reason), f);
	idn2_free(ascii);
	return reason == NULL ? 0 : -1;
}

int idn_address(const char *bare, struct sbuf *out, struct fault *f)
{
	const char *domain = address_domain(bare);
	size_t before = out->len;

	if (domain == NULL) {
		sbuf_addstr(out, bare);
		return 0;
	}
	sbuf_add(out, bare, (size_t)(domain - bare));
	if (idn_to_ascii(domain, out, f) == 0)
		return 0;
	sbuf_cut(out, before);
	return -1;
}
