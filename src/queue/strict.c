/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/strict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crc.h"
#include "queue/dsn.h"
#include "queue/share.h"

enum { RANK_NONE = -1, RANK_SENDER, RANK_RECIPIENT, RANK_UID };

void strict_init(struct strict *s, unsigned uid,
                 bool (*give)(void *arg, const char *bytes, size_t n),
                 void *arg)
{
	memset(s, 0, sizeof(*s));
	s->rank = RANK_NONE;
	s->uid = uid;
	s->give = give;
	s->arg = arg;
}

static enum strict_result give(struct strict *s, const char *bytes, size_t n)
{
	s->given_crc = crc_add(s->given_crc, bytes, n);
	s->given += n;
	return n == 0 || s->give(s->arg, bytes, n) ? STRICT_OK : STRICT_FAILED;
}

static bool is_clean(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
			return false;
	return true;
}

/* One S, R once or more, one U, then what there is of the others, each once. */
static bool may_follow(int before, int rank)
{
	if (rank == RANK_RECIPIENT && before == RANK_RECIPIENT)
		return true;
	return before < RANK_UID ? rank == before + 1 : rank > before;
}

/* Of a recipient's reports: directly behind it, O before Y. */
static bool may_follow_recipient(const struct strict *s, const char *value,
                                 size_t n)
{
	if (s->line[0] == 'O')
		return s->letter == 'R' && dsn_is_orcpt(value, n);
	return s->line[0] == 'Y' && (s->letter == 'R' || s->letter == 'O') &&
	       dsn_is_notify(value, n);
}

static bool is_in_order(struct strict *s)
{
	static const char order[] = "SRUBNTVE";
	const char *at = memchr(order, s->line[0], sizeof(order) - 1);
	const char *value = s->line + 2;
	const size_t n = s->line_len - 2;

	if (at == NULL)
		return may_follow_recipient(s, value, n);
	if (!may_follow(s->rank, (int)(at - order)))
		return false;
	s->rank = (int)(at - order);
	return *at != 'E' || (n == 8 && memcmp(value, "SMTPUTF8", n) == 0);
}

static enum strict_result take_field(struct strict *s)
{
	char uid[24];

	if (s->line_len < 2 || s->line[1] != ' ' ||
	    !is_clean(s->line, s->line_len) || !is_in_order(s))
		return STRICT_DAMAGED;
	s->letter = s->line[0];
	if (s->letter == 'R' && ++s->recipients > ENTRY_RECIPIENT_LIMIT)
		return STRICT_TOO_LARGE;
	if (s->letter == 'U') {
		snprintf(uid, sizeof(uid), "U %u\n", s->uid);
		return give(s, uid, strlen(uid));
	}
	s->line[s->line_len] = '\n';
	return give(s, s->line, s->line_len + 1);
}

static enum strict_result take_line(struct strict *s)
{
	if (!s->is_begun) {
		s->is_begun = true;
		if (s->line_len != 7 || memcmp(s->line, "relay 1", 7) != 0)
			return STRICT_DAMAGED;
		return give(s, "relay 1\n", 8);
	}
	if (s->line_len > 0)
		return take_field(s);
	s->in_content = true;
	return s->rank >= RANK_UID ? give(s, "\n", 1) : STRICT_DAMAGED;
}

/* CR and LF stand together only. */
static enum strict_result take_content(struct strict *s, const char *bytes,
                                       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((bytes[i] == '\n') != s->after_cr)
			return STRICT_DAMAGED;
		s->after_cr = bytes[i] == '\r';
		s->last = bytes[i];
	}
	return give(s, bytes, n);
}

/* Bytes that are certainly before the trailer. */
static enum strict_result pass(struct strict *s, const char *bytes, size_t n)
{
	enum strict_result result = STRICT_OK;
	bool is_content = s->in_content;
	size_t i = 0;

	s->taken_crc = crc_add(s->taken_crc, bytes, n);
	s->taken += n;
	for (; i < n && !s->in_content && result == STRICT_OK; i++) {
		if (bytes[i] == '\n') {
			result = take_line(s);
			s->line_len = 0;
		} else if (s->line_len + 1 < sizeof(s->line)) {
			s->line[s->line_len++] = bytes[i];
		} else {
			return STRICT_DAMAGED;
		}
	}
	if ((!is_content && s->taken - (n - i) > ENTRY_ENVELOPE_LIMIT) ||
	    s->taken > SHARE_SIZE)
		return STRICT_TOO_LARGE;
	return result == STRICT_OK ? take_content(s, bytes + i, n - i) : result;
}

enum strict_result strict_take(struct strict *s, const char *bytes, size_t n)
{
	size_t ready =
		s->held + n > STRICT_TRAILER ? s->held + n - STRICT_TRAILER : 0;
	size_t old = ready < s->held ? ready : s->held;
	enum strict_result result = pass(s, s->end, old);

	if (result == STRICT_OK)
		result = pass(s, bytes, ready - old);
	memmove(s->end, s->end + old, s->held - old);
	memcpy(s->end + (s->held - old), bytes + (ready - old),
	       n - (ready - old));
	s->held = s->held + n - ready;
	return result;
}

static void make_trailer(char text[STRICT_TRAILER + 1], uint64_t length,
                         uint32_t crc)
{
	snprintf(text, STRICT_TRAILER + 1, "= %016" PRIX64 " %08" PRIX32 "\n",
	         length, crc);
}

enum strict_result strict_end(struct strict *s)
{
	char text[STRICT_TRAILER + 1];

	make_trailer(text, s->taken, s->taken_crc);
	if (s->held != STRICT_TRAILER ||
	    memcmp(s->end, text, STRICT_TRAILER) != 0 || s->last != '\n')
		return STRICT_DAMAGED;
	make_trailer(text, s->given, s->given_crc);
	return give(s, text, STRICT_TRAILER);
}
