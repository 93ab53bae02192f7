/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/pickup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/port.h"
#include "base/sbuf.h"
#include "queue/share.h"

#define MODE 0640        /* as relay-drop makes files */
#define LITTER_AGE 3600  /* seconds; relay-drop lives for one minute */
#define IN_PROGRESS "t." /* and then the id */
#define COMPLETE "m."
#define WAITING "w." /* for a place in its owner's share */
#define HOSTILE "x." /* cannot be moved; was logged */
#define NAME_SIZE (ENTRY_ID_LENGTH + 3)

struct pickup {
	const struct spool *spool;
	gid_t group; /* of drop/, and of all files in it */
	bool is_counted;
	struct shares shares;    /* of new/, hold/ and failed/ */
	char (*name)[NAME_SIZE]; /* complete ones */
	size_t count, room;
	bool has_moved;
	bool has_said;      /* that somebody has his share */
	struct fault fault; /* the first trouble */
};

static bool is_kind(const char *name, const char *kind)
{
	return strncmp(name, kind, 2) == 0 && entry_is_id(name + 2);
}

/* --- what does not belong there ------------------------------------------- */

static void show(const char *name, const char *why, const char *where)
{
	struct sbuf b;

	sbuf_init(&b, 1024);
	escape_add(&b, name, strlen(name));
	log_warn(_("drop/%s status=refused (%s: %s)"), b.data, why, where);
	sbuf_release(&b);
}

/* bad/ID where it has an id, so that `relay queue` shows it.  A directory of
 * another user cannot leave its parent: then it is marked, and said once. */
static void put_aside(struct pickup *p, const char *name, const char *why)
{
	const struct dir *bad = &p->spool->place[SPOOL_BAD];
	int from = p->spool->drop.fd;
	char unique[300];
	uint32_t chance = 0;
	bool has_id = strlen(name) > 2 && entry_is_id(name + 2);

	if (strncmp(name, HOSTILE, 2) == 0)
		return;
	port_random(&chance, sizeof(chance));
	snprintf(unique, sizeof(unique), "%.240s.%08" PRIX32, name, chance);
	if (port_rename_new(from, name, bad->fd, has_id ? name + 2 : unique) ==
	            0 ||
	    port_rename_new(from, name, bad->fd, unique) == 0) {
		p->has_moved = true;
		show(name, why, _("moved to bad/; look at it there"));
		return;
	}
	snprintf(unique, sizeof(unique), HOSTILE "%.240s.%08" PRIX32, name,
	         chance);
	port_rename_new(from, name, from, unique);
	show(name, why, _("remove it"));
}

/* NULL: it is a file as relay-drop makes them. */
static const char *flaw(const struct pickup *p, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return _("it is not a regular file");
	if (st->st_nlink != 1)
		return _("it has a second name (hard link)");
	if ((st->st_mode & 07777) != MODE || st->st_gid != p->group)
		return _("relay-drop did not make it");
	if ((uint64_t)st->st_size > SHARE_SIZE + 4096)
		return _("it is too large");
	return NULL;
}

/* Where renaming is linking (base/port.h), relay-drop is between the two. */
static bool is_half_renamed(const struct pickup *p, const char *name,
                            const struct stat *st)
{
	char old[NAME_SIZE] = IN_PROGRESS;
	struct stat unfinished;

	if (st->st_nlink != 2 || !is_kind(name, COMPLETE))
		return false;
	memcpy(old + 2, name + 2, ENTRY_ID_LENGTH);
	return fstatat(p->spool->drop.fd, old, &unfinished,
	               AT_SYMLINK_NOFOLLOW) == 0 &&
	       unfinished.st_dev == st->st_dev &&
	       unfinished.st_ino == st->st_ino;
}

/* --- what does ------------------------------------------------------------ */

static void remember(struct pickup *p, const char *name)
{
	size_t room = p->room;

	if (p->count == room) {
		p->room = room == 0 ? 64 : room * 2;
		p->name = mem_grow(p->name, room, p->room, sizeof(*p->name));
	}
	memcpy(p->name[p->count++], name, NAME_SIZE);
}

static void look_at_unfinished(struct pickup *p, const char *name,
                               const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		put_aside(p, name, flaw(p, st));
	else if (st->st_mtime < clock_seconds() - LITTER_AGE)
		unlinkat(p->spool->drop.fd, name, 0);
}

/* A power cut may leave both names of a rename: then the old one goes. */
static bool is_moved(struct pickup *p, const char *name, const struct stat *st)
{
	struct stat moved;

	if (st->st_nlink != 2 ||
	    (!is_kind(name, COMPLETE) && !is_kind(name, WAITING)) ||
	    fstatat(p->spool->place[SPOOL_NEW].fd, name + 2, &moved,
	            AT_SYMLINK_NOFOLLOW) != 0 ||
	    moved.st_dev != st->st_dev || moved.st_ino != st->st_ino)
		return false;
	p->has_moved = true;
	return unlinkat(p->spool->drop.fd, name, 0) == 0;
}

