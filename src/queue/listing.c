/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/intl.h"
#include "queue/arrivals.h"

/* A shared lock for an instant; the flusher tries again if it meets it. */
static bool is_locked(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		return errno == EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return false;
}

/* The kernel keeps users' mail apart in a shared queue. */
static void hide(struct listing_item *item, const struct dir *place)
{
	struct stat st;

	item->is_hidden = true;
	if (fstatat(place->fd, item->entry.id, &st, AT_SYMLINK_NOFOLLOW) == 0)
		item->size = (int64_t)st.st_size;
	fault_set_exit(&item->damage, EX_NOPERM, "%s",
	               _("it is another user's message"));
}

/* False: the name is gone.  Otherwise open, or the damage says why not. */
static bool open_item(struct listing_item *item, const struct dir *place)
{
	item->entry.fd = openat(place->fd, item->entry.id,
	                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (item->entry.fd >= 0)
		return true;
	if (errno == ENOENT)
		return false;
	if (errno == ELOOP || errno == ENXIO)
		fault_set(&item->damage, FAULT_CONFIG, "4.3.0", "%s",
		          _("it is not a regular file: remove it"));
	else if (errno == EACCES && place->owner != geteuid())
		hide(item, place);
	else
		fault_set(&item->damage, FAULT_TEMP, "4.3.0",
		          _("cannot open it: %s"), intl_error(errno));
	return true;
}

static bool read_item(struct listing_item *item)
{
	struct stat st;

	if (item->entry.fd < 0)
		return false;
	if (fstat(item->entry.fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		fault_set(&item->damage, FAULT_CONFIG, "4.3.0", "%s",
		          _("it is not a regular file: remove it"));
		return false;
	}
	item->size = (int64_t)st.st_size;
	item->owner = st.st_uid;
	return entry_read(&item->entry, &item->damage) == 0;
}

bool listing_read(const struct spool *s, enum spool_place place, const char *id,
                  struct listing_item *item)
{
	struct fault f = { 0 };

	memset(item, 0, sizeof(*item));
	entry_init(&item->entry);
	item->place = place;
	item->arrival = entry_time(id);
	snprintf(item->entry.id, sizeof(item->entry.id), "%s", id);
	if (!open_item(item, &s->place[place]))
		return false;
	if (!read_item(item))
		return true;
	if (s->is_shared) /* by the kernel's word, not the file's */
		item->entry.envelope.uid = (unsigned)item->owner;
	item->size = (int64_t)(item->entry.content_end - item->entry.content);
	item->due = spool_due(s, id);
	item->is_active = place == SPOOL_NEW && is_locked(item->entry.fd);
	journal_read(&s->log, id, item->entry.envelope.recipient_count,
	             &item->history, &f);
	return true;
}

void listing_item_release(struct listing_item *item)
{
	entry_release(&item->entry);
	history_release(&item->history);
}

static bool is_listed(const struct names *list, const char *id)
{
	return names_has(list, id);
}

/* Accepted, and not in new/ yet: there is no more to say of them. */
static int see_arrivals(const struct arrivals *a, const struct names *list,
                        int (*see)(void *arg, const struct listing_item *item),
                        void *arg)
{
	struct listing_item item = { .place = SPOOL_NEW, .is_arriving = true };
	int result = 0;

	for (size_t i = 0; i < a->count && result == 0; i++) {
		if (is_listed(list, a->list[i].id))
			continue;
		memcpy(item.entry.id, a->list[i].id, sizeof(item.entry.id));
		item.arrival = entry_time(item.entry.id);
		item.size = a->list[i].size;
		result = see(arg, &item);
	}
	item.is_hidden = true;               /* and their names are not known */
	item.size = (int64_t)a->other_bytes; /* all of it in the first */
	for (uint64_t i = 0; i < a->others && result == 0; i++) {
		result = see(arg, &item);
		item.size = 0;
	}
	return result;
}

/* drop/ is looked at first: what moves to new/ meanwhile is seen there. */
int listing_each(const struct spool *s, enum spool_place place,
                 int (*see)(void *arg, const struct listing_item *item),
                 void *arg, struct fault *f)
{
	struct arrivals arrivals = { 0 };
	struct names list;
	int result = 0;

	if (s->is_shared && place == SPOOL_NEW)
		arrivals_read(&arrivals);
	if (spool_list(s, place, &list, f) != 0) {
		arrivals_release(&arrivals);
		return -1;
	}
	for (size_t i = 0; i < list.count && result == 0; i++) {
		struct listing_item item;

		if (listing_read(s, place, NAMES_AT(&list, i), &item))
			result = see(arg, &item);
		listing_item_release(&item);
	}
	if (result == 0)
		result = see_arrivals(&arrivals, &list, see, arg);
	names_release(&list);
	arrivals_release(&arrivals);
	return result;
}
