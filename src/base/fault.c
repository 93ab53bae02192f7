/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/escape.h"

/* Format into a buffer of the same size first: an argument may be `f->text`. */
static void write_text(struct fault *f, const char *fmt, va_list args)
	PRINTF_LIKE(2, 0);

static void write_text(struct fault *f, const char *fmt, va_list args)
{
	char raw[sizeof(f->text)];

	vsnprintf(raw, sizeof(raw), fmt, args);
	escape_copy(f->text, sizeof(f->text), raw, strlen(raw));
}

int fault_set(struct fault *f, enum fault_kind kind, const char *code,
              const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_text(f, fmt, args);
	va_end(args);
	f->kind = kind;
	f->status = 0;
	if (code != f->code) /* the same fault again, in other words */
		snprintf(f->code, sizeof(f->code), "%s", code);
	return -1;
}

/* A local failure (disk, memory, permission) says nothing against the message:
 * it must never be given up for it. */
static enum fault_kind kind_of(int status)
{
	switch (status) {
	case EX_CONFIG: return FAULT_CONFIG;
	case EX_SOFTWARE:
	case EX_OSERR:
	case EX_OSFILE:
	case EX_CANTCREAT:
	case EX_IOERR:
	case EX_TEMPFAIL:
	case EX_NOPERM: return FAULT_TEMP;
	default: return FAULT_PERM;
	}
}

int fault_set_exit(struct fault *f, int status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_text(f, fmt, args);
	va_end(args);
	f->kind = kind_of(status);
	f->status = status;
	snprintf(f->code, sizeof(f->code), "%s",
	         f->kind == FAULT_PERM ? "5.3.0" : "4.3.0");
	return -1;
}

int fault_code_of(struct fault *f, int error)
{
	const char *code = f->code;

	if (error == ENOSPC)
		code = "4.3.1";
	else if (error == EDQUOT)
		code = "4.2.2";
	else if (error == EFBIG)
		code = f->kind == FAULT_PERM ? "5.3.4" : "4.3.1";
	if (code != f->code)
		snprintf(f->code, sizeof(f->code), "%s", code);
	return -1;
}

int fault_wrap(struct fault *f, const char *fmt, ...)
{
	char context[sizeof(f->text)];
	char both[sizeof(f->text) * 2 + 2];
	va_list args;

	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	snprintf(both, sizeof(both), "%s: %s", context, f->text);
	escape_copy(f->text, sizeof(f->text), both, strlen(both));
	return -1;
}

void fault_clear(struct fault *f)
{
	memset(f, 0, sizeof(*f));
}

int fault_exit_status(const struct fault *f)
{
	if (f->status != 0)
		return f->status;
	switch (f->kind) {
	case FAULT_NONE: return EX_OK;
	case FAULT_TEMP: return EX_IOERR;
	case FAULT_PERM: return EX_UNAVAILABLE;
	case FAULT_CONFIG: return EX_CONFIG;
	}
	return EX_SOFTWARE;
}
