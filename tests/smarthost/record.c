/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record - see record.h */

#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { NUMBERS = 1 << 20 }; /* that can be told apart */

struct shared {
	atomic_ulong counters[COUNTER_COUNT];
	atomic_ulong steps[STEP_COUNT];
	atomic_ulong number;
	atomic_ulong open, most;  /* connections: now, and ever at once */
	atomic_ulong first, last; /* message: ns on the monotonic clock */
	atomic_uchar seen[NUMBERS / 8];
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
	[COUNT_FLIGHTS] = "flights",
	[COUNT_NUMBERED] = "numbered",
	[COUNT_DISTINCT] = "distinct",
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

atomic_ulong *record_counter(struct record *r, enum counter counter)
{
	return &r->shared->counters[counter];
}

static void raise_to(atomic_ulong *most, unsigned long value)
{
	unsigned long before = atomic_load(most);

	while (before < value &&
	       !atomic_compare_exchange_weak(most, &before, value))
		continue;
}

void record_opened(struct record *r)
{
	struct shared *shared = r->shared;

	record_count(r, COUNT_CONNECTIONS, 1);
	raise_to(&shared->most, atomic_fetch_add(&shared->open, 1) + 1);
}

void record_closed(struct record *r)
{
	atomic_fetch_sub(&r->shared->open, 1);
}

/* True: for the first time. */
static bool is_new(struct shared *shared, unsigned long number)
{
	unsigned char bit = (unsigned char)(1 << number % 8);

	return (atomic_fetch_or(&shared->seen[number / 8], bit) & bit) == 0;
}

void record_message(struct record *r, unsigned long number)
{
	unsigned long now, none = 0;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	now = (unsigned long)t.tv_sec * 1000000000 + (unsigned long)t.tv_nsec;
	atomic_compare_exchange_strong(&r->shared->first, &none, now);
	raise_to(&r->shared->last, now);
	record_count(r, COUNT_MESSAGES, 1);
	if (number == 0 || number >= NUMBERS)
		return;
	record_count(r, COUNT_NUMBERED, 1);
	if (is_new(r->shared, number))
		record_count(r, COUNT_DISTINCT, 1);
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
	fprintf(file,
	        ", \"most_at_once\": %lu, \"first\": %.6f, "
	        "\"last\": %.6f}\n",
	        atomic_load(&r->shared->most),
	        (double)atomic_load(&r->shared->first) / 1e9,
	        (double)atomic_load(&r->shared->last) / 1e9);
	if (fclose(file) != 0 || rename(temp, r->stats) != 0)
		unlink(temp);
}
