/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/value.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/escape.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/trust.h"
#include "config/alert.h"
#include "config/config.h"
#include "config/delivery.h"
#include "config/host.h"
#include "config/rate.h"
#include "config/source.h"

#define GLOB_LENGTH 320

#define ALPHANUMERIC \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const struct {
	char letter;
	unsigned seconds;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

/* --- small readers -------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Digits at *s, which is moved behind them.  False: none, or too large. */
static bool take_number(const char **s, unsigned *number)
{
	uint64_t n = 0;
	const char *start = *s;

	while (is_digit(**s) && n <= UINT32_MAX)
		n = n * 10 + (uint64_t)(*(*s)++ - '0');
	*number = (unsigned)n;
	return *s > start && n <= UINT32_MAX;
}

/* The place of `word` in the blank-separated `words`, in any case; *spelling
 * points to the list's own form.  -1: not there. */
static int place_of(const char *word, const char *words, const char **spelling,
                    size_t *length)
{
	int place = 0;

	for (const char *w = words; *w != '\0'; place++) {
		size_t n = strcspn(w, " "), i = 0;

		while (i < n && lower(word[i]) == w[i])
			i++;
		if (i == n && word[n] == '\0') {
			*spelling = w;
			*length = n;
			return place;
		}
		w += n + (w[n] == ' ' ? 1 : 0);
	}
	return -1;
}

/* --- one function for each type ------------------------------------------- */

static int set_name(const struct option *o, void *at, char *const words[],
                    size_t n, struct fault *f)
{
	char **text = at;

	(void)n;
	if (host_check(o->name, words[0], f) != 0)
		return -1;
	*text = mem_strdup(words[0]);
	return 0;
}

static int set_word(const struct option *o, void *at, char *const words[],
                    size_t n, struct fault *f)
{
	char **text = at;

	(void)n;
	if (words[0][0] == '\0')
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` is empty: write `%s WORD`, or drop "
		                   "the line"),
		                 o->name, o->name);
	*text = mem_strdup(words[0]);
	return 0;
}

static int set_number(const struct option *o, void *at, char *const words[],
                      size_t n, struct fault *f)
{
	unsigned *number = at;
	const char *s = words[0];
	unsigned value;

	(void)n;
	if (!take_number(&s, &value) || *s != '\0' || value < o->min ||
	    value > o->max)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` cannot be `%.40s`: write a number "
		                   "from %u to %u"),
		                 o->name, words[0], o->min, o->max);
	*number = value;
	return 0;
}

static int bad_duration(const struct option *o, const char *word,
                        struct fault *f)
{
	struct sbuf range[2];
	int result;

	sbuf_init(&range[0], 32);
	sbuf_init(&range[1], 32);
	value_add_duration(&range[0], o->min);
	value_add_duration(&range[1], o->max);
	result = fault_set(f, FAULT_CONFIG, "4.3.5",
	                   _("`%s` cannot be `%.40s`: write a number and d, "
	                     "h, m or s, from %s to %s"),
	                   o->name, word, range[0].data, range[1].data);
	sbuf_release(&range[0]);
	sbuf_release(&range[1]);
	return result;
}

static int set_duration(const struct option *o, void *at, char *const words[],
                        size_t n, struct fault *f)
{
	unsigned *duration = at;
	const char *s = words[0];
	unsigned value, unit = 0;

	(void)n;
	if (!take_number(&s, &value))
		return bad_duration(o, words[0], f);
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (s[0] == units[i].letter && s[1] == '\0')
			unit = units[i].seconds;
	if (unit == 0 || value > o->max / unit || value * unit < o->min)
		return bad_duration(o, words[0], f);
	*duration = value * unit;
	return 0;
}

static int bad_choice(const struct option *o, const char *word, struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`%s` cannot be `%.40s`: write one of %s"), o->name,
	                 word, o->words);
}

static int set_choice(const struct option *o, void *at, char *const words[],
                      size_t n, struct fault *f)
{
	unsigned *choice = at;
	const char *spelling;
	size_t length;
	int place = place_of(words[0], o->words, &spelling, &length);

	(void)n;
	if (place < 0)
		return bad_choice(o, words[0], f);
	*choice = (unsigned)place;
	return 0;
}

/* auto, none and oauth: no ways to log in, but what to do about them. */
#define ALONE 3

