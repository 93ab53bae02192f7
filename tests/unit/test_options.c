/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_options - the table of keys, and what each type takes and says */
#include "config/options.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "config/config.h"
#include "config/document.h"
#include "config/value.h"
#include "fixture.h"

#define WORDS_MAX 16

static const struct option *find(const char *name)
{
	const struct option *o = option_find(OPTION_TOP, name);

	return o != NULL ? o : option_find(OPTION_SMARTHOST, name);
}

/* The words of `line`, which is cut up. */
static size_t split(char *line, char *words[WORDS_MAX])
{
	size_t n = 0;

	for (char *at = line; at != NULL && n < WORDS_MAX;) {
		words[n++] = strsep(&at, "|");
	}
	return n;
}

/* Words, separated by |, and what is printed of them or said against them. */
/* clang-format off */
static const struct {
	const char *key;
	const char *words;
	const char *printed; /* NULL: refused */
	const char *fault;
} values[] = {
	{ "host", "mail.example.org", "mail.example.org", NULL },
	{ "host", "a_b-c.D.9", "a_b-c.D.9", NULL },
	{ "host", "192.0.2.1", "192.0.2.1", NULL },
	{ "host", "2001:db8::1", "2001:db8::1", NULL },
	{ "host", "[2001:db8::1]", "[2001:db8::1]", NULL },
	{ "helo", "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]", NULL },
	{ "host", "smtp://me:secret@h", NULL, "`host` is a name alone, such as mail.example.org: no smtp://, no user, no path" },
	{ "host", "h:587", NULL, "`host` is a name alone: write the port on a line of its own, `port 587`" },
	{ "host", "h:smtp", NULL, "`host` may hold letters, digits, dots and hyphens only: write a name such as mail.example.org, an international one in its xn-- form" },
	{ "helo", "", NULL, "`helo` may hold letters, digits, dots and hyphens only: write a name such as mail.example.org, an international one in its xn-- form" },
	{ "domain", "\xC3\xA9t\xC3\xA9.example", NULL, "`domain` may hold letters, digits, dots and hyphens only: write a name such as mail.example.org, an international one in its xn-- form" },
	{ "host", "-h", NULL, "`host` may hold letters, digits, dots and hyphens only: write a name such as mail.example.org, an international one in its xn-- form" },
	{ "host", "[]", NULL, "`host` may hold letters, digits, dots and hyphens only: write a name such as mail.example.org, an international one in its xn-- form" },
	{ "host", "a.example|192.0.2.1|[2001:db8::1]", "a.example 192.0.2.1 [2001:db8::1]", NULL },
	{ "host", "a|b|A", NULL, "`host` has A twice: remove one" },
	{ "host", "a|b c", NULL, "`host` may hold letters, digits, dots and hyphens only: write a name such as mail.example.org, an international one in its xn-- form" },
	{ "host", "a|b|c|d|e|f|g|h|i", NULL, "`host` has more than 8 names: remove some" },
	{ "host", "srv:example.org", "srv:example.org", NULL },
	{ "host", "srv:example.org|b", NULL, "`host srv:DOMAIN` stands alone: remove the other words" },
	{ "host", "a|srv:example.org", NULL, "`host srv:DOMAIN` stands alone: remove the other words" },
	{ "host", "srv:192.0.2.1", NULL, "`host srv:` is followed by a domain, not by an address" },
	{ "host", "srv:", NULL, "`host` may hold letters, digits, dots and hyphens only: write a name such as mail.example.org, an international one in its xn-- form" },
	{ "host", "srv:a:587", NULL, "`host` is a name alone: write the port on a line of its own, `port 587`" },
	{ "helo", "srv:a", NULL, "`helo` may hold letters, digits, dots and hyphens only: write a name such as mail.example.org, an international one in its xn-- form" },
	{ "helo", "a|b", NULL, "`helo` takes one word: put it in quotes if it holds blanks; a comment starts with #" },

	{ "user", "me and \xC3\xA9", "me and \xC3\xA9", NULL },
	{ "user", "", NULL, "`user` is empty: write `user WORD`, or drop the line" },

	{ "port", "1", "1", NULL },
	{ "port", "65535", "65535", NULL },
	{ "port", "00025", "25", NULL },
	{ "port", "0", NULL, "`port` cannot be `0`: write a number from 1 to 65535" },
	{ "port", "65536", NULL, "`port` cannot be `65536`: write a number from 1 to 65535" },
	{ "port", "4294967321", NULL, "`port` cannot be `4294967321`: write a number from 1 to 65535" },
	{ "port", "18446744073709551641", NULL, "`port` cannot be `18446744073709551641`: write a number from 1 to 65535" },
	{ "port", "25x", NULL, "`port` cannot be `25x`: write a number from 1 to 65535" },
	{ "port", "-1", NULL, "`port` cannot be `-1`: write a number from 1 to 65535" },
	{ "port", "", NULL, "`port` cannot be ``: write a number from 1 to 65535" },
	{ "messages_per_connection", "0", "0", NULL },

	{ "lifetime", "1h", "1h", NULL },
	{ "warn", "0s", "0s", NULL },
	{ "warn", "0d", "0s", NULL },
	{ "warn", "90m", "90m", NULL },
	{ "lifetime", "60d", "60d", NULL },
	{ "keep_failed", "0s", "0s", NULL },
	{ "keep_failed", "3650d", "3650d", NULL },
	{ "lifetime", "90m", "90m", NULL },
	{ "lifetime", "3600s", "1h", NULL },
	{ "lifetime", "48h", "2d", NULL },
	{ "lifetime", "3601s", "3601s", NULL },
	{ "lifetime", "59m", NULL, "`lifetime` cannot be `59m`: write a number and d, h, m or s, from 1h to 60d" },
	{ "lifetime", "61d", NULL, "`lifetime` cannot be `61d`: write a number and d, h, m or s, from 1h to 60d" },
	{ "lifetime", "49711d", NULL, "`lifetime` cannot be `49711d`: write a number and d, h, m or s, from 1h to 60d" },
	{ "lifetime", "5", NULL, "`lifetime` cannot be `5`: write a number and d, h, m or s, from 1h to 60d" },
	{ "lifetime", "5days", NULL, "`lifetime` cannot be `5days`: write a number and d, h, m or s, from 1h to 60d" },
	{ "lifetime", "d", NULL, "`lifetime` cannot be `d`: write a number and d, h, m or s, from 1h to 60d" },

	{ "tls", "none", "none", NULL },
	{ "tls", "IMPLICIT", "implicit", NULL },
	{ "log", "syslog", "syslog", NULL },
	{ "tls", "start", NULL, "`tls` cannot be `start`: write one of starttls implicit none" },
	{ "tls", "nonet", NULL, "`tls` cannot be `nonet`: write one of starttls implicit none" },
	{ "tls", "", NULL, "`tls` cannot be ``: write one of starttls implicit none" },

	{ "login", "auto", "auto", NULL },
	{ "login", "PLAIN|Scram-SHA-256", "plain scram-sha-256", NULL },
	{ "login", "plain|none", NULL, "`login none` stands alone: remove the other words" },
	{ "login", "OAuth", "oauth", NULL },
	{ "login", "xoauth2|oauthbearer", "xoauth2 oauthbearer", NULL },
	{ "login", "oauth|xoauth2", NULL, "`login oauth` stands alone: remove the other words" },
	{ "login", "oauth2", NULL, "`login` cannot be `oauth2`: write one of auto none oauth plain login cram-md5 scram-sha-1 scram-sha-1-plus scram-sha-256 scram-sha-256-plus external xoauth2 oauthbearer" },

	{ "oauth_flow", "Client", "client", NULL },
	{ "oauth_scope", "a|b", "a b", NULL },
	{ "oauth_scope", "a||b", NULL, "`oauth_scope` has an empty word in it: drop it, or the line" },
	{ "oauth_token_url", "https://h.test:8443/a?b=c", "https://h.test:8443/a?b=c", NULL },
	{ "oauth_token_url", "https://[::1]/%T/token", "https://[::1]/%T/token", NULL },
	{ "oauth_token_url", "https://h.test", "https://h.test", NULL },
	{ "oauth_token_url", "http://127.0.0.1/", NULL, "`oauth_token_url` wants an address that begins with https://, on this machine, too: what is sent there is secret" },
	{ "oauth_token_url", "https://me:secret@h.test/", NULL, "`oauth_token_url` wants https://, the name of a server and a path, without blanks, `#` and a user's name" },
	{ "oauth_token_url", "https://h.test/a b", NULL, "`oauth_token_url` wants https://, the name of a server and a path, without blanks, `#` and a user's name" },
	{ "oauth_token_url", "https:///token", NULL, "`oauth_token_url` wants https://, the name of a server and a path, without blanks, `#` and a user's name" },
	{ "oauth_key", "key.pem", NULL, "`oauth_key`: `key.pem` is no full path: start it with / or ~/" },
	{ "oauth_secret", "file|/etc/s", "file /etc/s", NULL },
	{ "oauth_secret", "file", NULL, "`oauth_secret file` lacks the word after `file`; if that is the password itself, write `oauth_secret inline file`" },
	{ "alert", "command|/bin/page|--key|hunter2", "command /bin/page", NULL },
	{ "alert", "command|page", "command page", NULL },
	{ "alert", "command|./page", NULL, "`alert`: `./page` is no full path: start it with / or ~/" },
	{ "alert", "command", NULL, "`alert` names a program: write `alert command WORD...`, as `alert command /usr/local/bin/page-me`" },
	{ "alert", "/bin/page", NULL, "`alert` names a program: write `alert command WORD...`, as `alert command /usr/local/bin/page-me`" },

	{ "tls_ca", "/etc/ca.pem", "/etc/ca.pem", NULL },
	{ "tls_ca", "ca.pem", NULL, "`tls_ca`: `ca.pem` is no full path: start it with / or ~/" },

	{ "tls_pin", "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F",
	  "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F", NULL },
	{ "tls_pin", "sha256:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F|spki-sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	  "sha256:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F spki-sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", NULL },
	{ "tls_pin", "sha1:00", NULL, "`tls_pin` cannot be `sha1:00`: write sha256: and 64 hex digits, or spki-sha256: and 44 characters of base64" },
	{ "tls_pin", "sha256:00", NULL, "`tls_pin` cannot be `sha256:00`: write sha256: and 64 hex digits, or spki-sha256: and 44 characters of base64" },
	{ "tls_pin", "sha256:0g", NULL, "`tls_pin` cannot be `sha256:0g`: write sha256: and 64 hex digits, or spki-sha256: and 44 characters of base64" },
	{ "tls_pin", "spki-sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", NULL, "`tls_pin` cannot be `spki-sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8`: write sha256: and 64 hex digits, or spki-sha256: and 44 characters of base64" },
	{ "tls_pin", "spki-sha256:AA", NULL, "`tls_pin` cannot be `spki-sha256:AA`: write sha256: and 64 hex digits, or spki-sha256: and 44 characters of base64" },

	{ "from", "*@example.org|<>|root", "*@example.org <> root", NULL },
	{ "from", "*.example.org", "*.example.org", NULL },
	{ "from_allow", "*@example.org|a@example.com", "*@example.org a@example.com", NULL },
	{ "from_force", "me@example.org", "me@example.org", NULL },
	{ "from_force", "root", NULL, "`from_force` wants an address such as me@example.org, not \"root\"" },
	{ "from_force", "Me <me@example.org>", NULL, "`from_force` wants an address such as me@example.org, not \"Me <me@example.org>\"" },
	{ "from_force", "a@b@c", NULL, "`from_force` wants an address such as me@example.org, not \"a@b@c\"" },
	{ "from_force", "@x.test", NULL, "`from_force` wants an address such as me@example.org, not \"@x.test\"" },
	{ "from_force", "a@x..test", NULL, "`from_force` wants an address such as me@example.org, not \"a@x..test\"" },
	{ "from_force", "a\xc3\xa9@x.test", NULL, "`from_force` wants an address such as me@example.org, not \"a\u00e9@x.test\"" },
	{ "from_scope", "header", "header", NULL },
	{ "rate", "14/s", "14/s", NULL },
	{ "rate", "2000/day|recipients", "2000/day recipients", NULL },
	{ "rate", "fast", NULL, "`rate` is a number and a time, as `rate 14/s`, `rate 100/min`, 500/hour or `rate 2000/day recipients`" },
	{ "from", "", NULL, "`from` is empty, too long or holds a blank: write senders such as me@example.org or *@example.org" },
	{ "from", "a b@c", NULL, "`from` is empty, too long or holds a blank: write senders such as me@example.org or *@example.org" },
	{ "from", "example.org", NULL, "`from example.org` is no sender: write `from *@example.org` for all of the domain" },

	{ "aliases", "/etc/aliases", "/etc/aliases", NULL },
	{ "aliases", "aliases", NULL, "`aliases`: `aliases` is no full path: start it with / or ~/" },
	{ "postmaster", "me@example.org", "me@example.org", NULL },
	{ "postmaster", "me", NULL, "`postmaster` wants an address such as me@example.org, not \"me\"" },
	{ "local", "maildir:/home/%u/Mail dir", "maildir:/home/%u/Mail dir", NULL },
	{ "local", "maildir:/home/%u|x", NULL, "`local maildir:PATH` takes one word: put it in quotes if it holds blanks" },
	{ "local", "maildir:Mail", NULL, "`local`: `Mail` is no full path: start it with / or ~/" },
	{ "local", "command|/usr/bin/procmail|-d|%u", "command /usr/bin/procmail -d %u", NULL },
	{ "local", "command|procmail", "command procmail", NULL },
	{ "local", "command|./procmail", NULL, "`local`: `./procmail` is no full path: start it with / or ~/" },
	{ "local", "command", NULL, "`local command` names no program: write `local command /usr/bin/procmail -d %u`" },
	{ "local", "command|/usr/bin/%u", NULL, "the program of `local command` cannot depend on the recipient: write %u in the words after it" },
	{ "local", "mbox:/var/mail/%u", NULL, "`local mbox:` is not known: an mbox is written by a program that locks it; write `local command /usr/bin/procmail -d %u`, or `local maildir:PATH`" },
	{ "local", "/var/mail", NULL, "`local` starts with maildir: or command: write `local maildir:PATH` or `local command WORD...`" },

	{ "password", "command|pass|show|x", "command pass", NULL },
	{ "password", "file|/run/x", "file /run/x", NULL },
	{ "password", "env|X", "env X", NULL },
	{ "password", "inline|hunter2", "inline", NULL },
	{ "password", "hunter2", "inline", NULL },
};
/* clang-format on */

/* A struct large enough for either level. */
union block {
	struct config config;
	struct smarthost smarthost;
};

START_TEST(set_and_print)
{
	const struct option *o = find(values[_i].key);
	char *line = strdup(values[_i].words);
	struct fault f = { .kind = FAULT_NONE };
	char *words[WORDS_MAX];
	union block block;
	struct sbuf b;
	size_t n;
	int result;

	memset(&block, 0, sizeof(block));
	options_init(o->level, &block);
	n = split(line, words);
	result = option_set(o, &block, words, n, &f);
	sbuf_init(&b, 4096);
	option_print(o, &block, &b);
	if (values[_i].printed != NULL) {
		ck_assert_str_eq(f.text, "");
		ck_assert_int_eq(result, 0);
		ck_assert_str_eq(b.data, values[_i].printed);
	} else {
		ck_assert_int_eq(result, -1);
		ck_assert_int_eq(f.kind, FAULT_CONFIG);
		ck_assert_str_eq(f.text, values[_i].fault);
	}
	sbuf_release(&b);
	options_release(o->level, &block);
	free(line);
}
END_TEST

START_TEST(every_row_is_complete)
{
	const struct option *o, *other;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		ck_assert_uint_eq(option_index(o), i);
		ck_assert_ptr_eq(option_find(o->level, o->name), o);
		ck_assert_str_ne(o->about, "");
		ck_assert_ptr_null(strchr(o->about, '\n'));
		ck_assert_uint_le(o->min, o->max);
		ck_assert_str_ne(value_placeholder(o), "");
		ck_assert_str_ne(value_type_name(o), "");
		for (size_t j = 0; j < i; j++) {
			other = option_at(j);
			ck_assert_str_ne(o->name, other->name);
			ck_assert(o->level != other->level ||
			          o->offset != other->offset);
		}
	}
	ck_assert_uint_gt(option_distance("smarthost", "host"), 2);
}
END_TEST

