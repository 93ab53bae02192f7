/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sendmail/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/intl.h"
#include "base/mem.h"
#include "queue/dsn.h"
#include "queue/share.h"
#include "sendmail/deposit.h"
#include "sendmail/input.h"
#include "sendmail/peer.h"
#include "sendmail/report.h"
#include "smtp/server.h"

#define READ_SIZE 65536
#define HOST_NAME_SIZE 256
#define SILENCE 300000 /* milliseconds: RFC 5321, section 4.5.3.2.7 */
#define REPORTS_LIMIT ((size_t)4 << 20) /* bytes of ORCPT and NOTIFY */

/* One transaction: what the envelope points to. */
struct transaction {
	struct deposit_envelope envelope;
	struct address_list recipients;
	struct entry_dsn *dsn;
	size_t dsn_room;
	size_t dsn_bytes;
	char *sender, *envid;
	struct deposit *deposit; /* after DATA */
};

struct service {
	const struct args *args;
	const struct site *site;
	const char *full_name; /* or NULL: the user's */
	struct transaction now;
};

/* --- a transaction -------------------------------------------------------- */

static void release(struct transaction *t)
{
	for (size_t i = 0; i < t->recipients.count; i++) {
		free(t->dsn[i].orcpt);
		free(t->dsn[i].notify);
	}
	free(t->dsn);
	free(t->sender);
	free(t->envid);
	if (t->deposit != NULL)
		deposit_release(t->deposit);
	free(t->deposit);
	address_list_release(&t->recipients);
	memset(t, 0, sizeof(*t));
}

static char *copy(const char *value)
{
	return value != NULL ? mem_strdup(value) : NULL;
}

/* The same fault with the code that SMTP has for it. */
static int as(const char *code, struct fault *f)
{
	snprintf(f->code, sizeof(f->code), "%s", code);
	return -1;
}

static int mail(void *arg, const struct server_mail *m, struct fault *f)
{
	struct service *s = arg;
	struct transaction *t = &s->now;

	address_list_init(&t->recipients, ADDRESS_COUNT_LIMIT,
	                  ADDRESS_BYTE_LIMIT);
	if (m->sender[0] != '\0' && address_check(m->sender, f) != 0)
		return as("5.1.7", f);
	t->sender = mem_strdup(m->sender);
	t->envid = copy(m->envid);
	t->envelope = (struct deposit_envelope){
		.sender = t->sender,
		.recipients = &t->recipients,
		.full_name = s->full_name,
		.body = m->body,
		.ret = m->ret,
		.envid = t->envid,
		.smtputf8 = m->smtputf8,
	};
	return 0;
}

static int check_reports(const struct transaction *t,
                         const struct server_recipient *r, struct fault *f)
{
	if (r->orcpt != NULL && !dsn_is_orcpt(r->orcpt, strlen(r->orcpt)))
		return fault_set(f, FAULT_PERM, "5.5.4",
		                 "ORCPT has the form type;address");
	if (t->dsn_bytes > REPORTS_LIMIT)
		return fault_set(f, FAULT_TEMP, "4.5.3",
		                 "too many recipients with ORCPT: send it to "
		                 "the others in another message");
	return 0;
}

static size_t length(const char *value)
{
	return value != NULL ? strlen(value) : 0;
}

static void keep_reports(struct transaction *t,
                         const struct server_recipient *r)
{
	const size_t count = t->recipients.count, room = t->dsn_room;

	if (count > room) {
		t->dsn_room = room == 0 ? 8 : room * 2;
		t->dsn = mem_grow(t->dsn, room, t->dsn_room, sizeof(*t->dsn));
	}
	t->dsn[count - 1] =
		(struct entry_dsn){ copy(r->orcpt), copy(r->notify) };
	t->dsn_bytes += length(r->orcpt) + length(r->notify);
	t->envelope.dsn = t->dsn;
}

/* Who is named twice is one recipient; the first word about him counts. */
static int rcpt(void *arg, const struct server_recipient *r, struct fault *f)
{
	struct transaction *t = &((struct service *)arg)->now;
	const size_t before = t->recipients.count;

	if (address_check(r->address, f) != 0)
		return as("5.1.3", f);
	if (check_reports(t, r, f) != 0)
		return -1;
	if (address_list_add_unique(&t->recipients, r->address, f) != 0) {
		f->kind = FAULT_TEMP;
		return as("4.5.3", f);
	}
	if (t->recipients.count > before)
		keep_reports(t, r);
	return 0;
}

/* --- its message ---------------------------------------------------------- */

/* Whoever speaks SMTP to us may keep our reply for himself. */
static int reported(const struct service *s, const struct fault *f)
{
	report_log(s->args, f);
	return -1;
}

static int open_queue(void *arg, struct fault *f)
{
	struct service *s = arg;
	struct transaction *t = &s->now;
	const struct deposit_how how = { .dots_are_data = true };

	t->deposit = mem_alloc(sizeof(*t->deposit));
	deposit_init(t->deposit, s->site, &t->envelope, how);
	return deposit_open(t->deposit, f) == 0 ? 0 : reported(s, f);
}

