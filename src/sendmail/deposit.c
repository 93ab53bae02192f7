/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sendmail/deposit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/port.h"
#include "message/complete.h"
#include "queue/id.h"
#include "queue/wake.h"
#include "sendmail/handover.h"

#define PIECE ((size_t)65536)     /* of the header, looked at in one go */
#define HASTE ((uint64_t)1 << 20) /* bytes that the disk gets in one go */
#define HOST_NAME_SIZE 256

/* The disk works while we read on: of a message of megabytes the fsync finds
 * the last one to do. */
static void hasten(struct deposit *d)
{
	uint64_t waiting = d->writer.length - d->hastened;

	if (waiting < HASTE)
		return;
	port_hasten(d->fd, d->hastened, waiting);
	d->hastened += waiting;
}

/* wire_input's output goes to the entry. */
static int write_body(void *arg, const char *bytes, size_t n)
{
	struct deposit *d = arg;

	if (d->site->is_system)
		handover_spill(d->fd, d->writer.length, &d->is_spilled);
	else
		hasten(d);
	return entry_write(&d->writer, bytes, n, d->fault);
}

void deposit_init(struct deposit *d, const struct site *site,
                  const struct deposit_envelope *envelope,
                  struct deposit_how how)
{
	memset(d, 0, sizeof(*d));
	d->site = site;
	d->envelope = envelope;
	d->fd = -1;
	spool_init(&d->spool);
	header_init(&d->header, HEADER_BYTE_LIMIT, HEADER_FIELD_LIMIT);
	sbuf_init(&d->unread, HEADER_BYTE_LIMIT + 2 * PIECE);
	wire_input_init(&d->input, how.dots_are_data, how.is_terminal,
	                HEADER_BYTE_LIMIT, write_body, d);
	entry_writer_init(&d->writer, -1);
}

void deposit_release(struct deposit *d)
{
	if (d->fd >= 0 && d->site->is_system)
		close(d->fd);
	else if (d->fd >= 0)
		spool_abandon(&d->spool, d->id, d->fd);
	d->fd = -1;
	spool_release(&d->spool);
	header_release(&d->header);
	sbuf_release(&d->unread);
	entry_writer_release(&d->writer);
}

int deposit_open(struct deposit *d, struct fault *f)
{
	return d->site->is_system
	               ? 0
	               : spool_open_to_submit(&d->spool, d->site->queue, f);
}

/* --- the entry ---------------------------------------------------------- */

static char *copy(const char *value)
{
	return value != NULL ? mem_strdup(value) : NULL;
}

static int write_envelope(struct deposit *d, struct fault *f)
{
	const struct deposit_envelope *given = d->envelope;
	struct entry_envelope env;
	int result;

	entry_envelope_init(&env);
	env.sender = mem_strdup(given->sender);
	for (size_t i = 0; i < given->recipients->count; i++) {
		entry_envelope_add(&env, given->recipients->item[i]);
		if (given->dsn != NULL)
			entry_envelope_add_dsn(&env, given->dsn[i].orcpt,
			                       given->dsn[i].notify);
	}
	env.uid = (unsigned)getuid();
	env.body = copy(given->body);
	env.notify = copy(given->notify);
	env.ret = copy(given->ret);
	env.envid = copy(given->envid);
	env.smtputf8 = given->smtputf8;
	result = entry_write_envelope(&d->writer, &env, f);
	entry_envelope_release(&env);
	return result;
}

static int complete(struct deposit *d, struct fault *f)
{
	const char *name = d->envelope->full_name;
	char host[HOST_NAME_SIZE] = "localhost";
	struct complete_facts facts = {
		.sender = d->envelope->sender,
		.login = d->site->login,
		.full_name = name != NULL ? name : d->site->name,
		.hostname = host,
		.id = d->id,
		.now = clock_seconds(),
	};

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		memcpy(host, "localhost", sizeof("localhost"));
	return complete_header(&d->header, &facts, f);
}

/* relay-drop gives the entry its name; ours makes the Message-ID. */
static int create(struct deposit *d, struct fault *f)
{
	if (!d->site->is_system)
		return spool_create(&d->spool, d->id, f);
	if (id_make(d->id, clock_now()) != 0)
		return fault_set_exit(
			f, EX_OSERR, _("no random numbers from the kernel: %s"),
			intl_error(errno));
	return handover_open(f);
}

/* The writer knows a descriptor only; a person wants to know which disk. */
static int name_disk(const struct deposit *d, struct fault *f)
{
	if (f->status != EX_IOERR || d->site->is_system)
		return -1;
	return fault_wrap(f, "%s", d->spool.tmp.path);
}

static int add_header_recipients(struct deposit *d, struct fault *f)
{
	struct address_list *to = d->envelope->recipients;

	if (!d->envelope->takes_header)
		return 0;
	if (complete_recipients(&d->header, to, f) != 0)
		return -1;
	if (to->count == 0)
		return fault_set_exit(f, EX_USAGE,
		                      _("no recipient: the message has none in "
		                        "To, Cc or Bcc"));
	return 0;
}

