/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flush/lane_parts.h"

#define PIECE 8192                     /* of content read at a time */
#define PIECE_ROOM (2 * PIECE + 16384) /* what it may become, stuffed */
#define HELD_BACK 16384                /* bytes: what one TLS record holds */

static int put_piece(void *arg, const char *bytes, size_t n)
{
	struct lane *l = arg;

	stream_put(l->stream, bytes, n);
	return 0;
}

static void begin_content(struct lane *l)
{
	content_rewind(l->content);
	wire_stuff_init(&l->stuff, put_piece, l);
	l->has_content = true;
	l->is_content_read = false;
}

/* The file changed or cannot be read: the message must not be completed, so
 * the connection ends here and the final dot is never sent. */
static enum lane_progress abandon_content(struct lane *l, const struct fault *f)
{
	l->is_damaged = true;
	l->damage = *f;
	return lane_broken(l, VERDICT_MESSAGE, f);
}

static enum lane_progress read_piece(struct lane *l)
{
	bool stuffed = l->action == SESSION_CONTENT;
	char piece[PIECE];
	struct fault f;
	ssize_t n = content_next(l->content, piece, sizeof(piece), &f);

	if (n < 0)
		return abandon_content(l, &f);
	if (stuffed && n > 0)
		wire_stuff(&l->stuff, piece, (size_t)n);
	else if (stuffed)
		wire_stuff_end(&l->stuff);
	else
		stream_put(l->stream, piece, (size_t)n);
	l->is_content_read = n == 0;
	return GO_ON;
}

/* The server took no more of it: what it said on the way decides. */
static enum lane_progress cut_content(struct lane *l)
{
	l->is_acting = false;
	l->has_content = false;
	session_content_cut(&l->session);
	return GO_ON;
}

/* A small message leaves together with the next one, if there is one. */
static bool is_held_back(const struct lane *l)
{
	return session_may_overlap(&l->session) &&
	       content_size(l->content) <= HELD_BACK;
}

enum lane_progress lane_write_content(struct lane *l)
{
	enum lane_progress progress;

	if (!l->has_content)
		begin_content(l);
	while (!l->is_content_read) {
		if (stream_room(l->stream) < PIECE_ROOM) {
			progress = lane_flush(l);
			if (progress == OVER)
				return cut_content(l);
			if (progress == BLOCKED)
				return BLOCKED;
			if (stream_room(l->stream) < PIECE_ROOM)
				return GO_ON; /* timed out: settled */
		}
		read_piece(l);
		if (l->is_damaged)
			return GO_ON;
	}
	if (!is_held_back(l)) {
		progress = lane_flush(l);
		if (progress == OVER)
			return cut_content(l);
		if (progress == BLOCKED)
			return BLOCKED;
	}
	l->is_acting = false;
	l->has_content = false;
	if (!l->session.is_lost)
		session_content_sent(&l->session);
	return GO_ON;
}

enum lane_progress lane_write_empty(struct lane *l)
{
	stream_put(l->stream, ".\r\n", 3);
	session_content_sent(&l->session);
	l->is_acting = false;
	return GO_ON;
}
