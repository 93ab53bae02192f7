/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "helper/question.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/intl.h"

/* Is the last line of it empty? */
static bool is_whole(const struct sbuf *b)
{
	static const char *const ends[] = { "\n\n", "\n\r\n" };

	if (strcmp(b->data, "\n") == 0 || strcmp(b->data, "\r\n") == 0)
		return true;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		size_t n = strlen(ends[i]);

		if (b->len >= n && strcmp(b->data + b->len - n, ends[i]) == 0)
			return true;
	}
	return false;
}

/* One byte at a time: a question is short, and its reader need not be the last
 * one. */
static int read_lines(int fd, struct sbuf *b, struct fault *f)
{
	ssize_t n = 1;
	char c;

	while (!is_whole(b) && !b->overflow) {
		n = fdio_read(fd, &c, 1);
		if (n <= 0)
			break;
		sbuf_add(b, &c, 1);
	}
	explicit_bzero(&c, 1);
	if (n < 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("cannot read the question: %s"),
		                 intl_error(errno));
	if (b->overflow || strlen(b->data) != b->len)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the question is too long or has a NUL byte "
		                   "in it"));
	return 0;
}

int question_read(int fd, struct pairs *question, struct fault *f)
{
	struct sbuf b;
	int result;

	sbuf_init(&b, PAIRS_LIMIT);
	result = read_lines(fd, &b, f);
	if (result == 0 && pairs_read(question, b.data, b.len, f) != 0) {
		f->kind = FAULT_CONFIG; /* to ask it again is no use */
		result = fault_wrap(f, _("this is no question"));
	}
	sbuf_release(&b);
	return result;
}

static int exit_status(const struct fault *f)
{
	return f->kind == FAULT_TEMP ? EX_TEMPFAIL : EX_CONFIG;
}

int question_answer(int fd, struct pairs *answer, const struct fault *f,
                    bool failed)
{
	struct fault ignored;
	struct sbuf b;
	int written;

	if (failed) {
		pairs_release(answer);
		pairs_put(answer, "error", f->text, &ignored);
	}
	sbuf_init(&b, PAIRS_LIMIT + PAIRS_KEY);
	pairs_write(answer, &b);
	written = fdio_write(fd, b.data, b.len);
	sbuf_release(&b);
	if (written != 0)
		return EX_IOERR;
	return failed ? exit_status(f) : EX_OK;
}
