/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store - see store.h */

#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 65536, NAME = 64 };

static void temp_name(char name[NAME], pid_t pid, const char *suffix)
{
	snprintf(name, NAME, ".%ld.%s", (long)pid, suffix);
}

/* Go on after the highest number that is there. */
static int find_last(struct store *s)
{
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	unsigned long n, last = 0;
	char *end;

	if (d == NULL)
		return complain("--store: %s", strerror(errno));
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		n = strtoul(entry->d_name, &end, 10);
		if (*end == '.' && n > last)
			last = n;
	}
	closedir(d);
	record_number_start(s->record, last);
	return 0;
}

int store_open(struct store *s, const char *path, struct record *record)
{
	s->dir = -1;
	s->record = record;
	if (path == NULL)
		return 0;
	s->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		return complain("%s: %s", path, strerror(errno));
	return find_last(s);
}

void store_close(struct store *s)
{
	if (s->dir >= 0)
		close(s->dir);
	s->dir = -1;
}

void store_forget(const struct store *s, pid_t pid)
{
	char name[NAME];

	if (s->dir < 0)
		return;
	temp_name(name, pid, "eml");
	unlinkat(s->dir, name, 0);
	temp_name(name, pid, "env");
	unlinkat(s->dir, name, 0);
}

static int create(const struct store *s, const char *suffix)
{
	char name[NAME];

	temp_name(name, getpid(), suffix);
	return openat(s->dir, name,
	              O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	              0600);
}

void message_begin(struct message *m, const struct store *s)
{
	*m = (struct message){ .store = s, .fd = -1 };
	if (s->dir < 0)
		return;
	m->fd = create(s, "eml");
	m->failed = m->fd < 0;
	m->buffer = must_alloc(BUFFER);
	m->head = must_alloc(PERSONA_HEAD);
}

static bool write_all(int fd, const char *bytes, size_t n)
{
	ssize_t put;

	while (n > 0) {
		put = write(fd, bytes, n);
		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0) {
			bytes += put;
			n -= (size_t)put;
		}
	}
	return true;
}

static void flush(struct message *m)
{
	if (!m->failed && !write_all(m->fd, m->buffer, m->len))
		m->failed = true;
	m->len = 0;
}

void message_add(struct message *m, const char *bytes, size_t n)
{
	size_t piece;

	if (m->head != NULL && m->head_len < PERSONA_HEAD) {
		piece = PERSONA_HEAD - m->head_len;
		piece = n < piece ? n : piece;
		memcpy(m->head + m->head_len, bytes, piece);
		m->head_len += piece;
	}
	while (n > 0 && m->fd >= 0) {
		piece = n < BUFFER - m->len ? n : BUFFER - m->len;
		memcpy(m->buffer + m->len, bytes, piece);
		m->len += piece;
		bytes += piece;
		n -= piece;
		if (m->len == BUFFER)
			flush(m);
	}
}

static void end(struct message *m)
{
	if (m->fd >= 0)
		close(m->fd);
	free(m->buffer);
	free(m->head);
	m->fd = -1;
	m->buffer = m->head = NULL;
}

static bool write_envelope(const struct store *s, const char *text, size_t n)
{
	int fd = create(s, "env");
	bool good;

	if (fd < 0)
		return false;
	good = write_all(fd, text, n);
	return close(fd) == 0 && good;
}

/* link() fails if the name is taken, also by another smarthost. */
static unsigned long publish(const struct store *s)
{
	char temp_eml[NAME], temp_env[NAME], eml[NAME], env[NAME];
	unsigned long number;

	temp_name(temp_eml, getpid(), "eml");
	temp_name(temp_env, getpid(), "env");
	do {
		number = record_number(s->record);
		snprintf(env, sizeof(env), "%lu.env", number);
		errno = 0;
	} while (linkat(s->dir, temp_env, s->dir, env, 0) < 0 &&
	         errno == EEXIST);
	if (errno != 0)
		return 0;
	unlinkat(s->dir, temp_env, 0);
	snprintf(eml, sizeof(eml), "%lu.eml", number);
	return renameat(s->dir, temp_eml, s->dir, eml) < 0 ? 0 : number;
}

unsigned long message_commit(struct message *m, const char *envelope, size_t n)
{
	unsigned long number = 0;

	if (m->store->dir < 0)
		return record_number(m->store->record);
	flush(m);
	if (!m->failed && write_envelope(m->store, envelope, n))
		number = publish(m->store);
	end(m);
	if (number == 0)
		store_forget(m->store, getpid());
	return number;
}

void message_drop(struct message *m)
{
	if (m->store != NULL && m->fd >= 0)
		store_forget(m->store, getpid());
	if (m->store != NULL)
		end(m);
	m->store = NULL;
}
