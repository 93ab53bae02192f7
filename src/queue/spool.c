/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/port.h"
#include "queue/id.h"
#include "queue/schedule.h"

#define LITTER_AGE (36 * 3600) /* seconds */
#define NAME_TRIES 16
#define LOCK_TRIES 20 /* of 5 ms each: a listing looks at the lock briefly */
#define SHARED_LOCK_TRIES 2

static const char *const place_names[] = {
	[SPOOL_NEW] = "new",
	[SPOOL_HOLD] = "hold",
	[SPOOL_FAILED] = "failed",
	[SPOOL_BAD] = "bad",
};

const char *spool_place_name(enum spool_place place)
{
	return place_names[place];
}

void spool_init(struct spool *s)
{
	s->is_shared = false;
	s->owner = geteuid();
	dir_init(&s->root);
	dir_init(&s->drop);
	dir_init(&s->tmp);
	dir_init(&s->log);
	dir_init(&s->pause);
	for (size_t i = 0; i < SPOOL_PLACES; i++)
		dir_init(&s->place[i]);
}

void spool_share(struct spool *s, uid_t owner)
{
	s->is_shared = true;
	s->owner = owner;
}

void spool_release(struct spool *s)
{
	dir_release(&s->root);
	dir_release(&s->drop);
	dir_release(&s->tmp);
	dir_release(&s->log);
	dir_release(&s->pause);
	for (size_t i = 0; i < SPOOL_PLACES; i++)
		dir_release(&s->place[i]);
}

static int open_or_create(struct dir *d, const struct dir *parent,
                          const char *name, struct fault *f)
{
	bool missing;

	if (dir_open(d, parent, name, &missing, f) == 0)
		return 0;
	if (!missing || dir_create(parent, name, f) != 0)
		return -1;
	fault_clear(f);
	return dir_open(d, parent, name, NULL, f);
}

static int open_root(struct spool *s, const char *path, struct fault *f)
{
	bool missing;

	if (dir_open_of(&s->root, path, s->owner, &missing, f) == 0)
		return 0;
	if (!missing || s->is_shared || dir_create_path(path, f) != 0)
		return -1;
	fault_clear(f);
	return dir_open_of(&s->root, path, s->owner, NULL, f);
}

/* A shared queue is made once, with its owners (setup-spool); a directory of
 * ours in its place would lock all others out. */
static int open_place(const struct spool *s, struct dir *d, const char *name,
                      struct fault *f)
{
	return s->is_shared ? dir_open(d, &s->root, name, NULL, f)
	                    : open_or_create(d, &s->root, name, f);
}

int spool_open_to_submit(struct spool *s, const char *path, struct fault *f)
{
	if (open_root(s, path, f) != 0 || open_place(s, &s->tmp, "tmp", f) != 0)
		return -1;
	return open_place(s, &s->place[SPOOL_NEW], "new", f);
}

static int open_drop(struct spool *s, struct fault *f)
{
	return s->is_shared ? dir_open(&s->drop, &s->root, "drop", NULL, f) : 0;
}

int spool_complete(struct spool *s, struct fault *f)
{
	struct dir *places[] = { &s->tmp, &s->log, &s->pause };
	static const char *const names[] = { "tmp", "log", "pause" };

	for (size_t i = 0; i < COUNT_OF(places); i++)
		if (places[i]->fd < 0 &&
		    open_place(s, places[i], names[i], f) != 0)
			return -1;
	for (size_t i = 0; i < SPOOL_PLACES; i++)
		if (s->place[i].fd < 0 &&
		    open_place(s, &s->place[i], place_names[i], f) != 0)
			return -1;
	return 0;
}

int spool_open(struct spool *s, const char *path, struct fault *f)
{
	if (spool_open_to_submit(s, path, f) != 0 || open_drop(s, f) != 0)
		return -1;
	return spool_complete(s, f);
}

/* What is missing of a queue of one's own stays closed: an empty place. */
static int open_if_there(const struct spool *s, struct dir *d, const char *name,
                         struct fault *f)
{
	bool missing;

	if (dir_open(d, &s->root, name, &missing, f) == 0)
		return 0;
	if (!missing || s->is_shared)
		return -1;
	fault_clear(f);
	return 0;
}

int spool_open_existing(struct spool *s, const char *path, bool *missing,
                        struct fault *f)
{
	if (dir_open_of(&s->root, path, s->owner, missing, f) != 0 ||
	    open_drop(s, f) != 0 || open_if_there(s, &s->tmp, "tmp", f) != 0 ||
	    open_if_there(s, &s->log, "log", f) != 0 ||
	    open_if_there(s, &s->pause, "pause", f) != 0)
		return -1;
	for (size_t i = 0; i < SPOOL_PLACES; i++)
		if (open_if_there(s, &s->place[i], place_names[i], f) != 0)
			return -1;
	return 0;
}

