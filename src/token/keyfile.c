/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/intl.h"
#include "token/json.h"

#define LIMIT JSON_LIMIT

static bool is_read_by_others(const struct stat *st)
{
	mode_t others = st->st_mode & (S_IRGRP | S_IROTH);

	if (st->st_uid == 0 && geteuid() != 0)
		others &= ~(mode_t)S_IRGRP;
	return others != 0;
}

static int check(const char *path, int fd, bool is_secret, struct fault *f)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s is not a regular file"), path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s belongs to user %u, not to user %u who "
		                   "reads it: chown %u %s"),
		                 path, st.st_uid, geteuid(), geteuid(), path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s can be changed by other users: "
		                   "chmod go-w %s"),
		                 path, path);
	if (is_secret && is_read_by_others(&st))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s can be read by other users: "
		                   "chmod 600 %s"),
		                 path, path);
	return 0;
}

static int read_all(const char *path, int fd, struct sbuf *content,
                    struct fault *f)
{
	char piece[4096];
	ssize_t n;

	do {
		n = fdio_read(fd, piece, sizeof(piece));
		if (n > 0)
			sbuf_add(content, piece, (size_t)n);
	} while (n > 0 && !content->overflow);
	explicit_bzero(piece, sizeof(piece));
	if (n < 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("cannot read %s: %s"), path,
		                 intl_error(errno));
	if (content->overflow)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("%s is larger than %zu bytes"), path,
		                 content->limit);
	return 0;
}

static int read_file(const char *path, bool is_secret, struct sbuf *content,
                     struct fault *f)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("cannot open %s: %s"), path,
		                 intl_error(errno));
	result = check(path, fd, is_secret, f);
	if (result == 0)
		result = read_all(path, fd, content, f);
	close(fd);
	return result;
}

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
	int result;

	*key = (struct keyfile){ .issuer = "" };
	sbuf_init(&key->pem, LIMIT);
	sbuf_init(&content, LIMIT);
	result = read_file(path, true, &content, f);
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
	return read_file(path, false, pem, f);
}
