/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sendmail/submit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "message/address.h"
#include "message/complete.h"
#include "message/header.h"
#include "message/wire.h"
#include "queue/id.h"
#include "sendmail/handover.h"

#define READ_SIZE 65536
#define DRAIN_LIMIT ((size_t)64 << 20)
#define DRAIN_SILENCE 1000 /* milliseconds */
#define HOST_NAME_SIZE 256

/* Everything one submission holds; submission_release copes with any part. */
struct submission {
	const struct args *args;
	const struct site *site;
	struct spool *spool;
	struct address_list recipients;
	struct sbuf sender;
	struct header header;
	struct wire_input input;
	struct sbuf unread; /* read from the input, not yet used */
	bool at_end;
	bool is_spilled; /* or stays in memory: handover.h */
	struct entry_writer writer;
	char id[ENTRY_ID_LENGTH + 1];
	int fd; /* of the entry in tmp/, or collected to be handed over; or -1
	         */
	struct fault *fault;
};

/* wire_input's output goes to the entry. */
static int write_body(void *arg, const char *bytes, size_t n)
{
	struct submission *s = arg;

	if (s->site->is_system)
		handover_spill(s->fd, s->writer.length, &s->is_spilled);
	return entry_write(&s->writer, bytes, n, s->fault);
}

static void submission_init(struct submission *s, const struct args *args,
                            const struct site *site, struct spool *spool,
                            struct fault *f)
{
	memset(s, 0, sizeof(*s));
	s->args = args;
	s->site = site;
	s->spool = spool;
	s->fault = f;
	s->fd = -1;
	address_list_init(&s->recipients, ADDRESS_COUNT_LIMIT,
	                  ADDRESS_BYTE_LIMIT);
	sbuf_init(&s->sender, ADDRESS_MAX * 2);
	header_init(&s->header, HEADER_BYTE_LIMIT, HEADER_FIELD_LIMIT);
	sbuf_init(&s->unread, HEADER_BYTE_LIMIT + 2 * READ_SIZE);
	wire_input_init(&s->input, args->dots_are_data,
	                isatty(STDIN_FILENO) == 1, HEADER_BYTE_LIMIT,
	                write_body, s);
	entry_writer_init(&s->writer, -1);
}

static void submission_release(struct submission *s)
{
	if (s->fd >= 0 && s->site->is_system)
		close(s->fd);
	else if (s->fd >= 0)
		spool_abandon(s->spool, s->id, s->fd);
	address_list_release(&s->recipients);
	sbuf_release(&s->sender);
	header_release(&s->header);
	sbuf_release(&s->unread);
	entry_writer_release(&s->writer);
}

/* --- the envelope ------------------------------------------------------- */

static int read_operands(struct submission *s, struct fault *f)
{
	for (size_t i = 0; i < s->args->operand_count; i++) {
		const char *word = s->args->operands[i];

		if (address_parse_list(word, strlen(word), &s->recipients, f) !=
		    0)
			return -1;
	}
	if (s->recipients.count == 0 && !s->args->reads_header)
		return fault_set_exit(f, EX_USAGE,
		                      _("no recipient: name one, or give -t "
		                        "to take them from the header"));
	return 0;
}

static int read_sender(struct submission *s, struct fault *f)
{
	if (s->args->sender != NULL)
		return address_parse_sender(s->args->sender, &s->sender, f);
	address_add_login(&s->sender, s->site->login);
	return 0;
}

static int read_header_recipients(struct submission *s, struct fault *f)
{
	if (!s->args->reads_header)
		return 0;
	if (complete_recipients(&s->header, &s->recipients, f) != 0)
		return -1;
	if (s->recipients.count == 0)
		return fault_set_exit(f, EX_USAGE,
		                      _("no recipient: the message has none in "
		                        "To, Cc or Bcc"));
	return 0;
}

/* --- standard input ----------------------------------------------------- */

/* A caller may leave us a descriptor that does not wait, which it shares with
 * somebody (a terminal, a socket of Node.js): we wait all the same. */
static ssize_t read_input(char *bytes, size_t size)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t n;

	while ((n = fdio_read(STDIN_FILENO, bytes, size)) < 0 &&
	       errno == EAGAIN)
		poll(&input, 1, -1);
	return n;
}

static int read_more(struct submission *s, struct fault *f)
{
	char piece[READ_SIZE];
	ssize_t n = read_input(piece, sizeof(piece));

	if (n < 0)
		return fault_set_exit(f, EX_NOINPUT,
		                      _("cannot read the message from "
		                        "standard input: %s"),
		                      intl_error(errno));
	s->at_end = n == 0;
	sbuf_add(&s->unread, piece, (size_t)n);
	return 0;
}

static int too_long(struct fault *f)
{
	return fault_set_exit(
		f, EX_DATAERR,
		_("the header is larger than %zu MiB: nothing was queued"),
		HEADER_BYTE_LIMIT >> 20);
}

