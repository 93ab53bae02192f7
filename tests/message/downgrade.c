/* SPDX-License-Identifier: GPL-3.0-or-later */
/* downgrade - a message as a given server gets it, for downgrade.tap
 *
 * usage: downgrade 7bit|8bit ascii|utf8 [PIECE] <message
 *        downgrade speed <message
 *
 * The message is in CRLF form; it is read in pieces of PIECE bytes.  Prints the
 * message as it would be sent, and what was changed as one line on standard
 * error.  Exits 0 if it was, 1 if it is sent as it is, 2 if it cannot be sent:
 * the reason is on standard error.  `speed` says how long the look takes.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/sbuf.h"
#include "message/downgrade.h"

static int print(void *arg, const char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, arg) == n ? 0 : -1;
}

static void look(struct downgrade *d, const struct sbuf *in, size_t piece)
{
	for (size_t at = 0, n; at < in->len; at += n) {
		n = in->len - at < piece ? in->len - at : piece;
		downgrade_look(d, in->data + at, n);
	}
	downgrade_looked(d);
}

static int convert(const struct sbuf *in, const struct downgrade_limits *limits,
                   size_t piece)
{
	struct downgrade *d = downgrade_create();
	struct fault f;
	int plan;

	look(d, in, piece);
	plan = downgrade_plan(d, limits, &f);
	if (plan < 0)
		fprintf(stderr, "%s %s\n", f.code, f.text);
	else if (plan == 0)
		fwrite(in->data, 1, in->len, stdout);
	else
		fprintf(stderr, "%s\n", downgrade_changes(d));
	if (plan == 1) {
		downgrade_begin(d, print, stdout);
		for (size_t at = 0, n; at < in->len; at += n) {
			n = in->len - at < piece ? in->len - at : piece;
			if (downgrade_add(d, in->data + at, n) != 0)
				return 3;
		}
		if (downgrade_end(d) != 0)
			return 3;
	}
	downgrade_free(&d);
	return plan < 0 ? 2 : !plan;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void tell(const char *what, size_t n, double since)
{
	printf("%s: %.0f MB/s\n", what, (double)n / 1e6 / (seconds() - since));
}

static int speed(const struct sbuf *in)
{
	struct downgrade *d;
	struct wire_scan scan;
	double since = seconds();

	wire_scan_init(&scan);
	for (size_t at = 0, n; at < in->len; at += n) {
		n = in->len - at < 65536 ? in->len - at : 65536;
		wire_scan_add(&scan, in->data + at, n);
	}
	tell("wire_scan", in->len, since);
	since = seconds();
	d = downgrade_create();
	look(d, in, 65536);
	downgrade_free(&d);
	tell("look", in->len, since);
	return 0;
}

int main(int argc, char **argv)
{
	struct downgrade_limits limits = { .can_8bit = false };
	size_t piece = 65536;
	struct sbuf in;
	char chunk[65536];
	ssize_t n;
	int status;

	sbuf_init(&in, (size_t)1 << 30);
	while ((n = fdio_read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		sbuf_add(&in, chunk, (size_t)n);
	if (argc > 3)
		piece = strtoul(argv[3], NULL, 10);
	if (argc < 2 || piece == 0)
		return 64;
	if (argc == 2) {
		status = speed(&in);
	} else {
		limits.can_8bit = strcmp(argv[1], "8bit") == 0;
		limits.can_utf8 = strcmp(argv[2], "utf8") == 0;
		status = convert(&in, &limits, piece);
	}
	sbuf_release(&in);
	return status;
}