/* The header is whole: everything before the body. */
static int begin_entry(struct deposit *d, struct fault *f)
{
	d->in_body = true;
	if (add_header_recipients(d, f) != 0)
		return -1;
	d->fd = create(d, f);
	if (d->fd < 0 || complete(d, f) != 0)
		return -1;
	d->writer.fd = d->fd;
	if (write_envelope(d, f) != 0 ||
	    header_write(&d->header, write_body, d) != 0 ||
	    entry_write(&d->writer, "\r\n", 2, f) != 0)
		return name_disk(d, f);
	return 0;
}

/* --- the header --------------------------------------------------------- */

static int too_long(struct fault *f)
{
	return fault_set_exit(
		f, EX_DATAERR,
		_("the header is larger than %zu MiB or has more than %zu "
	          "fields: nothing was queued"),
		HEADER_BYTE_LIMIT >> 20, HEADER_FIELD_LIMIT);
}

/* 1: the header goes on, 0: the body begins, -1: fault. */
static int take_header_line(struct deposit *d, const struct wire_line *line,
                            bool is_part, size_t *used, struct fault *f)
{
	switch (header_add_line(&d->header, line->text, line->len)) {
	case HEADER_TAKEN:
		if (is_part)
			return too_long(f);
		*used += line->used;
		return 1;
	case HEADER_END: *used += line->used; return 0;
	case HEADER_BODY: return 0;
	case HEADER_TOO_LONG: break;
	}
	return too_long(f);
}

/* Lines of what is there; 1: there must be more. */
static int take_header_lines(struct deposit *d, bool at_end, struct fault *f)
{
	size_t used = 0;
	int more = 1;

	while (more > 0) {
		struct wire_line line;
		enum wire_next next =
			wire_next_line(&d->input, d->unread.data + used,
		                       d->unread.len - used, at_end, &line);

		if (next == WIRE_NEXT_READ)
			break;
		if (next == WIRE_NEXT_NONE)
			more = 0;
		else
			more = take_header_line(
				d, &line, next == WIRE_NEXT_PART, &used, f);
	}
	sbuf_drop(&d->unread, used);
	return more;
}

/* --- bytes -------------------------------------------------------------- */

static enum deposit_result add_body(struct deposit *d, const char *bytes,
                                    size_t n, struct fault *f)
{
	switch (wire_body(&d->input, bytes, n)) {
	case WIRE_MORE: return DEPOSIT_MORE;
	case WIRE_ENDED: return DEPOSIT_ENDED;
	case WIRE_FAILED: break;
	}
	name_disk(d, f);
	return DEPOSIT_FAILED;
}

/* After the header comes what was read with its end. */
static enum deposit_result enter_body(struct deposit *d, struct fault *f)
{
	enum deposit_result result;

	if (begin_entry(d, f) != 0)
		return DEPOSIT_FAILED;
	result = add_body(d, d->unread.data, d->unread.len, f);
	sbuf_release(&d->unread);
	return result;
}

static enum deposit_result add_header(struct deposit *d, const char *bytes,
                                      size_t n, struct fault *f)
{
	int more;

	sbuf_add(&d->unread, bytes, n);
	more = take_header_lines(d, false, f);
	if (more < 0)
		return DEPOSIT_FAILED;
	return more > 0 ? DEPOSIT_MORE : enter_body(d, f);
}

enum deposit_result deposit_add(struct deposit *d, const char *bytes, size_t n,
                                struct fault *f)
{
	enum deposit_result result = DEPOSIT_MORE;

	d->fault = f;
	while (n > 0 && result == DEPOSIT_MORE && !d->in_body) {
		size_t k = n < PIECE ? n : PIECE;

		result = add_header(d, bytes, k, f);
		bytes += k;
		n -= k;
	}
	if (n == 0 || result != DEPOSIT_MORE)
		return result;
	return add_body(d, bytes, n, f);
}

static int finish_entry(struct deposit *d, struct fault *f)
{
	if (!d->in_body && (take_header_lines(d, true, f) < 0 ||
	                    enter_body(d, f) == DEPOSIT_FAILED))
		return -1;
	if (wire_body_end(&d->input) == WIRE_FAILED ||
	    entry_finish(&d->writer, f) != 0)
		return name_disk(d, f);
	return 0;
}

int deposit_commit(struct deposit *d, struct fault *f)
{
	int fd;

	d->fault = f;
	if (finish_entry(d, f) != 0)
		return -1;
	if (d->site->is_system)
		return handover_give(d->fd, d->id, f);
	fd = d->fd;
	d->fd = -1;
	return spool_commit(&d->spool, d->id, fd, f);
}

void deposit_ring(const struct deposit *d)
{
	if (!d->site->is_system)
		wake_ring(&d->spool.root);
}
