/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keyfile - keys and certificates in files
 *
 * A private key is taken from a file only that belongs to us or to root, and
 * that nobody else can read (base/trust: our group can, where it is root's: so
 * root gives a key to the user relay).  Either PEM, or what Google calls the
 * JSON key of a service account.
 */
#ifndef TOKEN_KEYFILE_H
#define TOKEN_KEYFILE_H

#include "base/fault.h"
#include "base/sbuf.h"

struct keyfile {
	struct sbuf pem;
	char issuer[321]; /* client_email of the JSON, or "" */
	char id[129];     /* private_key_id of the JSON, or "" */
};

/* -1: FAULT_CONFIG, and nothing to release. */
int keyfile_read(struct keyfile *key, const char *path, struct fault *f);
void keyfile_release(struct keyfile *key); /* wipes */

/* A certificate: public, and read as it is. */
int keyfile_certificate(const char *path, struct sbuf *pem, struct fault *f);

#endif
