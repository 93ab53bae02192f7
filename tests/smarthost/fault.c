/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fault - see fault.h */

#include "fault.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum argument { NOTHING, NUMBER, TEXT };

#define ONE(step) (1U << (step))
#define ANY (ONE(STEP_COUNT) - 1)
/* before there is SMTP */
#define BARE (ONE(STEP_CONNECT) | ONE(STEP_HANDSHAKE))
/* nothing to answer */
#define CONTENT ONE(STEP_CONTENT)

static const struct {
	const char *name;
	enum argument argument;
	unsigned steps; /* where it makes sense */
} actions[ACTION_COUNT] = {
	[DO_REPLY] = { "reply", TEXT, ANY },
	[DO_DROP] = { "drop", NOTHING, ANY },
	[DO_LOST] = { "lost", NOTHING, ANY & ~CONTENT },
	[DO_RESET] = { "reset", NOTHING, ANY },
	[DO_STALL] = { "stall", NOTHING, ANY },
	[DO_SLOW] = { "slow", NUMBER, ANY },
	[DO_FLOOD] = { "flood", NUMBER, ANY },
	[DO_GARBAGE] = { "garbage", NOTHING, ANY },
	[DO_LONGLINE] = { "longline", NUMBER, ANY },
	[DO_INJECT] = { "inject", TEXT, ONE(STEP_STARTTLS) },
	[DO_HALFLINE] = { "halfline", NOTHING, ANY & ~CONTENT },
	[DO_COUNT] = { "count", NUMBER, ANY & ~CONTENT & ~BARE },
};

static const char *const steps[STEP_COUNT] = {
	[STEP_CONNECT] = "connect",     [STEP_GREETING] = "greeting",
	[STEP_EHLO] = "ehlo",           [STEP_STARTTLS] = "starttls",
	[STEP_HANDSHAKE] = "handshake", [STEP_AUTH] = "auth",
	[STEP_MAIL] = "mail",           [STEP_RCPT] = "rcpt",
	[STEP_DATA] = "data",           [STEP_CONTENT] = "content",
	[STEP_FINAL] = "final",         [STEP_RSET] = "rset",
	[STEP_QUIT] = "quit",
};

const char *step_name(enum step step)
{
	return steps[step];
}

const char *action_name(enum action action)
{
	return actions[action].name;
}

/* "*", "N" or "N+" */
static bool parse_when(const char *text, struct fault *f)
{
	char number[24];
	size_t n = strlen(text);
	bool open;

	f->first = 1;
	f->last = ULONG_MAX;
	if (strcmp(text, "*") == 0)
		return true;
	if (n == 0 || n >= sizeof(number))
		return false;
	memcpy(number, text, n + 1);
	open = number[n - 1] == '+';
	if (open)
		number[n - 1] = '\0';
	if (!text_number(number, ULONG_MAX - 1, &f->first) || f->first == 0)
		return false;
	if (!open)
		f->last = f->first;
	return true;
}

static bool parse_step(const char *text, struct fault *f)
{
	for (unsigned i = 0; i < STEP_COUNT; i++)
		if (strcmp(text, steps[i]) == 0) {
			f->step = (enum step)i;
			return true;
		}
	return false;
}

/* "NAME" or "NAME ARGUMENT" */
static bool parse_action(const char *text, struct fault *f)
{
	size_t n = strcspn(text, " ");
	const char *argument = text[n] == ' ' ? text + n + 1 : NULL;
	unsigned i;

	for (i = 0; i < ACTION_COUNT; i++)
		if (strlen(actions[i].name) == n &&
		    strncmp(text, actions[i].name, n) == 0)
			break;
	if (i == ACTION_COUNT || (actions[i].steps & ONE(f->step)) == 0)
		return false;
	f->action = (enum action)i;
	if (actions[i].argument == NOTHING)
		return argument == NULL;
	if (argument == NULL)
		return false;
	if (actions[i].argument == NUMBER)
		return text_number(argument, 1UL << 30, &f->number);
	f->bytes = text_bytes(argument, true);
	return true;
}

int faults_add(struct faults *faults, const char *rule)
{
	struct fault *f = &faults->list[faults->count];
	char copy[4096];
	char *when, *action = NULL;

	if (faults->count == FAULTS_MAX)
		return complain("more than %d faults", FAULTS_MAX);
	if (strlen(rule) >= sizeof(copy))
		return complain("--fault: too long");
	memcpy(copy, rule, strlen(rule) + 1);
	when = strchr(copy, ':');
	if (when != NULL) {
		*when++ = '\0';
		action = strchr(when, ':');
	}
	if (action == NULL)
		return complain("--fault %s: want STEP:NTH:ACTION", rule);
	*action++ = '\0';
	memset(f, 0, sizeof(*f));
	if (!parse_step(copy, f))
		return complain("--fault %s: no such step", rule);
	if (!parse_when(when, f))
		return complain("--fault %s: want N, N+ or * second", rule);
	if (!parse_action(action, f))
		return complain("--fault %s: no such action here", rule);
	faults->count++;
	return 0;
}

const struct fault *faults_find(const struct faults *faults, enum step step,
                                unsigned long nth)
{
	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *f = &faults->list[i];

		if (f->step == step && nth >= f->first && nth <= f->last)
			return f;
	}
	return NULL;
}

void faults_release(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		free(faults->list[i].bytes.data);
	faults->count = 0;
}
