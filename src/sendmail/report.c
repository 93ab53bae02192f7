/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sendmail/report.h"

#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/escape.h"

/* openlog() keeps the pointer. */
void report_log(const struct args *args, const struct fault *f)
{
	static char tag[64];
	const char *given = args->tag != NULL ? args->tag : "sendmail";

	escape_copy(tag, sizeof(tag), given, strlen(given));
	openlog(tag, LOG_PID, LOG_MAIL);
	syslog(LOG_ERR, "uid=%u: %s", (unsigned)getuid(), f->text);
}
