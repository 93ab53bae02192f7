/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/specimen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "message/complete.h"
#include "queue/listing.h"
#include "queue/spool.h"

#define READ_SIZE 65536
#define EXAMPLE_ID "0123456789ABCDEF012345"
#define HOST_NAME_SIZE 256

/* Where the body goes; set when it is read. */
static int into_nothing(void *arg, const char *bytes, size_t n)
{
	(void)arg, (void)bytes, (void)n;
	return 0;
}

void specimen_init(struct specimen *s)
{
	memset(s, 0, sizeof(*s));
	entry_init(&s->entry);
	s->fd = -1;
	sbuf_init(&s->sender, ADDRESS_MAX * 2);
	address_list_init(&s->recipients, ADDRESS_COUNT_LIMIT,
	                  ADDRESS_BYTE_LIMIT);
	/* What sendmail takes, and room for what is rewritten. */
	header_init(&s->header, 3 * HEADER_BYTE_LIMIT, HEADER_FIELD_LIMIT);
	s->header.byte_limit = HEADER_BYTE_LIMIT;
	wire_input_init(&s->input, true, false, HEADER_BYTE_LIMIT, into_nothing,
	                NULL);
	sbuf_init(&s->unread, HEADER_BYTE_LIMIT + 2 * READ_SIZE);
}

void specimen_release(struct specimen *s)
{
	entry_release(&s->entry);
	if (s->fd > STDERR_FILENO)
		close(s->fd);
	sbuf_release(&s->sender);
	address_list_release(&s->recipients);
	header_release(&s->header);
	sbuf_release(&s->unread);
}

/* --- reading -------------------------------------------------------------- */

static int read_more(struct specimen *s, struct fault *f)
{
	char piece[READ_SIZE];
	ssize_t n;

	if (s->entry.fd >= 0) {
		n = entry_next(&s->entry, piece, sizeof(piece), f);
		if (n < 0)
			return -1;
	} else {
		n = fdio_read(s->fd, piece, sizeof(piece));
		if (n < 0)
			return fault_set_exit(f, EX_NOINPUT,
			                      _("cannot read %s: %s"), s->name,
			                      intl_error(errno));
	}
	s->at_end = n == 0;
	sbuf_add(&s->unread, piece, (size_t)n);
	return 0;
}

/* One line of the header.  1: there are more, 0: the body begins. */
static int take_line(struct specimen *s, const struct wire_line *line,
                     bool is_part, struct fault *f)
{
	switch (header_add_line(&s->header, line->text, line->len)) {
	case HEADER_TAKEN:
		if (is_part)
			break;
		sbuf_drop(&s->unread, line->used);
		return 1;
	case HEADER_END: sbuf_drop(&s->unread, line->used); return 0;
	case HEADER_BODY: return 0;
	case HEADER_TOO_LONG: break;
	}
	return fault_set_exit(f, EX_DATAERR,
	                      _("the header is larger than %zu MiB"),
	                      HEADER_BYTE_LIMIT >> 20);
}

static int read_header(struct specimen *s, struct fault *f)
{
	int more = 1;

	while (more > 0) {
		struct wire_line line;
		enum wire_next next =
			wire_next_line(&s->input, s->unread.data, s->unread.len,
		                       s->at_end, &line);

		if (next == WIRE_NEXT_NONE)
			more = 0;
		else if (next == WIRE_NEXT_READ)
			more = read_more(s, f) == 0 ? 1 : -1;
		else
			more = take_line(s, &line, next == WIRE_NEXT_PART, f);
	}
	return more;
}

int specimen_body(struct specimen *s,
                  int (*see)(void *arg, const char *bytes, size_t n), void *arg,
                  struct fault *f)
{
	s->input.out.write = see;
	s->input.out.arg = arg;
	for (;;) {
		wire_body(&s->input, s->unread.data, s->unread.len);
		sbuf_reset(&s->unread);
		if (s->at_end)
			break;
		if (read_more(s, f) != 0)
			return -1;
	}
	wire_body_end(&s->input);
	return s->input.out.result;
}

/* --- the envelope --------------------------------------------------------- */

