/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question is one message, \001 and "verb NUL smarthost NUL problem NUL
 * sentence NUL", without descriptors. */
#include "flush/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/intl.h"
#include "base/log.h"
#include "base/sbuf.h"
#include "config/config.h"
#include "config/oauth.h"

#define QUESTION_LIMIT 4096
#define OUTPUT_LIMIT 4096
#define VARIABLE_LIMIT 256

#define MARK '\001'
#define ALERT "alert"
#define KEEP "keep"

struct errand {
	const char *verb;
	const char *smarthost;
	const char *problem;
	const char *sentence;
};

/* --- in the keeper -------------------------------------------------------- */

bool errand_is_question(const char *bytes, size_t n)
{
	return n > 0 && bytes[0] == MARK;
}

/* The next text, and what follows it; NULL: there is none. */
static const char *take_text(const char **at, const char *end)
{
	const char *text = *at;
	const char *nul = memchr(text, '\0', (size_t)(end - text));

	if (nul == NULL)
		return NULL;
	*at = nul + 1;
	return text;
}

static bool understand(const char *bytes, size_t n, struct errand *e)
{
	const char *at = bytes + 1, *end = bytes + n;

	e->verb = take_text(&at, end);
	e->smarthost = e->verb != NULL ? take_text(&at, end) : NULL;
	e->problem = e->smarthost != NULL ? take_text(&at, end) : NULL;
	e->sentence = e->problem != NULL ? take_text(&at, end) : NULL;
	return e->sentence != NULL && at == end;
}

/* What a program prints is one line for each of its own. */
static void log_output(const char *program, const struct sbuf *output)
{
	const char *at = output->data;

	while (*at != '\0') {
		size_t n = strcspn(at, "\n");

		if (n > 0)
			log_note("alert=%s (%.*s)", program, (int)n, at);
		at += n + (at[n] != '\0');
	}
}

static void run_alert(const struct config *config, const struct errand *e)
{
	char smarthost[VARIABLE_LIMIT], problem[VARIABLE_LIMIT];
	char *const variables[] = { smarthost, problem, NULL };
	struct child_question q = { .argv = config->alert.words,
		                    .variables = variables,
		                    .takes_errors = true,
		                    .deadline = ERRAND_ALERT_TIME };
	struct sbuf input, output;
	struct fault f;
	int status = 0, failed;

	snprintf(smarthost, sizeof(smarthost), "RELAY_SMARTHOST=%s",
	         e->smarthost);
	snprintf(problem, sizeof(problem), "RELAY_PROBLEM=%s", e->problem);
	sbuf_init(&input, QUESTION_LIMIT + 1);
	sbuf_init(&output, OUTPUT_LIMIT);
	sbuf_addf(&input, "%s\n", e->sentence);
	q.input = input.data;
	q.input_len = input.len;
	failed = child_run(&q, &output, &status, &f);
	log_output(q.argv[0], &output);
	if (failed != 0)
		log_warn(_("alert=%s status=failed (%s)"), q.argv[0], f.text);
	else if (status != 0)
		log_warn(_("alert=%s status=failed (it ended with status %d)"),
		         q.argv[0], status);
	sbuf_release(&output);
	sbuf_release(&input);
}

static void run_keep(const struct config *config, const char *queue,
                     const struct errand *e)
{
	const struct smarthost *h = config->smarthosts;
	struct fault f;

	while (h < config->smarthosts + config->count &&
	       strcmp(h->name, e->smarthost) != 0)
		h++;
	if (h == config->smarthosts + config->count || !oauth_is_used(h))
		return;
	if (oauth_keep(h, queue, &f) == 0)
		log_note("smarthost=%s status=kept (its login was used, so "
		         "that it does not end)",
		         h->name);
	else
		log_warn(_("smarthost=%s status=unkept (its login could not "
		           "be used: %s)"),
		         h->name, f.text);
}

static void work(const char *path, const char *queue, const char *bytes,
                 size_t n)
{
	struct config *config;
	struct errand e;
	struct fault f;

	if (!understand(bytes, n, &e))
		return;
	config = config_load(path, NULL, &f);
	if (config == NULL)
		return; /* of which whoever asked has said more */
	log_to_syslog(config->log == CONFIG_LOG_SYSLOG);
	if (strcmp(e.verb, ALERT) == 0 && config->alert.words != NULL)
		run_alert(config, &e);
	else if (strcmp(e.verb, KEEP) == 0)
		run_keep(config, queue, &e);
	config_free(&config);
}

/* Those that have ended are not counted any more. */
static void count_running(struct errands *e, int milliseconds)
{
	size_t left = 0;

	for (size_t i = 0; i < e->count; i++) {
		struct pollfd p = { .fd = e->running[i], .events = POLLIN };

		if (poll(&p, 1, milliseconds) > 0)
			close(p.fd);
		else
			e->running[left++] = p.fd;
	}
	e->count = left;
}

/* A grandchild: the keeper's children are flush/local's, which counts them. */
static bool start(const char *path, const char *queue, const char *bytes,
                  size_t n, int keeper)
{
	pid_t pid = fork();

	if (pid == 0) {
		close(keeper); /* whose end is to be noticed */
		pid = fork();
		if (pid == 0) {
			prctl(PR_SET_NAME, "relay-errand", 0, 0, 0);
			work(path, queue, bytes, n);
		}
		_exit(pid < 0 ? EX_OSERR : EX_OK);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid > 0;
}

void errand_serve(struct errands *e, int keeper, const char *config,
                  const char *queue, const char *bytes, size_t n)
{
	int ends[2];

	count_running(e, 0);
	if (e->count == ERRANDS || pipe2(ends, O_CLOEXEC) != 0) {
		log_warn(_("an alert or a refresh of tokens was left out: too "
		           "many are going on"));
		return;
	}
	if (start(config, queue, bytes, n, keeper))
		e->running[e->count++] = ends[0];
	else
		close(ends[0]);
	close(ends[1]); /* the process has it, and ends with it */
}

bool errands_run(struct errands *e)
{
	count_running(e, 0);
	return e->count > 0;
}

void errands_finish(struct errands *e)
{
	int64_t end = clock_ticks() + ERRAND_TIME * 1000;

	while (e->count > 0 && clock_ticks() < end)
		count_running(e, 10);
}

/* --- outside -------------------------------------------------------------- */

/* Nobody waits for it, so nobody is told where it cannot be. */
static void ask(const struct keeper *k, const struct errand *e)
{
	const char *const texts[] = { e->verb, e->smarthost, e->problem,
		                      e->sentence };
	const char mark = MARK;
	struct sbuf question;

	sbuf_init(&question, QUESTION_LIMIT);
	sbuf_add(&question, &mark, 1);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		sbuf_add(&question, texts[i], strlen(texts[i]) + 1);
	if (question.overflow || keeper_send(k, &question, NULL, 0) != 0)
		log_warn(_("smarthost=%s: the keeper of passwords cannot be "
		           "asked: %s"),
		         e->smarthost, intl_error(errno));
	sbuf_release(&question);
}

void errand_alert(const struct keeper *k, const char *smarthost,
                  const char *problem, const char *sentence)
{
	const struct errand e = { ALERT, smarthost, problem, sentence };

	ask(k, &e);
}

void errand_keep(const struct keeper *k, const char *smarthost)
{
	const struct errand e = { KEEP, smarthost, "", "" };

	ask(k, &e);
}
