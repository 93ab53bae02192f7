/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/crc.h"
#include "base/escape.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "queue/schedule.h"

#define LINE_LIMIT (JOURNAL_TEXT + 100)
#define DAY 86400
#define CHECK_LENGTH 10 /* " *" and eight digits */

/* Enough for a thousand lines about each of 100,000 recipients never happens;
 * a larger file is not ours. */
#define FILE_LIMIT ((off_t)1 << 30)

static uint32_t line_crc(const char *id, const char *line, size_t n)
{
	return crc_add(crc_add(0, id, strlen(id)), line, n);
}

static int cannot(struct fault *f, const struct dir *log, const char *id)
{
	return fault_set(f, FAULT_TEMP, "4.3.0",
	                 _("cannot use the journal %s/%s: %s"), log->path, id,
	                 intl_error(errno));
}

/* --- reading ------------------------------------------------------------ */

/* One line taken apart. */
struct line {
	char kind;
	int64_t time;
	size_t recipient;
	char code[12];
	const char *text;
	size_t text_length;
};

static bool parse_index(const char *word, size_t *index)
{
	char *end;
	unsigned long value;

	if (strcmp(word, "-") == 0) {
		*index = JOURNAL_ALL;
		return true;
	}
	if (word[0] < '0' || word[0] > '9')
		return false;
	errno = 0;
	value = strtoul(word, &end, 10);
	*index = value;
	return errno == 0 && *end == '\0' && value < ENTRY_RECIPIENT_LIMIT;
}

static bool is_intact(const char *id, const char *text, size_t n)
{
	char check[CHECK_LENGTH + 1];

	if (n <= CHECK_LENGTH || n > LINE_LIMIT)
		return false;
	snprintf(check, sizeof(check), " *%08" PRIX32,
	         line_crc(id, text, n - CHECK_LENGTH));
	return memcmp(text + n - CHECK_LENGTH, check, CHECK_LENGTH) == 0;
}

/* False: the line is not whole or not of this entry. */
static bool parse_line(struct line *line, const char *id, const char *text,
                       size_t n)
{
	char word[16];
	int used = 0;

	if (!is_intact(id, text, n) || memchr(text, '\0', n) != NULL)
		return false;
	if (sscanf(text, "%c %" SCNd64 " %15s %11s%n", &line->kind, &line->time,
	           word, line->code, &used) != 4 ||
	    used == 0 || (size_t)used >= n - CHECK_LENGTH ||
	    text[used] != ' ' || strchr("DFIRWALTSdfK", line->kind) == NULL)
		return false;
	/* One space, and all after it: the text may be empty. */
	line->text = text + used + 1;
	line->text_length = n - CHECK_LENGTH - (size_t)used - 1;
	return parse_index(word, &line->recipient);
}

static void set_mark(struct mark *mark, const struct line *line)
{
	mark->kind = (enum journal_kind)line->kind;
	mark->time = line->time;
	snprintf(mark->code, sizeof(mark->code), "%s", line->code);
	free(mark->text);
	mark->text = mem_strndup(line->text, line->text_length);
}

static void count_try(struct history *h, const struct line *line)
{
	h->age += schedule_step(h->since, line->time);
	h->since = line->time;
	if (h->tries == 0)
		h->first_try = line->time;
	h->last_try = line->time;
	h->tries++;
	h->breaks += strcmp(line->code, "4.4.2") == 0;
	set_mark(&h->last, line);
}

/* A person's word: only what had failed is opened, never a delivery. */
static void start_again(struct history *h, const struct line *line)
{
	bool is_told = h->report.id[0] != '\0';

	h->tries = 0;
	h->breaks = 0;
	h->report = h->warning = (struct notice){ 0 };
	h->age = 0;
	h->kept = 0;
	h->since = line->time;
	for (size_t i = 0; i < h->count; i++) {
		if (h->marks[i].kind == JOURNAL_FAILED)
			h->marks[i].kind = JOURNAL_LATER;
		if (is_told)
			h->marks[i].owes_success = false;
	}
	for (size_t i = 0; i < h->part_count; i++)
		if (h->parts[i].mark.kind == JOURNAL_FAILED)
			h->parts[i].mark.kind = JOURNAL_LATER;
}

/* What is settled stays: a later line cannot undo a delivery.  So does doubt: a
 * later refusal does not tell what became of the earlier try. */
static void take_mark(struct mark *mark, const struct line *line)
{
	mark->in_doubt |= line->kind == JOURNAL_DOUBT;
	if (mark->kind != JOURNAL_DELIVERED && mark->kind != JOURNAL_FAILED)
		set_mark(mark, line);
}

static struct part *new_part(struct history *h)
{
	if (h->part_count == h->part_room) {
		size_t room = h->part_room == 0 ? 8 : h->part_room * 2;

		h->parts = mem_grow(h->parts, h->part_room, room,
		                    sizeof(*h->parts));
		h->part_room = room;
	}
	memset(&h->parts[h->part_count], 0, sizeof(*h->parts));
	h->parts[h->part_count].line = h->part_count;
	return &h->parts[h->part_count++];
}

