/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_args - any words and any standard input for sendmail
 *
 * The first byte is the number of words, each ends in NUL, the rest is the
 * input.  Parsing opens no file, and what it keeps are the caller's words.  A
 * refusal has status 64 or 65, one line of text and leaves nothing; a success
 * leaves one whole entry, whose addresses pass address_check() and whose
 * message has what it must have.  While a message is taken only names of the
 * queue are opened, whatever the words are.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "message/address.h"
#include "message/header.h"
#include "message/wire.h"
#include "queue/spool.h"
#include "sendmail/args.h"
#include "sendmail/submit.h"

#define WORDS_MAX 255
#define MESSAGE_LIMIT ((size_t)1 << 26)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* --- what is opened ----------------------------------------------------- */

static enum {
	ANYTHING,
	QUEUE_ONLY,
	NOTHING,
} allowed;
static char queue[64]; /* of this process, in memory where that can be */

static bool is_of_queue(const char *path)
{
	static const char *const names[] = { queue, ".", "tmp", "new" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return entry_is_id(path);
}

/* In place of libc's. */
int openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list more;

	must(allowed == ANYTHING ||
	     (allowed == QUEUE_ONLY && is_of_queue(path)));
	if ((flags & O_CREAT) != 0) {
		va_start(more, flags);
		mode = va_arg(more, mode_t);
		va_end(more);
	}
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list more;

	if ((flags & O_CREAT) != 0) {
		va_start(more, flags);
		mode = va_arg(more, mode_t);
		va_end(more);
	}
	return openat(AT_FDCWD, path, flags, mode);
}

/* --- the queue ---------------------------------------------------------- */

static void make_place(const char *name)
{
	char path[sizeof(queue) + 8];

	snprintf(path, sizeof(path), "%s%s", queue, name);
	must(mkdir(path, 0700) == 0);
}

static void forget_queue(void)
{
	static const char *const names[] = { "/new", "/tmp", "" };
	char path[sizeof(queue) + 8];

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		snprintf(path, sizeof(path), "%s%s", queue, names[i]);
		rmdir(path);
	}
}

static void make_queue(void)
{
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	if (queue[0] != '\0')
		return;
	snprintf(queue, sizeof(queue), "%s/relay-fuzz.XXXXXX", where);
	must(mkdtemp(queue) != NULL);
	make_place("/tmp");
	make_place("/new");
	must(atexit(forget_queue) == 0);
}

static int see_name(void *arg, const char *name)
{
	size_t *count = arg;

	(void)name;
	(*count)++;
	return 0;
}

static size_t count_names(const struct dir *d)
{
	struct fault f = { 0 };
	size_t count = 0;

	must(dir_each(d, see_name, &count, &f) == 0);
	return count;
}

/* --- what was queued ---------------------------------------------------- */

static void collect(void *arg, const char *bytes, size_t n)
{
	sbuf_add(arg, bytes, n);
}

static int ignore(void *arg, const char *bytes, size_t n)
{
	(void)arg, (void)bytes, (void)n;
	return 0;
}

static size_t count_fields(const struct header *h, const char *name)
{
	struct header_field *field = NULL;
	size_t count = 0;

	while ((field = header_find(h, name, field)) != NULL)
		count++;
	return count;
}

static void check_header(const struct sbuf *message)
{
	static struct wire_input w;
	struct wire_line line;
	struct header h;
	size_t at = 0;

	header_init(&h, MESSAGE_LIMIT, WORDS_MAX * 1000);
	wire_input_init(&w, true, false, MESSAGE_LIMIT, ignore, NULL);
	do {
		must(wire_next_line(&w, message->data + at, message->len - at,
		                    true, &line) == WIRE_NEXT_LINE);
		at += line.used;
	} while (header_add_line(&h, line.text, line.len) == HEADER_TAKEN);
	must(line.len == 0);
	must(count_fields(&h, "From") >= 1);
	must(count_fields(&h, "Date") >= 1);
	must(count_fields(&h, "Message-ID") >= 1);
	must(count_fields(&h, "Bcc") == 0);
	must(count_fields(&h, "Resent-Bcc") == 0);
	must(count_fields(&h, "Return-Path") == 0);
	header_release(&h);
}

static void check_message(const struct sbuf *message)
{
	struct wire_scan scan;

	wire_scan_init(&scan);
	wire_scan_add(&scan, message->data, message->len);
	must(scan.bare == 0 && scan.ends_with_crlf);
	must(scan.in_body);
	check_header(message);
}

