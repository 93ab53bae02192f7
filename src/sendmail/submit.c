/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sendmail/submit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "message/address.h"
#include "sendmail/deposit.h"
#include "sendmail/input.h"

#define READ_SIZE 65536

/* --- the envelope ------------------------------------------------------- */

static int read_operands(const struct args *args, struct address_list *to,
                         struct fault *f)
{
	for (size_t i = 0; i < args->operand_count; i++) {
		const char *word = args->operands[i];

		if (address_parse_list(word, strlen(word), to, f) != 0)
			return -1;
	}
	if (to->count == 0 && !args->reads_header)
		return fault_set_exit(f, EX_USAGE,
		                      _("no recipient: name one, or give -t "
		                        "to take them from the header"));
	return 0;
}

static int read_sender(const struct args *args, const struct site *site,
                       struct sbuf *sender, struct fault *f)
{
	if (args->sender != NULL)
		return address_parse_sender(args->sender, sender, f);
	address_add_login(sender, site->login);
	return 0;
}

/* --- standard input ----------------------------------------------------- */

static int read_message(struct deposit *d, struct fault *f)
{
	enum deposit_result result = DEPOSIT_MORE;
	char piece[READ_SIZE];
	ssize_t n;

	while (result == DEPOSIT_MORE &&
	       (n = input_read(piece, sizeof(piece), INPUT_FOREVER)) != 0) {
		if (n < 0)
			return fault_set_exit(f, EX_NOINPUT,
			                      _("cannot read the message from "
			                        "standard input: %s"),
			                      intl_error(errno));
		result = deposit_add(d, piece, (size_t)n, f);
	}
	return result == DEPOSIT_FAILED ? -1 : 0;
}

/* --- one message -------------------------------------------------------- */

static int deposit_input(const struct args *args, const struct site *site,
                         const struct deposit_envelope *envelope,
                         struct fault *f)
{
	struct deposit *d = mem_alloc(sizeof(*d));
	struct deposit_how how = {
		.dots_are_data = args->dots_are_data,
		.is_terminal = isatty(STDIN_FILENO) == 1,
	};
	int result = -1;

	deposit_init(d, site, envelope, how);
	if (deposit_open(d, f) == 0 && read_message(d, f) == 0)
		result = deposit_commit(d, f);
	if (result == 0 && !args->is_patient)
		deposit_ring(d);
	deposit_release(d);
	free(d);
	return result;
}

int submit(const struct args *args, const struct site *site, struct fault *f)
{
	struct address_list to;
	struct sbuf sender;
	int result = -1;

	address_list_init(&to, ADDRESS_COUNT_LIMIT, ADDRESS_BYTE_LIMIT);
	sbuf_init(&sender, ADDRESS_MAX * 2);
	if (read_sender(args, site, &sender, f) == 0 &&
	    read_operands(args, &to, f) == 0)
		result = deposit_input(
			args, site,
			&(struct deposit_envelope){
				.sender = sender.data,
				.recipients = &to,
				.takes_header = args->reads_header,
				.full_name = args->full_name,
				.body = args->body,
				.notify = args->notify,
				.ret = args->ret,
				.envid = args->envid,
			},
			f);
	address_list_release(&to);
	sbuf_release(&sender);
	return result;
}