/* "10:ann@x.test 250 2.0.0 queued". */
static void take_part(struct history *h, const struct line *line)
{
	struct line rest = *line;
	unsigned n = 0;
	int used = 0;
	struct part *part;

	if (line->recipient >= h->count ||
	    sscanf(line->text, "%3u:%n", &n, &used) != 1 || used == 0 ||
	    n == 0 || (size_t)used + n >= line->text_length ||
	    line->text[(size_t)used + n] != ' ')
		return;
	part = new_part(h);
	part->recipient = line->recipient;
	part->address = mem_strndup(line->text + used, n);
	rest.text += (size_t)used + n + 1;
	rest.text_length -= (size_t)used + n + 1;
	rest.kind = line->kind == JOURNAL_PART_DELIVERED ? JOURNAL_DELIVERED
	                                                 : JOURNAL_FAILED;
	set_mark(&part->mark, &rest);
}

/* One that was made before a person said to try again is none of now. */
static void take_notice(struct notice *notice, const struct line *line)
{
	char id[ENTRY_ID_LENGTH + 1] = "", word[8] = "";

	if (sscanf(line->text, "%22s %7s", id, word) < 1 || !entry_is_id(id))
		return;
	if (ascii_is_word(word, "done")) {
		notice->is_done |= strcmp(notice->id, id) == 0;
		return;
	}
	memcpy(notice->id, id, sizeof(notice->id));
	notice->is_done = false;
}

/* All that is behind the last one is one day at most. */
static void count_day(struct history *h, const struct line *line)
{
	h->kept = history_kept(h, line->time);
}

static void take_line(struct history *h, const struct line *line)
{
	switch ((enum journal_kind)line->kind) {
	case JOURNAL_ATTEMPT: count_try(h, line); break;
	case JOURNAL_AGAIN: start_again(h, line); break;
	case JOURNAL_KEPT: count_day(h, line); break;
	case JOURNAL_REPORTED: take_notice(&h->report, line); break;
	case JOURNAL_WARNED: take_notice(&h->warning, line); break;
	case JOURNAL_PART_DELIVERED:
	case JOURNAL_PART_FAILED: take_part(h, line); break;
	case JOURNAL_SUCCESS:
		if (line->recipient < h->count) {
			h->marks[line->recipient].owes_success = true;
			h->marks[line->recipient].is_here =
				line->text[0] == 'd';
		}
		break;
	case JOURNAL_DELIVERED:
	case JOURNAL_FAILED:
	case JOURNAL_DOUBT:
	case JOURNAL_LATER:
		if (line->recipient < h->count)
			take_mark(&h->marks[line->recipient], line);
		break;
	}
	h->last_line = line->time;
}

static void take_text(struct history *h, const char *id, char *text, size_t n)
{
	char *end = text + n;

	while (text < end) {
		char *newline = memchr(text, '\n', (size_t)(end - text));
		struct line line;

		if (newline == NULL)
			break;
		*newline = '\0';
		if (parse_line(&line, id, text, (size_t)(newline - text)))
			take_line(h, &line);
		text = newline + 1;
	}
}

static int read_file(struct history *h, int fd, const struct dir *log,
                     const char *id, struct fault *f)
{
	struct stat st;
	ssize_t k;
	char *text;

	if (fstat(fd, &st) != 0)
		return cannot(f, log, id);
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_LIMIT) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EISDIR;
		return cannot(f, log, id);
	}
	text = mem_alloc((size_t)st.st_size + 1);
	k = fdio_pread(fd, text, (size_t)st.st_size, 0);
	if (k >= 0)
		take_text(h, id, text, (size_t)k);
	free(text);
	return k < 0 ? cannot(f, log, id) : 0;
}

static int compare_part(const struct part *p, size_t recipient,
                        const char *address)
{
	if (p->recipient != recipient)
		return p->recipient < recipient ? -1 : 1;
	return strcmp(p->address, address);
}

static int compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = compare_part(x, y->recipient, y->address);

	if (order != 0)
		return order;
	return x->line < y->line ? -1 : 1;
}

int journal_read(const struct dir *log, const char *id, size_t recipients,
                 struct history *h, struct fault *f)
{
	int fd, result;

