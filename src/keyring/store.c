/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calls that could show a prompt (Unlock, Delete) are made by ourselves:
 * libsecret's own show it and wait.  secret_service_*(), not
 * secret_password_*(), because only those tell locked from absent. */
#include "keyring/store.h"

/* The one function that waits for a prompt of somebody else's is among these.
 */
#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>
#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "base/intl.h"

#define SERVICE_NAME "org.freedesktop.secrets"
#define PROMPT_NAME "org.freedesktop.Secret.Prompt"
#define NOWHERE "/" /* the path of no object */

struct keyring {
	SecretService *service;
	GCancellable *patience; /* cancelled when the time is over */
	bool may_prompt;
};

static const SecretSchema our_name = {
	.name = "org.relay.Secret",
	.flags = SECRET_SCHEMA_NONE,
	.attributes = { { "account", SECRET_SCHEMA_ATTRIBUTE_STRING },
	                { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },
	                { "host", SECRET_SCHEMA_ATTRIBUTE_STRING },
	                { "service", SECRET_SCHEMA_ATTRIBUTE_STRING },
	                { "user", SECRET_SCHEMA_ATTRIBUTE_STRING } },
};

/* --- what went wrong ------------------------------------------------------ */

static int is_locked(struct fault *f)
{
	return fault_set(f, FAULT_TEMP, "4.3.5",
	                 _("the keyring is locked: log in on the desktop, or "
	                   "open it there; mail waits until then"));
}

static int has_no_provider(struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("no keyring runs in this session: install or start "
	                   "one (gnome-keyring, KWallet, KeePassXC), or use "
	                   "`password file`"));
}

static int has_no_collection(struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("there is no default keyring yet: make one on the "
	                   "desktop (Passwords and Keys), or run `relay secret "
	                   "set` there, which asks for it"));
}

