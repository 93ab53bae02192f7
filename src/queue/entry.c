/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "queue/dsn.h"

#define VERSION_LINE "relay 1\n"
#define VERSION_WORD "relay "
#define SMTPUTF8 "SMTPUTF8"
#define TRAILER_LENGTH 28 /* "= ", 16 digits, " ", 8 digits, "\n" */
#define WRITE_SIZE 131072
#define READ_SIZE 65536

static bool is_clean(const char *value)
{
	for (; *value != '\0'; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7f)
			return false;
	return true;
}

/* --- writing ------------------------------------------------------------ */

void entry_writer_init(struct entry_writer *w, int fd)
{
	*w = (struct entry_writer){ .fd = fd };
	sbuf_init(&w->pending, WRITE_SIZE);
}

void entry_writer_release(struct entry_writer *w)
{
	sbuf_release(&w->pending);
}

static int give_to_kernel(struct entry_writer *w, const char *bytes, size_t n,
                          struct fault *f)
{
	int code;

	if (fdio_write(w->fd, bytes, n) == 0)
		return 0;
	code = errno;
	fault_set_exit(f, EX_IOERR,
	               _("cannot write the message to the queue: %s"),
	               intl_error(code));
	return fault_code_of(f, code);
}

static int write_out(struct entry_writer *w, struct fault *f)
{
	int result = give_to_kernel(w, w->pending.data, w->pending.len, f);

	sbuf_reset(&w->pending);
	return result;
}

int entry_write(struct entry_writer *w, const char *bytes, size_t n,
                struct fault *f)
{
	w->crc = crc_add(w->crc, bytes, n);
	w->length += n;
	if (n > WRITE_SIZE - w->pending.len && write_out(w, f) != 0)
		return -1;
	if (n > WRITE_SIZE)
		return give_to_kernel(w, bytes, n, f);
	sbuf_add(&w->pending, bytes, n);
	return 0;
}

static int write_line(struct entry_writer *w, char letter, const char *value,
                      struct fault *f)
{
	const char start[2] = { letter, ' ' };

	if (value == NULL)
		return 0;
	if (!is_clean(value))
		return fault_set_exit(f, EX_DATAERR,
		                      _("control character in \"%s\": nothing "
		                        "was queued"),
		                      value);
	if (strlen(value) > ENTRY_VALUE_LIMIT)
		return fault_set_exit(f, EX_DATAERR,
		                      _("\"%.60s...\" is longer than %d bytes: "
		                        "nothing was queued"),
		                      value, ENTRY_VALUE_LIMIT);
	if (entry_write(w, start, sizeof(start), f) != 0 ||
	    entry_write(w, value, strlen(value), f) != 0)
		return -1;
	return entry_write(w, "\n", 1, f);
}

static int write_recipient(struct entry_writer *w, const char *address,
                           const struct entry_dsn *dsn, struct fault *f)
{
	if ((dsn->orcpt != NULL &&
	     !dsn_is_orcpt(dsn->orcpt, strlen(dsn->orcpt))) ||
	    (dsn->notify != NULL &&
	     !dsn_is_notify(dsn->notify, strlen(dsn->notify))))
		return fault_set_exit(f, EX_DATAERR,
		                      _("ORCPT or NOTIFY of \"%.60s\" is not "
		                        "readable: nothing was queued"),
		                      address);
	if (write_line(w, 'R', address, f) != 0 ||
	    write_line(w, 'O', dsn->orcpt, f) != 0)
		return -1;
	return write_line(w, 'Y', dsn->notify, f);
}

