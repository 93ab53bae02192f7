/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_journal - a journal of any bytes
 *
 * The first byte says how many recipients there are.  The rest is read once as
 * it is, and once with a right checksum behind each of its lines.  No recipient
 * may be marked that no line names; what is appended afterwards must be found.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/fdio.h"
#include "base/sbuf.h"
#include "queue/journal.h"

#define ID "0629C5C4F43F6A1A2B3C4D"
#define SIZE_LIMIT ((size_t)1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static char path[] = "/tmp/relay-fuzz-XXXXXX";
static struct dir log_dir;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void clean_up(void)
{
	unlinkat(log_dir.fd, ID, 0);
	rmdir(path);
	dir_release(&log_dir);
}

/* One directory for all inputs. */
static void prepare(void)
{
	struct fault f;

	if (log_dir.path != NULL)
		return;
	must(mkdtemp(path) != NULL);
	must(dir_open(&log_dir, NULL, path, NULL, &f) == 0);
	atexit(clean_up);
}

static void write_file(const void *bytes, size_t n)
{
	struct fault f;
	struct journal j;

	unlinkat(log_dir.fd, ID, 0);
	journal_init(&j);
	must(journal_open(&j, &log_dir, ID, &f) == 0);
	must(fdio_write(j.fd, bytes, n) == 0);
	journal_release(&j);
}

/* Does some line name recipient `i`?  Leading zeros are read, too. */
static bool is_named(const struct sbuf *text, size_t i)
{
	for (const char *p = text->data; p < text->data + text->len; p++) {
		char *end;

		if (*p >= '0' && *p <= '9' && strtoul(p, &end, 10) == i)
			return true;
	}
	return false;
}

static void check_mark(const struct mark *mark)
{
	must(mark->kind == 0 || mark->kind == JOURNAL_DELIVERED ||
	     mark->kind == JOURNAL_FAILED || mark->kind == JOURNAL_DOUBT ||
	     mark->kind == JOURNAL_LATER);
	must((mark->kind != 0) == (mark->text != NULL));
	must(memchr(mark->code, '\0', sizeof(mark->code)) != NULL);
	must(mark->kind != JOURNAL_DOUBT || mark->in_doubt);
}

static void check_history(const struct history *h, const struct sbuf *text)
{
	size_t open = 0;

	for (size_t i = 0; i < h->count; i++) {
		check_mark(&h->marks[i]);
		must(h->marks[i].kind == 0 || is_named(text, i));
		open += history_is_settled(h, i) ? 0 : 1;
	}
	must(history_open_count(h) == open);
	must(h->age >= 0);
	must(h->tries == 0 || h->last.text != NULL);
}

static void try_file(const struct sbuf *text, size_t recipients)
{
	struct history before, after;
	struct journal j;
	struct fault f;

	write_file(text->data, text->len);
	must(journal_read(&log_dir, ID, recipients, &before, &f) == 0);
	check_history(&before, text);
	journal_init(&j);
	must(journal_open(&j, &log_dir, ID, &f) == 0);
	must(journal_add(&j, JOURNAL_DELIVERED, 0, "2.0.0", "ok", &f) == 0);
	journal_release(&j);
	must(journal_read(&log_dir, ID, recipients, &after, &f) == 0);
	must(history_is_settled(&after, 0));
	for (size_t i = 0; i < recipients; i++)
		must(!history_is_settled(&before, i) ||
		     history_is_settled(&after, i));
	history_release(&before);
	history_release(&after);
}

static void add_checksums(struct sbuf *to, const char *bytes, size_t n)
{
	while (n > 0) {
		const char *end = memchr(bytes, '\n', n);
		size_t len = end == NULL ? n : (size_t)(end - bytes);
		uint32_t crc = crc_add(0, ID, strlen(ID));

		sbuf_add(to, bytes, len);
		sbuf_addf(to, " *%08" PRIX32 "\n", crc_add(crc, bytes, len));
		bytes += end == NULL ? len : len + 1;
		n -= end == NULL ? len : len + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct sbuf text;

	if (n == 0)
		return 0;
	prepare();
	sbuf_init(&text, SIZE_LIMIT);
	sbuf_add(&text, bytes + 1, n - 1);
	try_file(&text, (size_t)bytes[0] % 8 + 1);
	sbuf_reset(&text);
	add_checksums(&text, (const char *)bytes + 1, n - 1);
	try_file(&text, (size_t)bytes[0] % 8 + 1);
	sbuf_release(&text);
	return 0;
}
