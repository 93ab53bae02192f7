/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/keyfile.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/trust.h"
#include "token/json.h"

#define LIMIT JSON_LIMIT

/* --- Google's JSON -------------------------------------------------------- */

static int take_members(struct keyfile *key, const struct json *json,
                        const char *path, struct fault *f)
{
	const char *pem = json_text(json, "private_key");
	const char *issuer = json_text(json, "client_email");
	const char *id = json_text(json, "private_key_id");

	if (pem == NULL)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s has no `private_key`: it is not the "
		                   "key of a service account (Google Cloud: "
		                   "IAM, Service Accounts, Keys)"),
		                 path);
	sbuf_addstr(&key->pem, pem);
	snprintf(key->issuer, sizeof(key->issuer), "%s",
	         issuer != NULL ? issuer : "");
	snprintf(key->id, sizeof(key->id), "%s", id != NULL ? id : "");
	return 0;
}

static int take_json(struct keyfile *key, const struct sbuf *content,
                     const char *path, struct fault *f)
{
	struct json *json = json_read(content->data, content->len, f);
	int result;

	if (json == NULL) {
		fault_wrap(f, "%s", path);
		f->kind = FAULT_CONFIG;
		return -1;
	}
	result = take_members(key, json, path, f);
	json_free(&json);
	return result;
}

int keyfile_read(struct keyfile *key, const char *path, struct fault *f)
{
	struct sbuf content;
	struct stat st;
	int result;

	*key = (struct keyfile){ .issuer = "" };
	sbuf_init(&key->pem, LIMIT);
	sbuf_init(&content, LIMIT);
	result = trust_read(path, TRUST_WRITABLE | TRUST_READABLE, &content,
	                    &st, f);
	if (result == 0 && content.data[strspn(content.data, " \t\r\n")] == '{')
		result = take_json(key, &content, path, f);
	else if (result == 0)
		sbuf_add(&key->pem, content.data, content.len);
	sbuf_release(&content);
	if (result != 0)
		keyfile_release(key);
	return result;
}

void keyfile_release(struct keyfile *key)
{
	sbuf_release(&key->pem);
}

int keyfile_certificate(const char *path, struct sbuf *pem, struct fault *f)
{
	struct stat st;

	return trust_read(path, TRUST_WRITABLE, pem, &st, f);
}
