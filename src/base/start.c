/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/start.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fdio.h"
#include "base/port.h"

void start_private(void)
{
	sigset_t none;

	fdio_repair_standard();
	fdio_close_rest();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	unsetenv("SSLKEYLOGFILE"); /* GnuTLS would write the session's keys */
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	port_forbid_dumps();
}
