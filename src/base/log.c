/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/escape.h"

#define LINE_MAX_BYTES 1000

static const char *tag = "relay";
static enum log_level shown = LOG_LEVEL_WARN;
static bool use_syslog;

void log_open(const char *program, enum log_level level, bool to_syslog)
{
	tag = program;
	shown = level;
	use_syslog = to_syslog;
	if (use_syslog)
		openlog(tag, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void log_to_syslog(bool to_syslog)
{
	use_syslog = to_syslog;
}

static void write_line(enum log_level level, const char *fmt, va_list args)
	PRINTF_LIKE(2, 0);

static void write_line(enum log_level level, const char *fmt, va_list args)
{
	char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES];

	if (level < shown && (!use_syslog || level == LOG_LEVEL_DEBUG))
		return;
	vsnprintf(raw, sizeof(raw), fmt, args);
	escape_copy(line, sizeof(line), raw, strlen(raw));
	if (use_syslog && level != LOG_LEVEL_DEBUG)
		syslog(level == LOG_LEVEL_WARN ? LOG_WARNING : LOG_INFO, "%s",
		       line);
	if (level >= shown)
		fprintf(stderr, "%s: %s\n", tag, line);
}

void log_debug(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(LOG_LEVEL_DEBUG, fmt, args);
	va_end(args);
}

void log_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(LOG_LEVEL_NOTE, fmt, args);
	va_end(args);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(LOG_LEVEL_WARN, fmt, args);
	va_end(args);
}