int entry_write_envelope(struct entry_writer *w,
                         const struct entry_envelope *env, struct fault *f)
{
	char uid[16];

	snprintf(uid, sizeof(uid), "%u", env->uid);
	if (entry_write(w, VERSION_LINE, sizeof(VERSION_LINE) - 1, f) != 0 ||
	    write_line(w, 'S', env->sender, f) != 0)
		return -1;
	for (size_t i = 0; i < env->recipient_count; i++)
		if (write_recipient(w, env->recipients[i], &env->dsn[i], f) !=
		    0)
			return -1;
	if (write_line(w, 'U', uid, f) != 0 ||
	    write_line(w, 'B', env->body, f) != 0 ||
	    write_line(w, 'N', env->notify, f) != 0 ||
	    write_line(w, 'T', env->ret, f) != 0 ||
	    write_line(w, 'V', env->envid, f) != 0 ||
	    write_line(w, 'E', env->smtputf8 ? SMTPUTF8 : NULL, f) != 0 ||
	    write_line(w, 'P', env->about, f) != 0)
		return -1;
	if (env->sender == NULL || env->recipient_count == 0)
		return fault_set_exit(f, EX_DATAERR,
		                      _("the message has no recipient or no "
		                        "sender: nothing was queued"));
	if (env->recipient_count > ENTRY_RECIPIENT_LIMIT ||
	    w->length >= ENTRY_ENVELOPE_LIMIT)
		return fault_set_exit(f, EX_DATAERR,
		                      _("%zu recipients are more than one "
		                        "message may have (%d): send it in "
		                        "several parts"),
		                      env->recipient_count,
		                      ENTRY_RECIPIENT_LIMIT);
	return entry_write(w, "\n", 1, f);
}

int entry_finish(struct entry_writer *w, struct fault *f)
{
	char trailer[TRAILER_LENGTH + 1];

	snprintf(trailer, sizeof(trailer), "= %016" PRIX64 " %08" PRIX32 "\n",
	         w->length, w->crc);
	if (write_out(w, f) != 0)
		return -1;
	return give_to_kernel(w, trailer, TRAILER_LENGTH, f);
}

/* --- reading ------------------------------------------------------------ */

void entry_init(struct entry *e)
{
	memset(e, 0, sizeof(*e));
	e->fd = -1;
}

void entry_release(struct entry *e)
{
	if (e->fd >= 0)
		close(e->fd);
	entry_envelope_release(&e->envelope);
	entry_init(e);
}

static int damaged(struct fault *f, const char *what)
{
	return fault_set(f, FAULT_PERM, "5.3.0",
	                 _("the queue file is damaged: %s"), what);
}

static int unreadable(struct fault *f)
{
	return fault_set(f, FAULT_TEMP, "4.3.0",
	                 _("cannot read the queue file: %s"),
	                 intl_error(errno));
}

/* Upper-case hex only: a changed bit in a digit must not read the same. */
static bool parse_hex(const char *s, size_t digits, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < digits; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			*value = *value << 4 | (uint64_t)(s[i] - '0');
		else if (s[i] >= 'A' && s[i] <= 'F')
			*value = *value << 4 | (uint64_t)(s[i] - 'A' + 10);
		else
			return false;
	}
	return true;
}

static int read_trailer(struct entry *e, struct fault *f)
{
	char t[TRAILER_LENGTH];
	uint64_t length, crc;
	struct stat st;
	ssize_t k;

	if (fstat(e->fd, &st) != 0)
		return unreadable(f);
	if (st.st_size < TRAILER_LENGTH)
		return damaged(f, _("it is cut short"));
	e->content_end = st.st_size - TRAILER_LENGTH;
	k = fdio_pread(e->fd, t, sizeof(t), e->content_end);
	if (k < 0)
		return unreadable(f);
	if (k != TRAILER_LENGTH || memcmp(t, "= ", 2) != 0 || t[18] != ' ' ||
	    t[27] != '\n' || !parse_hex(t + 2, 16, &length) ||
	    !parse_hex(t + 19, 8, &crc) || length != (uint64_t)e->content_end)
		return damaged(f, _("its last line is missing"));
	e->crc = (uint32_t)crc;
	return 0;
}

