/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sendmail/args.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/intl.h"
#include "base/mem.h"

enum takes {
	NO_VALUE,
	VALUE,  /* joined, or the next word */
	JOINED, /* joined or none: never the next word */
};

/* What one option does.  -1 with the fault ends the parsing. */
typedef int option_function(struct args *args, const char *value,
                            struct fault *f);

static int refuse_daemon(char mode, struct fault *f)
{
	return fault_set_exit(f, EX_USAGE,
	                      _("-b%c: relay is no mail server; `relay flush "
	                        "--watch` sends the queue as it fills"),
	                      mode);
}

static int take_mode(struct args *args, const char *value, struct fault *f)
{
	switch (value[0]) {
	case 'm':
	case 'a': args->mode = ARGS_SUBMIT; return 0;
	case 'p': args->mode = ARGS_LIST; return 0;
	case 'P': args->mode = ARGS_COUNT; return 0;
	case 'v': args->mode = ARGS_VERIFY; return 0;
	case 'i': args->mode = ARGS_ALIASES; return 0;
	case 'h':
	case 'H': args->mode = ARGS_NOTHING; return 0;
	case 's': args->mode = ARGS_SERVE; return 0;
	case 'd':
	case 'D':
	case 'l': return refuse_daemon(value[0], f);
	default:
		return fault_set_exit(f, EX_USAGE,
		                      _("mode -b%s is not known; `sendmail "
		                        "--help` lists what is"),
		                      value);
	}
}

static int take_sender(struct args *args, const char *value, struct fault *f)
{
	(void)f;
	args->sender = value; /* of several, the last */
	return 0;
}

static int take_full_name(struct args *args, const char *value, struct fault *f)
{
	(void)f;
	args->full_name = value;
	return 0;
}

static int take_body(struct args *args, const char *value, struct fault *f)
{
	(void)f;
	if (ascii_is_word(value, "7BIT") || ascii_is_word(value, "8BITMIME"))
		args->body = value;
	return 0;
}

static int take_notify(struct args *args, const char *value, struct fault *f)
{
	(void)f;
	args->notify = value;
	return 0;
}

static int take_return(struct args *args, const char *value, struct fault *f)
{
	(void)f;
	args->ret = value;
	return 0;
}

static int take_envid(struct args *args, const char *value, struct fault *f)
{
	(void)f;
	args->envid = value;
	return 0;
}

static int take_tag(struct args *args, const char *value, struct fault *f)
{
	(void)f;
	args->tag = value;
	return 0;
}

static int take_from_header(struct args *args, const char *value,
                            struct fault *f)
{
	(void)value, (void)f;
	args->reads_header = true;
	return 0;
}

static int take_dots(struct args *args, const char *value, struct fault *f)
{
	(void)value, (void)f;
	args->dots_are_data = true;
	return 0;
}

static int take_verbose(struct args *args, const char *value, struct fault *f)
{
	(void)value, (void)f;
	args->is_verbose = true;
	return 0;
}

/* -q, -qf, -qIid: run the queue.  -q30m: what a daemon would do by itself. */
static int take_run(struct args *args, const char *value, struct fault *f)
{
	(void)f;
	if (value[0] == 'v')
		args->is_verbose = true;
	args->mode = ARGS_RUN;
	return 0;
}

static int take_aliases(struct args *args, const char *value, struct fault *f)
{
	(void)value, (void)f;
	args->mode = ARGS_ALIASES;
	return 0;
}

static void set_delivery(struct args *args, char mode)
{
	args->is_patient = mode == 'q' || mode == 'd';
}

/* -oX and -O Name=value: the four that mean something. */
static int take_short_setting(struct args *args, const char *value,
                              struct fault *f)
{
	(void)f;
	if (strcmp(value, "i") == 0 || strcmp(value, "itrue") == 0)
		args->dots_are_data = true;
	else if (value[0] == 'd')
		set_delivery(args, value[1]);
	else if (value[0] == 'e')
		args->is_quiet = value[1] == 'q';
	else if (value[0] == 'v')
		args->is_verbose = true;
	return 0;
}

static int take_long_setting(struct args *args, const char *value,
                             struct fault *f)
{
	static const char ignore_dots[] = "IgnoreDots";
	static const char delivery[] = "DeliveryMode=";
	const char *rest = value + sizeof(ignore_dots) - 1;

	(void)f;
	if (ascii_begins(value, delivery))
		set_delivery(args, value[sizeof(delivery) - 1]);
	else if (ascii_begins(value, ignore_dots))
		args->dots_are_data |=
			rest[0] == '\0' || ascii_is_word(rest, "=true");
	return 0;
}

static int take_error_mode(struct args *args, const char *value,
                           struct fault *f)
{
	(void)f;
	args->is_quiet = value[0] == 'q';
	return 0;
}

static int ignore(struct args *args, const char *value, struct fault *f)
{
	(void)args, (void)value, (void)f;
	return 0;
}