/* A default goes through the code of a user's value, and comes out again. */
START_TEST(every_default_is_taken)
{
	const struct option *o;
	union block block;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		char *word = strdup(o->fallback);
		char *const words[] = { word };
		struct fault f = { .kind = FAULT_NONE };
		struct sbuf b;

		memset(&block, 0, sizeof(block));
		sbuf_init(&b, 4096);
		if (word[0] != '\0')
			ck_assert_int_eq(option_set(o, &block, words, 1, &f),
			                 0);
		option_print(o, &block, &b);
		if (word[0] != '\0')
			ck_assert_str_eq(b.data, o->fallback);
		ck_assert_str_eq(f.text, "");
		sbuf_reset(&b);
		value_release(o, (char *)&block + o->offset);
		options_init(o->level, memset(&block, 0, sizeof(block)));
		option_print(o, &block, &b);
		if (word[0] != '\0')
			ck_assert_str_eq(b.data, o->fallback);
		options_release(o->level, &block);
		sbuf_release(&b);
		free(word);
	}
}
END_TEST

START_TEST(a_refused_value_leaves_the_default)
{
	char good[] = "plain", bad[] = "magic";
	char *const words[] = { good, bad };
	struct smarthost h = { .name = NULL };
	struct fault f;

	options_init(OPTION_SMARTHOST, &h);
	ck_assert_int_eq(option_set(find("login"), &h, words, 1, &f), 0);
	ck_assert_str_eq(h.login, "plain");
	ck_assert_int_eq(option_set(find("login"), &h, words, 2, &f), -1);
	ck_assert_str_eq(h.login, "auto");
	options_release(OPTION_SMARTHOST, &h);
}
END_TEST

