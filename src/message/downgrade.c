/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The look has gathered facts of each part; a plan makes of them, and of what
 * the server can, what convert.c shall do with each.
 */
#include "message/downgrade.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/sbuf.h"
#include "message/convert.h"
#include "message/field.h"
#include "message/look.h"

struct downgrade {
	struct look look;
	struct convert_part *plan; /* as many as there are facts */
	struct downgrade_limits limits;
	struct sbuf changes;
	struct convert *convert;
};

struct downgrade *downgrade_create(void)
{
	struct downgrade *d = mem_alloc(sizeof(*d));

	look_init(&d->look);
	sbuf_init(&d->changes, 1000);
	return d;
}

void downgrade_free(struct downgrade **pointer)
{
	struct downgrade *d = *pointer;

	if (d == NULL)
		return;
	convert_free(&d->convert);
	look_release(&d->look);
	sbuf_release(&d->changes);
	free(d->plan);
	free(d);
	*pointer = NULL;
}

void downgrade_look(struct downgrade *d, const char *bytes, size_t n)
{
	look_add(&d->look, bytes, n);
}

void downgrade_looked(struct downgrade *d)
{
	look_end(&d->look);
}

const struct wire_scan *downgrade_scan(const struct downgrade *d)
{
	return &d->look.scan;
}

/* ---- the plan ---- */

static int refuse_8bit(const char *why, struct fault *f)
{
	return fault_set(f, FAULT_PERM, "5.6.3",
	                 _("the message has 8-bit text, the server takes only "
	                   "7-bit (no 8BITMIME), and the text cannot be "
	                   "encoded: %s"),
	                 why);
}

static int refuse_line(uint64_t length, const char *why, struct fault *f)
{
	return fault_set(f, FAULT_PERM, "5.6.3",
	                 _("the message has a line of %ju characters, mail "
	                   "servers take 998, and the text cannot be encoded: "
	                   "%s"),
	                 (uintmax_t)length, why);
}

/* Why the text of a part must stay as it is, or NULL. */
static const char *obstacle(const struct downgrade *d,
                            const struct look_fact *fact)
{
	if (d->look.problem != NULL)
		return _(d->look.problem);
	if (d->look.has_dkim)
		return _("it has a DKIM-Signature; encode it before it is "
		         "signed");
	if (fact->part.is_sealed || fact->part.seals)
		return _("it is signed or encrypted; encode it as "
		         "quoted-printable before it is signed");
	if (fact->part.is_partial)
		return _("it is a piece of a message (message/partial); send "
		         "the message whole");
	if (fact->part.is_broken)
		return _("a part has other parts in it and no boundary "
		         "between them; correct the program that made it");
	return NULL;
}

static bool is_encoded(const struct look_fact *fact)
{
	return fact->part.encoding == MIME_QUOTED ||
	       fact->part.encoding == MIME_BASE64;
}

/* Quoted-printable makes three octets of one, base64 four of three. */
static enum convert_text better_text(const struct look_fact *fact)
{
	if (fact->part.encoding == MIME_QUOTED)
		return CONVERT_WRAP_QUOTED;
	if (fact->part.encoding == MIME_BASE64)
		return CONVERT_WRAP_BASE64;
	if (fact->part.kind != MIME_LEAF)
		return CONVERT_CLEAN;
	if (!fact->part.is_text || fact->above > fact->octets / 6)
		return CONVERT_BASE64;
	return CONVERT_QUOTED;
}

/* NUL asks for a conversion, but is no reason to refuse (doc/DEPARTURES). */
static int plan_text(const struct downgrade *d, const struct look_fact *fact,
                     struct convert_part *plan, struct fault *f)
{
	bool is_8bit = fact->above > 0 && !d->limits.can_8bit;
	bool is_long = fact->longest > FIELD_LINE;
	bool has_nul = fact->has_nul && !d->limits.can_8bit &&
	               fact->part.kind == MIME_LEAF && !is_encoded(fact);
	const char *why;

