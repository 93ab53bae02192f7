/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/deliver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/child.h"
#include "base/escape.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "flush/local.h"
#include "flush/maildir.h"

#define NAME_MAX_LENGTH 64 /* of a local part: RFC 5321, section 4.5.3.1.1 */
#define WORD_LIMIT 8192
#define OUTPUT_LIMIT 1000 /* what a command says, of which a line is shown */

/* --- what arrives --------------------------------------------------------- */

static int cannot_write(const char *name, struct fault *f)
{
	return fault_set(f, FAULT_TEMP, "4.2.0", _("cannot write %s: %s"), name,
	                 intl_error(errno));
}

/* Write a piece without the CR of each CRLF.  A CR at its end is kept back: the
 * next byte says what it is. */
static int write_piece(int to, const char *bytes, size_t n, bool *had_cr)
{
	char out[BUFSIZ + 1];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (*had_cr && bytes[i] != '\n')
			out[len++] = '\r';
		*had_cr = bytes[i] == '\r';
		if (!*had_cr)
			out[len++] = bytes[i];
	}
	return fdio_write(to, out, len);
}

/* Bytes of a file from `at` to `end`. */
static int copy(int from, off_t at, off_t end, int to, const char *name,
                struct fault *f)
{
	char piece[BUFSIZ];
	bool had_cr = false;

	while (at < end) {
		off_t left = end - at;
		size_t n = left < BUFSIZ ? (size_t)left : BUFSIZ;
		ssize_t k = fdio_pread(from, piece, n, at);

		if (k <= 0)
			return fault_set(
				f, FAULT_TEMP, "4.3.0",
				_("cannot read the message to deliver: %s"),
				intl_error(k < 0 ? errno : EIO));
		if (write_piece(to, piece, (size_t)k, &had_cr) != 0)
			return cannot_write(name, f);
		at += k;
	}
	if (had_cr && fdio_write(to, "\r", 1) != 0)
		return cannot_write(name, f);
	return 0;
}

int deliver_write(const struct local_message *m, int to, const char *name,
                  struct fault *f)
{
	off_t head_end = lseek(m->head, 0, SEEK_END);
	struct sbuf top;
	int result;

	sbuf_init(&top, 2000);
	sbuf_addf(&top, "Return-Path: <%s>\nDelivered-To: %s\n", m->sender,
	          m->recipient);
	result = fdio_write(to, top.data, top.len);
	sbuf_release(&top);
	if (result != 0)
		return cannot_write(name, f);
	if (copy(m->head, 0, head_end, to, name, f) != 0)
		return -1;
	return copy(m->body, m->begin, m->end, to, name, f);
}

/* --- words ---------------------------------------------------------------- */

static bool is_fit(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= NAME_MAX_LENGTH && name[0] != '.' &&
	       name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
	                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

/* A word with the name where it has %u; the caller frees it. */
static char *fill_in(const char *word, const char *name)
{
	struct sbuf b;
	char *filled;

	sbuf_init(&b, WORD_LIMIT);
	while (*word != '\0') {
		if (strncmp(word, "%u", 2) == 0) {
			sbuf_addstr(&b, name);
			word += 2;
		} else {
			sbuf_add(&b, word++, 1);
		}
	}
	filled = b.overflow ? NULL : mem_strdup(b.data);
	sbuf_release(&b);
	return filled;
}

static int too_long(struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("a word of `local` is longer than %d bytes: shorten "
	                   "it"),
	                 WORD_LIMIT);
}

/* --- a command ------------------------------------------------------------ */

/* What the statuses of sysexits.h mean to the message.  Any other is a fault of
 * the command's own, which is no reason to give mail up. */
static enum fault_kind kind_of(int status)
{
	switch (status) {
	case EX_USAGE:
	case EX_DATAERR:
	case EX_NOINPUT:
	case EX_NOUSER:
	case EX_NOHOST:
	case EX_UNAVAILABLE:
	case EX_SOFTWARE:
	case EX_PROTOCOL:
	case EX_NOPERM: return FAULT_PERM;
	case EX_CONFIG:
	case 127: return FAULT_CONFIG; /* a shell found no such program */
	default: return FAULT_TEMP;
	}
}

