/* SPDX-License-Identifier: GPL-3.0-or-later */
/* replay - a fuzz target's corpus, each file once
 *
 * The main() of a fuzz target where no fuzzer is at hand: `make check` runs it
 * so that an input which once broke something is tried for ever.  Arguments
 * are folders of inputs; without one, the target's own in tests/fuzz/corpus.
 * No input at all is a failure: a test that tests nothing must not pass.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void die(const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The block is as long as the input, for the sanitizers to see its end. */
static void replay(const char *name, int fd, size_t size)
{
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	size_t len = 0;

	if (bytes == NULL)
		die(name);
	while (len < size) {
		ssize_t k = read(fd, bytes + len, size - len);

		if (k <= 0)
			die(name);
		len += (size_t)k;
	}
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
}

static unsigned replay_folder(const char *path)
{
	const struct dirent *item;
	unsigned count = 0;
	struct stat st;
	DIR *dir = opendir(path);

	if (dir == NULL)
		die(path);
	while ((item = readdir(dir)) != NULL) {
		int fd = openat(dirfd(dir), item->d_name, O_RDONLY);

		if (fd < 0 || fstat(fd, &st) != 0)
			die(item->d_name);
		if (S_ISREG(st.st_mode)) {
			printf("%s/%s\n", path, item->d_name);
			fflush(stdout); /* the last one named is to blame */
			replay(item->d_name, fd, (size_t)st.st_size);
			count++;
		}
		close(fd);
	}
	closedir(dir);
	return count;
}

/* .../tests/fuzz/fuzz_reply: tests/fuzz/corpus/reply */
static unsigned replay_own(const char *program)
{
	const char *top = getenv("abs_top_srcdir");
	const char *name = strrchr(program, '/');
	char path[4096];

	name = name == NULL ? program : name + 1;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s",
	         top == NULL ? "." : top, name);
	return replay_folder(path);
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	if (argc < 2)
		count = replay_own(argv[0]);
	for (int i = 1; i < argc; i++)
		count += replay_folder(argv[i]);
	printf("%u inputs\n", count);
	if (count == 0)
		fprintf(stderr, "replay: no input\n");
	return count > 0 ? 0 : 1;
}
