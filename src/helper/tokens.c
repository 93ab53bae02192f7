/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checksum stands in the last line and is of all bytes before it.  It tells
 * damage from a token that is no good: what is damaged must not be sent to a
 * server that ends the whole login when it meets a token it does not know. */
#include "helper/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crc.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/port.h"
#include "base/sbuf.h"

#define FORMAT 1
#define CHECK "check=%08" PRIX32 "\n"
#define CHECK_LENGTH 15
#define FILE_LIMIT (PAIRS_LIMIT + CHECK_LENGTH)
#define ROOM 65536 /* bytes, more than any login has taken */
#define NAME_LIMIT 256
#define ASIDE 100       /* damaged ones */
#define LOCK_STEP 50000 /* microseconds */

/* --- names ---------------------------------------------------------------- */

static void name_beside(const struct tokens *t, const char *suffix,
                        char name[NAME_LIMIT])
{
	snprintf(name, NAME_LIMIT, "%s%s", t->name, suffix);
}

static int name_fault(const struct tokens *t, const char *what, struct fault *f)
{
	return fault_set(f, FAULT_TEMP, "4.3.0", "%s %s/%s: %s", what,
	                 t->dir.path, t->name, intl_error(errno));
}

/* Somebody else's directory is nothing that time heals. */
static int place_fault(struct fault *f)
{
	if (f->status == EX_NOPERM)
		f->kind = FAULT_CONFIG;
	return -1;
}

static const char *split(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (path[0] != '/' || slash == path || slash[1] == '\0' ||
	    strlen(slash + 1) > NAME_LIMIT - 32)
		return NULL;
	return slash;
}

static int open_directory(struct tokens *t, char *directory, bool is_made,
                          bool *missing, struct fault *f)
{
	if (is_made && dir_create_path(directory, f) != 0)
		return place_fault(f);
	return dir_open(&t->dir, NULL, directory, missing, f) == 0
	               ? 0
	               : place_fault(f);
}