/* A value that may appear once. */
static int set_once(char **where, const char *value, struct fault *f)
{
	if (*where != NULL)
		return damaged(f, _("an envelope line appears twice"));
	*where = mem_strdup(value);
	return 0;
}

/* ORCPT comes before NOTIFY, both after their recipient. */
static int take_orcpt(struct entry_envelope *env, const char *value,
                      struct fault *f)
{
	const struct entry_dsn *dsn;

	if (env->recipient_count == 0 || !dsn_is_orcpt(value, strlen(value)))
		return damaged(f, _("an envelope line is not readable"));
	dsn = &env->dsn[env->recipient_count - 1];
	if (dsn->orcpt != NULL || dsn->notify != NULL)
		return damaged(f, _("an envelope line appears twice"));
	entry_envelope_add_dsn(env, value, NULL);
	return 0;
}

static int take_notify(struct entry_envelope *env, const char *value,
                       struct fault *f)
{
	if (env->recipient_count == 0 || !dsn_is_notify(value, strlen(value)))
		return damaged(f, _("an envelope line is not readable"));
	return set_once(&env->dsn[env->recipient_count - 1].notify, value, f);
}

static int take_smtputf8(struct entry_envelope *env, const char *value,
                         struct fault *f)
{
	if (strcmp(value, SMTPUTF8) != 0)
		return damaged(f, _("an envelope line is not readable"));
	if (env->smtputf8)
		return damaged(f, _("an envelope line appears twice"));
	env->smtputf8 = true;
	return 0;
}

static int take_about(struct entry_envelope *env, const char *value,
                      struct fault *f)
{
	if (!entry_is_id(value))
		return damaged(f, _("an envelope line is not readable"));
	return set_once(&env->about, value, f);
}

static int take_line(struct entry_envelope *env, const char *line, size_t n,
                     struct fault *f)
{
	const char *value = line + 2;

	if (n < 2 || line[1] != ' ' || strlen(line) != n || !is_clean(line))
		return damaged(f, _("an envelope line is not readable"));
	if (n - 2 > ENTRY_VALUE_LIMIT)
		return damaged(f, _("an envelope line is too long"));
	switch (line[0]) {
	case 'S': return set_once(&env->sender, value, f);
	case 'R':
		if (env->recipient_count >= ENTRY_RECIPIENT_LIMIT)
			return damaged(f, _("too many recipients"));
		entry_envelope_add(env, value);
		return 0;
	case 'O': return take_orcpt(env, value, f);
	case 'Y': return take_notify(env, value, f);
	case 'U': env->uid = (unsigned)strtoul(value, NULL, 10); return 0;
	case 'B': return set_once(&env->body, value, f);
	case 'N': return set_once(&env->notify, value, f);
	case 'T': return set_once(&env->ret, value, f);
	case 'V': return set_once(&env->envid, value, f);
	case 'E': return take_smtputf8(env, value, f);
	case 'P': return take_about(env, value, f);
	default: return damaged(f, _("an envelope line is of an unknown kind"));
	}
}

static int take_version(const char *line, struct fault *f)
{
	const char *number = line + sizeof(VERSION_WORD) - 1;

	if (strcmp(line, "relay 1") == 0)
		return 0;
	if (strncmp(line, VERSION_WORD, sizeof(VERSION_WORD) - 1) == 0 &&
	    number[0] >= '1' && number[0] <= '9' &&
	    strspn(number, "0123456789") == strlen(number))
		return fault_set(f, FAULT_CONFIG, "4.3.0",
		                 _("the queue file was written by a newer "
		                   "relay (format %s): it is left alone, "
		                   "update relay to send it"),
		                 number);
	return damaged(f, _("its first line is not ours"));
}

/* Lines that are complete in `text`; how many bytes they took, -1: fault.
 * *done: the empty line was among them. */
