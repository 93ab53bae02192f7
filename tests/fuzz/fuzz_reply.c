/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_reply - any bytes from a server
 *
 * The first byte says how long the pieces are.  It ends, never takes more than
 * it is given, stays within its limits, reads the same whole and in pieces, and
 * what it shows is one printable line.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/reply.h"
#include "smtp/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_reply: not true: %s\n", what);
	abort();
}

static void check_shown(const struct reply *r)
{
	char text[300];

	reply_show(r, text, sizeof(text));
	must(strlen(text) >= 4, "shown code");
	for (const char *s = text; *s != '\0'; s++)
		must((unsigned char)*s >= 0x20 && *s != 0x7f, "printable");
}

static void check_verdicts(const struct reply *r)
{
	for (int at = VERDICT_AT_GREETING; at <= VERDICT_AT_TOKEN; at <<= 1) {
		struct fault f = { .kind = FAULT_NONE };
		enum verdict_scope scope =
			verdict_judge((enum verdict_step)at, r, &f);

		must(f.kind != FAULT_NONE, "a verdict");
		must(!verdict_is_account(scope) || f.kind != FAULT_PERM,
		     "trouble of the account returns no mail");
		must((at >= VERDICT_AT_MAIL && at <= VERDICT_AT_FINAL) ||
		             verdict_is_account(scope),
		     "before MAIL there is only the account");
	}
}

static void check_reply(const struct reply *r)
{
	must(r->code >= 200 && r->code <= 559, "code");
	must(r->lines >= 1 && r->lines <= REPLY_LINES, "lines");
	must(r->text.len <= REPLY_BYTES && !r->text.overflow, "text");
	must(r->status[0] == '\0' || r->status[0] == '0' + r->code / 100,
	     "status of the code's class");
	check_shown(r);
	check_verdicts(r);
}

/* Add to `sum` what the bytes mean when read in pieces of `piece`. */
static void read_all(const char *bytes, size_t n, size_t piece,
                     struct sbuf *sum)
{
	enum reply_result result = REPLY_MORE;
	struct reply_reader r;

	reply_reader_init(&r);
	for (size_t at = 0; at < n && result != REPLY_BAD;) {
		size_t length = n - at < piece ? n - at : piece, used;
		struct fault f = { .kind = FAULT_NONE };

		result = reply_read(&r, bytes + at, length, &used, &f);
		must(used <= length, "used");
		must(used > 0 || result == REPLY_BAD, "progress");
		must((result == REPLY_BAD) == (f.kind != FAULT_NONE), "fault");
		must(result != REPLY_MORE || used == length, "all taken");
		at += used;
		if (result != REPLY_DONE)
			continue;
		check_reply(&r.reply);
		sbuf_addf(sum, "%d %s %zu %zu\n", r.reply.code, r.reply.status,
		          r.reply.lines, r.reply.text.len);
		sbuf_add(sum, r.reply.text.data, r.reply.text.len);
	}
	sbuf_addstr(sum, result == REPLY_BAD ? "bad" : "");
	reply_reader_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct sbuf whole, pieces;

	if (n == 0)
		return 0;
	sbuf_init(&whole, 1 << 24);
	sbuf_init(&pieces, 1 << 24);
	read_all((const char *)bytes + 1, n - 1, n, &whole);
	read_all((const char *)bytes + 1, n - 1, (size_t)bytes[0] % 16 + 1,
	         &pieces);
	must(whole.len == pieces.len &&
	             memcmp(whole.data, pieces.data, whole.len) == 0,
	     "the same in pieces");
	sbuf_release(&whole);
	sbuf_release(&pieces);
	return 0;
}
