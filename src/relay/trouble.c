/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What command.h says of trouble, for both programs that have commands. */
#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/intl.h"
#include "base/sbuf.h"
#include "relay/command.h"

int command_fail(const struct fault *f)
{
	fflush(stdout);
	fprintf(stderr, "relay: %s\n", f->text);
	return fault_exit_status(f);
}

int command_refuse_usage(const char *fmt, ...)
{
	struct fault f;
	struct sbuf text;
	va_list args;

	sbuf_init(&text, 262144); /* a command line's word */
	va_start(args, fmt);
	sbuf_addv(&text, fmt, args);
	va_end(args);
	fault_set_exit(&f, EX_USAGE, "%s", text.data);
	sbuf_release(&text);
	return command_fail(&f);
}

int command_refuse(const char *command, const char *argument)
{
	return command_refuse_usage(
		_("%s does not know `%s`: see relay %s --help"), command,
		argument, command);
}
