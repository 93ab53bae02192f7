/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay setup - the configuration for an address: found, shown, written
 *
 * What it prints on stdout is the configuration, so that it can be taken by a
 * redirection; what is to be known of it goes to stderr.
 */
#include "relay/setup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/wrap.h"
#include "relay/command.h"

#define COMMAND_LIMIT 8192
#define PERSONS 1000 /* uids from which `postmaster` does not count */

struct call {
	const struct site *site;
	struct setup setup;
	bool json;
	bool writes;
	char *path;  /* NULL: there is no place */
	char *shown; /* the same, safe to show */
};

/* --- the command line ----------------------------------------------------- */

static int take_tls(const char *word)
{
	if (strcmp(word, "starttls") == 0 || strcmp(word, "implicit") == 0)
		return EX_OK;
	return command_refuse_usage(
		_("`--tls` needs `starttls` or `implicit` behind it"));
}

static int take_option(struct call *c, int argc, char *argv[], int *i)
{
	struct setup *s = &c->setup;
	const char *option = argv[*i], *port = NULL, *tls = NULL;
	int taken = command_value("--host", argc, argv, i, &s->host);

	if (taken == 0)
		taken = command_value("--provider", argc, argv, i,
		                      &s->provider);
	if (taken == 0)
		taken = command_value("--port", argc, argv, i, &port);
	if (taken == 0)
		taken = command_value("--tls", argc, argv, i, &tls);
	if (taken < 0)
		return command_refuse_usage(_("`%s` needs a word behind it"),
		                            option);
	if (taken == 0)
		return command_refuse("setup", option);
	if (port != NULL)
		return command_port(port, 1, &s->port);
	if (tls != NULL)
		s->tls = tls;
	return tls != NULL ? take_tls(tls) : EX_OK;
}

static int take_word(struct call *c, int argc, char *argv[], int *i)
{
	const char *word = argv[*i];

	if (strcmp(word, "--json") == 0)
		c->json = true;
	else if (strcmp(word, "--write") == 0)
		c->writes = true;
	else if (word[0] == '-')
		return take_option(c, argc, argv, i);
	else if (c->setup.address != NULL)
		return command_refuse("setup", word);
	else
		c->setup.address = word;
	return EX_OK;
}

static int parse(struct call *c, int argc, char *argv[])
{
	const struct setup *s = &c->setup;

	for (int i = 1; i < argc; i++) {
		int status = take_word(c, argc, argv, &i);

		if (status != EX_OK)
			return status;
	}
	if (s->address == NULL)
		return command_refuse_usage(
			_("whose address?  relay setup me@example.org"));
	if (s->host != NULL && s->provider != NULL)
		return command_refuse_usage(
			_("`--host` and `--provider` say different things: "
		          "remove one"));
	if ((s->port != 0 || s->tls != NULL) && s->host == NULL)
		return command_refuse_usage(
			_("`--port` and `--tls` go with `--host`: those of "
		          "others are known"));
	return EX_OK;
}

/* --- what is said --------------------------------------------------------- */

static void add_step(struct sbuf *out, const char *about, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static void add_step(struct sbuf *out, const char *about, const char *fmt, ...)
{
	char command[COMMAND_LIMIT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	sbuf_addf(out, "    # %s\n    %s\n", about, command);
}

/* A word of a shell: quoted, where it has to be. */
static void add_word(const char *word, struct sbuf *out)
{
	if (word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
	                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                      "@%+=:,./_-")] == '\0') {
		sbuf_addstr(out, word);
		return;
	}
	sbuf_addstr(out, "'");
	for (const char *c = word; *c != '\0'; c++)
		sbuf_add(out, *c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1);
	sbuf_addstr(out, "'");
}

/* "relay", or with the file that was asked for. */
static void add_relay(const struct call *c, struct sbuf *out)
{
	sbuf_addstr(out, "relay");
	if (getenv("RELAY_CONFIG") == NULL)
		return;
	sbuf_addstr(out, " --config ");
	add_word(c->shown, out);
}

/* How the password gets where the configuration says that it is. */
static void add_secret_step(const struct setup *s, const char *relay,
                            struct sbuf *out)
{
	if (s->block.password == NULL)
		add_step(out, _("explains the rest"), "%s login %s", relay,
		         s->block.name);
	else if (s->is_for_all)
		add_step(out, _("type it, then ^D"),
		         "install -m 640 -g relay /dev/stdin %s",
		         SETUP_SECRET_ALL);
	else
		add_step(out, _("asks for the password"), "%s secret set",
		         relay);
}

static void add_timer_step(const struct setup *s, struct sbuf *out)
{
	if (access("/run/systemd/system", F_OK) != 0)
		add_step(out,
		         _("a line for `crontab -e`: tries again what could "
		           "not be sent"),
		         "*/5 * * * * relay flush --auto");
	else
		add_step(out, _("tries again what could not be sent"),
		         "systemctl %senable --now relay-flush.timer",
		         s->is_for_all ? "" : "--user ");
}

