/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "script.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"

static int bad_line(const struct script *s, unsigned long number,
                    const char *line)
{
	fprintf(stderr, "%s:%lu: cannot read \"%s\"\n", s->path, number, line);
	return -1;
}

static struct session_mail *last_mail(struct script *s)
{
	return &s->mails[s->mail_count - 1];
}

static void add_mail(struct script *s)
{
	struct session_mail *mail = &s->mails[s->mail_count];

	mail->recipients = s->recipients[s->mail_count];
	mail->sender = mem_strdup("");
	mail->size = 100;
	s->mail_count++;
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > 127)
			return false;
	return true;
}

static int set_sender(struct script *s, const char *words)
{
	struct session_mail *mail = last_mail(s);

	free((void *)(uintptr_t)mail->sender);
	mail->sender = mem_strdup(strcmp(words, "<>") == 0 ? "" : words);
	mail->is_utf8 |= !is_ascii(words);
	return 0;
}

static int add_recipient(struct script *s, const char *words)
{
	struct session_mail *mail = last_mail(s);

	if (mail->count == RECIPIENTS_MAX)
		return -1;
	mail->recipients[mail->count++].address = mem_strdup(words);
	mail->is_utf8 |= !is_ascii(words);
	return 0;
}

static int set_body(struct script *s, const char *words)
{
	last_mail(s)->size = 100 + strlen(words);
	return 0;
}

static int set_body_size(struct script *s, const char *words)
{
	unsigned long size;

	if (!text_number(words, 1UL << 30, &size))
		return -1;
	last_mail(s)->size = size;
	return 0;
}

static int set_8bit(struct script *s, const char *words)
{
	last_mail(s)->is_8bit = true;
	return words[0] == '\0' ? 0 : -1;
}

/* "HDRS id-1 FAILURE,DELAY": for the whole message, as sendmail's options say
 * it. */
static int set_dsn(struct script *s, const char *words)
{
	struct session_mail *mail = last_mail(s);
	char **word[] = { &s->ret, &s->envid, &s->notify };

	for (size_t i = 0; i < COUNT_OF(word); i++) {
		size_t n = strcspn(words, " ");

		if (n == 0 || *word[i] != NULL)
			return -1;
		*word[i] = mem_strndup(words, n);
		words += n + (words[n] == ' ' ? 1 : 0);
	}
	mail->ret = s->ret;
	mail->envid = s->envid;
	for (size_t i = 0; i < mail->count; i++)
		mail->recipients[i].notify = s->notify;
	return mail->count > 0 ? 0 : -1;
}

static int add_again(struct script *s, const char *words)
{
	if (s->mail_count == MAILS_MAX || words[0] != '\0')
		return -1;
	add_mail(s);
	return 0;
}

static int set_tls(struct script *s, const char *words)
{
	s->tls = mem_strdup(words);
	return strcmp(words, "none") == 0 || strcmp(words, "starttls") == 0 ||
	                       strcmp(words, "implicit") == 0
	               ? 0
	               : -1;
}

static int set_login(struct script *s, const char *words)
{
	size_t user = strcspn(words, " ");
	const char *password = words + user + (words[user] == ' ' ? 1 : 0);
	size_t length = strcspn(password, " ");
	const char *rest = password + length;

	if (user == 0 || length == 0)
		return -1;
	s->user = mem_strndup(words, user);
	s->password = mem_strndup(password, length);
	s->mechanisms = mem_strdup(rest[0] == ' ' ? rest + 1 : "auto");
	return 0;
}

static int set_newer(struct script *s, const char *words)
{
	s->newer = mem_strdup(words);
	return words[0] != '\0' ? 0 : -1;
}

static int take_pure(struct script *s, const char *words)
{
	(void)s;
	return words[0] == '\0' ? 0 : -1;
}

static int set_overlap(struct script *s, const char *words)
{
	s->overlaps = true;
	return words[0] == '\0' ? 0 : -1;
}

static const struct {
	const char *name;
	int (*set)(struct script *s, const char *words);
} keys[] = {
	{ "from", set_sender },     { "to", add_recipient },
	{ "body", set_body },       { "body-size", set_body_size },
	{ "8bit", set_8bit },       { "again", add_again },
	{ "tls", set_tls },         { "login", set_login },
	{ "pure", take_pure },      { "dsn", set_dsn },
	{ "overlap", set_overlap }, { "newer", set_newer },
};

static int read_key(struct script *s, const char *line)
{
	size_t n = strcspn(line, " ");
	const char *words = line + n + (line[n] == ' ' ? 1 : 0);

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (strlen(keys[i].name) == n &&
		    strncmp(line, keys[i].name, n) == 0)
			return keys[i].set(s, words);
	return -1;
}

static int read_outcome(struct script *s, const char *line,
                        unsigned long number)
{
	struct outcome_line *o = &s->outcomes[s->outcome_count];
	size_t n = strcspn(line, " ");

	if (s->outcome_count == OUTCOMES_MAX || n == 0 || line[n] == '\0')
		return -1;
	o->line = number;
	o->address = mem_strndup(line, n);
	o->words = mem_strdup(line + n + 1);
	s->outcome_count++;
	return 0;
}

static int read_line(struct script *s, const char *line, unsigned long number)
{
	int result = 0;

	if (strncmp(line, "@ ", 2) == 0)
		result = read_key(s, line + 2);
	else if (strncmp(line, "= ", 2) == 0)
		result = read_outcome(s, line + 2, number);
	else if (line[0] == '@' || line[0] == '=')
		result = -1;
	return result == 0 ? 0 : bad_line(s, number, line);
}

int script_read(struct script *s, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long number = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int result = 0;

	s->path = path;
	add_mail(s);
	if (file == NULL) {
		perror(path);
		return -1;
	}
	while (result == 0 && (n = getline(&line, &size, file)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		result = read_line(s, line, ++number);
	}
	free(line);
	fclose(file);
	return result == 0 ? dialogue_read(&s->dialogue, path) : -1;
}

static void free_recipient(struct session_recipient *r)
{
	free((void *)(uintptr_t)r->address);
	outcome_release(&r->outcome);
}

void script_release(struct script *s)
{
	for (size_t i = 0; i < s->mail_count; i++) {
		free((void *)(uintptr_t)s->mails[i].sender);
		for (size_t j = 0; j < s->mails[i].count; j++)
			free_recipient(&s->recipients[i][j]);
	}
	for (size_t i = 0; i < s->outcome_count; i++) {
		free(s->outcomes[i].address);
		free(s->outcomes[i].words);
	}
	free(s->tls);
	free(s->ret);
	free(s->envid);
	free(s->notify);
	free(s->user);
	free(s->password);
	free(s->mechanisms);
	free(s->newer);
	dialogue_release(&s->dialogue);
}
