/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/share.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"

void shares_release(struct shares *s)
{
	free(s->list);
	*s = (struct shares){ 0 };
}

/* Few users have mail waiting at a time: a list is enough. */
static struct share *find(struct shares *s, uid_t uid)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].uid == uid)
			return &s->list[i];
	s->list = mem_grow(s->list, s->count, s->count + 1, sizeof(*s->list));
	s->list[s->count] = (struct share){ .uid = uid };
	return &s->list[s->count++];
}

uint64_t shares_add(struct shares *s, uid_t uid, uint64_t bytes)
{
	struct share *share = find(s, uid);

	share->bytes += bytes;
	return share->count++;
}

static DIR *open_list(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = fd >= 0 ? fdopendir(fd) : NULL;

	if (names == NULL && fd >= 0)
		close(fd);
	return names;
}

/* The name of the next file that is still there, or NULL at the end. */
static const char *next_file(DIR *names, int directory, struct stat *st)
{
	struct dirent *e;

	while ((e = readdir(names)) != NULL)
		if (e->d_name[0] != '.' &&
		    fstatat(directory, e->d_name, st, AT_SYMLINK_NOFOLLOW) == 0)
			return e->d_name;
	return NULL;
}

bool shares_count(struct shares *s, int directory)
{
	DIR *names = open_list(directory);
	struct stat st;

	if (names == NULL)
		return false;
	while (next_file(names, directory, &st) != NULL)
		shares_add(s, st.st_uid, (uint64_t)st.st_size);
	closedir(names);
	return true;
}

bool shares_take(struct shares *s, uid_t uid, uint64_t bytes)
{
	struct share *share = find(s, uid);

	if (uid != 0 &&
	    (share->count >= SHARE_COUNT || share->bytes >= SHARE_BYTES ||
	     bytes > SHARE_BYTES - share->bytes))
		return false;
	share->count++;
	share->bytes += bytes;
	return true;
}

bool share_may_grow(int directory, uid_t uid)
{
	DIR *names = uid != 0 ? open_list(directory) : NULL;
	struct share own = { 0 };
	struct stat st;

	if (names == NULL)
		return uid == 0;
	while (next_file(names, directory, &st) != NULL) {
		if (st.st_uid != uid)
			continue;
		own.count++;
		own.bytes += (uint64_t)st.st_size;
	}
	closedir(names);
	return own.count < SHARE_COUNT && own.bytes < SHARE_BYTES;
}

/* "m.ID": complete; "w.ID": complete, and over its user's share. */
static bool is_complete(const char *name)
{
	return (name[0] == 'm' || name[0] == 'w') && name[1] == '.';
}

bool share_show(int directory, uid_t uid, int out)
{
	DIR *names = open_list(directory);
	struct share all = { 0 };
	struct stat st, place;
	const char *name;
	char line[80];
	bool ok = names != NULL && fstat(directory, &place) == 0;

	while (ok && (name = next_file(names, directory, &st)) != NULL) {
		if (!is_complete(name))
			continue;
		all.count++;
		all.bytes += (uint64_t)st.st_size;
		snprintf(line, sizeof(line), "%.30s %" PRIu64 "\n", name + 2,
		         (uint64_t)st.st_size);
		if (uid == st.st_uid || uid == place.st_uid)
			ok = fdio_write(out, line, strlen(line)) == 0;
	}
	if (names != NULL)
		closedir(names);
	snprintf(line, sizeof(line), "ALL %" PRIu64 " %" PRIu64 "\n", all.count,
	         all.bytes);
	return ok && fdio_write(out, line, strlen(line)) == 0;
}

bool share_has_room(int directory)
{
	struct statvfs s;

	if (fstatvfs(directory, &s) != 0)
		return true; /* writing will tell */
	return s.f_bavail >= SHARE_FLOOR / (s.f_frsize > 0 ? s.f_frsize : 1) &&
	       (s.f_files == 0 || s.f_favail >= SHARE_FLOOR_INODES);
}
