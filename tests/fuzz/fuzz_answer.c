/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_answer - a token endpoint that answers any bytes
 *
 * The first two bytes choose the status and how it is asked.  What is taken for
 * a token can be a login of SMTP (no blank, no control byte) and has a life
 * within limits; what is refused says a word that is printable, has nothing of
 * ours in it, and is temporary wherever time alone can heal it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/attr.h"
#include "token/answer.h"
#include "token/form.h"

#define SECRET "s3same-0penup"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const long statuses[] = { 200, 201, 204, 302, 400, 401, 403,
	                         404, 408, 429, 500, 502, 503, 504 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_token(const struct secret *token)
{
	const char *text = secret_reveal(token);

	must(secret_length(token) > 0 && secret_length(token) <= ANSWER_TOKEN);
	must(strlen(text) == secret_length(token));
	for (; *text != '\0'; text++)
		must(ascii_is_graph(*text));
}

static void check_grant(const struct grant *g, long status)
{
	must(status / 100 == 2);
	check_token(g->access);
	if (g->refresh != NULL)
		check_token(g->refresh);
	must(g->life > 0 && g->life <= 2592000);
}

static void check_refusal(const struct refusal *r, long status)
{
	must(r->why.kind == FAULT_TEMP || r->why.kind == FAULT_CONFIG);
	must(r->why.text[0] != '\0' && strstr(r->why.text, SECRET) == NULL);
	for (const char *c = r->why.text; *c != '\0'; c++)
		must(!ascii_is_control(*c));
	if (status >= 500 || status == 408 || status == 429)
		must(r->why.kind == FAULT_TEMP);
}

/* The secret is in the question: a server may quote it. */
static void ask(const struct settings *s, long status, const uint8_t *bytes,
                size_t n)
{
	struct answer_about about = { .settings = s,
		                      .url = "https://t.example/token",
		                      .login = 1,
		                      .now = 600000 };
	struct http_answer a;
	struct refusal r = { .is_sent = false };
	struct sbuf form;
	struct grant g;

	sbuf_init(&form, 1000);
	form_add(&form, "refresh_token", SECRET);
	about.form = &form;
	http_answer_init(&a);
	a.status = status;
	a.is_sent = true;
	sbuf_add(&a.body, bytes, n);
	if (answer_read(&a, &about, &g, &r) == 0)
		check_grant(&g, status);
	else
		check_refusal(&r, status);
	grant_release(&g);
	http_answer_release(&a);
	sbuf_release(&form);
}

/* The same bytes as what a browser brings back. */
static void parse_form(const uint8_t *bytes, size_t n)
{
	struct sbuf text, value;

	sbuf_init(&text, JSON_LIMIT);
	sbuf_init(&value, JSON_LIMIT);
	sbuf_add(&text, bytes, n);
	if (form_get(text.data, "code", &value))
		for (size_t i = 0; i < value.len; i++)
			must(!ascii_is_control(value.data[i]));
	sbuf_release(&text);
	sbuf_release(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct settings s = { .account = "work" };

	if (n < 2 || n > JSON_LIMIT)
		return 0;
	s.flow = (enum flow)(bytes[1] % 4);
	ask(&s, statuses[bytes[0] % COUNT_OF(statuses)], bytes + 2, n - 2);
	parse_form(bytes + 2, n - 2);
	return 0;
}
