/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay queue - look at the queue, and move messages about in it
 *
 * Each action works on messages named by id, or on all that it fits with
 * --all; one that cannot be done says why and does not stop the others.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/intl.h"
#include "queue/journal.h"
#include "queue/wake.h"
#include "relay/command.h"
#include "relay/queue_list.h"

struct request {
	const struct site *site;
	struct spool spool;
	bool json;
	bool all;
	bool changed; /* something is due now: ring the flusher */
};

/* Do it to one message, taken out of `place`. */
typedef int action_function(struct request *r, enum spool_place place,
                            struct entry *e, struct fault *f);

static int hold(struct request *r, enum spool_place place, struct entry *e,
                struct fault *f)
{
	return spool_move(&r->spool, e, place, SPOOL_HOLD, f);
}

static int release(struct request *r, enum spool_place place, struct entry *e,
                   struct fault *f)
{
	spool_set_due(&r->spool, e, clock_seconds());
	r->changed = true;
	return spool_move(&r->spool, e, place, SPOOL_NEW, f);
}

static int discard(struct request *r, enum spool_place place, struct entry *e,
                   struct fault *f)
{
	return spool_remove(&r->spool, place, e, f);
}

/* What was given up is opened again: the journal says so first, durably. */
static int reopen(struct request *r, const struct entry *e, struct fault *f)
{
	struct journal journal;
	int result = -1;

	journal_init(&journal);
	if (journal_open(&journal, &r->spool.log, e->id, f) == 0 &&
	    journal_add(&journal, JOURNAL_AGAIN, JOURNAL_ALL, "-",
	                "relay queue retry", f) == 0)
		result = journal_sync(&journal, f);
	journal_release(&journal);
	return result;
}

static int retry(struct request *r, enum spool_place place, struct entry *e,
                 struct fault *f)
{
	r->changed = true;
	if (place != SPOOL_NEW && reopen(r, e, f) != 0)
		return -1;
	spool_set_due(&r->spool, e, clock_seconds());
	return place == SPOOL_NEW
	               ? 0
	               : spool_move(&r->spool, e, place, SPOOL_NEW, f);
}

#define IN(place) (1 << (place))

static const struct action {
	const char *name;
	int places; /* where it works */
	action_function *act;
	const char *done;  /* N_() */
	const char *other; /* N_(): the message is somewhere else */
} actions[] = {
	{ "hold", IN(SPOOL_NEW), hold, N_("held"),
	  N_("only waiting messages can be held") },
	{ "release", IN(SPOOL_HOLD), release, N_("released"),
	  N_("only held messages can be released") },
	{ "remove",
	  IN(SPOOL_NEW) | IN(SPOOL_HOLD) | IN(SPOOL_FAILED) | IN(SPOOL_BAD),
	  discard, N_("removed"), N_("it cannot be removed") },
	{ "retry", IN(SPOOL_NEW) | IN(SPOOL_FAILED), retry,
	  N_("will be tried again now"),
	  N_("damaged messages cannot be tried again, held ones only after "
	     "`relay queue release`") },
};

/* --- one message -------------------------------------------------------- */

static int refuse(const char *id, const char *why, struct fault *f)
{
	return fault_set_exit(f, EX_UNAVAILABLE, "%s: %s", id, why);
}

static int refuse_id(const char *id, struct fault *f)
{
	return fault_set_exit(f, EX_USAGE,
	                      _("\"%s\" is no id of a message; `relay "
	                        "queue` lists them"),
	                      id);
}

/* What came to bad/ from drop/ may be no file at all, or not for us to read. */
static bool is_hopeless(const struct action *action, enum spool_place place,
                        enum spool_taken taken)
{
	return action->act == discard && place == SPOOL_BAD &&
	       (taken == SPOOL_FOREIGN || taken == SPOOL_UNREADABLE);
}

static bool may_take(enum spool_taken taken, const struct action *action)
{
	return taken == SPOOL_TAKEN ||
	       (taken == SPOOL_DAMAGED && action->act == discard);
}

/* 1: done, 0: not in this place, -1: fault. */
static int act_in(struct request *r, const struct action *action,
                  enum spool_place place, const char *id, struct fault *f)
{
	struct entry e;
	enum spool_taken taken = spool_take(&r->spool, place, id, &e, f);
	int result;

	if (taken == SPOOL_GONE)
		return 0;
	if (taken == SPOOL_BUSY)
		result = refuse(id,
		                _("it is being sent now; try again in a "
		                  "moment"),
		                f);
	else if (is_hopeless(action, place, taken))
		result = spool_discard(&r->spool, place, id, f) == 0 ? 1 : -1;
	else if (!may_take(taken, action))
		result = fault_wrap(f, "%s", id);
	else if ((action->places & IN(place)) == 0)
		result = refuse(id, intl_text(action->other), f);
	else
		result = action->act(r, place, &e, f) == 0 ? 1 : -1;
	entry_release(&e);
	return result;
}

static int act_on(struct request *r, const struct action *action,
                  const char *id, struct fault *f)
{
	int result = 0;

	if (!entry_is_id(id))
		return refuse_id(id, f);
	for (int p = 0; p < SPOOL_PLACES && result == 0; p++)
		if (r->spool.place[p].fd >= 0) /* bad/ is not for guests */
			result = act_in(r, action, (enum spool_place)p, id, f);
	if (result == 0)
		return queue_missing(id, f);
	if (result > 0)
		printf("%s: %s\n", id, intl_text(action->done));
	return result > 0 ? 0 : -1;
}

/* --- many --------------------------------------------------------------- */

static int act_on_named(struct request *r, const struct action *action,
                        int count, char *ids[])
{
	int status = EX_OK;

	for (int i = 0; i < count; i++) {
		struct fault f = { 0 };

		if (act_on(r, action, ids[i], &f) != 0)
			status = command_fail(&f);
	}
	return status;
}

