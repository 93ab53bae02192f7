/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_address - any bytes as a list of addresses
 *
 * What comes out passes address_check(), is parsed to itself, alone and in a
 * list, and is there once.  A refusal has status 65 and one line of text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "message/address.h"

#define LIMIT ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_refusal(const struct fault *f)
{
	must(fault_exit_status(f) == 65);
	must(f->text[0] != '\0' && strpbrk(f->text, "\r\n\t\x1b") == NULL);
}

/* One address, as the envelope would have it. */
static void check_address(const char *bare)
{
	struct fault f = { .kind = FAULT_NONE };
	struct address_list l;
	const char *domain = address_domain(bare);
	struct sbuf out;

	must(address_check(bare, &f) == 0);
	must(strlen(bare) <= ADDRESS_MAX);
	must(strpbrk(bare, "\r\n\t") == NULL);
	must(domain == NULL || (domain > bare + 1 && domain[-1] == '@'));
	must(address_is_same(bare, bare));
	address_list_init(&l, 10, LIMIT);
	must(address_parse_list(bare, strlen(bare), &l, &f) == 0);
	must(l.count == 1 && strcmp(l.item[0], bare) == 0);
	address_list_release(&l);
	sbuf_init(&out, ADDRESS_MAX);
	must(address_parse_sender(bare, &out, &f) == 0);
	must(strcmp(out.data, bare) == 0);
	sbuf_release(&out);
}

static void check_joined(const struct address_list *l)
{
	struct fault f = { .kind = FAULT_NONE };
	struct address_list again;
	struct sbuf text;

	sbuf_init(&text, LIMIT);
	for (size_t i = 0; i < l->count; i++)
		sbuf_addf(&text, i % 2 == 0 ? "<%s>, " : "%s, ", l->item[i]);
	address_list_init(&again, 1000, LIMIT);
	must(address_parse_list(text.data, text.len, &again, &f) == 0);
	must(again.count == l->count);
	for (size_t i = 0; i < l->count; i++)
		must(strcmp(again.item[i], l->item[i]) == 0);
	address_list_release(&again);
	sbuf_release(&text);
}

static void check_login(const char *login)
{
	struct fault f = { .kind = FAULT_NONE };
	struct sbuf out;

	sbuf_init(&out, LIMIT);
	address_add_login(&out, login);
	must(out.len > ADDRESS_MAX || address_check(out.data, &f) == 0);
	must(!address_is_qualified(out.data));
	sbuf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = mem_strndup((const char *)bytes, n);
	struct fault f = { .kind = FAULT_NONE };
	struct address_list l;
	struct sbuf sender;

	address_list_init(&l, 1000, LIMIT);
	if (address_parse_list(text, n, &l, &f) != 0)
		check_refusal(&f);
	for (size_t i = 0; i < l.count; i++) {
		check_address(l.item[i]);
		for (size_t k = 0; k < i; k++)
			must(!address_is_same(l.item[i], l.item[k]));
	}
	check_joined(&l);
	address_list_release(&l);

	sbuf_init(&sender, ADDRESS_MAX);
	if (address_parse_sender(text, &sender, &f) != 0)
		check_refusal(&f);
	else
		must(sender.len == 0 || address_check(sender.data, &f) == 0);
	sbuf_release(&sender);

	if (address_check(text, &f) == 0)
		check_address(text);
	check_login(text);
	free(text);
	return 0;
}
