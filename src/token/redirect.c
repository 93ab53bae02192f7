/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/redirect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "token/form.h"

#define REQUEST_TIME 2000 /* milliseconds for one caller's first line */
#define PAGE                                                              \
	"<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>relay" \
	"</title></head><body><p>%s</p></body></html>\n"

/* --- the port ------------------------------------------------------------- */

static int no_port(unsigned port, struct fault *f)
{
	if (port == 0)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("cannot listen on 127.0.0.1: %s"),
		                 intl_error(errno));
	return fault_set(f, FAULT_TEMP, "4.3.0",
	                 _("cannot listen on port %u of 127.0.0.1: %s"), port,
	                 intl_error(errno));
}

static int bind_to(int fd, unsigned port, unsigned *got)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, size) != 0 ||
	    listen(fd, 8) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		return -1;
	*got = ntohs(address.sin_port);
	return 0;
}

int redirect_open(struct redirect *r, unsigned port, bool is_listening,
                  struct fault *f)
{
	*r = (struct redirect){ .is_open = true };
	sbuf_init(&r->line, REDIRECT_LIMIT);
	r->listener =
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->listener < 0 || bind_to(r->listener, port, &r->port) != 0) {
		no_port(port, f);
		redirect_close(r);
		return -1;
	}
	if (!is_listening) {
		close(r->listener);
		r->listener = -1;
	}
	return 0;
}

void redirect_close(struct redirect *r)
{
	if (r->listener >= 0)
		close(r->listener);
	r->listener = -1;
	sbuf_release(&r->line);
}

/* --- what came back ------------------------------------------------------- */

/* As long as neither is longer, in the same time for each difference. */
static bool is_same(const char *a, const char *b)
{
	size_t n = strlen(b);
	unsigned differs = 0;

	if (strlen(a) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		differs |= (unsigned)(unsigned char)(a[i] ^ b[i]);
	return differs == 0;
}

/* The parameters of an address, or they alone. */
static bool take_query(const struct redirect *r, const char *text,
                       struct sbuf *query)
{
	const char *from = strchr(text, '?');
	struct sbuf state;
	bool good;

	from = from != NULL ? from + 1 : text;
	sbuf_reset(query);
	sbuf_add(query, from, strcspn(from, "# \t\r\n"));
	sbuf_init(&state, 256);
	good = form_get(query->data, "state", &state) &&
	       is_same(state.data, r->state);
	sbuf_release(&state);
	return good;
}

/* --- the browser ---------------------------------------------------------- */

static void reply(int fd, const char *status, const char *words)
{
	struct sbuf page, head;

	sbuf_init(&page, 4096);
	sbuf_init(&head, 4096);
	sbuf_addf(&page, PAGE, words);
	sbuf_addf(&head,
	          "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n"
	          "Content-Length: %zu\r\nReferrer-Policy: no-referrer\r\n"
	          "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
	          status, page.len);
	if (fdio_write(fd, head.data, head.len) == 0)
		(void)!fdio_write(fd, page.data, page.len);
	sbuf_release(&page);
	sbuf_release(&head);
}

/* The whole head of the request: closing before it is read resets it. */
static void read_request(int fd, struct sbuf *request)
{
	int64_t end = clock_ticks() + REQUEST_TIME;

	while (strstr(request->data, "\r\n\r\n") == NULL &&
	       !request->overflow) {
		struct pollfd in = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_ticks();
		char piece[1024];
		ssize_t n = 0;

		if (left > 0 && poll(&in, 1, (int)left) > 0)
			n = fdio_read(fd, piece, sizeof(piece));
		if (n <= 0)
			break;
		sbuf_add(request, piece, (size_t)n);
		explicit_bzero(piece, sizeof(piece));
	}
}

static bool is_answered(struct redirect *r, int fd, struct sbuf *query)
{
	struct sbuf request;
	bool good;

	sbuf_init(&request, REDIRECT_LIMIT);
	read_request(fd, &request);
	request.data[strcspn(request.data, "\r\n")] = '\0';
	good = ascii_begins(request.data, "GET /") &&
	       take_query(r, request.data + 4, query);
	sbuf_release(&request);
	if (good)
		reply(fd, "200 OK",
		      _("That is all: relay has what it needs. You may close "
		        "this page."));
	else
		reply(fd, "400 Bad Request",
		      _("This is not the answer that relay waits for."));
	return good;
}

static bool hear_browser(struct redirect *r, struct sbuf *query)
{
	int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
	bool good;

	if (fd < 0)
		return false;
	good = is_answered(r, fd, query);
	close(fd);
	return good;
}

/* --- the person ----------------------------------------------------------- */

static bool take_line(struct redirect *r, struct sbuf *query)
{
	bool is_blank = r->line.data[strspn(r->line.data, " \t\r\n")] == '\0';
	bool good = !is_blank && take_query(r, r->line.data, query);

	if (!good && !is_blank)
		fputs(_("That is not it: paste the whole address that the "
		        "browser shows at the end, with code= and state= in "
		        "it.\n"),
		      stderr);
	sbuf_release(&r->line);
	return good;
}

static bool hear_person(struct redirect *r, struct sbuf *query)
{
	char c;
	ssize_t n = fdio_read(STDIN_FILENO, &c, 1);

	if (n <= 0) {
		r->is_open = false;
		return r->line.len > 0 && take_line(r, query);
	}
	if (c != '\n') {
		sbuf_add(&r->line, &c, 1);
		return false;
	}
	return take_line(r, query);
}

/* -1: nobody comes any more. */
static int hear(struct redirect *r, int64_t left, struct sbuf *query)
{
	struct pollfd fds[2] = {
		{ .fd = r->listener, .events = POLLIN },
		{ .fd = r->is_open ? STDIN_FILENO : -1, .events = POLLIN },
	};

	if (r->listener < 0 && !r->is_open)
		return -1;
	if (poll(fds, 2, (int)left) <= 0)
		return 0;
	if (fds[0].revents != 0 && hear_browser(r, query))
		return 1;
	return fds[1].revents != 0 && hear_person(r, query) ? 1 : 0;
}

int redirect_wait(struct redirect *r, const char *state, unsigned seconds,
                  struct sbuf *query, struct fault *f)
{
	int64_t end = clock_ticks() + (int64_t)seconds * 1000;
	int64_t left;
	int heard = 0;

	r->state = state;
	while (heard == 0 && (left = end - clock_ticks()) > 0)
		heard = hear(r, left, query);
	if (heard > 0)
		return 0;
	return fault_set(f, FAULT_CONFIG, "4.7.8",
	                 heard < 0 ? _("nothing was pasted")
	                           : _("nobody came back from the browser in "
	                               "time"));
}
