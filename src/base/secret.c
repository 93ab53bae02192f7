/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct secret {
	char *bytes;
	size_t len;
};

struct secret *secret_create(const char *bytes, size_t n)
{
	struct secret *secret = mem_alloc(sizeof(*secret));

	secret->bytes = mem_strndup(bytes, n);
	secret->len = n;
	return secret;
}

void secret_free(struct secret **secret)
{
	if (*secret == NULL)
		return;
	explicit_bzero((*secret)->bytes, (*secret)->len);
	free((*secret)->bytes);
	free(*secret);
	*secret = NULL;
}

const char *secret_reveal(const struct secret *secret)
{
	return secret->bytes;
}

size_t secret_length(const struct secret *secret)
{
	return secret->len;
}