static int set_mechanisms(const struct option *o, void *at, char *const words[],
                          size_t n, struct fault *f)
{
	char **text = at;
	struct sbuf list;

	sbuf_init(&list, CONFIG_LINE_LIMIT);
	for (size_t i = 0; i < n; i++) {
		const char *spelling;
		size_t length;
		int place = place_of(words[i], o->words, &spelling, &length);

		if (place >= 0 && (place >= ALONE || n == 1)) {
			sbuf_addf(&list, "%s%.*s", i == 0 ? "" : " ",
			          (int)length, spelling);
			continue;
		}
		sbuf_release(&list);
		if (place < 0)
			return bad_choice(o, words[i], f);
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s %.*s` stands alone: remove the other "
		                   "words"),
		                 o->name, (int)length, spelling);
	}
	*text = mem_strdup(list.data);
	sbuf_release(&list);
	return 0;
}

static int set_path(const struct option *o, void *at, char *const words[],
                    size_t n, struct fault *f)
{
	char **text = at;

	(void)n;
	*text = trust_path(words[0], f);
	return *text == NULL ? fault_wrap(f, "`%s`", o->name) : 0;
}

/* "sha256:" and 64 hex digits, colons between them or not. */
static bool is_certificate_pin(const char *pin)
{
	size_t digits = 0;

	if (strncmp(pin, "sha256:", 7) != 0)
		return false;
	for (pin += 7; *pin != '\0'; pin++) {
		if (is_digit(*pin) ||
		    (lower(*pin) >= 'a' && lower(*pin) <= 'f'))
			digits++;
		else if (*pin != ':')
			return false;
	}
	return digits == 64;
}

/* "spki-sha256:" and base64 of 32 bytes. */
static bool is_key_pin(const char *pin)
{
	return strncmp(pin, "spki-sha256:", 12) == 0 &&
	       strspn(pin + 12, ALPHANUMERIC "+/") == 43 &&
	       strcmp(pin + 12 + 43, "=") == 0;
}

static char *join(char *const words[], size_t n)
{
	struct sbuf list;
	char *text;

	sbuf_init(&list, CONFIG_LINE_LIMIT);
	for (size_t i = 0; i < n; i++)
		sbuf_addf(&list, "%s%s", i == 0 ? "" : " ", words[i]);
	text = mem_strdup(list.data);
	sbuf_release(&list);
	return text;
}

static int set_hosts(const struct option *o, void *at, char *const words[],
                     size_t n, struct fault *f)
{
	char **text = at;

	if (host_check_list(o->name, words, n, f) != 0)
		return -1;
	*text = join(words, n);
	return 0;
}

static int set_pins(const struct option *o, void *at, char *const words[],
                    size_t n, struct fault *f)
{
	char **text = at;

	for (size_t i = 0; i < n; i++)
		if (!is_certificate_pin(words[i]) && !is_key_pin(words[i]))
			return fault_set(f, FAULT_CONFIG, "4.3.5",
			                 _("`%s` cannot be `%.100s`: write "
			                   "sha256: and 64 hex digits, or "
			                   "spki-sha256: and 44 characters of "
			                   "base64"),
			                 o->name, words[i]);
	*text = join(words, n);
	return 0;
}

static int set_globs(const struct option *o, void *at, char *const words[],
                     size_t n, struct fault *f)
{
	char **text = at;

	for (size_t i = 0; i < n; i++) {
		const char *w = words[i];

		if (w[0] == '\0' || strlen(w) > GLOB_LENGTH ||
		    strpbrk(w, " \t") != NULL)
			return fault_set(f, FAULT_CONFIG, "4.3.5",
			                 _("`%s` is empty, too long or holds a "
			                   "blank: write senders such as "
			                   "me@example.org or *@example.org"),
			                 o->name);
		if (strchr(w, '@') == NULL && strpbrk(w, "*?") == NULL &&
		    strchr(w, '.') != NULL)
			return fault_set(f, FAULT_CONFIG, "4.3.5",
			                 _("`%s %.100s` is no sender: write "
			                   "`%s *@%.100s` for all of the "
			                   "domain"),
			                 o->name, w, o->name, w);
	}
	*text = join(words, n);
	return 0;
}

/* What may stand in an SMTP command as it is, in the form that people have. */
static bool is_address(const char *word)
{
	const char *at = strchr(word, '@');
	size_t n = strlen(word);

	if (at == NULL || at == word || strchr(at + 1, '@') != NULL ||
	    n > GLOB_LENGTH || strcspn(word, " \t<>()[],;:\\\"") != n)
		return false;
	for (; *word != '\0'; word++)
		if ((unsigned char)*word <= ' ' || (unsigned char)*word >= 0x7f)
			return false;
	return at[1] != '\0' && at[1] != '.' && word[-1] != '.' &&
	       strstr(at, "..") == NULL;
}

static int set_address(const struct option *o, void *at, char *const words[],
                       size_t n, struct fault *f)
{
	char **text = at;
	char shown[80];

	(void)n;
	if (!is_address(words[0])) {
		escape_copy(shown, sizeof(shown), words[0], strlen(words[0]));
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` wants an address such as "
		                   "me@example.org, not \"%s\""),
		                 o->name, shown);
	}
	*text = mem_strdup(words[0]);
	return 0;
}

