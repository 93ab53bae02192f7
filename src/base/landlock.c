/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By number, as no C library has wrappers; with names of our own, because the
 * kernel's headers are often older than the kernel. */
#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CREATE_VERSION 1U
#define RULE_PATH 1
#define RULE_PORT 2

/* Rights on files, by the version that brought them. */
#define EXECUTE (1ULL << 0)
#define WRITE_FILE (1ULL << 1)
#define READ_FILE (1ULL << 2)
#define READ_DIR (1ULL << 3)
#define UP_TO_VERSION_2 ((1ULL << 14) - 1) /* REFER is the last */
#define TRUNCATE (1ULL << 14)              /* 3 */
#define IOCTL_DEV (1ULL << 15)             /* 5 */
#define ON_FILES (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)

#define BIND_TCP (1ULL << 0) /* 4 */
#define CONNECT_TCP (1ULL << 1)
#define SCOPES 3ULL /* 6: abstract sockets, signals */

/* What is given up.  An older kernel takes the longer structure if the rest of
 * it is zero. */
struct ruleset {
	uint64_t files;
	uint64_t ports;
	uint64_t scopes;
};

struct path_rule {
	uint64_t rights;
	int32_t fd;
} __attribute__((packed));

struct port_rule {
	uint64_t rights;
	uint64_t port;
};

#if defined(SYS_landlock_create_ruleset) && !defined(RELAY_SANITIZE)
static int create(const struct ruleset *r, size_t size, unsigned flags)
{
	return (int)syscall(SYS_landlock_create_ruleset, r, size, flags);
}

static int add_rule(int fd, int kind, const void *rule)
{
	return (int)syscall(SYS_landlock_add_rule, fd, kind, rule, 0U);
}

static int restrict_self(int fd)
{
	return (int)syscall(SYS_landlock_restrict_self, fd, 0U);
}
#else
static int create(const struct ruleset *r, size_t size, unsigned flags)
{
	(void)r, (void)size, (void)flags;
	errno = ENOSYS;
	return -1;
}

static int add_rule(int fd, int kind, const void *rule)
{
	(void)fd, (void)kind, (void)rule;
	return -1;
}

static int restrict_self(int fd)
{
	(void)fd;
	return -1;
}
#endif

void landlock_init(struct landlock *l, bool limits_ports)
{
	struct ruleset r = { .files = UP_TO_VERSION_2 };
	int version = create(NULL, 0, CREATE_VERSION);

	memset(l, 0, sizeof(*l));
	l->fd = -1;
	if (version < 2)
		return;
	if (version >= 3)
		r.files |= TRUNCATE;
	if (version >= 5)
		r.files |= IOCTL_DEV;
	if (version >= 6)
		r.scopes = SCOPES;
	l->limits_ports = limits_ports && version >= 4;
	if (l->limits_ports)
		r.ports = BIND_TCP | CONNECT_TCP;
	l->version = (unsigned)version;
	l->all = r.files;
	l->fd = create(&r, sizeof(r), 0);
}

void landlock_release(struct landlock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static int allow(const struct landlock *l, const char *path, uint64_t rights)
{
	struct path_rule rule = { .rights = rights & l->all };
	struct stat st;
	int result = -1;

	rule.fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.fd < 0)
		return -1;
	if (fstat(rule.fd, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			rule.rights &= ON_FILES;
		result = add_rule(l->fd, RULE_PATH, &rule);
	}
	close(rule.fd);
	return result;
}

void landlock_allow_read(struct landlock *l, const char *path)
{
	if (l->fd >= 0)
		allow(l, path, READ_FILE | READ_DIR);
}

void landlock_allow_write(struct landlock *l, const char *path)
{
	if (l->fd >= 0 && allow(l, path, ~(EXECUTE | IOCTL_DEV)) != 0)
		l->is_broken = true;
}

void landlock_allow_port(struct landlock *l, unsigned port)
{
	struct port_rule rule = { .rights = CONNECT_TCP, .port = port };

	if (l->fd >= 0 && l->limits_ports &&
	    add_rule(l->fd, RULE_PORT, &rule) != 0)
		l->is_broken = true;
}

unsigned landlock_enforce(struct landlock *l)
{
	if (l->fd < 0 || l->is_broken ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    restrict_self(l->fd) != 0)
		return 0;
	return l->version;
}