	memset(h, 0, sizeof(*h));
	h->marks = mem_array(recipients, sizeof(*h->marks));
	h->count = recipients;
	h->since = h->last_line = entry_time(id);
	if (log->fd < 0) /* there is no log/ yet */
		return 0;
	fd = openat(log->fd, id,
	            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return cannot(f, log, id);
	result = read_file(h, fd, log, id, f);
	close(fd);
	if (h->part_count > 0)
		qsort(h->parts, h->part_count, sizeof(*h->parts),
		      compare_parts);
	for (size_t i = 0; i < h->count; i++)
		h->in_doubt |= h->marks[i].in_doubt &&
		               h->marks[i].kind != JOURNAL_DELIVERED;
	return result;
}

void history_release(struct history *h)
{
	for (size_t i = 0; i < h->count; i++)
		free(h->marks[i].text);
	for (size_t i = 0; i < h->part_count; i++) {
		free(h->parts[i].address);
		free(h->parts[i].mark.text);
	}
	free(h->parts);
	free(h->marks);
	free(h->last.text);
	memset(h, 0, sizeof(*h));
}

bool history_is_settled(const struct history *h, size_t recipient)
{
	return h->marks[recipient].kind == JOURNAL_DELIVERED ||
	       h->marks[recipient].kind == JOURNAL_FAILED;
}

size_t history_open_count(const struct history *h)
{
	size_t open = 0;

	for (size_t i = 0; i < h->count; i++)
		open += history_is_settled(h, i) ? 0 : 1;
	return open;
}

int64_t history_kept(const struct history *h, int64_t now)
{
	return h->kept + schedule_step_of(h->last_line, now, DAY);
}

/* The last line counts: a part that had failed may have been begun again. */
const struct mark *history_part(const struct history *h, size_t recipient,
                                const char *address)
{
	size_t low = 0, high = h->part_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_part(&h->parts[middle], recipient, address) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 ||
	    compare_part(&h->parts[low - 1], recipient, address) != 0 ||
	    h->parts[low - 1].mark.kind == JOURNAL_LATER)
		return NULL;
	return &h->parts[low - 1].mark;
}

/* --- writing ------------------------------------------------------------ */

void journal_init(struct journal *j)
{
	*j = (struct journal){ .fd = -1 };
}

void journal_release(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	journal_init(j);
}

/* A line after a torn one must not become part of it. */
static void look_at_end(struct journal *j)
{
	struct stat st;
	char last = '?';

	j->is_torn = true;
	if (fstat(j->fd, &st) != 0)
		return;
	if (st.st_size == 0 ||
	    (fdio_pread(j->fd, &last, 1, st.st_size - 1) == 1 && last == '\n'))
		j->is_torn = false;
}

int journal_open(struct journal *j, const struct dir *log, const char *id,
                 struct fault *f)
{
	j->log = log;
	snprintf(j->id, sizeof(j->id), "%s", id);
	j->fd = openat(log->fd, id,
	               O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
	                       O_CLOEXEC,
	               0640);
	if (j->fd < 0)
		return cannot(f, log, id);
	/* An older one too: lines of kind A alone were never synced. */
	j->is_new = true;
	look_at_end(j);
	return 0;
}

/* File systems without preallocation (EOPNOTSUPP) get none: then a full disk
 * can cost one more delivery of the same message, never the message. */
int journal_reserve(struct journal *j, size_t bytes, struct fault *f)
{
	struct stat st;

	if (fstat(j->fd, &st) != 0)
		return cannot(f, j->log, j->id);
	if (fallocate(j->fd, FALLOC_FL_KEEP_SIZE, st.st_size, (off_t)bytes) !=
	            0 &&
	    errno != EOPNOTSUPP && errno != ENOSYS)
		return cannot(f, j->log, j->id);
	j->is_dirty = true;
	return journal_sync(j, f);
}

int journal_add(struct journal *j, enum journal_kind kind, size_t recipient,
                const char *code, const char *text, struct fault *f)
{
	char line[LINE_LIMIT + 2], safe[JOURNAL_TEXT + 1], index[24] = "-";
	size_t start = j->is_torn ? 1 : 0, n;

	if (recipient != JOURNAL_ALL)
		snprintf(index, sizeof(index), "%zu", recipient);
	escape_copy(safe, sizeof(safe), text, strlen(text));
	line[0] = '\n';
	n = start + (size_t)snprintf(line + start, sizeof(line) - start,
	                             "%c %" PRId64 " %s %.11s %s", (char)kind,
	                             clock_seconds(), index,
	                             code[0] != '\0' ? code : "-", safe);
	n += (size_t)snprintf(line + n, sizeof(line) - n, " *%08" PRIX32 "\n",
	                      line_crc(j->id, line + start, n - start));
	if (fdio_write(j->fd, line, n) != 0) {
		cannot(f, j->log, j->id);
		j->is_torn = true;
		return -1;
	}
	j->is_torn = false;
	if (strchr("DFRWTSdf", (char)kind) != NULL)
		j->is_dirty = true;
	return 0;
}

int journal_add_part(struct journal *j, enum journal_kind kind,
                     size_t recipient, const char *address, const char *code,
                     const char *text, struct fault *f)
{
	struct sbuf whole;
	int result;

	sbuf_init(&whole, JOURNAL_TEXT);
	sbuf_addf(&whole, "%zu:%s ", strlen(address), address);
	sbuf_add(&whole, text, strnlen(text, whole.limit - whole.len));
	result = journal_add(j, kind, recipient, code, whole.data, f);
	sbuf_release(&whole);
	return result;
}

int journal_sync(struct journal *j, struct fault *f)
{
	if (!j->is_dirty)
		return 0;
	if (fsync(j->fd) != 0)
		return cannot(f, j->log, j->id);
	if (j->is_new && dir_sync(j->log, f) != 0)
		return -1;
	j->is_new = false;
	j->is_dirty = false;
	return 0;
}