	if (!is_8bit && !is_long && !has_nul)
		return 0;
	why = obstacle(d, fact);
	if (why == NULL && is_encoded(fact) && fact->above > 0)
		why = _("it says that it is encoded, as base64 or "
		        "quoted-printable, and is not; correct the program "
		        "that made it");
	if (why != NULL && is_8bit)
		return refuse_8bit(why, f);
	if (why != NULL && is_long)
		return refuse_line(fact->longest, why, f);
	if (why != NULL)
		return 0;
	plan->text = better_text(fact);
	if (plan->text == CONVERT_QUOTED)
		plan->encoding = "quoted-printable";
	if (plan->text == CONVERT_BASE64)
		plan->encoding = "base64";
	return 0;
}

/* A header inside of what is signed stays 8-bit where the text of a message may
 * be. */
static int plan_header(const struct downgrade *d, const struct look_fact *fact,
                       struct convert_part *plan, struct fault *f)
{
	bool is_8bit = fact->header_is_8bit && !d->limits.can_utf8;
	bool is_long = fact->header_longest > FIELD_LINE;
	bool is_kept = fact->part.is_sealed ||
	               (d->look.has_dkim && fact->part.index > 0);
	const char *field = d->look.signed_field[!d->limits.can_utf8];

	if (!is_8bit && !is_long)
		return 0;
	if (is_kept && is_long)
		return refuse_line(fact->header_longest, obstacle(d, fact), f);
	if (is_kept && !d->limits.can_8bit)
		return refuse_8bit(obstacle(d, fact), f);
	if (is_kept)
		return 0;
	if (fact->part.index == 0 && field[0] != '\0')
		return fault_set(f, FAULT_PERM, "5.6.2",
		                 _("the header field %s is signed "
		                   "(DKIM-Signature) and would have to be "
		                   "changed for the server: encode and fold it "
		                   "before it is signed"),
		                 field);
	plan->fits_fields = true;
	return 0;
}

static const char *charset_of(const struct look_fact *fact)
{
	if (fact->above == 0)
		return "us-ascii";
	return utf8_is_good(&fact->utf8) ? "UTF-8" : "unknown-8bit";
}

/* What a header has to say of the text below it, now that some of it is encoded
 * or will be sent as 8-bit text. */
static void plan_labels(struct downgrade *d, bool is_converted)
{
	for (size_t i = 0; i < d->look.count; i++) {
		const struct mime_part *part = &d->look.fact[i].part;
		bool is_8bit =
			part->encoding == MIME_8BIT && !d->limits.can_8bit;
		struct convert_part *plan = &d->plan[i];

		if (plan->encoding != NULL && !part->has_type &&
		    part->kind == MIME_LEAF && part->is_text)
			plan->charset = charset_of(&d->look.fact[i]);
		if (is_converted && !part->is_sealed &&
		    plan->encoding == NULL &&
		    (is_8bit || part->encoding == MIME_BINARY))
			plan->encoding = d->limits.can_8bit ? "8bit" : "7bit";
		if (plan->encoding != NULL && plan->text != CONVERT_KEEP &&
		    !d->look.fact[part->message].part.has_version)
			d->plan[part->message].adds_version = true;
	}
}

static bool has_8bit_text(const struct downgrade *d)
{
	for (size_t i = 0; i < d->look.count; i++)
		if (d->look.fact[i].above > 0 ||
		    (i > 0 && d->look.fact[i].header_is_8bit))
			return true;
	return false;
}

/* 8-bit text is none of RFC 822: it needs MIME to say what it is. */
static void plan_version(struct downgrade *d)
{
	const struct look_fact *top = &d->look.fact[0];
	struct convert_part *plan = &d->plan[0];

	if (top->part.has_version || d->look.has_dkim ||
	    d->look.problem != NULL || !has_8bit_text(d))
		return;
	plan->adds_version = true;
	if (!top->part.has_type)
		plan->charset = charset_of(top);
	if (plan->encoding == NULL && top->part.encoding == MIME_NONE &&
	    d->limits.can_8bit)
		plan->encoding = "8bit";
}

/* ---- what it changes, in words ---- */

static void say(struct downgrade *d, bool holds, const char *what,
                const struct sbuf *names)
{
	if (!holds)
		return;
	if (d->changes.len > 0)
		sbuf_addstr(&d->changes, ", ");
	sbuf_addstr(&d->changes, what);
	if (names != NULL && names->len > 0)
		sbuf_addf(&d->changes, " (%s)", names->data);
}