START_TEST(home_is_put_in)
{
	char path[] = "~/ca.pem";
	char *const words[] = { path };
	struct smarthost h = { .name = NULL };
	struct fault f;

	ck_assert_int_eq(option_set(find("tls_ca"), &h, words, 1, &f), 0);
	ck_assert_int_eq(h.tls_ca[0], '/');
	ck_assert_ptr_nonnull(strstr(h.tls_ca, "/ca.pem"));
	ck_assert_ptr_null(strchr(h.tls_ca, '~'));
	options_release(OPTION_SMARTHOST, &h);
}
END_TEST

static const struct {
	const char *word;
	const char *nearest;
} misspelt[] = {
	{ "hots", "host" },
	{ "domian", "domain" },
	{ "pasword", "password" },
	{ "tls-ca", "tls_ca" },
	{ "smarthos", "smarthost" },
	{ "Port", "port" },
	{ "logins", "login" },
	{ "providers", "provider" },
	{ "smtpserver", NULL },
	{ "ab", NULL },
	{ "tls_certificate", NULL },
	{ "password=hunter2", NULL },
	{ "", NULL },
	{ "a_word_that_is_much_longer_than_any_of_the_keys", NULL },
};

START_TEST(nearest)
{
	const char *found = option_nearest(misspelt[_i].word);

	if (misspelt[_i].nearest == NULL)
		ck_assert_ptr_null(found);
	else
		ck_assert_str_eq(found, misspelt[_i].nearest);
}
END_TEST

