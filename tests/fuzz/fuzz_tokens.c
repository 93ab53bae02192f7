/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_tokens - a store of any bytes
 *
 * Read as it is, and once with a right checksum at its end.  What is taken says
 * its version, and is written again byte for byte; what is not is put aside,
 * byte for byte, and a store can be written after it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/fdio.h"
#include "base/sbuf.h"
#include "helper/tokens.h"

#define SIZE_LIMIT ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static char path[] = "/tmp/relay-fuzz-XXXXXX/work";
static char directory[] = "/tmp/relay-fuzz-XXXXXX";
static bool is_made;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void remove_name(const char *name)
{
	struct sbuf whole;

	sbuf_init(&whole, 200);
	sbuf_addf(&whole, "%s/%s", directory, name);
	unlink(whole.data);
	sbuf_release(&whole);
}

static void clean_up(void)
{
	remove_name("work");
	remove_name("work.lock");
	remove_name("work.damaged");
	rmdir(directory);
}

/* One directory for all inputs. */
static void prepare(void)
{
	if (is_made)
		return;
	must(mkdtemp(directory) != NULL);
	memcpy(path, directory, strlen(directory));
	is_made = true;
	atexit(clean_up);
}

static void write_file(const struct sbuf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && fdio_write(fd, text->data, text->len) == 0);
	close(fd);
}

static bool is_in(const char *name, const struct sbuf *text)
{
	struct sbuf whole;
	char *bytes = malloc(text->len + 1);
	bool same;
	int fd;

	sbuf_init(&whole, 200);
	sbuf_addf(&whole, "%s/%s", directory, name);
	fd = open(whole.data, O_RDONLY | O_CLOEXEC);
	same = fd >= 0 && bytes != NULL &&
	       fdio_pread(fd, bytes, text->len + 1, 0) == (ssize_t)text->len &&
	       memcmp(bytes, text->data, text->len) == 0;
	if (fd >= 0)
		close(fd);
	free(bytes);
	sbuf_release(&whole);
	return same;
}

/* What may be shown agrees with what is there. */
static void look(int there)
{
	struct tokens_state state;
	struct fault f = { .kind = FAULT_NONE };

	must(tokens_look(path, &state, &f) == there);
	must(there != 1 ||
	     (state.failed > 0) == (state.failure_is != FAULT_NONE));
	must(memchr(state.user, '\0', sizeof(state.user)) != NULL);
}

static void write_again(struct tokens *t)
{
	struct fault f;

	must(tokens_reserve(t, &f) == 0);
	must(tokens_write(t, &f) == 0);
}

static void try_store(const struct sbuf *text)
{
	struct fault f = { .kind = FAULT_NONE };
	struct tokens t;
	int64_t version;
	int there;

	remove_name("work.damaged");
	write_file(text);
	must(tokens_open(&t, path, &f) == 0 && tokens_lock(&t, 0, &f) == 0);
	there = tokens_read(&t, &f);
	must(there == 1 || there == -1);
	if (there == 1) {
		must(pairs_get_number(&t.lines, "version", &version));
		must(version == 1);
		write_again(&t);
		must(is_in("work", text));
		look(1);
	} else {
		must(f.kind == FAULT_CONFIG && f.text[0] != '\0');
		must(is_in("work.damaged", text) || is_in("work", text));
		must(pairs_put(&t.lines, "version", "1", &f) == 0);
		write_again(&t);
		must(tokens_read(&t, &f) == 1);
		look(1);
	}
	tokens_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct sbuf text;

	prepare();
	sbuf_init(&text, SIZE_LIMIT);
	sbuf_add(&text, bytes, n);
	try_store(&text);
	sbuf_addf(&text, "check=%08" PRIX32 "\n",
	          crc_add(0, text.data, text.len));
	try_store(&text);
	sbuf_release(&text);
	return 0;
}
