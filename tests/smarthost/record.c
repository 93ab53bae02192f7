/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record - see record.h */

#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct shared {
	atomic_ulong counters[COUNTER_COUNT];
	atomic_ulong steps[STEP_COUNT];
	atomic_ulong number;
};

static const char *const names[COUNTER_COUNT] = {
	[COUNT_CONNECTIONS] = "connections",
	[COUNT_TLS] = "tls",
	[COUNT_LOGINS] = "logins",
	[COUNT_LOGIN_FAILURES] = "login_failures",
	[COUNT_MESSAGES] = "messages",
	[COUNT_RECIPIENTS] = "recipients",
	[COUNT_REFUSED] = "refused",
	[COUNT_BYTES] = "bytes",
	[COUNT_ERRORS] = "errors",
};

int record_open(struct record *r, const char *log, const char *stats)
{
	void *map;

	r->log = -1;
	r->stats = stats;
	r->shared = NULL;
	map = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
	           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return complain("shared memory: %s", strerror(errno));
	r->shared = map; /* all zero */
	if (log == NULL)
		return 0;
	r->log = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (r->log < 0)
		return complain("%s: %s", log, strerror(errno));
	return 0;
}

void record_close(struct record *r)
{
	if (r->log >= 0)
		close(r->log);
	r->log = -1;
	if (r->shared != NULL)
		munmap(r->shared, sizeof(*r->shared));
	r->shared = NULL;
}

void record_count(struct record *r, enum counter counter, unsigned long n)
{
	atomic_fetch_add(&r->shared->counters[counter], n);
}

unsigned long record_step(struct record *r, enum step step)
{
	return atomic_fetch_add(&r->shared->steps[step], 1) + 1;
}

unsigned long record_number(struct record *r)
{
	return atomic_fetch_add(&r->shared->number, 1) + 1;
}

void record_number_start(struct record *r, unsigned long after)
{
	atomic_store(&r->shared->number, after);
}

void record_line(struct record *r, char kind, unsigned long connection,
                 const char *text, size_t n)
{
	char line[4096];
	size_t len;

	if (kind == 'E')
		record_count(r, COUNT_ERRORS, 1);
	if (r->log < 0)
		return;
	len = (size_t)snprintf(line, 64, "%c %lu: ", kind, connection);
	text_print(line + len, sizeof(line) - 1 - len, text, n);
	len += strlen(line + len);
	line[len++] = '\n';
	if (write(r->log, line, len) < 0)
		return; /* a full disk must not change the dialogue */
}

void record_note(struct record *r, char kind, unsigned long connection,
                 const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	record_line(r, kind, connection, text, strlen(text));
}

void record_stats(struct record *r)
{
	char temp[4096];
	FILE *file;

	if (r->stats == NULL)
		return;
	snprintf(temp, sizeof(temp), "%s.%ld", r->stats, (long)getpid());
	file = fopen(temp, "we");
	if (file == NULL)
		return;
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		fprintf(file, "%s\"%s\": %lu", i == 0 ? "{" : ", ", names[i],
		        atomic_load(&r->shared->counters[i]));
	fputs("}\n", file);
	if (fclose(file) != 0 || rename(temp, r->stats) != 0)
		unlink(temp);
}