static const struct {
	const char *a, *b;
	unsigned distance;
} distances[] = {
	{ "", "", 0 },          { "a", "", 1 },
	{ "", "abc", 3 },       { "host", "host", 0 },
	{ "host", "hosts", 1 }, { "host", "ost", 1 },
	{ "host", "hast", 1 },  { "kitten", "sitting", 3 },
};

START_TEST(distance)
{
	ck_assert_uint_eq(option_distance(distances[_i].a, distances[_i].b),
	                  distances[_i].distance);
	ck_assert_uint_eq(option_distance(distances[_i].b, distances[_i].a),
	                  distances[_i].distance);
}
END_TEST

START_TEST(json_has_types)
{
	char text[] = "a\"b", many[] = "x", more[] = "*@y";
	char *const words[] = { many, more };
	char *const word[] = { text };
	struct smarthost h = { .name = NULL };
	struct fault f;
	struct sbuf b;

	sbuf_init(&b, 4096);
	options_init(OPTION_SMARTHOST, &h);
	option_set(find("user"), &h, word, 1, &f);
	option_set(find("from"), &h, words, 2, &f);
	option_print_json(find("user"), &h, &b);
	option_print_json(find("from"), &h, &b);
	option_print_json(find("host"), &h, &b);
	option_print_json(find("messages_per_connection"), &h, &b);
	option_print_json(find("tls"), &h, &b);
	ck_assert_str_eq(b.data, "\"a\\\"b\"[\"x\", \"*@y\"]null0\"starttls\"");
	sbuf_release(&b);
	options_release(OPTION_SMARTHOST, &h);
}
END_TEST

