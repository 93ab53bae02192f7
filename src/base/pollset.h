/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pollset - several descriptors that are polled as one
 *
 *     int set = pollset_open();
 *
 *     pollset_add(set, fd, POLLOUT);
 *     poll `set` for POLLIN: one of them is ready, which they know themselves
 *     pollset_remove(set, fd);        before it is closed
 *     close(set);
 *
 * So whoever waits for one thing need not know how many descriptors that is.
 */
#ifndef BASE_POLLSET_H
#define BASE_POLLSET_H

/* A descriptor, closed on exec; -1 with errno. */
int pollset_open(void);

/* `events` as for poll(), of which POLLIN and POLLOUT count.  0, or -1 with
 * errno. */
int pollset_add(int set, int fd, short events);
void pollset_remove(int set, int fd);

#endif
