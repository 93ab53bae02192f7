/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peer - who speaks SMTP to us: the program that ran us, or a connection
 *
 * By the kernel's word about standard input.  A pair of local sockets is a
 * program, too: Node.js gives its children such.
 */
#ifndef SENDMAIL_PEER_H
#define SENDMAIL_PEER_H

enum peer {
	PEER_PROGRAM,
	PEER_LOOPBACK, /* a connection from this machine, and to it */
	PEER_NETWORK,  /* one that somebody else can make */
};

enum peer peer_find(void);

/* Say no more, and read what it still says: else it may lose our last reply.
 */
void peer_close(void);

/* Has it sent anything already?  1 yes, 0 no, -1 it is gone. */
int peer_has_spoken(void);

#endif