/* 1: the header goes on, 0: the body begins, -1: fault. */
static int take_header_line(struct submission *s, const struct wire_line *line,
                            bool is_part, size_t *used, struct fault *f)
{
	switch (header_add_line(&s->header, line->text, line->len)) {
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

/* Lines of what was read; 1: more must be read. */
static int take_header_lines(struct submission *s, struct fault *f)
{
	size_t used = 0;
	int more = 1;

	while (more > 0) {
		struct wire_line line;
		enum wire_next next =
			wire_next_line(&s->input, s->unread.data + used,
		                       s->unread.len - used, s->at_end, &line);

		if (next == WIRE_NEXT_READ)
			break;
		if (next == WIRE_NEXT_NONE)
			more = 0;
		else
			more = take_header_line(
				s, &line, next == WIRE_NEXT_PART, &used, f);
	}
	sbuf_drop(&s->unread, used);
	return more;
}

static int read_header(struct submission *s, struct fault *f)
{
	int more = 1;

	while (more > 0) {
		if (!s->at_end && read_more(s, f) != 0)
			return -1;
		more = take_header_lines(s, f);
	}
	return more;
}

static int read_body(struct submission *s, struct fault *f)
{
	enum wire_result result;

	for (;;) {
		result = wire_body(&s->input, s->unread.data, s->unread.len);
		sbuf_reset(&s->unread);
		if (result != WIRE_MORE || s->at_end)
			break;
		if (read_more(s, f) != 0)
			return -1;
	}
	if (result != WIRE_FAILED)
		result = wire_body_end(&s->input);
	return result == WIRE_FAILED ? -1 : 0;
}

/* --- the entry ---------------------------------------------------------- */

static char *copy(const char *value)
{
	return value != NULL ? mem_strdup(value) : NULL;
}

static int write_envelope(struct submission *s, struct fault *f)
{
	const struct args *args = s->args;
	struct entry_envelope env;
	int result;

	entry_envelope_init(&env);
	env.sender = mem_strdup(s->sender.data);
	for (size_t i = 0; i < s->recipients.count; i++)
		entry_envelope_add(&env, s->recipients.item[i]);
	env.uid = (unsigned)getuid();
	env.body = copy(args->body);
	env.notify = copy(args->notify);
	env.ret = copy(args->ret);
	env.envid = copy(args->envid);
	result = entry_write_envelope(&s->writer, &env, f);
	entry_envelope_release(&env);
	return result;
}

static int complete(struct submission *s, struct fault *f)
{
	char host[HOST_NAME_SIZE] = "localhost";
	struct complete_facts facts = {
		.sender = s->sender.data,
		.login = s->site->login,
		.full_name = s->args->full_name != NULL ? s->args->full_name
		                                        : s->site->name,
		.hostname = host,
		.id = s->id,
		.now = clock_seconds(),
	};

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		memcpy(host, "localhost", sizeof("localhost"));
	return complete_header(&s->header, &facts, f);
}

static int write_content(struct submission *s, struct fault *f)
{
	if (write_envelope(s, f) != 0 ||
	    header_write(&s->header, write_body, s) != 0 ||
	    entry_write(&s->writer, "\r\n", 2, f) != 0 || read_body(s, f) != 0)
		return -1;
	return entry_finish(&s->writer, f);
}

/* relay-drop gives the entry its name; ours makes the Message-ID. */
static int create(struct submission *s, struct fault *f)
{
	if (!s->site->is_system)
		return spool_create(s->spool, s->id, f);
	if (id_make(s->id, clock_now()) != 0)
		return fault_set_exit(
			f, EX_OSERR, _("no random numbers from the kernel: %s"),
			intl_error(errno));
	return handover_open(f);
}

/* The writer knows a descriptor only; a person wants to know which disk. */
static int write_entry(struct submission *s, struct fault *f)
{
	s->fd = create(s, f);
	if (s->fd < 0 || complete(s, f) != 0)
		return -1;
	s->writer.fd = s->fd;
	if (write_content(s, f) == 0)
		return 0;
	if (f->status != EX_IOERR || s->site->is_system)
		return -1;
	return fault_wrap(f, "%s", s->spool->tmp.path);
}

static int open_queue(struct submission *s, struct fault *f)
{
	return s->site->is_system
	               ? 0
	               : spool_open_to_submit(s->spool, s->site->queue, f);
}

static int run(struct submission *s, struct fault *f)
{
	int fd;

	if (read_sender(s, f) != 0 || read_operands(s, f) != 0 ||
	    open_queue(s, f) != 0 || read_header(s, f) != 0 ||
	    read_header_recipients(s, f) != 0 || write_entry(s, f) != 0)
		return -1;
	if (s->site->is_system)
		return handover_give(s->fd, f);
	fd = s->fd;
	s->fd = -1;
	return spool_commit(s->spool, s->id, fd, f);
}

int submit(const struct args *args, const struct site *site,
           struct spool *spool, struct fault *f)
{
	struct submission *s = mem_alloc(sizeof(*s));
	int result;

	submission_init(s, args, site, spool, f);
	result = run(s, f);
	submission_release(s);
	free(s);
	return result;
}

void submit_drain(void)
{
	char piece[READ_SIZE];
	size_t total = 0;

	while (total < DRAIN_LIMIT) {
		struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
		ssize_t n;

		if (isatty(STDIN_FILENO) || poll(&fd, 1, DRAIN_SILENCE) <= 0)
			return;
		n = fdio_read(STDIN_FILENO, piece, sizeof(piece));
		if (n <= 0)
			return;
		total += (size_t)n;
	}
}
