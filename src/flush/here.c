/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/here.h"

#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "flush/record.h"

void here_init(struct here *h)
{
	memset(h, 0, sizeof(*h));
	for (size_t i = 0; i < HERE_VISITS; i++)
		h->visits[i].answer = -1;
}

static void end_visit(struct here_visit *v)
{
	if (v->answer >= 0)
		close(v->answer);
	v->answer = -1;
	job_free(&v->job);
}

void here_release(struct here *h)
{
	for (size_t i = 0; i < HERE_VISITS; i++)
		end_visit(&h->visits[i]);
	names_release(&h->waiting);
	departure_release(&h->departure);
}

bool here_may_have_any(const struct here *h)
{
	return h->rules.resolve.delivers_here;
}

bool here_may_have(const struct here *h, const struct entry_envelope *envelope)
{
	if (!here_may_have_any(h))
		return false;
	for (size_t i = 0; i < envelope->recipient_count; i++)
		if (resolve_is_ours(&h->rules.resolve, envelope->recipients[i]))
			return true;
	return false;
}

void here_add(struct here *h, const char *id)
{
	names_add(&h->waiting, id);
}

void here_end(struct here *h)
{
	h->is_ending = true;
}

/* --- one message ---------------------------------------------------------- */

/* The process that delivered may still have the file, and with it the lock: who
 * sends the rest of the message would find it busy. */
static void unlock(const struct here_visit *v)
{
	flock(v->job->entry.fd, LOCK_UN);
}

/* What is not for us goes on; the rest is settled like any other mail. */
static void finish(struct here *h, struct here_visit *v)
{
	if (!job_has_open(v->job)) {
		departure_finish(&h->departure, &v->job, h->config, false,
		                 &h->result);
		departure_commit(&h->departure, &h->result);
	} else {
		if (!h->pass_on(h->arg, v->job->entry.id))
			job_put_off(v->job, h->config);
		unlock(v);
	}
	end_visit(v);
}

static void settle(struct here *h, struct here_visit *v, const struct fault *f)
{
	struct outcome *o = &v->job->audience.recipients[v->slot].outcome;

	outcome_set(o,
	            f->kind == FAULT_NONE ? OUTCOME_DELIVERED : OUTCOME_REFUSED,
	            VERDICT_RECIPIENT, f);
	if (v->answer >= 0)
		close(v->answer);
	v->answer = -1;
	record_outcomes(v->job, "local", &h->result);
}

static void ask(struct here *h, struct here_visit *v)
{
	const struct content *c = &v->job->content;
	struct local_request request = {
		.recipient = v->job->audience.recipients[v->slot].address,
		.sender = v->job->sender,
		.id = v->job->entry.id,
		.head = c->head.data,
		.head_len = c->head.len,
		.fd = v->job->entry.fd,
		.body = v->job->entry.content + (off_t)c->skip,
		.body_end = v->job->entry.content_end,
	};
	struct fault f;

	v->answer = local_ask(h->keeper, &request, &f);
	v->deadline = clock_ticks() + (int64_t)LOCAL_TIME * 1000;
	if (v->answer < 0)
		settle(h, v, &f);
}

/* Has the keeper answered?  False: wait. */
static bool look(struct here *h, struct here_visit *v)
{
	struct fault f;

	switch (local_look(v->answer, &f)) {
	case KEEPER_READY:
		fault_set(&f, FAULT_NONE, "2.0.0",
		          _("delivered on this machine"));
		settle(h, v, &f);
		return true;
	case KEEPER_FAILED: settle(h, v, &f); return true;
	case KEEPER_WAITING: break;
	}
	if (clock_ticks() < v->deadline)
		return false;
	fault_set(&f, FAULT_TEMP, "4.2.0",
	          _("no answer about the delivery within %d seconds"),
	          LOCAL_TIME);
	settle(h, v, &f);
	return true;
}

/* Open the next message that waits.  False: there is none. */
static bool begin(struct here *h, struct here_visit *v)
{
	while (v->job == NULL && h->next < h->waiting.count && !h->is_ending) {
		v->job = job_open(h->spool, NAMES_AT(&h->waiting, h->next++),
		                  &h->result);
		if (v->job == NULL)
			continue;
		if (!job_prepare(v->job, &h->rules, h->helo, &h->result) ||
		    (job_next_here(v->job, &v->slot) &&
		     !record_reserve(v->job, &h->result)))
			end_visit(v);
	}
	return v->job != NULL;
}

/* True: an answer is waited for. */
static bool advance(struct here *h, struct here_visit *v)
{
	while (v->job != NULL || begin(h, v)) {
		if (v->answer >= 0 && !look(h, v))
			return true;
		if (!h->is_ending && job_next_here(v->job, &v->slot))
			ask(h, v);
		else
			finish(h, v);
	}
	return false;
}

nfds_t here_advance(struct here *h, struct pollfd *fds, int64_t *deadline)
{
	nfds_t n = 0;

	for (size_t i = 0; i < HERE_VISITS; i++) {
		struct here_visit *v = &h->visits[i];

		if (!advance(h, v))
			continue;
		fds[n++] = (struct pollfd){ .fd = v->answer, .events = POLLIN };
		if (*deadline == 0 || v->deadline < *deadline)
			*deadline = v->deadline;
	}
	return n;
}
