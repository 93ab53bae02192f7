/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dialogue - see dialogue.h */

#include "dialogue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURNS_MAX = 10000 };

static const struct {
	const char *line;
	enum turn_kind kind;
} words[] = {
	{ "S: (drop)", DROP },   { "S: (reset)", RESET },
	{ "S: (stall)", STALL }, { "C: (message)", MESSAGE },
	{ "C: (chunk)", CHUNK }, { "C: (close)", CLOSE },
	{ "T: tls", HANDSHAKE }, { "T: (refused)", NO_TLS },
};

static bool starts(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static bool is_word(struct turn *t, const char *line)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(line, words[i].line) == 0) {
			t->kind = words[i].kind;
			t->text = must_copy(line + 3);
			return true;
		}
	return false;
}

/* What a line of our side says; false: nothing that we know. */
static bool parse_turn(struct turn *t, const char *line)
{
	const char *text = line + 2;

	if (is_word(t, line))
		return true;
	if (starts(line, "S: (bytes) ") || starts(line, "S+ (bytes) ")) {
		t->kind = SEND_BYTES;
		text = line + strlen("S: (bytes)");
	} else if (starts(line, "S:") || starts(line, "S+")) {
		t->kind = SEND;
	} else if (starts(line, "C:")) {
		t->kind = EXPECT;
	} else {
		return false;
	}
	if (*text != ' ' && *text != '\0')
		return false;
	t->text = must_copy(*text == ' ' ? text + 1 : text);
	return true;
}

static bool is_implicit(const char *line)
{
	line += 1 + strspn(line + 1, " \t");
	if (!starts(line, "tls"))
		return false;
	line += 3;
	line += strspn(line, " \t");
	return strcmp(line, "implicit") == 0;
}

static int add_line(struct dialogue *d, const char *path, const char *line,
                    unsigned long number)
{
	struct turn *t = &d->turns[d->count];

	switch (line[0]) {
	case '@':
		if (is_implicit(line))
			d->implicit = true;
		return 0;
	case '\0':
	case '#':
	case '=': return 0;
	default: break;
	}
	if (d->count == TURNS_MAX)
		return complain("%s:%lu: too long", path, number);
	t->line = number;
	if (!parse_turn(t, line))
		return complain("%s:%lu: cannot read \"%s\"", path, number,
		                line);
	d->count++;
	return 0;
}

int dialogue_read(struct dialogue *d, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long number = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int result = 0;

	*d = (struct dialogue){ 0 };
	if (file == NULL)
		return complain("%s: %s", path, strerror(errno));
	d->turns = must_alloc((TURNS_MAX + 1) * sizeof(*d->turns));
	while (result == 0 && (n = getline(&line, &size, file)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		result = add_line(d, path, line, ++number);
	}
	free(line);
	fclose(file);
	return result;
}

void dialogue_release(struct dialogue *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->turns[i].text);
	free(d->turns);
	*d = (struct dialogue){ 0 };
}

bool dialogue_match(const char *pattern, const char *line)
{
	size_t n;

	while (*pattern != '\0') {
		if (starts(pattern, "(secret)"))
			return true;
		if (starts(pattern, "(name)") || starts(pattern, "(size)")) {
			n = pattern[1] == 'n' ? strcspn(line, " ")
			                      : strspn(line, "0123456789");
			if (n == 0)
				return false;
			line += n;
			pattern += strlen("(name)");
			continue;
		}
		if (*pattern++ != *line++)
			return false;
	}
	return *line == '\0';
}