static void check_entry(const struct spool *s)
{
	struct fault f = { 0 };
	struct names list;
	struct sbuf message;
	struct entry e;

	must(spool_list(s, SPOOL_NEW, &list, &f) == 0 && list.count == 1);
	must(spool_take(s, SPOOL_NEW, NAMES_AT(&list, 0), &e, &f) ==
	     SPOOL_TAKEN);
	must(e.envelope.sender[0] == '\0' ||
	     address_check(e.envelope.sender, &f) == 0);
	must(e.envelope.recipient_count > 0);
	for (size_t i = 0; i < e.envelope.recipient_count; i++)
		must(address_check(e.envelope.recipients[i], &f) == 0);
	sbuf_init(&message, MESSAGE_LIMIT);
	must(entry_verify(&e, collect, &message, &f) == 0);
	must(!message.overflow);
	check_message(&message);
	sbuf_release(&message);
	must(unlinkat(s->place[SPOOL_NEW].fd, NAMES_AT(&list, 0), 0) == 0);
	entry_release(&e);
	names_release(&list);
}

/* --- one call ----------------------------------------------------------- */

static void check_refusal(const struct fault *f)
{
	int status = fault_exit_status(f);

	must(status == 64 || status == 65);
	must(f->text[0] != '\0' && strpbrk(f->text, "\r\n\x1b") == NULL);
}

/* Descriptor 0 reads these bytes. */
static void set_input(const uint8_t *bytes, size_t n)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
	must(lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) == 0);
	close(fd);
}

static void take_message(struct args *args, const uint8_t *input, size_t n)
{
	char login[] = "alice", name[] = "Alice \"A\" M\xc3\xbc";
	struct site site = {
		.owner = geteuid(), .queue = queue, .login = login, .name = name
	};
	struct fault f = { 0 };
	struct spool s;
	int result;

	args->is_patient = true; /* there is no flusher to wake */
	set_input(input, n);
	allowed = QUEUE_ONLY;
	result = submit(args, &site, &f);
	allowed = ANYTHING;
	spool_init(&s);
	must(spool_open_to_submit(&s, queue, &(struct fault){ 0 }) == 0);
	if (result == 0)
		check_entry(&s);
	else
		check_refusal(&f);
	must(count_names(&s.tmp) == 0);
	must(count_names(&s.place[SPOOL_NEW]) == 0);
	spool_release(&s);
}

/* A value is a part of one of the words, to its end. */
static void check_value(const char *value, char *const words[], int count)
{
	const char *from = words[0];
	const char *end = words[count - 1] + strlen(words[count - 1]);

	must(value == NULL || (value >= from && value <= end));
}

static void check_args(const struct args *args, char *const words[], int count)
{
	const char *const values[] = { args->sender, args->full_name,
		                       args->body,   args->notify,
		                       args->ret,    args->envid,
		                       args->tag };

	for (size_t i = 0; i < COUNT_OF(values); i++)
		check_value(values[i], words, count);
	must(args->operand_count < (size_t)count);
	for (size_t i = 0; i < args->operand_count; i++)
		check_value(args->operands[i], words, count);
}

/* Cut the words out of one block; how many there are. */
static int split(char *text, size_t n, int want, char *words[], size_t *used)
{
	int count = 0;

	*used = 0;
	while (count < want && *used < n) {
		words[count++] = text + *used;
		*used += strnlen(text + *used, n - *used) + 1;
	}
	if (*used > n) /* the last one ends with the input */
		*used = n;
	words[count] = NULL;
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *words[WORDS_MAX + 1], *text;
	struct fault f = { 0 };
	struct args args;
	size_t used;
	int count;

	if (n < 2)
		return 0;
	make_queue();
	text = mem_alloc(n);
	memcpy(text, bytes + 1, n - 1);
	text[n - 1] = '\0';
	count = split(text, n - 1, bytes[0], words, &used);
	allowed = NOTHING;
	if (args_parse(&args, count, words, &f) != 0) {
		allowed = ANYTHING;
		check_refusal(&f);
	} else {
		allowed = ANYTHING;
		if (count > 0)
			check_args(&args, words, count);
		if (args.mode == ARGS_SUBMIT)
			take_message(&args, bytes + 1 + used, n - 1 - used);
	}
	args_release(&args);
	free(text);
	return 0;
}
