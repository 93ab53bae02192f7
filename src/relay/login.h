/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login - what the files of `relay login` and `relay logout` share
 *
 * login.c reads the command line and lists; login_person.c has a person log in,
 * login_move.c carries a login to another machine.
 */
#ifndef RELAY_LOGIN_H
#define RELAY_LOGIN_H

#include <stdbool.h>

#include "base/fault.h"
#include "config/config.h"
#include "queue/site.h"

struct login {
	const struct site *site;
	const char *name;   /* of the smarthost; NULL: list them */
	const char *prompt; /* "paste", "browser" or NULL */
	unsigned port;      /* 0: any */
	bool explains;
	const char *from, *to; /* files of --import and --export, or NULL */
	int file;              /* the one of them that is open, or -1 */
	struct config *config;
	const struct smarthost *smarthost; /* of that name */
};

/* The configuration, and the smarthost of that name in it.  -1: fault. */
int login_load(struct login *l, struct fault *f);

/* Log in and say so; the exit status, or -1 with a fault. */
int login_perform(struct login *l, struct fault *f);

/* The same: the account's trouble is over, as far as we know; whoever waits may
 * go on. */
int login_resume(const struct login *l, struct fault *f);

/* Open the file of --import or --export, with the rights of who calls. */
int login_open_file(struct login *l, struct fault *f);
int login_import(struct login *l, struct fault *f);
int login_export(struct login *l, struct fault *f);

#endif