static int set_rate(const struct option *o, void *at, char *const words[],
                    size_t n, struct fault *f)
{
	char **text = at, *joined = join(words, n);
	struct rate rate;

	if (rate_parse(joined, &rate)) {
		*text = joined;
		return 0;
	}
	free(joined);
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`%s` is a number and a time, as `%s 14/s`, `%s "
	                   "100/min`, 500/hour or `%s 2000/day recipients`"),
	                 o->name, o->name, o->name, o->name);
}

static int set_words(const struct option *o, void *at, char *const words[],
                     size_t n, struct fault *f)
{
	char **text = at;

	for (size_t i = 0; i < n; i++)
		if (words[i][0] == '\0')
			return fault_set(f, FAULT_CONFIG, "4.3.5",
			                 _("`%s` has an empty word in it: drop "
			                   "it, or the line"),
			                 o->name);
	*text = join(words, n);
	return 0;
}

/* Secrets are sent there: encrypted, and to a name that stands by itself.  What
 * people write in its place may be a secret. */
static int set_url(const struct option *o, void *at, char *const words[],
                   size_t n, struct fault *f)
{
	static const char scheme[] = "https://";
	const char *host = words[0] + strlen(scheme);
	char **text = at;
	size_t length;

	(void)n;
	if (strncmp(words[0], scheme, strlen(scheme)) != 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` wants an address that begins with "
		                   "https://, on this machine, too: what is "
		                   "sent there is secret"),
		                 o->name);
	length = strspn(host, ALPHANUMERIC ".-:[]");
	if (length == 0 || strchr("/?", host[length]) == NULL ||
	    strpbrk(host, " \t\"\\<>#") != NULL)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` wants https://, the name of a server "
		                   "and a path, without blanks, `#` and a "
		                   "user's name"),
		                 o->name);
	*text = mem_strdup(words[0]);
	return 0;
}

static int set_source(const struct option *o, void *at, char *const words[],
                      size_t n, struct fault *f)
{
	return source_parse(at, o->name, words, n, f);
}

static int set_delivery(const struct option *o, void *at, char *const words[],
                        size_t n, struct fault *f)
{
	(void)o;
	return delivery_parse(at, words, n, f);
}

static int set_alert(const struct option *o, void *at, char *const words[],
                     size_t n, struct fault *f)
{
	(void)o;
	return alert_parse(at, words, n, f);
}

/* --- the table ------------------------------------------------------------ */