/* All of a guest's are his own. */
static bool is_ours(const struct request *r, enum spool_place place,
                    const char *id)
{
	struct stat st;

	return site_is_ours(r->site) ||
	       (fstatat(r->spool.place[place].fd, id, &st,
	                AT_SYMLINK_NOFOLLOW) == 0 &&
	        st.st_uid == getuid());
}

static int act_on_all(struct request *r, const struct action *action)
{
	int status = EX_OK;

	for (int p = 0; p < SPOOL_PLACES; p++) {
		struct names list;
		struct fault f = { 0 };

		if ((action->places & IN(p)) == 0 || r->spool.place[p].fd < 0)
			continue;
		if (spool_list(&r->spool, (enum spool_place)p, &list, &f) != 0)
			return command_fail(&f);
		for (size_t i = 0; i < list.count; i++)
			if (is_ours(r, (enum spool_place)p,
			            NAMES_AT(&list, i)) &&
			    act_on(r, action, NAMES_AT(&list, i), &f) != 0)
				status = command_fail(&f);
		names_release(&list);
	}
	return status;
}

static int perform(struct request *r, const struct action *action, int count,
                   char *ids[])
{
	struct fault f = { 0 };
	int status;

	if ((count > 0) == r->all) {
		fault_set_exit(&f, EX_USAGE,
		               _("relay queue %s: name messages by id, or give "
		                 "--all"),
		               action->name);
		return command_fail(&f);
	}
	if (action->act == retry && !site_is_ours(r->site)) {
		fault_set_exit(&f, EX_NOPERM,
		               _("only root can have mail of this queue tried "
		                 "again at once: sudo relay queue retry"));
		return command_fail(&f);
	}
	if (site_is_ours(r->site) && spool_complete(&r->spool, &f) != 0)
		return command_fail(&f);
	status = r->all ? act_on_all(r, action)
	                : act_on_named(r, action, count, ids);
	if (r->changed && site_is_ours(r->site))
		wake_ring(&r->spool.root);
	return status;
}

/* --- the command -------------------------------------------------------- */

static int list(struct request *r)
{
	struct fault f = { 0 };
	int failed = r->json ? queue_list_json(r->site, &r->spool, NULL, 0, &f)
	                     : queue_list_text(r->site, &r->spool, &f);

	return failed == 0 ? EX_OK : command_fail(&f);
}

static int check_ids(int count, char *ids[], struct fault *f)
{
	for (int i = 0; i < count; i++)
		if (!entry_is_id(ids[i]))
			return refuse_id(ids[i], f);
	return count > 0 ? 0
	                 : fault_set_exit(f, EX_USAGE,
	                                  _("relay queue show: name a message "
	                                    "by id; `relay queue` lists them"));
}

static int show_text(struct request *r, int count, char *ids[])
{
	int status = EX_OK;

	for (int i = 0; i < count; i++) {
		struct fault f;

		if (queue_show_text(r->site, &r->spool, ids[i], &f) == 0)
			continue;
		status = command_fail(&f);
	}
	return status;
}

static int show(struct request *r, int count, char *ids[])
{
	struct fault f;

	if (check_ids(count, ids, &f) != 0)
		return command_fail(&f);
	if (!r->json)
		return show_text(r, count, ids);
	if (queue_list_json(r->site, &r->spool, ids, (size_t)count, &f) != 0)
		return command_fail(&f);
	return EX_OK;
}

static int dispatch(struct request *r, int count, char *words[])
{
	if (count == 0 || strcmp(words[0], "list") == 0)
		return count <= 1 ? list(r) : command_refuse("queue", words[1]);
	if (strcmp(words[0], "show") == 0)
		return show(r, count - 1, words + 1);
	for (size_t i = 0; i < COUNT_OF(actions); i++)
		if (strcmp(words[0], actions[i].name) == 0)
			return perform(r, &actions[i], count - 1, words + 1);
	return command_refuse("queue", words[0]);
}

/* Options may stand anywhere; what is left in argv are words. */
static int take_options(struct request *r, int argc, char *argv[])
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			r->json = true;
		else if (strcmp(argv[i], "--all") == 0)
			r->all = true;
		else if (argv[i][0] == '-')
			return -1 - i;
		else
			argv[count++] = argv[i];
	}
	return count;
}

static bool is_word(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(actions); i++)
		if (strcmp(word, actions[i].name) == 0)
			return true;
	return strcmp(word, "list") == 0 || strcmp(word, "show") == 0;
}

/* Nothing was ever submitted: nothing is in it, and none is made by looking. */
static int without_queue(const struct request *r, int count, char *words[])
{
	struct fault f;

	if (count > 0 && !is_word(words[0]))
		return command_refuse("queue", words[0]);

	if (count <= 1 && (count == 0 || strcmp(words[0], "list") == 0)) {
		queue_list_nothing(r->site, r->json);
		return EX_OK;
	}
	fault_set_exit(&f, EX_UNAVAILABLE,
	               _("there is no queue in %s yet: nothing was submitted"),
	               r->site->queue);
	return command_fail(&f);
}

int command_queue(const struct site *site, int argc, char *argv[])
{
	struct request r = { .site = site };
	struct fault f = { 0 };
	bool missing = false;
	int count = take_options(&r, argc, argv), status;

	if (count < 0)
		return command_refuse("queue", argv[-1 - count]);
	if (site_open(site, &r.spool, &missing, &f) == 0)
		status = dispatch(&r, count, argv);
	else if (missing)
		status = without_queue(&r, count, argv);
	else
		status = command_fail(&f);
	spool_release(&r.spool);
	return status;
}
