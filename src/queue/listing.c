/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/intl.h"

/* A shared lock for an instant; the flusher tries again if it meets it. */
static bool is_locked(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		return errno == EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return false;
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
	item->due = (int64_t)st.st_mtime;
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
	item->size = (int64_t)(item->entry.content_end - item->entry.content);
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

int listing_each(const struct spool *s, enum spool_place place,
                 int (*see)(void *arg, const struct listing_item *item),
                 void *arg, struct fault *f)
{
	struct spool_list list;
	int result = 0;

	if (spool_list(s, place, &list, f) != 0)
		return -1;
	for (size_t i = 0; i < list.count && result == 0; i++) {
		struct listing_item item;

		if (listing_read(s, place, list.id[i], &item))
			result = see(arg, &item);
		listing_item_release(&item);
	}
	spool_list_release(&list);
	return result;
}