/* How each format begins the row of a key; %s is its name. */
static const char *const row_starts[] = {
	[DOCUMENT_TEXT] = "%s ",
	[DOCUMENT_JSON] = "{\"name\": \"%s\", ",
	[DOCUMENT_MDOC] = ".It Ic %s Ar ",
};

START_TEST(document_has_every_key)
{
	const struct option *o;
	struct sbuf b;

	sbuf_init(&b, 100000);
	options_document(&b, (enum document_format)_i);
	ck_assert(!b.overflow);
	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		struct sbuf start;
		const char *row;

		sbuf_init(&start, 200);
		for (const char *c = row_starts[_i]; *c != '\0'; c++) {
			if (*c == '%')
				sbuf_addstr(&start, o->name);
			else if (*c != 's' || c[-1] != '%')
				sbuf_add(&start, c, 1);
		}
		row = strstr(b.data, start.data);
		ck_assert_msg(row != NULL, "no row for %s", o->name);
		if (o->fallback[0] != '\0')
			ck_assert_ptr_nonnull(strstr(row, o->fallback));
		sbuf_release(&start);
	}
	for (const char *line = b.data; _i == DOCUMENT_TEXT && *line != '\0';
	     line += strcspn(line, "\n") + 1)
		ck_assert_uint_lt(strcspn(line, "\n"), 80);
	sbuf_release(&b);
}
END_TEST