static void add_steps(const struct call *c, struct sbuf *out)
{
	struct sbuf relay, address;

	sbuf_init(&relay, SETUP_LIMIT);
	sbuf_init(&address, SETUP_LIMIT);
	add_relay(c, &relay);
	add_word(c->setup.address, &address);
	sbuf_addf(out, "%s\n", _("Next:"));
	if (c->setup.is_for_all && !setup_has_group())
		add_step(out, _("makes the queue of the machine"), "%s",
		         PKGLIBEXECDIR "/setup-spool");
	add_secret_step(&c->setup, relay.data, out);
	add_step(out, _("is it right?"), "%s check --secrets", relay.data);
	add_step(out, _("does it arrive?"),
	         "printf 'Subject: test\\n\\nHello\\n' | sendmail %s",
	         address.data);
	add_timer_step(&c->setup, out);
	sbuf_release(&address);
	sbuf_release(&relay);
}

/* Where it goes; nothing when it could not be written, which is a fault. */
static void add_place(const struct call *c, struct sbuf *out)
{
	if (c->writes || c->path == NULL)
		return;
	if (access(c->path, F_OK) == 0)
		sbuf_addf(out,
		          _("Nothing is written: %s is there already, add "
		            "these lines to it.\n"),
		          c->shown);
	else
		sbuf_addf(out,
		          _("Nothing is written: with --write this goes to "
		            "%s.\n"),
		          c->shown);
}

/* To people, on stderr. */
static void say_rest(const struct call *c, bool is_written)
{
	const struct setup *s = &c->setup;
	struct sbuf out;

	sbuf_init(&out, 8 * SETUP_LIMIT);
	if (is_written)
		sbuf_addf(&out, _("\nThis is %s now.\n"), c->shown);
	sbuf_addstr(&out, "\n");
	for (size_t i = 0; i < s->note_count; i++)
		wrap_add(&out, "", 0, s->notes[i].data);
	if (s->note_count > 0)
		sbuf_addstr(&out, "\n");
	if (is_written)
		add_steps(c, &out);
	else
		add_place(c, &out);
	fflush(stdout);
	fputs(out.data, stderr);
	sbuf_release(&out);
}

static void say_json(const struct call *c, const struct sbuf *text,
                     bool is_written)
{
	struct sbuf out;

	sbuf_init(&out, 8 * SETUP_LIMIT);
	setup_json(&c->setup, c->path, is_written, text, &out);
	fputs(out.data, stdout);
	sbuf_release(&out);
}

/* --- the command ---------------------------------------------------------- */

/* Nobody's word for it but the DNS's. */
static int refuse_foreign(const struct setup *s, struct fault *f)
{
	struct sbuf address;

	sbuf_init(&address, SETUP_LIMIT);
	add_word(s->address, &address);
	fault_set_exit(
		f, EX_CONFIG,
		_("nothing is written: %.150s is not of %.150s, and the DNS "
	          "that names it can be forged; if it is right, say so: relay "
	          "setup --write --host %.*s --port %u --tls %s %.100s"),
		s->block.host, s->domain, (int)strcspn(s->block.host, " "),
		s->block.host, s->block.port,
		s->block.is_implicit ? "implicit" : "starttls", address.data);
	sbuf_release(&address);
	return -1;
}

static int write_down(const struct call *c, const struct sbuf *text,
                      struct fault *f)
{
	if (c->setup.is_foreign)
		return refuse_foreign(&c->setup, f);
	return setup_write(c->path, c->setup.is_for_all, text, f);
}

/* It is shown also where it could not be written: that is what it is for. */
static int finish(const struct call *c)
{
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf text;
	bool is_written;

	sbuf_init(&text, SETUP_LIMIT);
	setup_configuration(&c->setup, &text);
	is_written = c->writes && write_down(c, &text, &f) == 0;
	if (c->json) {
		say_json(c, &text, is_written);
	} else {
		fputs(text.data, stdout);
		say_rest(c, is_written);
	}
	sbuf_release(&text);
	return f.kind != FAULT_NONE ? command_fail(&f) : EX_OK;
}

static char *shown(const char *path)
{
	struct sbuf b;
	char *text;

	sbuf_init(&b, SETUP_LIMIT);
	escape_add(&b, path, strlen(path));
	text = mem_strdup(b.data);
	sbuf_release(&b);
	return text;
}

static int run(struct call *c)
{
	struct fault f;

	c->path = setup_place(c->site, &c->setup.is_for_all, &f);
	if (c->path == NULL && c->writes)
		return command_fail(&f);
	if (c->path != NULL)
		c->shown = shown(c->path);
	if (!c->setup.is_for_all && getuid() >= PERSONS)
		c->setup.login = c->site->login;
	if (setup_find(&c->setup, &f) != 0)
		return command_fail(&f);
	return finish(c);
}

int command_setup(const struct site *site, int argc, char *argv[])
{
	struct call c = { .site = site };
	int status;

	setup_init(&c.setup);
	status = parse(&c, argc, argv);
	if (status == EX_OK)
		status = run(&c);
	free(c.path);
	free(c.shown);
	setup_release(&c.setup);
	return status;
}
