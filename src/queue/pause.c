/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/pause.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crc.h"
#include "base/escape.h"
#include "base/sbuf.h"
#include "queue/hint.h"
#include "queue/schedule.h"

#define NAME_LIMIT 200
#define FILE_LIMIT 1024
#define ACCOUNT_SHORTEST 300

void pause_name(char *name, size_t size, const char *prefix,
                const char *smarthost)
{
	struct sbuf b;

	sbuf_init(&b, NAME_LIMIT);
	escape_add_name(&b, smarthost);
	snprintf(name, size, "%s%s", prefix, b.data);
	sbuf_release(&b);
}

#define ACCOUNT "account"
#define SERVER "server"

/* since until count kind scope code crc text, on one line */
static bool parse(struct pause *p, char *text)
{
	char *newline = strchr(text, '\n');
	char scope[8];
	unsigned kind;
	uint32_t crc;
	int used = 0;

	if (newline == NULL)
		return false;
	*newline = '\0';
	if (sscanf(text, "%" SCNd64 " %" SCNd64 " %u %u %7s %11s %" SCNx32 "%n",
	           &p->since, &p->until, &p->count, &kind, scope, p->why.code,
	           &crc, &used) != 7 ||
	    text[used++] != ' ' || kind > FAULT_CONFIG)
		return false;
	p->is_account = strcmp(scope, ACCOUNT) == 0;
	if (!p->is_account && strcmp(scope, SERVER) != 0)
		return false;
	p->why.kind = (enum fault_kind)kind;
	snprintf(p->why.text, sizeof(p->why.text), "%s", text + used);
	return crc == crc_add(0, text + used, strlen(text + used));
}

int pause_read(const struct dir *d, const char *smarthost, struct pause *p)
{
	char text[FILE_LIMIT + 1], name[PAUSE_NAME];

	memset(p, 0, sizeof(*p));
	pause_name(name, sizeof(name), "", smarthost);
	if (hint_read_file(d, name, text, sizeof(text)) && parse(p, text))
		return 1;
	memset(p, 0, sizeof(*p));
	return 0;
}

static void store(const struct dir *d, const char *smarthost,
                  const struct pause *p)
{
	char text[FILE_LIMIT], name[PAUSE_NAME];

	snprintf(text, sizeof(text),
	         "%" PRId64 " %" PRId64 " %u %u %s %s %08" PRIX32 " %s\n",
	         p->since, p->until, p->count, (unsigned)p->why.kind,
	         p->is_account ? ACCOUNT : SERVER,
	         p->why.code[0] != '\0' ? p->why.code : "-",
	         crc_add(0, p->why.text, strlen(p->why.text)), p->why.text);
	pause_name(name, sizeof(name), "", smarthost);
	hint_write_file(d, name, text);
}

void pause_extend(const struct dir *d, const char *smarthost, bool is_account,
                  const struct fault *why, struct pause *p)
{
	struct pause before;
	int64_t wait;

	pause_read(d, smarthost, &before);
	memset(p, 0, sizeof(*p));
	p->since = clock_seconds();
	p->count = before.count < 1000 ? before.count + 1 : before.count;
	p->why = *why;
	p->is_account = is_account;
	wait = schedule_wait(p->count, (uint32_t)clock_now());
	if (is_account && wait < ACCOUNT_SHORTEST)
		wait = ACCOUNT_SHORTEST;
	p->until = p->since + wait;
	store(d, smarthost, p);
}

void pause_clear(const struct dir *d, const char *smarthost)
{
	char name[PAUSE_NAME];

	pause_name(name, sizeof(name), "", smarthost);
	unlinkat(d->fd, name, 0);
}

bool pause_is_void(const struct pause *p, int64_t config_time, int64_t now)
{
	return config_time <= now && p->since <= config_time;
}
