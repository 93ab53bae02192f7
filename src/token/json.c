/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "token/json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "token/wiped.h"

#define NUMBER_MOST 1e15

struct json {
	json_t *root;
};

/* jansson recurses for each level: count them before it does.  Brackets inside
 * strings are none. */
static bool is_shallow(const char *bytes, size_t n)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < n; i++) {
		if (in_string && bytes[i] == '\\')
			i++;
		else if (bytes[i] == '"')
			in_string = !in_string;
		else if (!in_string && (bytes[i] == '{' || bytes[i] == '['))
			depth++;
		else if (!in_string && (bytes[i] == '}' || bytes[i] == ']'))
			depth--;
		if (depth > JSON_DEPTH)
			return false;
	}
	return true;
}

/* jansson's own words may quote what it read: only the place is told. */
static int misread(const json_error_t *error, struct fault *f)
{
	if (json_error_code(error) == json_error_duplicate_key)
		return fault_set(f, FAULT_TEMP, "4.3.0",
		                 _("a member of the JSON object is there "
		                   "twice, line %d"),
		                 error->line);
	return fault_set(f, FAULT_TEMP, "4.3.0",
	                 _("this is no JSON object (line %d, column %d)"),
	                 error->line, error->column);
}

struct json *json_read(const char *bytes, size_t n, struct fault *f)
{
	struct json *json;
	json_error_t error;
	json_t *root;

	if (n > JSON_LIMIT || !is_shallow(bytes, n)) {
		fault_set(f, FAULT_TEMP, "4.3.0",
		          _("the JSON object is too large or too deep"));
		return NULL;
	}
	json_set_alloc_funcs(wiped_malloc, wiped_free);
	root = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		misread(&error, f);
		explicit_bzero(&error, sizeof(error));
		return NULL;
	}
	if (!json_is_object(root)) {
		json_decref(root);
		fault_set(f, FAULT_TEMP, "4.3.0", _("this is no JSON object"));
		return NULL;
	}
	json = mem_alloc(sizeof(*json));
	json->root = root;
	return json;
}

void json_free(struct json **json)
{
	if (*json == NULL)
		return;
	json_decref((*json)->root);
	free(*json);
	*json = NULL;
}

const char *json_text(const struct json *json, const char *key)
{
	return json_string_value(json_object_get(json->root, key));
}

static bool number_in(const char *text, int64_t *value)
{
	char *end;

	if (text == NULL || strspn(text, "0123456789") == 0)
		return false;
	errno = 0;
	*value = strtoimax(text, &end, 10);
	return errno == 0 && *end == '\0';
}

bool json_number(const struct json *json, const char *key, int64_t *value)
{
	const json_t *member = json_object_get(json->root, key);

	if (json_is_integer(member)) {
		*value = json_integer_value(member);
		return true;
	}
	if (json_is_real(member)) {
		double real = json_real_value(member);

		if (!(real > -NUMBER_MOST && real < NUMBER_MOST))
			return false;
		*value = (int64_t)real;
		return true;
	}
	return number_in(json_string_value(member), value);
}

/* False: not UTF-8. */
static bool put(json_t *object, const struct json_member *m)
{
	if (m->text != NULL)
		return json_object_set_new(object, m->key,
		                           json_string(m->text)) == 0;
	if (m->number == 0)
		return true;
	return json_object_set_new(object, m->key, json_integer(m->number)) ==
	       0;
}

bool json_write(const struct json_member *members, size_t count,
                struct sbuf *out)
{
	json_t *object;
	char *text = NULL;
	bool ok = true;

	json_set_alloc_funcs(wiped_malloc, wiped_free);
	object = json_object();
	for (size_t i = 0; i < count && ok; i++)
		ok = put(object, &members[i]);
	if (ok)
		text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
	if (text != NULL)
		sbuf_addstr(out, text);
	wiped_free(text);
	json_decref(object);
	return text != NULL;
}