/* clang-format off */
static const struct {
	char             letter;
	enum takes       takes;
	option_function *take;
	const char      *why; /* it is here */
} options[] = {
	{ 'A', VALUE,    ignore,             "-Ac, -Am: which sendmail.cf; mailq scripts" },
	{ 'B', VALUE,    take_body,          "cron, mutt: body type, a hint" },
	{ 'b', VALUE,    take_mode,          "the mode" },
	{ 'C', VALUE,    ignore,             "configuration file: not from argv" },
	{ 'c', NO_VALUE, ignore,             "expensive mailers" },
	{ 'D', VALUE,    ignore,             "debug file: never created" },
	{ 'd', VALUE,    ignore,             "debug level" },
	{ 'e', VALUE,    take_error_mode,    "vacation: error mode, as -oe" },
	{ 'F', VALUE,    take_full_name,     "cron, anacron: full name" },
	{ 'f', VALUE,    take_sender,        "nearly everybody: envelope sender" },
	{ 'G', NO_VALUE, ignore,             "rmail: gateway submission" },
	{ 'h', VALUE,    ignore,             "rmail: hop count" },
	{ 'I', NO_VALUE, take_aliases,       "newaliases" },
	{ 'i', NO_VALUE, take_dots,          "nearly everybody: a dot is data" },
	{ 'L', VALUE,    take_tag,           "syslog tag" },
	{ 'M', VALUE,    ignore,             "macro" },
	{ 'm', NO_VALUE, ignore,             "mailx: me too" },
	{ 'N', VALUE,    take_notify,        "mutt, Sympa: DSN NOTIFY" },
	{ 'n', NO_VALUE, ignore,             "no aliases" },
	{ 'O', VALUE,    take_long_setting,  "RT: long options" },
	{ 'o', VALUE,    take_short_setting, "cron family: short options" },
	{ 'p', VALUE,    ignore,             "rmail: protocol" },
	{ 'Q', VALUE,    ignore,             "quarantine" },
	{ 'q', JOINED,   take_run,           "ppp, if-up: run the queue" },
	{ 'R', VALUE,    take_return,        "mutt: DSN RET" },
	{ 'r', VALUE,    take_sender,        "as -f" },
	{ 's', NO_VALUE, ignore,             "save From lines" },
	{ 'T', NO_VALUE, ignore,             "old timeout" },
	{ 't', NO_VALUE, take_from_header,   "PHP: recipients from the header" },
	{ 'U', NO_VALUE, ignore,             "initial submission" },
	{ 'V', VALUE,    take_envid,         "Sympa: DSN ENVID" },
	{ 'v', NO_VALUE, take_verbose,       "mailx: verbose" },
	{ 'X', VALUE,    ignore,             "traffic log: never written" },
	{ 'x', NO_VALUE, ignore,             "AIX mailx" },
};
/* clang-format on */

static int find_option(char letter)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (options[i].letter == letter)
			return (int)i;
	return -1;
}

/* One word of options, "-tif".  *next may be eaten as a value. */
static int take_cluster(struct args *args, const char *word, char **next,
                        bool *ate_next, struct fault *f)
{
	for (const char *s = word + 1; *s != '\0'; s++) {
		int i = find_option(*s);
		const char *value = s + 1;

		if (i < 0)
			return fault_set_exit(f, EX_USAGE,
			                      _("option -%c is not known; "
			                        "`sendmail --help` lists them"),
			                      *s);
		if (options[i].takes == NO_VALUE) {
			if (options[i].take(args, "", f) != 0)
				return -1;
			continue;
		}
		if (value[0] == '\0' && options[i].takes == VALUE) {
			if (*next == NULL)
				return fault_set_exit(
					f, EX_USAGE,
					_("option -%c needs a value; see "
				          "`sendmail --help`"),
					*s);
			value = *next;
			*ate_next = true;
		}
		return options[i].take(args, value, f);
	}
	return 0;
}

/* Long words are for people; no caller uses them. */
static bool take_long(struct args *args, const char *word)
{
	if (strcmp(word, "--help") == 0)
		args->mode = ARGS_HELP;
	else if (strcmp(word, "--version") == 0)
		args->mode = ARGS_VERSION;
	else
		return false;
	return true;
}

/* argv[0] is a mode too; -b overrides it (`newaliases -bp` lists). */
static void take_name(struct args *args, const char *name)
{
	static const struct {
		const char *name;
		enum args_mode mode;
	} names[] = {
		{ "mailq", ARGS_LIST },       { "newaliases", ARGS_ALIASES },
		{ "hoststat", ARGS_NOTHING }, { "purgestat", ARGS_NOTHING },
		{ "runq", ARGS_RUN },         { "smtpd", ARGS_DAEMON },
	};
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(base, names[i].name) == 0)
			args->mode = names[i].mode;
}

int args_parse(struct args *args, int argc, char *argv[], struct fault *f)
{
	bool only_operands = false;

	memset(args, 0, sizeof(*args));
	args->operands = mem_array((size_t)argc + 1, sizeof(*args->operands));
	if (argc > 0)
		take_name(args, argv[0]);
	for (int i = 1; i < argc; i++) {
		char *word = argv[i];
		bool ate_next = false;

		if (only_operands || word[0] != '-' || word[1] == '\0')
			args->operands[args->operand_count++] = word;
		else if (strcmp(word, "--") == 0)
			only_operands = true;
		else if (word[1] == '-' && take_long(args, word))
			return 0;
		else if (take_cluster(args, word, &argv[i + 1], &ate_next, f) !=
		         0)
			return -1;
		i += ate_next ? 1 : 0;
	}
	return args->mode == ARGS_DAEMON ? refuse_daemon('d', f) : 0;
}

void args_release(struct args *args)
{
	free(args->operands);
	args->operands = NULL;
}
