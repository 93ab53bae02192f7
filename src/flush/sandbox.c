/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/sandbox.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/landlock.h"
#include "base/log.h"
#include "base/port.h"
#include "base/seccomp.h"
#include "config/host.h"

#define DNS_PORT 53

/* What the C library, GnuTLS and the name services read.  The resolver's
 * modules are loaded when a name is first looked up. */
static const char *const readable[] = {
	"/lib",
	"/lib32",
	"/lib64",
	"/usr/lib",
	"/usr/lib32",
	"/usr/lib64",
	"/usr/share",
	"/usr/local/lib",
	"/usr/local/share",
	"/nix/store",
	"/gnu/store",
	LOCALEDIR,
	/* names and addresses */
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/hostname",
	"/etc/resolv.conf",
	"/etc/resolvconf",
	"/etc/nsswitch.conf",
	"/etc/services",
	"/etc/protocols",
	"/etc/networks",
	"/etc/gai.conf",
	"/etc/mdns.allow",
	"/etc/passwd",
	"/etc/group",
	"/run/systemd/resolve",
	"/run/systemd/machines",
	"/run/resolvconf",
	"/run/NetworkManager",
	"/run/nscd",
	"/var/run/nscd",
	"/run/avahi-daemon",
	/* trust */
	"/etc/ssl",
	"/etc/pki",
	"/etc/ca-certificates",
	"/etc/pkcs11",
	"/etc/gnutls",
	"/etc/crypto-policies",
	"/var/lib/ca-certificates",
	/* the C library's own */
	"/etc/ld.so.cache",
	"/etc/localtime",
	"/etc/locale.alias",
	"/dev/urandom",
	"/dev/random",
};

/* Where resolv.conf really is, that directory: it is replaced, not rewritten.
 */
static void allow_resolver(struct landlock *l)
{
	char *real = realpath("/etc/resolv.conf", NULL);

	const char *place = real != NULL ? dirname(real) : "/etc";

	if (strcmp(place, "/etc") != 0 && strcmp(place, "/") != 0)
		landlock_allow_read(l, place);
	free(real);
}

static void allow_if_set(struct landlock *l, const char *path)
{
	if (path != NULL)
		landlock_allow_read(l, path);
}

static void allow_configured(struct landlock *l, const struct config *config)
{
	allow_if_set(l, config->path);
	landlock_allow_port(l, DNS_PORT);
	for (size_t i = 0; i < config->count; i++) {
		const struct smarthost *h = &config->smarthosts[i];

		allow_if_set(l, h->tls_ca);
		allow_if_set(l, h->tls_cert);
		allow_if_set(l, h->tls_key);
		landlock_allow_port(l, h->port);
	}
}

static void allow_narrow(struct landlock *l, const struct config *config)
{
	for (size_t i = 0; i < COUNT_OF(readable); i++)
		landlock_allow_read(l, readable[i]);
	allow_resolver(l);
	allow_configured(l, config);
}

/* At which port, the DNS says. */
static bool has_service(const struct config *config)
{
	for (size_t i = 0; i < config->count; i++)
		if (host_is_service(config->smarthosts[i].host))
			return true;
	return false;
}

static unsigned confine(const struct site *site, const struct config *config,
                        bool is_watching)
{
	struct landlock l;
	unsigned version;

	landlock_init(&l, !is_watching && !has_service(config));
	if (is_watching)
		landlock_allow_read(&l, "/");
	else
		allow_narrow(&l, config);
	landlock_allow_write(&l, site->queue);
	landlock_allow_write(&l, "/dev/null");
	version = landlock_enforce(&l);
	landlock_release(&l);
	return version;
}

void sandbox_enter(struct sandbox *s, const struct site *site,
                   const struct config *config, bool is_watching)
{
	unsigned version;
	bool is_filtered;

	if (s->is_entered || !site->is_system)
		return;
	s->is_entered = true;
	port_forbid_dumps(); /* becoming another user may have allowed them */
	version = confine(site, config, is_watching);
	s->is_narrow = version > 0 && !is_watching && config->path != NULL &&
	               stat(config->path, &s->config) == 0;
	is_filtered = seccomp_deny_powers();
	log_debug("landlock=%u seccomp=%s", version,
	          is_filtered ? "yes" : "no");
}

bool sandbox_is_stale(const struct sandbox *s, const struct site *site)
{
	struct stat now;

	if (!s->is_narrow)
		return false;
	return stat(site->config, &now) != 0 ||
	       now.st_dev != s->config.st_dev ||
	       now.st_ino != s->config.st_ino ||
	       now.st_size != s->config.st_size ||
	       now.st_mtim.tv_sec != s->config.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != s->config.st_mtim.tv_nsec;
}
