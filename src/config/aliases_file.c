/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/aliases_file.h"

#include <string.h>

#include "base/trust.h"

static int read_file(const char *path, struct sbuf *content, struct fault *f)
{
	struct stat st;

	sbuf_reset(content);
	return trust_read(path, TRUST_WRITABLE, content, &st, f);
}

struct aliases *aliases_load(const char *path, struct fault *first)
{
	struct aliases *a = aliases_create(path);
	struct sbuf content;
	struct fault f;

	sbuf_init(&content, ALIASES_FILE_LIMIT);
	if (read_file(path, &content, &f) == 0)
		aliases_add(a, content.data, content.len);
	else
		aliases_refuse(a, &f);
	while ((path = aliases_next_include(a)) != NULL) {
		if (read_file(path, &content, &f) == 0)
			aliases_add_include(a, content.data, content.len);
		else
			aliases_refuse_include(a, &f);
	}
	sbuf_release(&content);
	aliases_finish(a);
	fault_clear(first);
	aliases_fault(a, 0, first);
	return a;
}