static ssize_t take_lines(struct entry *e, struct sbuf *text, bool *first,
                          bool *done, struct fault *f)
{
	size_t used = 0;

	while (!*done) {
		char *line = text->data + used;
		char *end = memchr(line, '\n', text->len - used);
		size_t n;
		int result = 0;

		if (end == NULL)
			break;
		*end = '\0';
		n = (size_t)(end - line);
		if (*first)
			result = strlen(line) == n
			                 ? take_version(line, f)
			                 : damaged(f, _("it holds a NUL byte"));
		else if (n == 0)
			*done = true;
		else
			result = take_line(&e->envelope, line, n, f);
		if (result != 0)
			return -1;
		*end = '\n';
		*first = false;
		used += n + 1;
	}
	return (ssize_t)used;
}

static int read_lines(struct entry *e, struct sbuf *text, struct fault *f)
{
	bool first = true, done = false;
	off_t at = 0;

	while (!done) {
		char piece[4096];
		ssize_t k, used;

		k = fdio_pread(e->fd, piece, sizeof(piece), at);
		if (k < 0)
			return unreadable(f);
		if (k == 0 || at > (off_t)ENTRY_ENVELOPE_LIMIT)
			return damaged(f, _("its envelope has no end"));
		sbuf_add(text, piece, (size_t)k);
		at += k;
		if (text->overflow)
			return damaged(f, _("an envelope line is too long"));
		used = take_lines(e, text, &first, &done, f);
		if (used < 0)
			return -1;
		e->head_crc = crc_add(e->head_crc, text->data, (size_t)used);
		e->content += used;
		sbuf_drop(text, (size_t)used);
	}
	return 0;
}

int entry_read(struct entry *e, struct fault *f)
{
	struct sbuf text;
	int result;

	/* One line of an envelope plus one read, with room to spare. */
	sbuf_init(&text, 2 * ENTRY_VALUE_LIMIT);
	e->content = 0;
	e->head_crc = 0;
	result = read_lines(e, &text, f);
	sbuf_release(&text);
	if (result != 0 || read_trailer(e, f) != 0)
		return -1;
	if (e->envelope.sender == NULL || e->envelope.recipient_count == 0 ||
	    e->content > e->content_end)
		return damaged(f, _("its envelope is not complete"));
	entry_rewind(e);
	return 0;
}

void entry_rewind(struct entry *e)
{
	e->at = e->content;
	e->running = e->head_crc;
}

ssize_t entry_next(struct entry *e, char *bytes, size_t size, struct fault *f)
{
	off_t left = e->content_end - e->at;
	ssize_t k;

	if ((off_t)size > left)
		size = (size_t)left;
	k = fdio_pread(e->fd, bytes, size, e->at);
	if (k < 0)
		return unreadable(f);
	if ((size_t)k != size)
		return damaged(f, _("it is cut short"));
	e->running = crc_add(e->running, bytes, size);
	e->at += k;
	if (e->at == e->content_end && e->running != e->crc)
		return damaged(f, _("its checksum does not agree"));
	return k;
}

int entry_verify(struct entry *e,
                 void (*see)(void *arg, const char *bytes, size_t n), void *arg,
                 struct fault *f)
{
	char *piece = mem_alloc(READ_SIZE);
	ssize_t k;

	entry_rewind(e);
	while ((k = entry_next(e, piece, READ_SIZE, f)) > 0)
		if (see != NULL)
			see(arg, piece, (size_t)k);
	free(piece);
	if (k == 0 && e->running != e->crc)
		return damaged(f, _("its checksum does not agree"));
	entry_rewind(e);
	return k < 0 ? -1 : 0;
}

bool entry_is_id(const char *name)
{
	uint64_t value;

	return strlen(name) == ENTRY_ID_LENGTH && parse_hex(name, 14, &value) &&
	       parse_hex(name + 14, 8, &value);
}

int64_t entry_time(const char *id)
{
	uint64_t microseconds = 0;

	parse_hex(id, 14, &microseconds);
	return (int64_t)(microseconds / 1000000);
}