static bool has_text(const struct downgrade *d, enum convert_text text)
{
	for (size_t i = 0; i < d->look.count; i++)
		if (d->plan[i].text == text)
			return true;
	return false;
}

static bool say_changes(struct downgrade *d)
{
	bool encodes = false, folds = false;

	for (size_t i = 0; i < d->look.count; i++) {
		const struct look_fact *fact = &d->look.fact[i];

		if (!d->plan[i].fits_fields)
			continue;
		encodes |= fact->header_is_8bit && !d->limits.can_utf8;
		folds |= fact->header_longest > FIELD_LINE;
	}
	say(d, has_text(d, CONVERT_QUOTED), _("text as quoted-printable"),
	    NULL);
	say(d, has_text(d, CONVERT_BASE64), _("data as base64"), NULL);
	say(d,
	    has_text(d, CONVERT_WRAP_QUOTED) ||
	            has_text(d, CONVERT_WRAP_BASE64),
	    _("long lines of encoded text cut"), NULL);
	say(d, has_text(d, CONVERT_CLEAN), _("text between parts cleaned"),
	    NULL);
	say(d, d->look.count > 0 && d->plan[0].adds_version,
	    _("declared as MIME"), NULL);
	say(d, encodes, _("header fields encoded"), &d->look.names_8bit);
	say(d, folds, _("long header fields folded"), &d->look.names_long);
	return d->changes.len > 0;
}

bool downgrade_is_needless(const struct wire_scan *scan,
                           const struct downgrade_limits *limits)
{
	return !scan->has_8bit && scan->longest <= FIELD_LINE &&
	       (!scan->has_nul || limits->can_8bit);
}

/* Of a message that cannot be taken apart the rest is unknown. */
static int plan_unknown(const struct downgrade *d, struct fault *f)
{
	if (d->look.scan.longest > FIELD_LINE)
		return refuse_line(d->look.scan.longest, _(d->look.problem), f);
	if (d->look.scan.has_8bit &&
	    (!d->limits.can_8bit ||
	     (d->look.scan.header_has_8bit && !d->limits.can_utf8)))
		return refuse_8bit(_(d->look.problem), f);
	return 0;
}

int downgrade_plan(struct downgrade *d, const struct downgrade_limits *limits,
                   struct fault *f)
{
	const struct fault *header = &d->look.fault[!limits->can_utf8];
	bool is_converted = false;

	d->limits = *limits;
	sbuf_reset(&d->changes);
	free(d->plan);
	d->plan = d->look.count == 0
	                  ? NULL
	                  : mem_array(d->look.count, sizeof(*d->plan));
	if (downgrade_is_needless(&d->look.scan, limits))
		return 0;
	if (d->look.problem != NULL)
		return plan_unknown(d, f);
	for (size_t i = 0; i < d->look.count; i++) {
		if (plan_text(d, &d->look.fact[i], &d->plan[i], f) != 0 ||
		    plan_header(d, &d->look.fact[i], &d->plan[i], f) != 0)
			return -1;
		is_converted |= d->plan[i].text != CONVERT_KEEP;
		if (d->plan[i].fits_fields && header->kind != FAULT_NONE) {
			*f = *header;
			return -1;
		}
	}
	plan_version(d);
	plan_labels(d, is_converted);
	return say_changes(d) ? 1 : 0;
}

const char *downgrade_changes(const struct downgrade *d)
{
	return d->changes.data;
}

/* ---- a reading ---- */

void downgrade_begin(struct downgrade *d,
                     int (*write)(void *arg, const char *bytes, size_t n),
                     void *arg)
{
	convert_free(&d->convert);
	d->convert = convert_create(d->plan, d->look.count, !d->limits.can_utf8,
	                            LOOK_HEADER, write, arg);
}

int downgrade_add(struct downgrade *d, const char *bytes, size_t n)
{
	return convert_add(d->convert, bytes, n);
}

int downgrade_end(struct downgrade *d)
{
	int result = convert_end(d->convert);

	convert_free(&d->convert);
	return result;
}
