/* SPDX-License-Identifier: GPL-3.0-or-later */
/* delayline - two networks in a box, and a slow line between them
 *
 *     delayline   ->   near /proc/PID/fd/3
 *                      far /proc/PID/fd/4
 *
 * Makes two network namespaces, near (10.99.0.1) and far (10.99.0.2), with
 * nothing else in them, and carries packets from one to the other over TUN
 * devices, each late by as many microseconds as the last line of the standard
 * input says.  Whole packets are late, so that TCP's handshake, slow start and
 * those of TLS are paid for, as on a long line; and it is the same on every
 * kernel, where netem is not.  The answer to each line is that line.  It ends
 * at the end of its input, and the networks with it.  Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PACKETS = 8192,  /* on their way, in one direction */
	PACKET = 65700,  /* bytes: a whole IP packet and the header of TUN */
	TUN_HEADER = 12, /* struct virtio_net_hdr_mrg_rxbuf */
};

#define NEAR 0x0a630001u /* 10.99.0.1 */
#define FAR 0x0a630002u  /* 10.99.0.2 */

struct packet {
	uint64_t due; /* nanoseconds */
	size_t len;
	char bytes[];
};

/* One direction. */
struct line {
	int in, out;
	size_t first, end; /* of the ring: what is on its way */
	_Atomic size_t lost;
	struct packet *ring[PACKETS];
};

static _Atomic uint64_t delay; /* nanoseconds, each way */

static void die(const char *what)
{
	fprintf(stderr, "delayline: %s: %s\n", what, strerror(errno));
	exit(71);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- networks ------------------------------------------------------------- */

static void set_address(int fd, const char *name, unsigned long what,
                        uint32_t address)
{
	struct ifreq r = { 0 };
	struct sockaddr_in a = { .sin_family = AF_INET,
		                 .sin_addr.s_addr = htonl(address) };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	memcpy(&r.ifr_addr, &a, sizeof(a));
	if (ioctl(fd, what, &r) != 0)
		die(name);
}

static void set_up(int fd, const char *name)
{
	struct ifreq r = { .ifr_flags = IFF_UP | IFF_RUNNING };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, SIOCSIFFLAGS, &r) != 0)
		die(name);
}

/* Large packets pass whole, without a checksum: the line loses nothing. */
static int open_tun(const char *name)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int size = TUN_HEADER;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r) != 0 ||
	    ioctl(fd, TUNSETVNETHDRSZ, &size) != 0 ||
	    ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) != 0)
		die("/dev/net/tun");
	return fd;
}

/* A namespace of its own, which lives as long as we hold it open, and where
 * others find it.  The device that leads into it. */
static int make_network(const char *name, uint32_t address, uint32_t peer)
{
	struct ifreq queue = { .ifr_qlen = PACKETS };
	int tun, fd, own;

	if (unshare(CLONE_NEWNET) != 0)
		die("a network of its own");
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		die("/proc/self/ns/net");
	printf("%s /proc/%ld/fd/%d\n", name, (long)getpid(), own);
	tun = open_tun(name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	set_up(fd, "lo");
	set_address(fd, name, SIOCSIFADDR, address);
	set_address(fd, name, SIOCSIFDSTADDR, peer);
	snprintf(queue.ifr_name, sizeof(queue.ifr_name), "%s", name);
	if (ioctl(fd, SIOCSIFTXQLEN, &queue) != 0)
		die(name);
	set_up(fd, name);
	close(fd);
	return tun;
}

/* --- the line ---------------------------------------------------------------
 */

/* What is due leaves. */
static void put_out(struct line *l)
{
	while (l->first != l->end) {
		struct packet *p = l->ring[l->first % PACKETS];

		if (p->due > now())
			return;
		l->first++;
		if (write(l->out, p->bytes, p->len) < 0)
			l->lost++; /* and is sent again, if it was TCP's */
		free(p);
	}
}

/* What is there comes in; beyond the ring it is lost, as on other lines. */
static void take_in(struct line *l)
{
	static _Thread_local char bytes[PACKET];
	struct packet *p;
	ssize_t n;

	while ((n = read(l->in, bytes, sizeof(bytes))) > 0) {
		if (l->end - l->first == PACKETS) {
			l->lost++;
			continue;
		}
		p = malloc(sizeof(*p) + (size_t)n);
		if (p == NULL)
			die("memory");
		p->due = now() + delay;
		p->len = (size_t)n;
		memcpy(p->bytes, bytes, (size_t)n);
		l->ring[l->end++ % PACKETS] = p;
	}
}

static void *carry(void *arg)
{
	struct line *l = arg;

	prctl(PR_SET_TIMERSLACK, 1UL); /* nanosecond */
	for (;;) {
		struct pollfd p = { .fd = l->in, .events = POLLIN };
		struct timespec wait, *most = NULL;

		put_out(l);
		if (l->first != l->end) {
			uint64_t due = l->ring[l->first % PACKETS]->due;
			uint64_t t = now(), left = due > t ? due - t : 0;

			wait.tv_sec = (time_t)(left / 1000000000);
			wait.tv_nsec = (long)(left % 1000000000);
			most = &wait;
		}
		if (ppoll(&p, 1, most, NULL) > 0)
			take_in(l);
	}
	return NULL;
}

int main(void)
{
	static struct line there, back;
	pthread_t threads[2];
	char text[32];
	int near, far;

	near = make_network("near", NEAR, FAR);
	far = make_network("far", FAR, NEAR);
	there.in = back.out = near;
	there.out = back.in = far;
	if (pthread_create(&threads[0], NULL, carry, &there) != 0 ||
	    pthread_create(&threads[1], NULL, carry, &back) != 0)
		die("threads");
	fflush(stdout);
	while (fgets(text, sizeof(text), stdin) != NULL) {
		delay = strtoull(text, NULL, 10) * 1000;
		fputs(text, stdout);
		fflush(stdout);
	}
	if (there.lost + back.lost > 0)
		fprintf(stderr, "delayline: %zu packets were lost\n",
		        there.lost + back.lost);
	return 0;
}