static int write_queue(void *arg, const char *bytes, size_t n, struct fault *f)
{
	struct service *s = arg;

	if (deposit_add(s->now.deposit, bytes, n, f) != DEPOSIT_FAILED)
		return 0;
	return reported(s, f);
}

/* A session may start many flushers; of those that ended nothing stays. */
static void ring(const struct service *s)
{
	if (!s->args->is_patient)
		deposit_ring(s->now.deposit);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static int commit(void *arg, struct sbuf *id, struct fault *f)
{
	struct service *s = arg;
	struct deposit *d = s->now.deposit;

	if (deposit_commit(d, f) != 0)
		return reported(s, f);
	sbuf_addstr(id, d->id);
	ring(s);
	return 0;
}

static void drop(void *arg)
{
	struct service *s = arg;

	release(&s->now);
}

static const struct server_queue queue = {
	.mail = mail,
	.rcpt = rcpt,
	.open = open_queue,
	.write = write_queue,
	.commit = commit,
	.drop = drop,
};

/* --- the session ---------------------------------------------------------- */

/* 0, 1: it is over, -1: fault. */
static int read_more(struct server *server, char *bytes, ssize_t *n,
                     int patience, struct fault *f)
{
	*n = input_read(bytes, READ_SIZE, patience);
	if (*n > 0)
		return 0;
	if (*n < 0 && errno == ETIMEDOUT) {
		server_close(server, "silent for too long; goodbye");
		return 0;
	}
	if (*n < 0 && errno != ECONNRESET)
		return fault_set_exit(f, EX_NOINPUT,
		                      "cannot read from standard input: %s",
		                      intl_error(errno));
	if (!server_end(server))
		return 1;
	return fault_set_exit(f, EX_NOINPUT,
	                      "standard input ended in the middle of a "
	                      "message: it was not queued");
}

static int answer(struct server *server, int patience, struct fault *f)
{
	struct sbuf *out = &server->out;
	int result = input_answer(out->data, out->len, patience);

	sbuf_reset(out);
	if (result == 0)
		return 0;
	if (server->settings->is_strict) { /* a connection may go at any time */
		server_end(server);
		return 0;
	}
	return fault_set_exit(f, EX_IOERR,
	                      "nobody takes what SMTP has to answer: %s",
	                      intl_error(errno));
}

static int converse(struct server *server, int patience, struct fault *f)
{
	char bytes[READ_SIZE];
	size_t used = 0;
	ssize_t n = 0;
	int result = 0;

	while (answer(server, patience, f) == 0) {
		if (server_is_over(server))
			return 0;
		if (used == (size_t)n) {
			result = read_more(server, bytes, &n, patience, f);
			if (result != 0)
				return result > 0 ? 0 : -1;
			used = 0;
		}
		if (!server_is_over(server))
			used += server_take(server, bytes + used,
			                    (size_t)n - used);
	}
	return -1;
}

static void find_host(char host[HOST_NAME_SIZE])
{
	static const char fallback[] = "localhost";

	host[HOST_NAME_SIZE - 1] = '\0';
	if (gethostname(host, HOST_NAME_SIZE - 1) != 0 || host[0] == '\0')
		memcpy(host, fallback, sizeof(fallback));
	for (char *s = host; *s != '\0'; s++)
		if (!ascii_is_graph(*s))
			*s = '-';
}

/* A connection gets a greeting if it waits for one. */
static void greet(struct server *server)
{
	int spoken = peer_has_spoken();

	if (spoken == 0)
		return;
	sbuf_reset(&server->out);
	if (spoken > 0)
		server_close(server, "you talk before the greeting; goodbye");
	else
		server_end(server);
}

static int refuse_network(struct fault *f)
{
	static const char reply[] =
		"554 this is for mail of this machine only\r\n";

	input_answer(reply, sizeof(reply) - 1, SILENCE);
	peer_close();
	return fault_set_exit(f, EX_NOPERM,
	                      "a connection from the network was refused: "
	                      "let the socket of `sendmail -bs` listen on "
	                      "127.0.0.1 and ::1 only");
}

int serve(const struct args *args, const struct site *site, struct fault *f)
{
	const enum peer peer = peer_find();
	struct service service = { .args = args, .site = site };
	char host[HOST_NAME_SIZE];
	const struct server_settings settings = {
		.host = host,
		.size_limit = site->is_system ? SHARE_SIZE : 0,
		.recipient_limit = ADDRESS_COUNT_LIMIT,
		.is_strict = peer != PEER_PROGRAM,
	};
	struct server server;
	int result;

	if (peer == PEER_NETWORK)
		return refuse_network(f);
	find_host(host);
	server_init(&server, &settings, &queue, &service);
	if (peer == PEER_LOOPBACK) {
		service.full_name = ""; /* a service's, of no author */
		greet(&server);
	}
	result = converse(&server,
	                  peer == PEER_PROGRAM ? INPUT_FOREVER : SILENCE, f);
	server_release(&server);
	if (peer == PEER_LOOPBACK)
		peer_close();
	return result;
}