START_TEST(wrap)
{
	struct sbuf b;

	sbuf_init(&b, 4096);
	document_wrap(&b,
	              "one  two a_word_of_eighty_letters_is_rather_long_"
	              "but_it_must_not_be_broken_nowhere_12345 "
	              "\xC3\xA9nd",
	              4);
	ck_assert_str_eq(
		b.data,
		"one two\n    a_word_of_eighty_letters_is_rather_long_"
		"but_it_must_not_be_broken_nowhere_12345\n    \xC3\xA9nd");
	ck_assert_uint_eq(document_columns("\xC3\xA9nd", 4), 3);
	sbuf_release(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, set_and_print, 0, COUNT_OF(values));
	tcase_add_test(all, every_row_is_complete);
	tcase_add_test(all, every_default_is_taken);
	tcase_add_test(all, a_refused_value_leaves_the_default);
	tcase_add_test(all, home_is_put_in);
	tcase_add_loop_test(all, nearest, 0, COUNT_OF(misspelt));
	tcase_add_loop_test(all, distance, 0, COUNT_OF(distances));
	tcase_add_test(all, json_has_types);
	tcase_add_loop_test(all, document_has_every_key, 0,
	                    COUNT_OF(row_starts));
	tcase_add_test(all, wrap);
	return fixture_run(suite);
}
