/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report - a delivery report, for report.tap
 *
 * usage: report [PIECE] <records
 *
 * A record is "key=value" and ends with NUL: `recipient` begins one, of which
 * `final`, `orcpt`, `action`, `status`, `words`, `remote`, `last_try` and
 * `in_doubt` are; `repeat` makes as many of the last one; the others are of the
 * report (message/report.h).  `message` is the original, which is given in
 * pieces of PIECE bytes.  Prints the report; exits 0.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fdio.h"
#include "base/sbuf.h"
#include "message/report.h"

#define RECIPIENTS 100000

static struct report report;
static struct report_recipient recipients[RECIPIENTS];
static const char *message = "";
static size_t message_len;

static int print(void *arg, const char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, arg) == n ? 0 : -1;
}

static bool is(const char *record, size_t n, const char *key)
{
	return strlen(key) == n && memcmp(record, key, n) == 0;
}

static bool set_string(const char *key, size_t n, const char *value)
{
	struct report_recipient *to =
		&recipients[report.count > 0 ? report.count - 1 : 0];
	const struct {
		const char *key;
		const char **to;
	} strings[] = {
		{ "id", &report.id },
		{ "host", &report.host },
		{ "original", &report.original },
		{ "domain", &report.domain },
		{ "to", &report.to },
		{ "envid", &report.envid },
		{ "subject", &report.subject },
		{ "final", &to->final },
		{ "orcpt", &to->orcpt },
		{ "status", &to->status },
		{ "words", &to->words },
		{ "remote", &to->remote },
	};

	for (size_t i = 0; i < COUNT_OF(strings); i++)
		if (is(key, n, strings[i].key)) {
			*strings[i].to = value;
			return true;
		}
	return false;
}

static bool set_number(const char *key, size_t n, const char *value)
{
	struct report_recipient *to =
		&recipients[report.count > 0 ? report.count - 1 : 0];
	int64_t number = strtoll(value, NULL, 10);

	if (is(key, n, "arrival"))
		report.arrival = number;
	else if (is(key, n, "now"))
		report.now = number;
	else if (is(key, n, "retry_until"))
		report.retry_until = number;
	else if (is(key, n, "last_try"))
		to->last_try = number;
	else if (is(key, n, "action"))
		to->action = (enum report_action)number;
	else if (is(key, n, "in_doubt"))
		to->in_doubt = number != 0;
	else if (is(key, n, "is_kept"))
		report.is_kept = number != 0;
	else if (is(key, n, "with_body"))
		report.with_body = number != 0;
	else if (is(key, n, "original_is_8bit"))
		report.original_is_8bit = number != 0;
	else
		return false;
	return true;
}

static void take(const char *record, const char *end)
{
	const char *value = strchr(record, '=');
	size_t n;

	if (value == NULL)
		exit(64);
	n = (size_t)(value++ - record);
	if (is(record, n, "recipient") && report.count < RECIPIENTS)
		recipients[report.count++].address = value;
	else if (is(record, n, "repeat"))
		for (long i = strtol(value, NULL, 10);
		     i > 1 && report.count < RECIPIENTS; i--, report.count++)
			recipients[report.count] = recipients[report.count - 1];
	else if (is(record, n, "message")) {
		message = value;
		message_len = (size_t)(end - value);
	} else if (!set_string(record, n, value) &&
	           !set_number(record, n, value)) {
		exit(64);
	}
}

int main(int argc, char **argv)
{
	size_t piece = argc > 1 ? strtoul(argv[1], NULL, 10) : 65536;
	struct report_writer w;
	char chunk[65536];
	struct sbuf in;
	ssize_t n;

	sbuf_init(&in, (size_t)1 << 28);
	while ((n = fdio_read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		sbuf_add(&in, chunk, (size_t)n);
	report.recipients = recipients;
	for (size_t at = 0; at < in.len; at += strlen(in.data + at) + 1) {
		bool is_last = strncmp(in.data + at, "message=", 8) == 0;

		take(in.data + at, in.data + in.len);
		if (is_last) /* it may hold NUL */
			break;
	}
	if (report_begin(&w, &report, print, stdout) != 0)
		return 1;
	for (size_t at = 0, step; at < message_len; at += step) {
		step = message_len - at < piece ? message_len - at : piece;
		report_original(&w, message + at, step);
	}
	sbuf_release(&in);
	return report_end(&w) == 0 ? 0 : 1;
}