static bool is_late(const GError *e)
{
	return g_error_matches(e, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
	       g_error_matches(e, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
	       g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
	       g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT);
}

/* Takes the error. */
static int trouble(GError *e, struct fault *f)
{
	int result;

	if (e == NULL ||
	    g_error_matches(e, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
		result = is_locked(f);
	else if (is_late(e))
		result = fault_set(f, FAULT_TEMP, "4.3.5",
		                   _("the keyring did not answer in time: "
		                     "perhaps it asks something in a window, "
		                     "or its program hangs"));
	else if (g_error_matches(e, G_DBUS_ERROR,
	                         G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	         g_error_matches(e, G_DBUS_ERROR,
	                         G_DBUS_ERROR_NAME_HAS_NO_OWNER))
		result = has_no_provider(f);
	else if (g_error_matches(e, SECRET_ERROR, SECRET_ERROR_NO_SUCH_OBJECT))
		result = has_no_collection(f);
	else
		result = fault_set(f, FAULT_TEMP, "4.3.5",
		                   _("the keyring failed: %s"), e->message);
	g_clear_error(&e);
	return result;
}

/* --- beginning and end ---------------------------------------------------- */

/* What libraries say of their own trouble is in our answer. */
static GLogWriterOutput say_nothing(GLogLevelFlags level,
                                    const GLogField *fields, gsize n,
                                    gpointer unused)
{
	(void)level, (void)fields, (void)n, (void)unused;
	return G_LOG_WRITER_HANDLED;
}

/* A reference is its own. */
static gpointer lose_patience(gpointer cancellable)
{
	GCancellable *patience = cancellable;
	unsigned seconds = GPOINTER_TO_UINT(
		g_object_get_data(G_OBJECT(patience), "seconds"));

	g_usleep(seconds * (gulong)G_USEC_PER_SEC);
	g_cancellable_cancel(patience);
	g_object_unref(patience);
	return NULL;
}

static void begin(struct keyring *k, const struct pairs *question)
{
	const char *word = pairs_get(question, "interactive");
	unsigned seconds;

	g_log_set_writer_func(say_nothing, NULL, NULL);
	k->service = NULL;
	k->may_prompt = word != NULL && strcmp(word, "1") == 0;
	seconds = k->may_prompt ? STORE_PERSON_TIME : STORE_TIME;
	k->patience = g_cancellable_new();
	g_object_set_data(G_OBJECT(k->patience), "seconds",
	                  GUINT_TO_POINTER(seconds));
	g_thread_unref(g_thread_new("patience", lose_patience,
	                            g_object_ref(k->patience)));
}

/* The bus first, by itself: GLib would end the process with it. */
static int connect_to_bus(const struct keyring *k, struct fault *f)
{
	GError *e = NULL;
	GDBusConnection *bus =
		g_bus_get_sync(G_BUS_TYPE_SESSION, k->patience, &e);

	if (bus == NULL && is_late(e))
		return trouble(e, f);
	if (bus == NULL) {
		fault_set(
			f, FAULT_TEMP, "4.3.5",
			_("cannot reach the session bus at %.200s: %s; log in "
		          "on the desktop again, or use `password file`"),
			g_getenv("DBUS_SESSION_BUS_ADDRESS"), e->message);
		g_clear_error(&e);
		return -1;
	}
	g_dbus_connection_set_exit_on_close(bus, FALSE);
	return 0; /* kept for the one that asks next */
}

static int open_keyring(struct keyring *k, const struct pairs *question,
                        struct fault *f)
{
	GError *e = NULL;

	begin(k, question);
	if (connect_to_bus(k, f) != 0)
		return -1;
	k->service = secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION,
	                                     k->patience, &e);
	return k->service != NULL ? 0 : trouble(e, f);
}

static void close_keyring(struct keyring *k)
{
	g_clear_object(&k->service);
	g_clear_object(&k->patience);
}

/* --- prompts -------------------------------------------------------------- */

static void dismiss(const struct keyring *k, const char *prompt)
{
	GDBusProxy *service = G_DBUS_PROXY(k->service);
	GVariant *none = g_dbus_connection_call_sync(
		g_dbus_proxy_get_connection(service), SERVICE_NAME, prompt,
		PROMPT_NAME, "Dismiss", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1,
		k->patience, NULL);

	if (none != NULL)
		g_variant_unref(none);
}

/* What was asked for is done, or a person has to be asked first. */
static int settle(const struct keyring *k, const char *prompt, struct fault *f)
{
	GError *e = NULL;
	GVariant *done;

	if (strcmp(prompt, NOWHERE) == 0)
		return 0;
	if (!k->may_prompt) {
		dismiss(k, prompt);
		return is_locked(f);
	}
	done = secret_service_prompt_at_dbus_path_sync(k->service, prompt,
	                                               k->patience, NULL, &e);
	if (done == NULL)
		return trouble(e, f);
	g_variant_unref(done);
	return 0;
}

/* A method of `proxy` whose last result is a prompt; takes `arguments`. */
static int call(const struct keyring *k, GDBusProxy *proxy, const char *method,
                GVariant *arguments, struct fault *f)
{
	GError *e = NULL;
	GVariant *result = g_dbus_proxy_call_sync(proxy, method, arguments,
	                                          G_DBUS_CALL_FLAGS_NONE, -1,
	                                          k->patience, &e);
	GVariant *last;
	int failed;

	if (result == NULL)
		return trouble(e, f);
	last = g_variant_get_child_value(result,
	                                 g_variant_n_children(result) - 1);
	failed = g_variant_is_of_type(last, G_VARIANT_TYPE_OBJECT_PATH)
	                 ? settle(k, g_variant_get_string(last, NULL), f)
	                 : fault_set(f, FAULT_TEMP, "4.3.5",
	                             _("the keyring answers what is no "
	                               "answer"));
	g_variant_unref(last);
	g_variant_unref(result);
	return failed;
}

/* Of an object that is open already nothing is asked. */
static int unlock(const struct keyring *k, const char *path, struct fault *f)
{
	return call(k, G_DBUS_PROXY(k->service), "Unlock",
	            g_variant_new("(@ao)", g_variant_new_objv(&path, 1)), f);
}

static int unlock_item(const struct keyring *k, SecretItem *item,
                       struct fault *f)
{
	if (!secret_item_get_locked(item))
		return 0;
	return unlock(k, g_dbus_proxy_get_object_path(G_DBUS_PROXY(item)), f);
}

/* --- entries -------------------------------------------------------------- */

/* These of the question, as what D-Bus takes: UTF-8.  NULL: fault. */
static GHashTable *attributes_of(const struct pairs *question,
                                 const char *const names[], struct fault *f)
{
	GHashTable *table =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	g_hash_table_insert(table, g_strdup("service"), g_strdup("smtp"));
	for (size_t i = 0; names[i] != NULL; i++) {
		const char *value = pairs_get(question, names[i]);

		if (value == NULL)
			continue;
		if (!g_utf8_validate(value, -1, NULL)) {
			fault_set(f, FAULT_CONFIG, "4.3.5",
			          _("`%s` is not valid UTF-8"), names[i]);
			g_hash_table_unref(table);
			return NULL;
		}
		g_hash_table_insert(table, g_strdup(names[i]), g_strdup(value));
	}
	return table;
}

/* How well an entry fits: 0 not at all. */
static unsigned fit(SecretItem *item, const struct pairs *question)
{
	GHashTable *table = secret_item_get_attributes(item);
	const char *kind = g_hash_table_lookup(table, "kind");
	const char *account = g_hash_table_lookup(table, "account");
	unsigned value = 0;

	if (kind == NULL)
		value = strcmp(pairs_get(question, "kind"), "password") == 0;
	else if (strcmp(kind, pairs_get(question, "kind")) == 0)
		value = g_strcmp0(account, pairs_get(question, "account")) == 0
		                ? 3
		                : 2;
	g_hash_table_unref(table);
	return value;
}

#define OURS 2 /* from this fit on */

static int search(const struct keyring *k, const struct pairs *question,
                  GList **items, struct fault *f)
{
	static const char *const names[] = { "host", "user", NULL };
	GHashTable *table = attributes_of(question, names, f);
	SecretSchema any_name = our_name; /* others have another, or none */
	GError *e = NULL;

	if (table == NULL)
		return -1;
	any_name.flags = SECRET_SCHEMA_DONT_MATCH_NAME;
	*items = secret_service_search_sync(k->service, &any_name, table,
	                                    SECRET_SEARCH_ALL, k->patience, &e);
	g_hash_table_unref(table);
	return e == NULL ? 0 : trouble(e, f);
}

static void release_items(GList *items)
{
	g_list_free_full(items, g_object_unref);
}

/* The one that fits best, of several the first; NULL: none. */
static SecretItem *best_of(GList *items, const struct pairs *question)
{
	SecretItem *best = NULL;
	unsigned most = 0;

	for (GList *at = items; at != NULL; at = at->next) {
		unsigned value = fit(at->data, question);

		if (value <= most)
			continue;
		most = value;
		best = at->data;
	}
	return best;
}

/* --- get ------------------------------------------------------------------ */

/* secret-tool keeps the line end that it was given. */
static int put_text(struct pairs *answer, const char *text, gsize n,
                    struct fault *f)
{
	struct sbuf line;
	int result;

	sbuf_init(&line, PAIRS_LIMIT);
	sbuf_add(&line, text, n);
	if (line.len > 0 && line.data[line.len - 1] == '\n')
		sbuf_cut(&line, line.len - 1);
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		sbuf_cut(&line, line.len - 1);
	if (line.overflow || strlen(line.data) != line.len)
		result = fault_set(f, FAULT_CONFIG, "4.3.5",
		                   _("the entry in the keyring is too long, or "
		                     "has a NUL byte in it"));
	else
		result = pairs_put(answer, "secret", line.data, f);
	sbuf_release(&line);
	return result;
}

static int load(const struct keyring *k, SecretItem *item, struct pairs *answer,
                struct fault *f)
{
	GError *e = NULL;
	SecretValue *value;
	const char *text;
	gsize n = 0;
	int result;

	if (unlock_item(k, item, f) != 0)
		return -1;
	if (!secret_item_load_secret_sync(item, k->patience, &e))
		return trouble(e, f);
	value = secret_item_get_secret(item);
	if (value == NULL)
		return is_locked(f);
	text = secret_value_get(value, &n);
	result = put_text(answer, text, n, f);
	secret_value_unref(value);
	return result;
}

int store_get(const struct pairs *question, struct pairs *answer,
              struct fault *f)
{
	struct keyring k;
	GList *items = NULL;
	int result = open_keyring(&k, question, f);

	if (result == 0)
		result = search(&k, question, &items, f);
	if (result == 0 && best_of(items, question) != NULL)
		result = load(&k, best_of(items, question), answer, f);
	release_items(items);
	close_keyring(&k);
	return result;
}

/* --- store ---------------------------------------------------------------- */

/* Where new entries go.  With nobody there to answer its prompts, it has to be
 * there and open. */
static int open_default(const struct keyring *k, struct fault *f)
{
	GError *e = NULL;
	GVariant *result = g_dbus_proxy_call_sync(
		G_DBUS_PROXY(k->service), "ReadAlias",
		g_variant_new("(s)", "default"), G_DBUS_CALL_FLAGS_NONE, -1,
		k->patience, &e);
	const char *path;
	int failed = 0;

	if (result == NULL)
		return trouble(e, f);
	g_variant_get(result, "(&o)", &path);
	if (strcmp(path, NOWHERE) != 0)
		failed = unlock(k, path, f);
	else if (!k->may_prompt)
		failed = has_no_collection(f);
	g_variant_unref(result);
	return failed;
}

static int put(const struct keyring *k, const struct pairs *question,
               GHashTable *table, struct fault *f)
{
	const char *user = pairs_get(question, "user");
	const char *secret = pairs_get(question, "secret");
	SecretValue *value = secret_value_new(secret, -1, "text/plain");
	GError *e = NULL;
	char *label =
		g_strdup_printf(_("%s at %s (relay)"), user != NULL ? user : "",
	                        pairs_get(question, "host"));
	gboolean is_done = secret_service_store_sync(
		k->service, &our_name, table, SECRET_COLLECTION_DEFAULT, label,
		value, k->patience, &e);

	g_free(label);
	secret_value_unref(value);
	return is_done ? 0 : trouble(e, f);
}

int store_put(const struct pairs *question, struct pairs *answer,
              struct fault *f)
{
	static const char *const names[] = { "account", "kind", "host", "user",
		                             NULL };
	GHashTable *table = attributes_of(question, names, f);
	struct keyring k;
	int result;

	(void)answer;
	if (table == NULL)
		return -1;
	if (pairs_get(question, "secret") == NULL) {
		g_hash_table_unref(table);
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("the question lacks `%s`"), "secret");
	}
	result = open_keyring(&k, question, f);
	if (result == 0)
		result = open_default(&k, f);
	if (result == 0)
		result = put(&k, question, table, f);
	g_hash_table_unref(table);
	close_keyring(&k);
	return result;
}

/* --- erase ---------------------------------------------------------------- */

static int erase_all(const struct keyring *k, GList *items,
                     const struct pairs *question, struct pairs *answer,
                     struct fault *f)
{
	int64_t erased = 0, left = 0;

	for (GList *at = items; at != NULL; at = at->next) {
		unsigned value = fit(at->data, question);

		if (value > 0 && value < OURS)
			left++;
		if (value < OURS)
			continue;
		if (unlock_item(k, at->data, f) != 0 ||
		    call(k, at->data, "Delete", NULL, f) != 0)
			return -1;
		erased++;
	}
	pairs_put_number(answer, "erased", erased, f);
	return pairs_put_number(answer, "left", left, f);
}

int store_erase(const struct pairs *question, struct pairs *answer,
                struct fault *f)
{
	struct keyring k;
	GList *items = NULL;
	int result = open_keyring(&k, question, f);

	if (result == 0)
		result = search(&k, question, &items, f);
	if (result == 0)
		result = erase_all(&k, items, question, answer, f);
	release_items(items);
	close_keyring(&k);
	return result;
}
