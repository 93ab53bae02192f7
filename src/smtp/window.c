/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "smtp/window.h"

#include <inttypes.h>

#include "base/intl.h"
#include "smtp/settle.h"

struct transaction *window_get(const struct session *s, size_t i)
{
	return s->window[(s->window_first + i) % SESSION_WINDOW];
}

struct transaction *window_newest(const struct session *s)
{
	return window_get(s, s->window_count - 1);
}

static void add(struct session *s, struct transaction *t)
{
	s->window[(s->window_first + s->window_count) % SESSION_WINDOW] = t;
	s->window_count++;
}

void window_drop(struct session *s)
{
	if (s->at == s->window[s->window_first])
		s->at = NULL;
	transaction_free(&s->window[s->window_first]);
	s->window_first = (s->window_first + 1) % SESSION_WINDOW;
	s->window_count--;
}

void window_clear(struct session *s)
{
	while (s->window_count > 0)
		window_drop(s);
}

bool session_may_overlap(const struct session *s)
{
	enum session_overlap overlap = s->settings.overlap;

	return s->offer.pipelining &&
	       (overlap == OVERLAP_ALWAYS ||
	        (overlap == OVERLAP_KNOWN && s->is_known));
}

bool window_may_grow(const struct session *s)
{
	return session_may_overlap(s) && !s->has_trouble &&
	       s->window_count > 0 && s->window_count < SESSION_WINDOW &&
	       window_newest(s)->is_sent &&
	       s->due_count + WINDOW_DUE <= SESSION_DUE;
}

bool session_has(const struct session *s, const struct session_mail *mail)
{
	for (size_t i = 0; i < s->window_count; i++)
		if (window_get(s, i)->mail == mail)
			return true;
	return false;
}

static int check_ascii(const struct session *s, const char *address,
                       struct fault *f)
{
	while (!s->offer.smtputf8 && *address != '\0')
		if ((unsigned char)*address++ >= 0x80)
			return fault_set(f, FAULT_PERM, "5.6.7",
			                 _("an address is not ASCII and the "
			                   "server does not take such "
			                   "(SMTPUTF8)"));
	return 0;
}

/* What can be known before a byte is sent.  0, or -1 with everyone settled. */
static int check_offer(struct session *s, struct session_mail *mail,
                       struct fault *f)
{
	if (gate_check_address(mail->sender, f) != 0)
		return -1;
	if (s->offer.size && s->offer.size_limit > 0 &&
	    mail->size > s->offer.size_limit)
		return fault_set(f, FAULT_PERM, "5.3.4",
		                 _("the message has %" PRIu64
		                   " bytes, the server takes %" PRIu64),
		                 mail->size, s->offer.size_limit);
	if (check_ascii(s, mail->sender, f) != 0)
		return -1;
	if (mail->is_8bit && !s->offer.eightbit)
		return fault_set(f, FAULT_CONFIG, "5.6.3",
		                 _("the message has 8-bit text and the server "
		                   "takes only 7-bit (no 8BITMIME): send it "
		                   "through another smarthost; the message "
		                   "waits"));
	return 0;
}

/* Whom to ask now; who cannot be asked is told so. */
static struct transaction *make_transaction(const struct session *s,
                                            struct session_mail *mail)
{
	unsigned most = s->settings.recipients;
	size_t room = most > 0 && most < SESSION_FLIGHT ? most : SESSION_FLIGHT;
	struct transaction *t = transaction_create(mail, room);

	for (size_t i = 0; i < mail->count && t->count < room; i++) {
		struct session_recipient *rcpt = &mail->recipients[i];
		struct fault f;

		if (rcpt->outcome.state != OUTCOME_OPEN)
			continue;
		rcpt->is_accepted = false;
		if (gate_check_address(rcpt->address, &f) != 0 ||
		    check_ascii(s, rcpt->address, &f) != 0)
			settle_one(rcpt, OUTCOME_REFUSED, VERDICT_RECIPIENT,
			           &f);
		else
			t->turn[t->count++] = i;
	}
	return t;
}

size_t session_send(struct session *s, struct session_mail *mail)
{
	bool is_ahead = s->step == STEP_AHEAD;
	struct transaction *t;
	struct fault f;

	if (s->has_trouble) { /* another message would only meet the same */
		s->step = STEP_QUIT;
		return 0;
	}
	mail->has_dsn = s->offer.dsn;
	if (check_offer(s, mail, &f) != 0) {
		for (size_t i = 0; i < mail->count; i++)
			settle_one(&mail->recipients[i], OUTCOME_REFUSED,
			           VERDICT_MESSAGE, &f);
		return 0;
	}
	t = make_transaction(s, mail);
	if (t->count == 0) {
		transaction_free(&t);
		return 0;
	}
	add(s, t);
	s->step = is_ahead && s->offer.chunking ? STEP_CLEAN : STEP_MAIL;
	return t->count;
}
