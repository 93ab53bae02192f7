/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What command.h says of trouble and of words, for both programs that have
 * commands. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int command_value(const char *name, int argc, char *argv[], int *i,
                  const char **value)
{
	size_t n = strlen(name);

	if (strncmp(argv[*i], name, n) != 0 ||
	    (argv[*i][n] != '\0' && argv[*i][n] != '='))
		return 0;
	if (argv[*i][n] == '=')
		*value = argv[*i] + n + 1;
	else
		*value = *i + 1 < argc ? argv[++*i] : "";
	return (*value)[0] != '\0' ? 1 : -1;
}

int command_port(const char *word, unsigned least, unsigned *port)
{
	unsigned long value = strtoul(word, NULL, 10);

	if (word[strspn(word, "0123456789")] != '\0' || value < least ||
	    value > 65535)
		return command_refuse_usage(
			_("`--port` is a number from %u to 65535"), least);
	*port = (unsigned)value;
	return EX_OK;
}