int spool_open_as_guest(struct spool *s, const char *path, struct fault *f)
{
	if (open_root(s, path, f) != 0 ||
	    open_place(s, &s->place[SPOOL_NEW], "new", f) != 0 ||
	    open_place(s, &s->place[SPOOL_HOLD], "hold", f) != 0 ||
	    open_place(s, &s->place[SPOOL_FAILED], "failed", f) != 0)
		return -1;
	return open_place(s, &s->log, "log", f);
}

/* --- submission --------------------------------------------------------- */

static int make_name(char id[ENTRY_ID_LENGTH + 1], struct fault *f)
{
	if (id_make(id, clock_now()) == 0)
		return 0;
	return fault_set_exit(f, EX_OSERR,
	                      _("no random numbers from the kernel: %s"),
	                      intl_error(errno));
}

/* -1: errno. */
static int create_in_tmp(const struct spool *s, const char *id)
{
	int fd = openat(s->tmp.fd, id,
	                O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	                0600);

	/* Tells spool_clean() that somebody still writes. */
	if (fd >= 0)
		flock(fd, LOCK_EX | LOCK_NB);
	return fd;
}

static int cannot_create(const struct spool *s, struct fault *f)
{
	return fault_set_exit(f, EX_CANTCREAT,
	                      _("cannot create a file in %s: %s"), s->tmp.path,
	                      intl_error(errno));
}

int spool_create(struct spool *s, char id[ENTRY_ID_LENGTH + 1], struct fault *f)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		int fd;

		if (make_name(id, f) != 0)
			return -1;
		fd = create_in_tmp(s, id);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST && errno != EINTR)
			break;
	}
	return cannot_create(s, f);
}

int spool_create_as(const struct spool *s, const char *id, struct fault *f)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		int fd = create_in_tmp(s, id);

		if (fd >= 0)
			return fd;
		if (errno != EEXIST && errno != EINTR)
			break;
		unlinkat(s->tmp.fd, id, 0);
	}
	return cannot_create(s, f);
}

bool spool_is_in(const struct spool *s, enum spool_place place, const char *id)
{
	return s->place[place].fd >= 0 &&
	       faccessat(s->place[place].fd, id, F_OK, AT_SYMLINK_NOFOLLOW) ==
	               0;
}

bool spool_has(const struct spool *s, const char *id)
{
	for (int i = 0; i < SPOOL_PLACES; i++)
		if (spool_is_in(s, (enum spool_place)i, id))
			return true;
	return false;
}

void spool_abandon(const struct spool *s, const char *id, int fd)
{
	unlinkat(s->tmp.fd, id, 0);
	close(fd);
}

/* After a failed fsync the kernel may have dropped the data and a second one
 * would report success: it is never asked twice for the same file. */
static int sync_file(const struct spool *s, int fd, struct fault *f)
{
	if (fsync(fd) == 0)
		return 0;
	return fault_set_exit(f, EX_IOERR,
	                      _("cannot make the message safe in %s: %s"),
	                      s->tmp.path, intl_error(errno));
}

static int publish(const struct spool *s, const char *id, struct fault *f)
{
	const struct dir *new = &s->place[SPOOL_NEW];

	if (port_rename_new(s->tmp.fd, id, new->fd, id) != 0) {
		fault_set_exit(f, EX_IOERR, _("cannot move %s to %s: %s"), id,
		               new->path, intl_error(errno));
		unlinkat(s->tmp.fd, id, 0);
		return -1;
	}
	if (dir_sync(new, f) == 0)
		return 0;
	unlinkat(new->fd, id, 0);
	return -1;
}

int spool_commit(const struct spool *s, const char *id, int fd, struct fault *f)
{
	if (sync_file(s, fd, f) != 0) {
		spool_abandon(s, id, fd);
		return -1;
	}
	if (close(fd) != 0 && errno != EINTR) {
		fault_set_exit(f, EX_IOERR,
		               _("cannot make the message safe in %s: %s"),
		               s->tmp.path, intl_error(errno));
		unlinkat(s->tmp.fd, id, 0);
		return -1;
	}
	return publish(s, id, f);
}

/* --- lists -------------------------------------------------------------- */

static int add_name(void *arg, const char *name)
{
	if (entry_is_id(name))
		names_add(arg, name);
	return 0;
}

int spool_list(const struct spool *s, enum spool_place place,
               struct names *list, struct fault *f)
{
	memset(list, 0, sizeof(*list));
	if (s->place[place].fd < 0)
		return 0;
	if (dir_each(&s->place[place], add_name, list, f) != 0) {
		names_release(list);
		return -1;
	}
	names_sort(list);
	return 0;
}

/* --- one entry ---------------------------------------------------------- */