static int begin(struct tokens *t, const char *path, bool is_made,
                 bool *missing, struct fault *f)
{
	const char *slash = split(path);
	char *directory;
	int result;

	*t = (struct tokens){ .lock = -1, .room = -1 };
	dir_init(&t->dir);
	pairs_init(&t->lines);
	if (slash == NULL)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` is no path for a store of tokens: it "
		                   "starts with / and names a file in a "
		                   "directory"),
		                 path);
	directory = mem_strndup(path, (size_t)(slash - path));
	result = open_directory(t, directory, is_made, missing, f);
	free(directory);
	if (result == 0)
		t->name = mem_strdup(slash + 1);
	return result;
}

int tokens_open(struct tokens *t, const char *path, struct fault *f)
{
	bool missing;

	return begin(t, path, true, &missing, f);
}

/* What was reserved and not used. */
static void give_up_room(struct tokens *t)
{
	char name[NAME_LIMIT];

	if (t->room < 0)
		return;
	close(t->room);
	t->room = -1;
	name_beside(t, ".new", name);
	unlinkat(t->dir.fd, name, 0);
}

void tokens_release(struct tokens *t)
{
	give_up_room(t);
	if (t->lock >= 0)
		close(t->lock);
	t->lock = -1;
	pairs_release(&t->lines);
	dir_release(&t->dir);
	free(t->name);
	t->name = NULL;
}

/* --- the lock ------------------------------------------------------------- */

static int wait_for_lock(int fd, unsigned seconds)
{
	int64_t end = clock_ticks() + (int64_t)seconds * 1000;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (clock_ticks() >= end) {
			errno = EWOULDBLOCK;
			return -1;
		}
		usleep(LOCK_STEP);
	}
	return 0;
}

int tokens_lock(struct tokens *t, unsigned seconds, struct fault *f)
{
	char name[NAME_LIMIT];

	name_beside(t, ".lock", name);
	t->lock = openat(t->dir.fd, name,
	                 O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	                 0600);
	if (t->lock < 0)
		return name_fault(t, _("cannot open the lock of"), f);
	if (wait_for_lock(t->lock, seconds) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		fault_set(f, FAULT_TEMP, "4.3.0",
		          _("another program has been asking for a token of "
		            "%s for %u seconds: trying later"),
		          t->name, seconds);
	else
		name_fault(t, _("cannot lock"), f);
	close(t->lock);
	t->lock = -1;
	return -1;
}

/* --- reading -------------------------------------------------------------- */

/* Mine alone, and no other name leads to it. */
static int check_file(const struct tokens *t, int fd, struct fault *f)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return name_fault(t, _("cannot examine"), f);
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s/%s is no file, or has another name: "
		                   "relay does not take tokens from there"),
		                 t->dir.path, t->name);
	if (st.st_uid != geteuid())
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s/%s belongs to user %u, not to user %u "
		                   "who reads it: chown %u %s/%s"),
		                 t->dir.path, t->name, (unsigned)st.st_uid,
		                 (unsigned)geteuid(), (unsigned)geteuid(),
		                 t->dir.path, t->name);
	if ((st.st_mode & 077) != 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s/%s can be read or changed by other "
		                   "users: chmod 600 %s/%s, and if somebody "
		                   "may have seen it, log in again"),
		                 t->dir.path, t->name, t->dir.path, t->name);
	return 0;
}

/* Where the lines end and the line `check` begins; 0: it is damaged. */
static size_t checked_length(const struct sbuf *bytes)
{
	char check[CHECK_LENGTH + 1];
	size_t n;

	if (bytes->overflow || bytes->len < CHECK_LENGTH)
		return 0;
	n = bytes->len - CHECK_LENGTH;
	snprintf(check, sizeof(check), CHECK, crc_add(0, bytes->data, n));
	return memcmp(check, bytes->data + n, CHECK_LENGTH) == 0 ? n : 0;
}

/* The lines, and nothing but the lines: no way to write the same in another
 * form. */
static bool understand(struct pairs *lines, const struct sbuf *bytes)
{
	size_t n = checked_length(bytes);
	struct fault ignored;
	struct sbuf again;
	bool same;

	if (n == 0 || pairs_read(lines, bytes->data, n, &ignored) != 0)
		return false;
	sbuf_init(&again, PAIRS_LIMIT + 1);
	pairs_write(lines, &again);
	same = again.len == n + 1 && memcmp(again.data, bytes->data, n) == 0;
	sbuf_release(&again);
	return same;
}

/* Under a name of its own: it may be all that is left of a login. */
static bool put_aside(struct tokens *t, char name[NAME_LIMIT])
{
	for (unsigned i = 0; i < ASIDE; i++) {
		char suffix[24] = ".damaged";

		if (i > 0)
			snprintf(suffix, sizeof(suffix), ".damaged%u", i);
		name_beside(t, suffix, name);
		if (port_rename_new(t->dir.fd, t->name, t->dir.fd, name) == 0)
			return true;
		if (errno != EEXIST)
			return false;
	}
	return false;
}

static int damaged(struct tokens *t, struct fault *f)
{
	char name[NAME_LIMIT];

	pairs_release(&t->lines);
	if (t->lock < 0 || !put_aside(t, name))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s/%s is damaged: log in again"),
		                 t->dir.path, t->name);
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("%s/%s is damaged and was put aside as %s: log in "
	                   "again"),
	                 t->dir.path, t->name, name);
}

static int judge(struct tokens *t, const struct sbuf *bytes, struct fault *f)
{
	int64_t version = 0;

	if (!understand(&t->lines, bytes) ||
	    !pairs_get_number(&t->lines, "version", &version) || version < 1)
		return damaged(t, f);
	if (version == FORMAT)
		return 1;
	pairs_release(&t->lines);
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("%s/%s was written by a newer relay: use that one, "
	                   "or log in again with `relay logout` first"),
	                 t->dir.path, t->name);
}

int tokens_read(struct tokens *t, struct fault *f)
{
	int fd = openat(t->dir.fd, t->name,
	                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
	                        O_CLOEXEC);
	struct sbuf bytes;
	int result = -1;

	pairs_release(&t->lines);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0) {
		name_fault(t, _("cannot open"), f);
		f->kind = FAULT_CONFIG;
		return -1;
	}
	sbuf_init(&bytes, FILE_LIMIT);
	result = check_file(t, fd, f);
	if (result == 0 && fdio_read_rest(fd, &bytes) != 0)
		result = name_fault(t, _("cannot read"), f);
	if (result == 0)
		result = judge(t, &bytes, f);
	sbuf_release(&bytes);
	close(fd);
	return result;
}

/* --- writing -------------------------------------------------------------- */

/* With the lock nobody else writes: what has the name is left of a crash. */
static int create_new(const struct tokens *t)
{
	char name[NAME_LIMIT];

	name_beside(t, ".new", name);
	if (unlinkat(t->dir.fd, name, 0) != 0 && errno != ENOENT)
		return -1;
	return openat(t->dir.fd, name,
	              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	              0600);
}

int tokens_reserve(struct tokens *t, struct fault *f)
{
	int error;

	give_up_room(t);
	t->room = create_new(t);
	if (t->room < 0)
		return name_fault(t, _("cannot write beside"), f);
	error = posix_fallocate(t->room, 0, ROOM);
	if (error == 0 || error == EOPNOTSUPP || error == EINVAL)
		return 0;
	errno = error;
	name_fault(t, _("no room for new tokens beside"), f);
	fault_code_of(f, error);
	give_up_room(t);
	return -1;
}

static int fill(int fd, const struct sbuf *bytes)
{
	return fdio_write(fd, bytes->data, bytes->len) == 0 &&
	                       ftruncate(fd, (off_t)bytes->len) == 0 &&
	                       fsync(fd) == 0
	               ? 0
	               : -1;
}

/* The file that was reserved, or a fresh one.  A sync that failed is never
 * tried again on the same file: the kernel has forgotten what it could not
 * write. */
static int commit(struct tokens *t, int fd, const struct sbuf *bytes)
{
	char name[NAME_LIMIT];
	int result, error;

	if (fd < 0)
		return -1;
	name_beside(t, ".new", name);
	result = fill(fd, bytes);
	error = errno;
	if (close(fd) != 0 && result == 0) {
		result = -1;
		error = errno;
	}
	if (result == 0)
		result = renameat(t->dir.fd, name, t->dir.fd, t->name);
	else
		errno = error;
	return result;
}

static void compose(struct tokens *t, struct sbuf *bytes)
{
	struct fault ignored;

	if (pairs_get(&t->lines, "version") == NULL)
		pairs_put_number(&t->lines, "version", FORMAT, &ignored);
	pairs_write(&t->lines, bytes);
	sbuf_cut(bytes, bytes->len - 1);
	sbuf_addf(bytes, CHECK, crc_add(0, bytes->data, bytes->len));
}

/* What is written may be the only copy of a token, and the old one be void: so
 * a second try is made where the first one fails. */
int tokens_write(struct tokens *t, struct fault *f)
{
	struct sbuf bytes;
	int room = t->room, result;

	sbuf_init(&bytes, FILE_LIMIT);
	compose(t, &bytes);
	t->room = -1;
	result = commit(t, room >= 0 ? room : create_new(t), &bytes);
	if (result != 0)
		result = commit(t, create_new(t), &bytes);
	sbuf_release(&bytes);
	if (result != 0) {
		name_fault(t, _("cannot write"), f);
		fault_code_of(f, errno);
		return -1;
	}
	return dir_sync(&t->dir, f) == 0 || dir_sync(&t->dir, f) == 0 ? 0 : -1;
}

int tokens_erase(struct tokens *t, struct fault *f)
{
	pairs_release(&t->lines);
	if (unlinkat(t->dir.fd, t->name, 0) != 0 && errno != ENOENT)
		return name_fault(t, _("cannot remove"), f);
	return dir_sync(&t->dir, f);
}

/* --- what may be shown ---------------------------------------------------- */

static void copy(const struct pairs *lines, const char *key, char *to,
                 size_t size)
{
	const char *value = pairs_get(lines, key);

	snprintf(to, size, "%s", value != NULL ? value : "");
}

static int64_t number(const struct pairs *lines, const char *key)
{
	int64_t value = 0;

	return pairs_get_number(lines, key, &value) && value > 0 ? value : 0;
}

static void show(const struct pairs *lines, struct tokens_state *state)
{
	const char *kind = pairs_get(lines, "failure_is");

	copy(lines, "user", state->user, sizeof(state->user));
	copy(lines, "flow", state->flow, sizeof(state->flow));
	copy(lines, "token_url", state->token_url, sizeof(state->token_url));
	copy(lines, "failure", state->failure, sizeof(state->failure));
	state->is_sealed = pairs_get(lines, "sealed") != NULL;
	state->has_refresh =
		state->is_sealed || pairs_get(lines, "refresh_token") != NULL;
	state->login = number(lines, "login");
	state->obtained = number(lines, "obtained");
	state->expires = number(lines, "expires");
	state->refreshed = number(lines, "refreshed");
	state->failed = number(lines, "failed");
	state->wait = number(lines, "wait");
	if (state->failed > 0)
		state->failure_is = kind != NULL && strcmp(kind, "person") == 0
		                            ? FAULT_CONFIG
		                            : FAULT_TEMP;
}

int tokens_look(const char *path, struct tokens_state *state, struct fault *f)
{
	bool missing = false;
	struct tokens t;
	int result;

	*state = (struct tokens_state){ .failure_is = FAULT_NONE };
	if (begin(&t, path, false, &missing, f) != 0)
		return missing ? 0 : -1;
	result = tokens_read(&t, f);
	if (result == 1)
		show(&t.lines, state);
	tokens_release(&t);
	return result;
}