/* clang-format off */
static const struct {
	const char *name;
	const char *placeholder;
	enum { TEXT, LIST, COUNT, SOURCE, DELIVERY, ALERT } form; /* of the member */
	size_t      most; /* words */
	int       (*set)(const struct option *, void *, char *const[], size_t,
	                 struct fault *);
} types[] = {
	[OPTION_NAME]       = { "name",       "NAME",      TEXT,   1, set_name },
	[OPTION_HOSTS]      = { "hosts",      "NAME...",   LIST,   SIZE_MAX, set_hosts },
	[OPTION_WORD]       = { "word",       "WORD",      TEXT,   1, set_word },
	[OPTION_NUMBER]     = { "number",     "NUMBER",    COUNT,  1, set_number },
	[OPTION_DURATION]   = { "duration",   "TIME",      COUNT,  1, set_duration },
	[OPTION_CHOICE]     = { "choice",     "CHOICE",    COUNT,  1, set_choice },
	[OPTION_MECHANISMS] = { "mechanisms", "WORD...",   LIST,   SIZE_MAX, set_mechanisms },
	[OPTION_PATH]       = { "path",       "PATH",      TEXT,   1, set_path },
	[OPTION_PINS]       = { "pins",       "PIN...",    LIST,   SIZE_MAX, set_pins },
	[OPTION_GLOBS]      = { "globs",      "SENDER...", LIST,   SIZE_MAX, set_globs },
	[OPTION_ADDRESS]    = { "address",    "ADDRESS",   TEXT,   1, set_address },
	[OPTION_BLOCK]      = { "smarthost",  "NAME",      TEXT,   1, set_word },
	[OPTION_RATE]       = { "rate",       "RATE",      LIST,   2, set_rate },
	[OPTION_WORDS]      = { "words",      "WORD...",   LIST,   SIZE_MAX, set_words },
	[OPTION_URL]        = { "url",        "URL",       TEXT,   1, set_url },
	[OPTION_ALERT]      = { "alert",      "ALERT",     ALERT,  SIZE_MAX, set_alert },
	[OPTION_SOURCE]     = { "source",     "SOURCE",    SOURCE, SIZE_MAX, set_source },
	[OPTION_DELIVERY]   = { "delivery",   "DELIVERY",  DELIVERY, SIZE_MAX, set_delivery },
};
/* clang-format on */

int value_set(const struct option *o, void *at, char *const words[], size_t n,
              struct fault *f)
{
	if (n > types[o->type].most)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` takes one word: put it in quotes if "
		                   "it holds blanks; a comment starts with #"),
		                 o->name);
	return types[o->type].set(o, at, words, n, f);
}

void value_release(const struct option *o, void *at)
{
	char **text;

	switch (types[o->type].form) {
	case TEXT:
	case LIST:
		text = at;
		free(*text);
		*text = NULL;
		break;
	case SOURCE: source_release(at); break;
	case DELIVERY: delivery_release(at); break;
	case ALERT: alert_release(at); break;
	case COUNT: break;
	}
}

void value_add_duration(struct sbuf *b, unsigned seconds)
{
	size_t i = seconds > 0 ? 0 : COUNT_OF(units) - 1;

	while (seconds % units[i].seconds != 0)
		i++;
	sbuf_addf(b, "%u%c", seconds / units[i].seconds, units[i].letter);
}

static void print_count(const struct option *o, unsigned value, struct sbuf *b)
{
	const char *word = o->words;

	if (o->type == OPTION_DURATION) {
		value_add_duration(b, value);
		return;
	}
	if (o->type == OPTION_NUMBER) {
		sbuf_addf(b, "%u", value);
		return;
	}
	while (value-- > 0)
		word += strcspn(word, " ") + 1;
	sbuf_add(b, word, strcspn(word, " "));
}

void value_print(const struct option *o, const void *at, struct sbuf *b)
{
	const char *const *text;

	switch (types[o->type].form) {
	case TEXT:
	case LIST:
		text = at;
		if (*text != NULL)
			sbuf_addstr(b, *text);
		break;
	case COUNT: print_count(o, *(const unsigned *)at, b); break;
	case SOURCE: source_describe(at, b); break;
	case DELIVERY: delivery_describe(at, b); break;
	case ALERT: alert_describe(at, b); break;
	}
}

static void print_array(const char *list, struct sbuf *b)
{
	sbuf_addstr(b, "[");
	while (*list != '\0') {
		size_t n = strcspn(list, " ");
		char *word = mem_strndup(list, n);

		escape_add_json(b, word);
		free(word);
		list += n;
		if (*list != '\0') {
			sbuf_addstr(b, ", ");
			list++;
		}
	}
	sbuf_addstr(b, "]");
}

void value_print_json(const struct option *o, const void *at, struct sbuf *b)
{
	struct sbuf text;

	if (types[o->type].form == COUNT && o->type != OPTION_CHOICE) {
		sbuf_addf(b, "%u", *(const unsigned *)at);
		return;
	}
	sbuf_init(&text, 65536);
	value_print(o, at, &text);
	if (text.len == 0)
		sbuf_addstr(b, "null");
	else if (types[o->type].form == LIST)
		print_array(text.data, b);
	else
		escape_add_json(b, text.data);
	sbuf_release(&text);
}

const char *value_placeholder(const struct option *o)
{
	return types[o->type].placeholder;
}

const char *value_type_name(const struct option *o)
{
	return types[o->type].name;
}