/* The first line that it said, if any, as it may be shown. */
static void add_line(struct fault *f, const struct sbuf *output)
{
	const char *s = output->data + strspn(output->data, " \t\r\n");
	char shown[200], before[sizeof(f->text)];
	size_t n = strcspn(s, "\r\n");

	if (n == 0)
		return;
	escape_copy(shown, sizeof(shown), s, n);
	memcpy(before, f->text, sizeof(before));
	fault_set(f, f->kind, f->code, "%.250s: %s", before, shown);
}

static const char *code_of(int status)
{
	if (status == EX_NOUSER)
		return "5.1.1";
	return kind_of(status) == FAULT_PERM ? "5.2.0" : "4.2.0";
}

static int judge(const char *program, int status, const struct sbuf *output,
                 struct fault *f)
{
	if (status == EX_OK)
		return 0;
	fault_set(f, kind_of(status), code_of(status),
	          _("the local command `%s` ended with status %d"), program,
	          status);
	add_line(f, output);
	return -1;
}

/* The message as a file, so that the command may read it at its own pace. */
static int message_file(const struct local_message *m, struct fault *f)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	if (fd < 0) {
		fault_set(f, FAULT_TEMP, "4.3.0",
		          _("no memory for the message: %s"),
		          intl_error(errno));
		return -1;
	}
	if (deliver_write(m, fd, _("the message in memory"), f) == 0)
		return fd;
	close(fd);
	return -1;
}

static int run(char *const words[], const struct local_message *m,
               struct fault *f)
{
	char sender[WORD_LIMIT], recipient[WORD_LIMIT];
	char *const variables[] = { sender, recipient, NULL };
	struct child_question q = { .argv = words,
		                    .variables = variables,
		                    .takes_errors = true,
		                    .deadline = LOCAL_COMMAND_TIME };
	struct sbuf output;
	int status, result;

	snprintf(sender, sizeof(sender), "SENDER=%s", m->sender);
	snprintf(recipient, sizeof(recipient), "RECIPIENT=%s", m->recipient);
	q.input_file = message_file(m, f);
	if (q.input_file < 0)
		return -1;
	sbuf_init(&output, OUTPUT_LIMIT);
	result = child_run(&q, &output, &status, f);
	if (result == 0)
		result = judge(words[0], status, &output, f);
	sbuf_release(&output);
	close(q.input_file);
	return result;
}

static int run_command(const struct delivery *d, const struct local_message *m,
                       struct fault *f)
{
	size_t count = 0;
	char **words;
	int result = 0;

	while (d->words[count] != NULL)
		count++;
	words = mem_array(count + 1, sizeof(*words));
	for (size_t i = 0; i < count && result == 0; i++) {
		words[i] = fill_in(d->words[i], m->recipient);
		if (words[i] == NULL)
			result = too_long(f);
	}
	if (result == 0)
		result = run(words, m, f);
	for (size_t i = 0; i < count; i++)
		free(words[i]);
	free(words);
	return result;
}

/* -------------------------------------------------------------------------- */

static int into_maildir(const struct delivery *d, const struct local_message *m,
                        struct fault *f)
{
	char *path = fill_in(d->words[0], m->recipient);
	int result = path != NULL ? maildir_deliver(path, m, f) : too_long(f);

	free(path);
	return result;
}

int deliver(const struct delivery *d, const struct local_message *m,
            struct fault *f)
{
	char shown[100];

	if (!is_fit(m->recipient)) {
		escape_copy(shown, sizeof(shown), m->recipient,
		            strlen(m->recipient));
		return fault_set(f, FAULT_PERM, "5.1.1",
		                 _("`%s` can be nobody's name on this machine: "
		                   "names have letters, digits, dots, hyphens "
		                   "and underscores"),
		                 shown);
	}
	switch (d->kind) {
	case DELIVERY_MAILDIR: return into_maildir(d, m, f);
	case DELIVERY_COMMAND: return run_command(d, m, f);
	case DELIVERY_NONE: break;
	}
	return fault_set(f, FAULT_TEMP, "4.3.5",
	                 _("`local` is not set any more: the next pass sends "
	                   "this to a smarthost"));
}
