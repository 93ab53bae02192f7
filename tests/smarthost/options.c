/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options - see options.h */

#include "options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
	FLAG,
	WORD,
	COUNT,
	PLACE,
	IMPLICIT,
	EXTENSIONS,
	MECHANISMS,
	FAULT,
	REFUSE,
	PERSONA,
};

#define AT(member) offsetof(struct options, member)

/* The only list of options. */
/* clang-format off */
static const struct {
	const char *name;
	enum kind   kind;
	size_t      at;
	const char *argument;
	const char *help;
} table[] = {
	{ "listen",        PLACE,      0,                  "ADDR:PORT", "serve here; port 0: any free one (127.0.0.1:0)" },
	{ "implicit",      IMPLICIT,   0,                  "ADDR:PORT", "the same with TLS from the first byte" },
	{ "pid-file",      WORD,       AT(pid_file),       "FILE",      "write the process id" },
	{ "cert",          WORD,       AT(cert),           "FILE",      "certificate chain, PEM; without it no TLS" },
	{ "key",           WORD,       AT(key),            "FILE",      "its key, PEM" },
	{ "tls-priority",  WORD,       AT(tls_priority),   "STRING",    "GnuTLS priority string" },
	{ "client-ca",     WORD,       AT(client_ca),      "FILE",      "ask for client certificates of this CA" },
	{ "require-client-cert", FLAG, AT(require_client_cert), NULL,   "refuse the handshake without one" },
	{ "no-starttls",   FLAG,       AT(no_starttls),    NULL,        "do not offer STARTTLS" },
	{ "user",          WORD,       AT(user),           "NAME",      "login name (alice)" },
	{ "password",      WORD,       AT(password),       "SECRET",    "password, or access token (sekret)" },
	{ "mechanisms",    MECHANISMS, 0,                  "LIST",      "of AUTH (PLAIN LOGIN SCRAM-SHA-256)" },
	{ "tokens",        WORD,       AT(tokens),         "FILE",      "access tokens, and what becomes of each: see token.h" },
	{ "no-auth",       FLAG,       AT(no_auth),        NULL,        "no AUTH; MAIL needs no login" },
	{ "auth-in-clear", FLAG,       AT(auth_in_clear),  NULL,        "AUTH without TLS too" },
	{ "extensions",    EXTENSIONS, 0,                  "LIST",      "of PIPELINING SIZE=N 8BITMIME SMTPUTF8 CHUNKING DSN\n"
	                                                                "ENHANCEDSTATUSCODES (all but CHUNKING)" },
	{ "deadline",      COUNT,      AT(deadline),       "SECONDS",   "longest life of a connection (60)" },
	{ "store",         WORD,       AT(store),          "DIR",       "keep messages as NUMBER.eml and NUMBER.env" },
	{ "log",           WORD,       AT(log),            "FILE",      "append one line per event" },
	{ "stats",         WORD,       AT(stats),          "FILE",      "counters, as JSON" },
	{ "fault",         FAULT,      0,                  "RULE",      "STEP:NTH:ACTION, see main.c" },
	{ "quickack",      FLAG,       AT(quickack),       NULL,        "acknowledge every segment at once" },
	{ "max-recipients", COUNT,     AT(max_recipients), "N",         "452 beyond so many per message" },
	{ "refuse-rcpt",   REFUSE,     0,                  "GLOB:TEXT", "reply TEXT to recipients like GLOB" },
	{ "persona",       PERSONA,    0,                  "NAME",      "refuse as this provider: ses sendgrid gmail microsoft365" },
	{ "verified",      WORD,       AT(verified),       "GLOB...",   "senders that --persona knows" },
	{ "once",          FLAG,       AT(once),           NULL,        "serve one connection in this process, then exit" },
	{ "script",        WORD,       AT(script),         "FILE",      "play this dialogue on one connection, then exit" },
	{ "report",        WORD,       AT(report),         "FILE",      "of --script: what was said and how it ended" },
	{ "help",          FLAG,       AT(help),           NULL,        "this list" },
};
/* clang-format on */

enum { OPTIONS = sizeof(table) / sizeof(table[0]) };

static const struct {
	const char *name;
	enum extension bit;
} extensions[] = {
	{ "PIPELINING", EXT_PIPELINING },
	{ "8BITMIME", EXT_8BITMIME },
	{ "SMTPUTF8", EXT_SMTPUTF8 },
	{ "CHUNKING", EXT_CHUNKING },
	{ "DSN", EXT_DSN },
	{ "ENHANCEDSTATUSCODES", EXT_ENHANCED },
	{ "SIZE", EXT_SIZE },
};