static enum spool_taken foreign(struct fault *f, const char *what)
{
	fault_set(f, FAULT_CONFIG, "4.3.0", "%s", what);
	return SPOOL_FOREIGN;
}

static enum spool_taken check_file(const struct spool *s, const struct entry *e,
                                   struct fault *f)
{
	struct stat st;

	if (fstat(e->fd, &st) != 0)
		return foreign(f, intl_error(errno));
	if (!S_ISREG(st.st_mode))
		return foreign(f, _("it is not a regular file: remove it"));
	if (st.st_nlink != 1)
		return foreign(f, _("it has a second name (hard link); remove "
		                    "one of them"));
	if (!s->is_shared && st.st_uid != geteuid())
		return foreign(f, _("it belongs to another user; remove it"));
	return SPOOL_TAKEN;
}

/* In a shared queue a user may stop as many relay-queues as he has messages,
 * each with a lock: all others wait while we do. */
static bool lock_file(const struct spool *s, int fd)
{
	int tries = s->is_shared ? SHARED_LOCK_TRIES : LOCK_TRIES;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		struct timespec pause = { .tv_nsec = 5000000 };

		if (--tries == 0)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* Whoever had the lock before us may have removed or moved the file. */
static bool is_still_named(const struct spool *s, enum spool_place place,
                           const struct entry *e)
{
	struct stat file, name;

	return fstat(e->fd, &file) == 0 &&
	       fstatat(s->place[place].fd, e->id, &name, AT_SYMLINK_NOFOLLOW) ==
	               0 &&
	       file.st_ino == name.st_ino && file.st_dev == name.st_dev;
}

/* O_NONBLOCK: a FIFO put there must not stop us.  Not O_RDWR: the file is never
 * written again, only its times change. */
static enum spool_taken open_file(const struct spool *s, enum spool_place place,
                                  const char *id, struct entry *e,
                                  struct fault *f)
{
	snprintf(e->id, sizeof(e->id), "%s", id);
	e->fd = openat(s->place[place].fd, id,
	               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (e->fd >= 0)
		return check_file(s, e, f);
	if (errno == ENOENT)
		return SPOOL_GONE;
	if (errno == ELOOP || errno == ENXIO)
		return foreign(f, _("it is not a regular file: remove it"));
	if (errno == EACCES && s->owner != geteuid()) {
		fault_set_exit(f, EX_NOPERM, "%s",
		               _("it is another user's message"));
		return SPOOL_HIDDEN;
	}
	fault_set(f, FAULT_TEMP, "4.3.0", _("cannot open it: %s"),
	          intl_error(errno));
	return SPOOL_UNREADABLE;
}

static enum spool_taken read_taken(struct entry *e, struct fault *f)
{
	if (entry_read(e, f) == 0)
		return SPOOL_TAKEN;
	switch (f->kind) {
	case FAULT_PERM: return SPOOL_DAMAGED;
	case FAULT_CONFIG: return SPOOL_FOREIGN;
	case FAULT_NONE:
	case FAULT_TEMP: break;
	}
	return SPOOL_UNREADABLE;
}

enum spool_taken spool_take(const struct spool *s, enum spool_place place,
                            const char *id, struct entry *e, struct fault *f)
{
	enum spool_taken result;

	entry_init(e);
	result = open_file(s, place, id, e, f);
	if (result == SPOOL_TAKEN && !lock_file(s, e->fd))
		result = SPOOL_BUSY;
	if (result == SPOOL_TAKEN && !is_still_named(s, place, e))
		result = SPOOL_GONE;
	if (result == SPOOL_TAKEN)
		result = read_taken(e, f);
	if (result != SPOOL_TAKEN && result != SPOOL_DAMAGED)
		entry_release(e);
	return result;
}

/* Does the name now belong to a file that we did not open? */
static int check_same(const struct spool *s, enum spool_place place,
                      const struct entry *e, struct fault *f)
{
	struct stat name;

	if (fstatat(s->place[place].fd, e->id, &name, AT_SYMLINK_NOFOLLOW) !=
	            0 ||
	    is_still_named(s, place, e))
		return 0;
	return fault_set_exit(f, EX_IOERR,
	                      _("another file took the name %s/%s: it is left "
	                        "alone"),
	                      s->place[place].path, e->id);
}

int spool_unlink(const struct spool *s, enum spool_place place,
                 const struct entry *e, struct fault *f)
{
	if (check_same(s, place, e, f) != 0)
		return -1;
	if (unlinkat(s->place[place].fd, e->id, 0) != 0 && errno != ENOENT)
		return fault_set_exit(f, EX_IOERR, _("cannot remove %s/%s: %s"),
		                      s->place[place].path, e->id,
		                      intl_error(errno));
	return 0;
}

int spool_sync(const struct spool *s, enum spool_place place, struct fault *f)
{
	return dir_sync(&s->place[place], f);
}

void spool_forget(const struct spool *s, const struct entry *e)
{
	unlinkat(s->log.fd, e->id, 0);
}

int spool_remove(const struct spool *s, enum spool_place place,
                 const struct entry *e, struct fault *f)
{
	if (spool_unlink(s, place, e, f) != 0 || spool_sync(s, place, f) != 0)
		return -1;
	spool_forget(s, e);
	return 0;
}

int spool_discard(const struct spool *s, enum spool_place place, const char *id,
                  struct fault *f)
{
	if (unlinkat(s->place[place].fd, id, 0) != 0 && errno != ENOENT)
		return fault_set_exit(f, EX_IOERR, _("cannot remove %s/%s: %s"),
		                      s->place[place].path, id,
		                      intl_error(errno));
	return dir_sync(&s->place[place], f);
}

/* The new name is durable before the old one goes for good: a crash may leave
 * both on some file systems, never none. */
int spool_move(const struct spool *s, const struct entry *e,
               enum spool_place from, enum spool_place to, struct fault *f)
{
	if (check_same(s, from, e, f) != 0)
		return -1;
	if (port_rename_new(s->place[from].fd, e->id, s->place[to].fd, e->id) !=
	    0)
		return fault_set_exit(f, EX_IOERR,
		                      _("cannot move %s from %s to %s: %s"),
		                      e->id, s->place[from].path,
		                      s->place[to].path, intl_error(errno));
	if (dir_sync(&s->place[to], f) != 0)
		return -1;
	return dir_sync(&s->place[from], f);
}

void spool_set_due(const struct spool *s, const struct entry *e,
                   int64_t seconds)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		                     { .tv_sec = (time_t)seconds } };

	futimens(e->fd, times);
	utimensat(s->log.fd, e->id, times, AT_SYMLINK_NOFOLLOW);
}

