/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/lane_parts.h"

#include "base/clock.h"
#include "base/intl.h"

void lane_start_deadline(struct lane *l, unsigned seconds)
{
	if (l->deadline != 0)
		return;
	l->asked = clock_ticks();
	l->deadline = l->asked + (int64_t)seconds * 1000;
}

void lane_clear_deadline(struct lane *l)
{
	l->deadline = 0;
	l->for_progress = false;
}

bool lane_is_late(const struct lane *l)
{
	return l->deadline != 0 && clock_ticks() >= l->deadline;
}

enum lane_progress lane_broken(struct lane *l, enum verdict_scope scope,
                               const struct fault *f)
{
	session_broken(&l->session, scope, f);
	login_release(&l->login);
	lane_clear_deadline(l);
	return GO_ON;
}

/* A port for TLS waits for our first word, as we wait for its; all that it may
 * send is an alert. */
static const char *advice(const struct lane *l)
{
	const struct session *s = &l->session;
	bool is_greeting =
		s->due_count > 0 && s->due[s->due_first].step == STEP_GREETING;

	if (l->smarthost->tls != CONFIG_TLS_STARTTLS || !is_greeting ||
	    s->reader.line.data[0] >= ' ')
		return "";
	return _("; if this port is for TLS from the first byte, set `tls "
	         "implicit`");
}

enum lane_progress lane_timed_out(struct lane *l)
{
	struct fault f;

	if (l->for_progress)
		fault_set(&f, FAULT_TEMP, "4.4.2",
		          _("%s took nothing of the message for %d seconds"),
		          l->peer, LANE_PROGRESS_TIME);
	else
		fault_set(&f, FAULT_TEMP, "4.4.2",
		          _("%s did not answer in time (%s)%s"), l->peer,
		          session_step(&l->session), advice(l));
	return lane_broken(l, VERDICT_SERVER, &f);
}

enum lane_progress lane_closed(struct lane *l)
{
	struct fault f = l->write_fault;

	if (f.kind == FAULT_NONE)
		fault_set(&f, FAULT_TEMP, "4.4.2",
		          _("%s closed the connection (%s)%s"), l->peer,
		          session_step(&l->session), advice(l));
	return lane_broken(l, VERDICT_SERVER, &f);
}

/* Is everything out?  Otherwise, time is counted while nothing moves. */
enum lane_progress lane_flush(struct lane *l)
{
	enum stream_result result = stream_flush(l->stream, &l->write_fault);

	if (result == STREAM_DONE) {
		if (l->for_progress)
			lane_clear_deadline(l);
		return GO_ON;
	}
	if (result == STREAM_FAILED || result == STREAM_CLOSED)
		return OVER;
	if (!l->for_progress || stream_room(l->stream) != l->room) {
		lane_clear_deadline(l);
		l->for_progress = true;
		l->room = stream_room(l->stream);
	}
	lane_start_deadline(l, LANE_PROGRESS_TIME);
	return lane_is_late(l) ? lane_timed_out(l) : BLOCKED;
}
