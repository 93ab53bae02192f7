/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/letter.h"

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"

static int put_envelope(struct letter *l, const struct job *job,
                        const char *about)
{
	struct entry_envelope env;
	int result;

	entry_envelope_init(&env);
	env.sender = mem_strdup("");
	entry_envelope_add(&env, job->entry.envelope.sender);
	env.uid = (unsigned)getuid();
	env.notify = mem_strdup("NEVER");
	env.about = mem_strdup(about);
	result = entry_write_envelope(&l->writer, &env, l->fault);
	entry_envelope_release(&env);
	return result;
}

int letter_begin(struct letter *l, const struct job *job, const char *id,
                 const char *about, struct fault *f)
{
	*l = (struct letter){ .spool = job->spool, .id = id, .fault = f };
	l->fd = spool_create_as(job->spool, id, f);
	if (l->fd < 0)
		return -1;
	entry_writer_init(&l->writer, l->fd);
	if (put_envelope(l, job, about) == 0)
		return 0;
	return letter_end(l, -1);
}

int letter_put(void *letter, const char *bytes, size_t n)
{
	struct letter *l = letter;

	return entry_write(&l->writer, bytes, n, l->fault);
}

int letter_end(struct letter *l, int result)
{
	if (result == 0)
		result = entry_finish(&l->writer, l->fault);
	entry_writer_release(&l->writer);
	if (result == 0)
		return spool_commit(l->spool, l->id, l->fd, l->fault);
	spool_abandon(l->spool, l->id, l->fd);
	return -1;
}

int letter_note(const struct spool *spool, const char *about,
                enum journal_kind kind, const char *text, struct fault *f)
{
	struct journal journal;
	int result;

	journal_init(&journal);
	result = journal_open(&journal, &spool->log, about, f);
	if (result == 0)
		result = journal_add(&journal, kind, JOURNAL_ALL, "-", text, f);
	if (result == 0)
		result = journal_sync(&journal, f);
	journal_release(&journal);
	return result;
}

int letter_note_done(const struct spool *spool, const char *about,
                     enum journal_kind kind, const char *id, struct fault *f)
{
	char text[ENTRY_ID_LENGTH + 8];

	snprintf(text, sizeof(text), "%s done", id);
	return letter_note(spool, about, kind, text, f);
}