static const char *const mechanisms[] = {
	"PLAIN",         "LOGIN",
	"CRAM-MD5",      "SCRAM-SHA-1",
	"SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
	"EXTERNAL",      "SCRAM-SHA-256-PLUS",
	"XOAUTH2",       "OAUTHBEARER",
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int add_extension(struct options *o, const char *word)
{
	if (strncmp(word, "SIZE=", 5) == 0) {
		o->extensions |= EXT_SIZE;
		if (!text_number(word + 5, 1UL << 30, &o->size))
			return complain("--extensions: bad %s", word);
		return 0;
	}
	for (size_t i = 0; i < LENGTH(extensions); i++)
		if (strcmp(word, extensions[i].name) == 0) {
			o->extensions |= extensions[i].bit;
			return 0;
		}
	return complain("--extensions: %s is not one that we know", word);
}

static int check_mechanism(struct options *o, const char *word)
{
	(void)o;
	for (size_t i = 0; i < LENGTH(mechanisms); i++)
		if (strcmp(word, mechanisms[i]) == 0)
			return 0;
	return complain("--mechanisms: %s is not one that we know", word);
}

/* Call `each` for every word of a list. */
static int words(struct options *o, const char *list,
                 int (*each)(struct options *o, const char *word))
{
	char word[64];
	size_t n;

	for (;;) {
		list += strspn(list, " ");
		n = strcspn(list, " ");
		if (n == 0)
			return 0;
		if (n >= sizeof(word))
			return complain("%s: too long", list);
		memcpy(word, list, n);
		word[n] = '\0';
		if (each(o, word) < 0)
			return -1;
		list += n;
	}
}

static int add_place(struct options *o, const char *address, bool implicit)
{
	if (o->place_count == PLACES_MAX)
		return complain("more than %d places", PLACES_MAX);
	o->places[o->place_count++] =
		(struct place){ .address = address, .implicit = implicit };
	return 0;
}

static int add_refusal(struct options *o, const char *rule)
{
	const char *colon = strchr(rule, ':');
	struct refusal *r = &o->refusals[o->refusal_count];

	if (o->refusal_count == REFUSALS_MAX)
		return complain("more than %d refusals", REFUSALS_MAX);
	if (colon == NULL || colon[1] == '\0')
		return complain("--refuse-rcpt %s: want GLOB:TEXT", rule);
	r->glob = must_copy(rule);
	r->glob[colon - rule] = '\0';
	r->text = colon + 1;
	o->refusal_count++;
	return 0;
}

static int take(struct options *o, int which, const char *value)
{
	void *member = (char *)o + table[which].at;

	switch (table[which].kind) {
	case FLAG: *(bool *)member = true; return 0;
	case WORD: *(const char **)member = value; return 0;
	case COUNT:
		if (text_number(value, 1000000, member))
			return 0;
		return complain("--%s %s: want a number", table[which].name,
		                value);
	case PLACE: return add_place(o, value, false);
	case IMPLICIT: return add_place(o, value, true);
	case EXTENSIONS:
		o->extensions = 0;
		o->size = 0;
		return words(o, value, add_extension);
	case MECHANISMS:
		o->mechanisms = value;
		return words(o, value, check_mechanism);
	case FAULT: return faults_add(&o->faults, value);
	case REFUSE: return add_refusal(o, value);
	case PERSONA:
		o->persona = persona_find(value);
		if (o->persona == NULL)
			return complain("--persona %s: we know none", value);
		o->extensions = 0;
		return words(o, persona_extensions(o->persona), add_extension);
	default: return -1;
	}
}

static int check(struct options *o)
{
	if (o->place_count == 0)
		add_place(o, "127.0.0.1:0", false);
	if ((o->cert == NULL) != (o->key == NULL))
		return complain("--cert and --key go together");
	if (o->require_client_cert && o->client_ca == NULL)
		return complain("--require-client-cert needs --client-ca");
	for (size_t i = 0; i < o->place_count; i++)
		if (o->places[i].implicit && o->cert == NULL)
			return complain("--implicit needs --cert");
	if (o->deadline == 0)
		return complain("--deadline: at least 1");
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct option list[OPTIONS + 1] = { 0 };
	int which = 0, c;

	*o = (struct options){
		.tls_priority = "NORMAL",
		.user = "alice",
		.password = "sekret",
		.mechanisms = "PLAIN LOGIN SCRAM-SHA-256",
		.extensions = EXT_PIPELINING | EXT_SIZE | EXT_8BITMIME |
		              EXT_SMTPUTF8 | EXT_DSN | EXT_ENHANCED,
		.size = 52428800,
		.deadline = 60,
	};
	for (int i = 0; i < OPTIONS; i++) {
		list[i].name = table[i].name;
		list[i].has_arg = table[i].argument != NULL;
		list[i].val = 'o';
	}
	while ((c = getopt_long(argc, argv, "", list, &which)) != -1)
		if (c != 'o' || take(o, which, optarg) < 0)
			return -1;
	if (optind < argc)
		return complain("%s: unexpected", argv[optind]);
	return check(o);
}

void options_release(struct options *o)
{
	faults_release(&o->faults);
	for (size_t i = 0; i < o->refusal_count; i++)
		free(o->refusals[i].glob);
	o->refusal_count = 0;
}

void options_help(void)
{
	char left[64];

	puts("usage: smarthost [options]");
	for (int i = 0; i < OPTIONS; i++) {
		const char *help = table[i].help;
		size_t n = strcspn(help, "\n");

		snprintf(left, sizeof(left), "--%s %s", table[i].name,
		         table[i].argument != NULL ? table[i].argument : "");
		printf("  %-26s %.*s\n", left, (int)n, help);
		if (help[n] == '\n')
			printf("  %-26s %s\n", "", help + n + 1);
	}
}
