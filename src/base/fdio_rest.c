/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Apart from the rest of fdio: relay-drop links that, and no buffers. */
#include <string.h>

#include "base/fdio.h"
#include "base/sbuf.h"

int fdio_read_rest(int fd, struct sbuf *b)
{
	char piece[4096];
	ssize_t n;

	do {
		n = fdio_read(fd, piece, sizeof(piece));
		if (n > 0)
			sbuf_add(b, piece, (size_t)n);
	} while (n > 0 && !b->overflow);
	explicit_bzero(piece, sizeof(piece));
	return n < 0 ? -1 : 0;
}