static int look_at(void *arg, const char *name)
{
	struct pickup *p = arg;
	struct stat st;
	const char *why;

	if (fstatat(p->spool->drop.fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	if (is_kind(name, IN_PROGRESS)) {
		look_at_unfinished(p, name, &st);
		return 0;
	}
	if (is_moved(p, name, &st))
		return 0;
	if (is_half_renamed(p, name, &st))
		return 0; /* it will have one name soon */
	why = flaw(p, &st);
	if (why == NULL && !is_kind(name, COMPLETE) && !is_kind(name, WAITING))
		why = _("relay-drop did not make it");
	if (why == NULL)
		remember(p, name);
	else
		put_aside(p, name, why);
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp((const char *)a + 2, (const char *)b + 2,
	              ENTRY_ID_LENGTH);
}

static bool count_shares(struct pickup *p)
{
	static const enum spool_place places[] = { SPOOL_NEW, SPOOL_HOLD,
		                                   SPOOL_FAILED };

	for (size_t i = 0; i < COUNT_OF(places) && !p->is_counted; i++)
		if (!shares_count(&p->shares, p->spool->place[places[i]].fd))
			return false;
	p->is_counted = true;
	return true;
}

static int trouble(struct pickup *p, const char *name, const char *where)
{
	return fault_set_exit(&p->fault, EX_IOERR,
	                      _("cannot move %s to %s: %s"), name, where,
	                      intl_error(errno));
}

/* Accepted, and not sent before other mail of the user is: a person must hear
 * of it.  One of them, once. */
static void say_share(struct pickup *p, uid_t uid)
{
	if (!p->has_said)
		log_warn(_("user %u has %u messages or %u MiB in the queue: "
		           "more wait in drop/ until some of them are sent "
		           "or removed"),
		         (unsigned)uid, SHARE_COUNT,
		         (unsigned)(SHARE_BYTES >> 20));
	p->has_said = true;
}

static int take(struct pickup *p, const char *name)
{
	const struct spool *s = p->spool;
	const struct dir *new = &s->place[SPOOL_NEW];
	char waiting[NAME_SIZE] = WAITING;
	struct stat st;

	if (fstatat(s->drop.fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    flaw(p, &st) != NULL)
		return 0; /* changed meanwhile: the next look sees it */
	if (!count_shares(p))
		return trouble(p, name, new->path);
	memcpy(waiting + 2, name + 2, ENTRY_ID_LENGTH);
	if (!shares_take(&p->shares, st.st_uid, (uint64_t)st.st_size)) {
		if (strcmp(name, waiting) == 0)
			return 0;
		say_share(p, st.st_uid);
		return port_rename_new(s->drop.fd, name, s->drop.fd, waiting) ==
		                       0
		               ? 0
		               : trouble(p, name, waiting);
	}
	if (port_rename_new(s->drop.fd, name, new->fd, name + 2) == 0)
		p->has_moved = true;
	else if (errno == EEXIST)
		put_aside(p, name, _("there is another of its name"));
	else
		return trouble(p, name, new->path);
	return 0;
}

/* New names are durable before old ones go for good (see spool_move()). */
static int sync_moves(struct pickup *p)
{
	const struct spool *s = p->spool;

	if (!p->has_moved)
		return 0;
	if (dir_sync(&s->place[SPOOL_NEW], &p->fault) != 0 ||
	    dir_sync(&s->place[SPOOL_BAD], &p->fault) != 0)
		return -1;
	return dir_sync(&s->drop, &p->fault);
}

static int find_group(struct pickup *p, struct fault *f)
{
	const struct dir *drop = &p->spool->drop;
	struct stat st;

	if (fstat(drop->fd, &st) != 0)
		return fault_set_exit(f, EX_IOERR, _("cannot examine %s: %s"),
		                      drop->path, intl_error(errno));
	p->group = st.st_gid;
	return 0;
}

int pickup_run(const struct spool *s, struct fault *f)
{
	struct pickup p = { .spool = s };
	int failed;

	if (!s->is_shared)
		return 0;
	if (find_group(&p, f) != 0)
		return -1;
	failed = dir_each(&s->drop, look_at, &p, &p.fault);
	if (p.count > 1)
		qsort(p.name, p.count, sizeof(*p.name), compare_ids);
	for (size_t i = 0; i < p.count && failed == 0; i++)
		failed = take(&p, p.name[i]);
	if (sync_moves(&p) != 0)
		failed = -1;
	free(p.name);
	shares_release(&p.shares);
	if (failed != 0)
		*f = p.fault;
	return failed;
}

/* What pickup_run() would take, not all that has such a name: whoever waits for
 * the rest to go would wait for ever. */
static int is_takeable(void *arg, const char *name)
{
	const struct pickup *p = arg;
	struct stat st;

	return is_kind(name, COMPLETE) &&
	       fstatat(p->spool->drop.fd, name, &st, AT_SYMLINK_NOFOLLOW) ==
	               0 &&
	       flaw(p, &st) == NULL;
}

bool pickup_has_more(const struct spool *s)
{
	struct pickup p = { .spool = s };
	struct fault f;

	return s->is_shared && find_group(&p, &f) == 0 &&
	       dir_each(&s->drop, is_takeable, &p, &f) == 1;
}