/* A directory of ours can be touched exactly when names in it can be removed.
 */
bool spool_touch(const struct spool *s, const struct entry *e, struct fault *f)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW },
		                     { .tv_nsec = UTIME_OMIT } };

	if (futimens(s->place[SPOOL_NEW].fd, times) == 0 &&
	    (s->is_shared || futimens(e->fd, times) == 0))
		return true;
	fault_set(f, FAULT_TEMP, "4.3.0",
	          _("the queue file cannot be changed: %s"), intl_error(errno));
	return false;
}

/* 0 when there is no such file. */
static int64_t changed(const struct dir *d, const char *id)
{
	struct stat st;

	return fstatat(d->fd, id, &st, AT_SYMLINK_NOFOLLOW) == 0
	               ? (int64_t)st.st_mtime
	               : 0;
}

int64_t spool_due(const struct spool *s, const char *id)
{
	int64_t entry = changed(&s->place[SPOOL_NEW], id);
	int64_t journal = changed(&s->log, id);

	return entry > journal ? entry : journal;
}

int spool_is_due(const struct spool *s, const char *id, int64_t now,
                 int64_t *due)
{
	int64_t when = spool_due(s, id);
	struct stat st;

	if (fstatat(s->place[SPOOL_NEW].fd, id, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	if (due != NULL)
		*due = when;
	return schedule_is_due(when, now) ? 1 : 0;
}

/* --- cleaning ----------------------------------------------------------- */

static int clean_one(void *arg, const char *name)
{
	const struct dir *tmp = arg;
	struct stat st;
	int fd;

	if (fstatat(tmp->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    st.st_mtime > clock_seconds() - LITTER_AGE || !S_ISREG(st.st_mode))
		return 0;
	fd = openat(tmp->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(tmp->fd, name, 0);
	close(fd);
	return 0;
}

/* In doubt (an I/O error) it is: a journal that goes too early costs a second
 * delivery. */
static bool is_in(const struct spool *s, enum spool_place place,
                  const char *name)
{
	struct stat st;

	return fstatat(s->place[place].fd, name, &st, AT_SYMLINK_NOFOLLOW) ==
	               0 ||
	       errno != ENOENT;
}

/* new/ is looked at twice: a person may move the entry meanwhile. */
static int clean_journal(void *arg, const char *name)
{
	const struct spool *s = arg;

	if (entry_is_id(name) && !is_in(s, SPOOL_NEW, name) &&
	    !is_in(s, SPOOL_HOLD, name) && !is_in(s, SPOOL_FAILED, name) &&
	    !is_in(s, SPOOL_BAD, name) && !is_in(s, SPOOL_NEW, name) &&
	    !is_in(s, SPOOL_HOLD, name))
		unlinkat(s->log.fd, name, 0);
	return 0;
}

void spool_clean(const struct spool *s)
{
	struct dir tmp = s->tmp;
	struct spool copy = *s;
	struct fault f = { 0 };

	dir_each(&s->tmp, clean_one, &tmp, &f);
	dir_each(&s->log, clean_journal, &copy, &f);
}
