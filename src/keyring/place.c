/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keyring/place.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/sbuf.h"

/* Its file backend is for programs that a sandbox keeps from the bus. */
static int check_backend(struct fault *f)
{
	const char *backend = secure_getenv("SECRET_BACKEND");

	if (backend == NULL || backend[0] == '\0' ||
	    strcmp(backend, "service") == 0)
		return 0;
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("SECRET_BACKEND is set to `%.40s`, and "
	                   "relay-keyring knows `service` only: unset it"),
	                 backend);
}

/* A socket of ours? */
static bool is_bus(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       st.st_uid == geteuid();
}

static bool use_bus(const char *directory)
{
	struct sbuf path, address;
	bool found;

	sbuf_init(&path, 4096);
	sbuf_init(&address, 4200);
	sbuf_addf(&path, "%s/bus", directory);
	found = is_bus(path.data) && strpbrk(path.data, ",;%= ") == NULL;
	if (found) {
		sbuf_addf(&address, "unix:path=%s", path.data);
		setenv("DBUS_SESSION_BUS_ADDRESS", address.data, 1);
	}
	sbuf_release(&path);
	sbuf_release(&address);
	return found;
}

static int find_bus(struct fault *f)
{
	const char *address = secure_getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	char usual[40];

	if (address != NULL && address[0] != '\0')
		return 0;
	snprintf(usual, sizeof(usual), "/run/user/%u", (unsigned)geteuid());
	if ((runtime != NULL && runtime[0] == '/' && use_bus(runtime)) ||
	    use_bus(usual))
		return 0;
	return fault_set(f, FAULT_TEMP, "4.3.5",
	                 _("there is no session bus of user %u, so no keyring "
	                   "is open: it is while that user is logged in on the "
	                   "desktop; for mail at other times use `password "
	                   "file` or `password credential`"),
	                 (unsigned)geteuid());
}

int place_find(struct fault *f)
{
	return check_backend(f) == 0 ? find_bus(f) : -1;
}
