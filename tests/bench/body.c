/* SPDX-License-Identifier: GPL-3.0-or-later */
/* body - what it costs to bring a body into the form of the wire
 *
 *     body   ->   NAME MEGABYTES-PER-SECOND for each kind of text
 *
 * wire_body() and the checksum of an entry, as sendmail calls them: 64 KiB at a
 * time, over text in memory, on one core and into nothing.  The best of several
 * runs: whatever disturbs a run makes it slower.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crc.h"
#include "message/wire.h"

#define SIZE ((size_t)32 << 20)
#define PIECE ((size_t)65536)
#define RUNS 7

static uint32_t checksum;
static bool with_checksum;

static int swallow(void *arg, const char *bytes, size_t n)
{
	size_t *total = arg;

	if (with_checksum)
		checksum = crc_add(checksum, bytes, n);
	*total += n;
	return 0;
}

/* Lines of `width`, over and over. */
static void fill(char *text, size_t width, const char *end)
{
	size_t len = strlen(end);

	for (size_t at = 0; at < SIZE; at++) {
		size_t column = at % (width + len);

		text[at] = column < width ? (char)('!' + column % 90)
		                          : end[column - width];
	}
}

static double run(const char *text)
{
	struct wire_input w;
	struct timespec begin, end;
	size_t total = 0;

	wire_input_init(&w, true, false, PIECE, swallow, &total);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (size_t at = 0; at < SIZE; at += PIECE)
		wire_body(&w, text + at, PIECE);
	wire_body_end(&w);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return (double)(end.tv_sec - begin.tv_sec) +
	       (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

static void report(const char *name, const char *text)
{
	double best = run(text);

	for (int i = 1; i < RUNS; i++) {
		double seconds = run(text);

		if (seconds < best)
			best = seconds;
	}
	printf("%s %.0f\n", name, (double)SIZE / 1e6 / best);
}

int main(void)
{
	char *text = malloc(SIZE);

	if (text == NULL)
		return 71;
	fill(text, 72, "\n");
	report("LF", text);
	with_checksum = true;
	report("LF+checksum", text);
	with_checksum = false;
	fill(text, 72, "\r\n");
	report("CRLF", text);
	with_checksum = true;
	report("CRLF+checksum", text);
	with_checksum = false;
	fill(text, 30, "\n");
	report("LF-short", text);
	free(text);
	return 0;
}
