/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_service - an answer of the DNS about a service
 *
 * What is found has a name that may be looked up and shown, and a port;
 * bringing it in order loses nobody and keeps the priorities.  The first bytes
 * are also the numbers of chance.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Not assert(): it must hold in every build. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_server(const struct service_server *server)
{
	size_t length = strnlen(server->name, sizeof(server->name));

	must(length > 0 && length < sizeof(server->name));
	must(server->name[0] != '-' && server->name[0] != '.');
	for (size_t i = 0; i < length; i++)
		must(server->name[i] > ' ' && server->name[i] < 0x7f &&
		     strchr("/:[]%@\\", server->name[i]) == NULL);
	must(server->port > 0 && server->port <= 65535);
	must(server->priority <= 65535 && server->weight <= 65535);
}

static uint64_t sum_of(const struct service *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->count; i++)
		sum += (uint64_t)s->servers[i].port << 32 |
		       s->servers[i].weight << 16 | s->servers[i].priority;
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint32_t chance[SERVICE_SERVERS] = { 0 };
	struct service s;
	uint64_t before;

	if (!service_parse(bytes, n, &s))
		return 0;
	must(s.count <= SERVICE_SERVERS);
	memcpy(chance, bytes, n < sizeof(chance) ? n : sizeof(chance));
	before = sum_of(&s);
	service_order(&s, chance);
	must(sum_of(&s) == before);
	for (size_t i = 0; i < s.count; i++) {
		check_server(&s.servers[i]);
		must(i == 0 ||
		     s.servers[i - 1].priority <= s.servers[i].priority);
	}
	return 0;
}
