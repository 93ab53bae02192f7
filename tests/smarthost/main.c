/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smarthost - the scripted smarthost of the demo and the tests
 *
 * README
 *
 * A submission server that does its job well (STARTTLS or TLS from the first
 * byte, AUTH by libgsasl, BDAT, DSN, SMTPUTF8) or badly on demand.  It shares
 * no line with the programs it tests, so that it cannot share their mistakes.
 *
 *     tests/smarthost/certs pki
 *     smarthost --listen 127.0.0.1:0 --cert pki/good.pem --key pki/good.key \
 *         --store mail --log log --stats stats &
 *
 * prints "listening 127.0.0.1 34567" when it is ready, one line per place in
 * the order of the options.  SIGTERM ends it with exit status 0.  "--help"
 * lists all options.  No connection lives longer than --deadline.
 *
 * The store.  NUMBER.eml has the exact octets without dot-stuffing.
 * NUMBER.env, there before it:
 *     from <me@example.org> SIZE=300     the parameters as they came
 *     to <you@example.org>               one per recipient accepted
 *     login alice PLAIN                  or "login -"
 *     tls TLS1.3                         or "tls -"
 *     how DATA                           or BDAT
 *     connection 12
 *
 * The log.  "KIND CONNECTION: text", control bytes as \xNN:
 *     O open, closed            C a command          S a line of a reply
 *     T TLS started or failed   A a login            M a message stored
 *     F a fault struck          E the client broke a rule
 * Secrets are "***".
 *
 * The stats.  The counters of record.h, the most connections at once, and when
 * the first and the last message came, in seconds of the monotonic clock.
 * Messages to 123@... are told apart by that number, up to a million.
 *
 * Tokens.  XOAUTH2 and OAUTHBEARER take those of --tokens: see token.h.
 *
 * Faults.  --fault STEP:NTH:ACTION, any number of times; the first rule that
 * fits strikes.
 * STEP: connect greeting ehlo starttls handshake auth mail rcpt data content
 * final rset quit.  data is the reply to DATA or to a BDAT that is not the
 * last, content strikes when the first octets have come, final is the reply
 * to the dot or to BDAT LAST.
 * NTH: N (the Nth time in all connections together), N+ (and later), *.
 * ACTION:
 *     reply TEXT    answer so (\r \n \xNN; \n is CRLF).  If TEXT says yes
 *                   (first digit 2, for DATA 3) the command acts, else not.
 *                   421 closes.  A refusal as greeting refuses all but QUIT.
 *                   A 334 for AUTH takes one line and then refuses.  For
 *                   content it is the early and only answer.
 *     drop          close (FIN, no close_notify) before acting
 *     lost          act, then close without an answer
 *     reset         RST before acting; handshake: after the ClientHello
 *     stall         neither act nor answer, until the client closes
 *     slow MS       act, answer an octet every MS milliseconds; connect: the
 *                   whole connection; handshake: TLS records octet by octet;
 *                   content: read slowly, a pause after each piece
 *     flood BYTES   so many octets of "250-xxxx" lines, then the answer
 *     garbage       noise with NUL, ESC and 8-bit instead of act and answer
 *     longline N    a line of N octets without end, then stall
 *     inject TEXT   starttls only: TEXT in clear, in one write with the 220
 *     halfline      act, send half of the answer, close
 *     count N       act, send the answer N times more
 * For connect and handshake there is no SMTP yet: whatever was sent, the
 * connection closes then.
 *
 * Scripts.  --script FILE plays one dialogue on the first connection; exit
 * status 0 if the client did just what the file says, else 1 and one line on
 * stderr, FILE:LINE: expected "..." got "...".
 *     S: text            send it and CRLF; what is sent leaves before we read
 *     S+ text            the same, in one write with the next S line
 *     S: (bytes) A\x00   send just these octets
 *     S: (drop)          close; (reset): RST; (stall): wait for the client
 *                        to close
 *     C: text            the next line of the client; in it (secret) is any
 *                        rest, (name) any word, (size) any number
 *     C: (message)       content up to the lone dot
 *     C: (chunk)         as many octets as the last BDAT line said
 *     C: (close)         the client must close now
 *     T: tls             handshake; plaintext that came too early is wrong
 *     T: (refused)       handshake, and the client must break it off
 *     @ tls implicit     (anywhere) start with a handshake
 *     # comment          other @ lines and = lines are for the client's side
 *
 * Exit status: 0, 1 a script failed, 2 usage or setup.
 */

#include "family.h"
#include "login.h"
#include "script.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, FAILED = 1, USAGE = 2 };

static int write_pid(const char *path)
{
	FILE *file = fopen(path, "we");

	if (file == NULL || fprintf(file, "%ld\n", (long)getpid()) < 0 ||
	    fclose(file) != 0)
		return complain("%s: cannot write", path);
	return 0;
}

static int run_script(struct smarthost *host, struct listener *l)
{
	const struct options *o = &host->options;
	struct dialogue d;
	bool implicit = false;
	int result = USAGE, fd;

	if (dialogue_read(&d, o->script) == 0 && listener_announce(l) == 0) {
		fd = listener_accept(l, -1, false, (int)o->deadline * 1000,
		                     &implicit);
		result = fd < 0 ? script_missed(o)
		                : script_play(host, &d, fd, implicit);
		result = result < 0 ? FAILED : OK;
	}
	dialogue_release(&d);
	return result;
}

static int run_once(struct smarthost *host, struct listener *l)
{
	bool implicit = false;
	int fd;

	if (listener_announce(l) < 0)
		return USAGE;
	fd = listener_accept(l, -1, false, (int)host->options.deadline * 1000,
	                     &implicit);
	if (fd < 0) {
		complain("nobody came");
		return FAILED;
	}
	server_run(host, fd, 1, implicit);
	record_stats(&host->record);
	return OK;
}

static int run_family(struct smarthost *host, struct listener *l)
{
	const char *pid_file = host->options.pid_file;

	if (pid_file != NULL && write_pid(pid_file) < 0)
		return USAGE;
	record_stats(&host->record);
	if (listener_announce(l) < 0)
		return USAGE;
	if (family_run(host, l) == PARENT && pid_file != NULL)
		unlink(pid_file);
	return OK;
}

static int run(struct smarthost *host, struct listener *l)
{
	const struct options *o = &host->options;

	if (record_open(&host->record, o->log, o->stats) < 0 ||
	    store_open(&host->store, o->store, &host->record) < 0 ||
	    login_open(host) < 0)
		return USAGE;
	if (o->cert != NULL) {
		host->tls = tls_create(o);
		if (host->tls == NULL)
			return USAGE;
	}
	if (listener_open(l, o) < 0)
		return USAGE;
	if (o->script != NULL)
		return run_script(host, l);
	return o->once ? run_once(host, l) : run_family(host, l);
}

int main(int argc, char **argv)
{
	struct smarthost host = { .record.log = -1, .store.dir = -1 };
	struct listener listener = { .count = 0 };
	int status = USAGE;

	signal(SIGPIPE, SIG_IGN);
	if (options_parse(&host.options, argc, argv) == 0) {
		if (host.options.help) {
			options_help();
			status = OK;
		} else {
			status = run(&host, &listener);
		}
	}
	listener_close(&listener);
	tls_free(&host.tls);
	login_close(&host);
	store_close(&host.store);
	record_close(&host.record);
	options_release(&host.options);
	return status;
}
