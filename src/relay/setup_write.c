/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relay/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/intl.h"
#include "base/mem.h"
#include "base/trust.h"
#include "config/environment.h"

#define FOR_ALL SYSCONFDIR "/relayrc"

static void add_day(struct sbuf *out)
{
	time_t now = (time_t)clock_seconds();
	char day[16];
	struct tm tm;

	if (localtime_r(&now, &tm) != NULL &&
	    strftime(day, sizeof(day), "%Y-%m-%d", &tm) > 0)
		sbuf_addf(out, ", %s", day);
}

/* At a domain that many share, a bare name such as `bob` must not become
 * somebody else's address. */
static bool is_own_domain(const struct setup *s)
{
	return provider_of_domain(s->domain) == NULL;
}

void setup_configuration(const struct setup *s, struct sbuf *out)
{
	sbuf_addf(out, "# relay setup %s", s->address);
	add_day(out);
	sbuf_addf(out, "\n# %s\n",
	          _("All keys: relayrc(5).  Is it right?  relay check"));
	if (is_own_domain(s))
		sbuf_addf(out, "\n# %s\ndomain %s\n",
		          _("What is put behind bare names:"), s->domain);
	sbuf_addf(out, "\n# %s\npostmaster %s\n\n",
	          _("Who reads the mail for root and other accounts of the "
	            "system:"),
	          s->spelled.data);
	block_add(&s->block, "", out);
}

char *setup_place(const struct site *site, bool *is_for_all, struct fault *f)
{
	char *path;

	if (site->config == NULL) {
		fault_set_exit(f, EX_CONFIG,
		               _("the environment has the configuration (%s): "
		                 "there is no file to write"),
		               environment_host());
		return NULL;
	}
	path = site->is_system && geteuid() != 0 ? trust_path("~/.relayrc", f)
	                                         : mem_strdup(site->config);
	*is_for_all = path != NULL && strcmp(path, FOR_ALL) == 0;
	return path;
}

static bool find_group(struct stat *queue)
{
	return stat(SPOOLDIR, queue) == 0 && queue->st_gid != 0;
}

bool setup_has_group(void)
{
	struct stat queue;

	return find_group(&queue);
}

/* The flusher of the machine's queue is not root. */
static int give_to_group(int fd)
{
	struct stat queue;

	if (!find_group(&queue))
		return 0;
	return fchown(fd, (uid_t)-1, queue.st_gid) == 0 && fchmod(fd, 0640) == 0
	               ? 0
	               : -1;
}

static int fill(int fd, bool is_for_all, const struct sbuf *text)
{
	if ((is_for_all && give_to_group(fd) != 0) ||
	    fdio_write(fd, text->data, text->len) != 0)
		return -1;
	return fsync(fd);
}

/* Half a configuration is worse than none: it goes again. */
int setup_write(const char *path, bool is_for_all, const struct sbuf *text,
                struct fault *f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int result, error;

	if (fd < 0 && errno == EEXIST)
		return fault_set_exit(
			f, EX_CANTCREAT,
			_("%s is there already and stays as it is: add these "
		          "lines to it, or move it away"),
			path);
	if (fd < 0)
		return fault_set_exit(f, EX_CANTCREAT,
		                      _("cannot create %s: %s"), path,
		                      intl_error(errno));
	result = fill(fd, is_for_all, text);
	error = errno;
	close(fd);
	if (result == 0)
		return 0;
	unlink(path);
	return fault_set_exit(f, EX_IOERR, _("cannot write %s: %s"), path,
	                      intl_error(error));
}
