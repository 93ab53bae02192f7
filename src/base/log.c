/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/escape.h"

#define LINE_MAX_BYTES 1000

static const char *tag = "relay";
static enum log_level shown = LOG_LEVEL_WARN;
static bool use_syslog;
static bool is_journal; /* what stderr goes to */

/* systemd names device and inode of the stream that it gave to a service, for
 * we may have been started with another. */
static bool finds_journal(void)
{
	const char *stream = secure_getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev,
	         (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

void log_open(const char *program, enum log_level level, bool to_syslog)
{
	tag = program;
	shown = level;
	use_syslog = to_syslog;
	is_journal = finds_journal();
	if (use_syslog && !is_journal)
		openlog(tag, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void log_to_syslog(bool to_syslog)
{
	use_syslog = to_syslog;
}

void log_detach(void)
{
	closelog();
	openlog(tag, LOG_PID, LOG_MAIL); /* opens with the first line */
}

static void write_line(enum log_level level, const char *fmt, va_list args)
	PRINTF_LIKE(2, 0);

static int priority(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_DEBUG: return LOG_DEBUG;
	case LOG_LEVEL_NOTE: return LOG_INFO;
	case LOG_LEVEL_ERROR: return LOG_ERR;
	case LOG_LEVEL_WARN:
	case LOG_LEVEL_QUIET: break;
	}
	return LOG_WARNING;
}

static void write_line(enum log_level level, const char *fmt, va_list args)
{
	bool is_logged = use_syslog && level != LOG_LEVEL_DEBUG;
	bool is_shown = level >= shown;
	char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES];

	if (!is_shown && !is_logged)
		return;
	vsnprintf(raw, sizeof(raw), fmt, args);
	escape_copy(line, sizeof(line), raw, strlen(raw));
	if (is_journal) {
		fprintf(stderr, "<%d>%s\n", priority(level), line);
		return;
	}
	if (is_logged)
		syslog(priority(level), "%s", line);
	if (is_shown)
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

void log_at(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line(level, fmt, args);
	va_end(args);
}