static int add_given(struct specimen *s, char *const *recipients, size_t count,
                     struct fault *f)
{
	for (size_t i = 0; i < count; i++)
		if (address_parse_list(recipients[i], strlen(recipients[i]),
		                       &s->recipients, f) != 0)
			return -1;
	return 0;
}

/* As sendmail would. */
static int complete(struct specimen *s, const struct site *site,
                    struct fault *f)
{
	char host[HOST_NAME_SIZE] = "localhost";
	struct complete_facts facts = {
		.sender = s->sender.data,
		.login = site->login,
		.full_name = site->name,
		.hostname = host,
		.id = EXAMPLE_ID,
		.now = clock_seconds(),
	};

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		memcpy(host, "localhost", sizeof("localhost"));
	return complete_header(&s->header, &facts, f);
}

static int take_sender(struct specimen *s, const struct site *site,
                       const char *sender, struct fault *f)
{
	if (sender != NULL)
		return address_parse_sender(sender, &s->sender, f);
	if (s->entry.fd >= 0)
		sbuf_addstr(&s->sender, s->entry.envelope.sender);
	else
		address_add_login(&s->sender, site->login);
	return 0;
}

static int take_recipients(struct specimen *s, struct fault *f)
{
	const struct entry_envelope *env = &s->entry.envelope;

	for (size_t i = 0; s->entry.fd >= 0 && i < env->recipient_count; i++)
		if (address_list_add_unique(&s->recipients, env->recipients[i],
		                            f) != 0)
			return -1;
	if (s->entry.fd < 0 &&
	    complete_recipients(&s->header, &s->recipients, f) != 0)
		return -1;
	if (s->recipients.count == 0)
		return fault_set_exit(f, EX_USAGE,
		                      _("no recipient: name one behind the "
		                        "file, or in To, Cc or Bcc of it"));
	return 0;
}

/* --- opening -------------------------------------------------------------- */

int specimen_open(struct specimen *s, const char *name, struct fault *f)
{
	s->name = name;
	s->is_id = entry_is_id(name) && access(name, F_OK) != 0;
	if (s->is_id)
		return 0;
	s->fd = strcmp(name, "-") == 0 ? STDIN_FILENO
	                               : open(name, O_RDONLY | O_CLOEXEC);
	if (s->fd >= 0)
		return 0;
	return fault_set_exit(f, EX_NOINPUT, _("cannot open %s: %s"), name,
	                      intl_error(errno));
}

/* False: the id is not in that place.  *f: what is wrong with the entry. */
static bool find_in(struct specimen *s, const struct spool *spool,
                    enum spool_place place, struct fault *f)
{
	struct listing_item item;
	bool found = listing_read(spool, place, s->name, &item);

	if (found) {
		*f = item.damage;
		s->entry = item.entry;
		entry_init(&item.entry);
	}
	listing_item_release(&item);
	return found;
}

/* Wherever it is in the queue; whoever sends it goes on. */
static int open_entry(struct specimen *s, const struct site *site,
                      struct fault *f)
{
	struct spool spool;
	bool missing = false, found = false;
	int result = site_open(site, &spool, &missing, f);

	for (int place = 0; place < SPOOL_PLACES && !found; place++)
		if (result == 0 && spool.place[place].fd >= 0)
			found = find_in(s, &spool, (enum spool_place)place, f);
	spool_release(&spool);
	if (result != 0 && !missing)
		return -1;
	if (!found)
		return fault_set_exit(f, EX_NOINPUT,
		                      _("%s: no such message; `relay queue` "
		                        "lists them"),
		                      s->name);
	return f->kind == FAULT_NONE ? 0 : fault_wrap(f, "%s", s->name);
}

int specimen_read(struct specimen *s, const struct site *site,
                  const char *sender, char *const *recipients, size_t count,
                  struct fault *f)
{
	if (s->is_id && open_entry(s, site, f) != 0)
		return -1;
	if (read_header(s, f) != 0 || take_sender(s, site, sender, f) != 0 ||
	    add_given(s, recipients, count, f) != 0)
		return -1;
	if (s->recipients.count == 0 && take_recipients(s, f) != 0)
		return -1;
	return s->is_id ? 0 : complete(s, site, f);
}
