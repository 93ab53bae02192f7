/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_service - answers of the DNS about a service, honest and not
 *
 * The resolver is ours: what it answers is `packet`.
 */
#include "net/service.h"

#include <arpa/nameser.h>
#include <check.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/sbuf.h"
#include "fixture.h"

static struct sbuf packet;
static int trouble; /* h_errno; 0: the packet is the answer */
static char asked[600];

int res_query(const char *name, int class, int type, unsigned char *answer,
              int size)
{
	ck_assert_int_eq(class, 1);
	ck_assert_int_eq(type, 33);
	snprintf(asked, sizeof(asked), "%s", name);
	h_errno = trouble;
	if (trouble != 0)
		return -1;
	memcpy(answer, packet.data,
	       packet.len < (size_t)size ? packet.len : (size_t)size);
	return (int)packet.len;
}

/* --- packets ----------------------------------------------------------------
 */

static void add_number(unsigned number)
{
	const unsigned char bytes[] = { (unsigned char)(number >> 8),
		                        (unsigned char)number };

	sbuf_add(&packet, bytes, sizeof(bytes));
}

/* In labels, not compressed; "." is the root. */
static void add_name(const char *name)
{
	while (*name != '\0' && strcmp(name, ".") != 0) {
		unsigned char n = (unsigned char)strcspn(name, ".");

		sbuf_add(&packet, &n, 1);
		sbuf_add(&packet, name, n);
		name += n + (name[n] == '.' ? 1 : 0);
	}
	sbuf_add(&packet, "", 1);
}

static void begin(unsigned records)
{
	sbuf_release(&packet);
	sbuf_init(&packet, 100000);
	add_number(0x1234);
	add_number(0x8180);
	add_number(1);
	add_number(records);
	add_number(0);
	add_number(0);
	add_name("_submissions._tcp.example.org");
	add_number(33);
	add_number(1);
}

/* Up to the data. */
static void add_head(unsigned type, unsigned class, unsigned length)
{
	sbuf_add(&packet, "\xc0\x0c", 2); /* the name in the question */
	add_number(type);
	add_number(class);
	add_number(0);
	add_number(300);
	add_number(length);
}

static void add_server(unsigned priority, unsigned weight, unsigned port,
                       const char *target)
{
	bool is_root = strcmp(target, ".") == 0;

	add_head(33, 1, 6 + (is_root ? 1 : (unsigned)strlen(target) + 2));
	add_number(priority);
	add_number(weight);
	add_number(port);
	add_name(target);
}

static bool parse(struct service *s)
{
	return service_parse((const unsigned char *)packet.data, packet.len, s);
}

/* --- reading ----------------------------------------------------------------
 */

START_TEST(servers_are_read)
{
	struct service s;

	begin(3);
	add_head(5, 1, 2); /* a CNAME on the way */
	sbuf_add(&packet, "\xc0\x0c", 2);
	add_server(10, 5, 465, "mail.example.org");
	add_server(20, 0, 4650, "b.example.net");
	ck_assert(parse(&s));
	ck_assert_uint_eq(s.count, 2);
	ck_assert_str_eq(s.servers[0].name, "mail.example.org");
	ck_assert_uint_eq(s.servers[0].priority, 10);
	ck_assert_uint_eq(s.servers[0].weight, 5);
	ck_assert_uint_eq(s.servers[0].port, 465);
	ck_assert_str_eq(s.servers[1].name, "b.example.net");
	ck_assert_uint_eq(s.servers[1].port, 4650);
	ck_assert(!s.is_denied);
}
END_TEST

START_TEST(cut_anywhere_it_is_malformed)
{
	struct service s;
	size_t whole;

	begin(2);
	add_server(10, 5, 465, "mail.example.org");
	add_server(20, 0, 4650, "b.example.net");
	whole = packet.len;
	for (size_t n = 0; n < whole; n++) {
		unsigned char *copy = malloc(n + 1); /* ASan sees its end */

		memcpy(copy, packet.data, n);
		ck_assert_msg(!service_parse(copy, n, &s), "%zu bytes", n);
		free(copy);
	}
	ck_assert(parse(&s));
}
END_TEST

static void a_loop(void)
{
	begin(1);
	add_head(33, 1, 8);
	add_number(0);
	add_number(0);
	add_number(465);
	add_number(0xc000 + (unsigned)packet.len); /* it points to itself */
}

static void a_pointer_outside(void)
{
	begin(1);
	add_head(33, 1, 8);
	add_number(0);
	add_number(0);
	add_number(465);
	sbuf_add(&packet, "\xff\xff", 2);
}

static void data_that_is_too_short(void)
{
	begin(1);
	add_head(33, 1, 5);
	add_number(0);
	add_number(0);
	sbuf_add(&packet, "", 1);
}

static void a_target_over_the_end(void)
{
	begin(2);
	add_head(33, 1, 8);
	add_number(0);
	add_number(0);
	add_number(465);
	add_name("mail.example.org");
	add_server(0, 0, 465, "b.example.net");
}

static void too_many_records_promised(void)
{
	begin(65535);
	add_server(0, 0, 465, "mail.example.org");
}

static void a_length_over_the_end(void)
{
	begin(1);
	add_head(33, 1, 65535);
	add_name("mail.example.org");
}

static void (*const malformed[])(void) = {
	a_loop,
	a_pointer_outside,
	data_that_is_too_short,
	a_target_over_the_end,
	too_many_records_promised,
	a_length_over_the_end,
};

START_TEST(malformed_answers)
{
	struct service s;

	malformed[_i]();
	ck_assert(!parse(&s));
}
END_TEST

/* Well-formed, and still not to be called. */
static const struct {
	unsigned port;
	const char *target;
	bool is_denied;
} useless[] = {
	{ 0, "mail.example.org", false }, { 465, ".", true },
	{ 465, "-option", false },        { 465, "a b", false },
	{ 465, "a\x1b[2J", false },       { 465, "a/b", false },
	{ 465, "[::1]", false },          { 465, "b\xc3\xbc", false },
};

START_TEST(useless_servers_are_left_out)
{
	struct service s;

	begin(1);
	add_server(0, 0, useless[_i].port, useless[_i].target);
	ck_assert(parse(&s));
	ck_assert_uint_eq(s.count, 0);
	ck_assert_int_eq(s.is_denied, useless[_i].is_denied);
}
END_TEST

START_TEST(other_records_are_left_out)
{
	struct service s;

	begin(2);
	add_head(1, 1, 4);
	add_number(0x7f00);
	add_number(1);
	add_head(33, 3, 9); /* of another class */
	add_number(0);
	add_number(0);
	add_number(465);
	add_name("a");
	ck_assert(parse(&s));
	ck_assert_uint_eq(s.count, 0);
}
END_TEST

START_TEST(many_are_bounded)
{
	struct service s;
	char name[20];

	begin(1000);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "h%u.test", i);
		add_server(i, 0, 465, name);
	}
	ck_assert(parse(&s));
	ck_assert_uint_eq(s.count, SERVICE_SERVERS);
	ck_assert_str_eq(s.servers[15].name, "h15.test");
}
END_TEST

/* --- order ------------------------------------------------------------------
 */

static void set(struct service *s, size_t count, const unsigned (*numbers)[2])
{
	*s = (struct service){ .count = count };
	for (size_t i = 0; i < count; i++) {
		s->servers[i].name[0] = (char)('a' + i);
		s->servers[i].priority = numbers[i][0];
		s->servers[i].weight = numbers[i][1];
	}
}

static const char *names(const struct service *s)
{
	static char text[SERVICE_SERVERS + 1];

	for (size_t i = 0; i < s->count; i++)
		text[i] = s->servers[i].name[0];
	text[s->count] = '\0';
	return text;
}

START_TEST(by_priority)
{
	static const unsigned numbers[][2] = {
		{ 30, 0 }, { 10, 0 }, { 20, 0 }, { 10, 0 }, { 0, 0 }
	};
	uint32_t chance[SERVICE_SERVERS] = { 0 };
	struct service s;

	set(&s, 5, numbers);
	service_order(&s, chance);
	ck_assert_str_eq(names(&s), "ebdca");
	set(&s, 0, numbers);
	service_order(&s, chance);
	ck_assert_uint_eq(s.count, 0);
}
END_TEST

/* Over all numbers of chance each is first as often as its weight says, and one
 * of weight 0 now and then. */
START_TEST(by_weight)
{
	static const unsigned numbers[][2] = {
		{ 1, 60 }, { 1, 0 }, { 1, 30 }, { 1, 10 }, { 2, 900 }
	};
	unsigned first[5] = { 0 };
	struct service s;

	for (uint32_t c = 0; c < 101; c++) {
		uint32_t chance[SERVICE_SERVERS] = { c };

		set(&s, 5, numbers);
		service_order(&s, chance);
		first[s.servers[0].name[0] - 'a']++;
		ck_assert_int_eq(s.servers[4].name[0], 'e');
	}
	ck_assert_uint_eq(first[0], 60);
	ck_assert_uint_eq(first[1], 1);
	ck_assert_uint_eq(first[2], 30);
	ck_assert_uint_eq(first[3], 10);
}
END_TEST

START_TEST(nobody_is_lost)
{
	unsigned numbers[SERVICE_SERVERS][2];
	uint32_t chance[SERVICE_SERVERS];
	struct service s;
	unsigned seed = 1;

	for (int round = 0; round < 1000; round++) {
		unsigned seen = 0;

		for (int i = 0; i < SERVICE_SERVERS; i++) {
			seed = seed * 1103515245 + 12345;
			numbers[i][0] = seed >> 16 & 3;
			numbers[i][1] = seed >> 20 & 1 ? 65535 : 0;
			chance[i] = seed;
		}
		set(&s, SERVICE_SERVERS, (const unsigned(*)[2])numbers);
		service_order(&s, chance);
		for (int i = 0; i < SERVICE_SERVERS; i++) {
			seen |= 1U << (s.servers[i].name[0] - 'a');
			ck_assert(i == 0 || s.servers[i - 1].priority <=
			                            s.servers[i].priority);
		}
		ck_assert_uint_eq(seen, 0xffff);
	}
}
END_TEST

/* --- asking -----------------------------------------------------------------
 */

START_TEST(what_is_found)
{
	struct service s;

	begin(2);
	add_server(20, 0, 4650, "b.example.net");
	add_server(10, 5, 465, "mail.example.org");
	ck_assert_int_eq(service_find("example.org", "_submissions._tcp", &s),
	                 SERVICE_FOUND);
	ck_assert_str_eq(asked, "_submissions._tcp.example.org");
	ck_assert_uint_eq(s.count, 2);
	ck_assert_str_eq(s.servers[0].name, "mail.example.org");
	begin(0);
	ck_assert_int_eq(service_find("example.org", "_x._tcp", &s),
	                 SERVICE_NONE);
	begin(1);
	add_server(0, 0, 0, ".");
	ck_assert_int_eq(service_find("example.org", "_x._tcp", &s),
	                 SERVICE_DENIED);
	a_loop();
	ck_assert_int_eq(service_find("example.org", "_x._tcp", &s),
	                 SERVICE_GARBLED);
}
END_TEST

static const struct {
	int trouble;
	enum service_result result;
} troubles[] = {
	{ HOST_NOT_FOUND, SERVICE_NONE },
	{ NO_DATA, SERVICE_NONE },
	{ TRY_AGAIN, SERVICE_LATER },
	{ NO_RECOVERY, SERVICE_GARBLED },
};

START_TEST(why_not)
{
	struct service s;

	trouble = troubles[_i].trouble;
	ck_assert_int_eq(service_find("example.org", "_x._tcp", &s),
	                 troubles[_i].result);
	ck_assert_uint_eq(s.count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service");
	TCase *t = tcase_create("service");
	int result;

	sbuf_init(&packet, 100000);
	tcase_add_test(t, servers_are_read);
	tcase_add_test(t, cut_anywhere_it_is_malformed);
	tcase_add_loop_test(t, malformed_answers, 0, COUNT_OF(malformed));
	tcase_add_loop_test(t, useless_servers_are_left_out, 0,
	                    COUNT_OF(useless));
	tcase_add_test(t, other_records_are_left_out);
	tcase_add_test(t, many_are_bounded);
	tcase_add_test(t, by_priority);
	tcase_add_test(t, by_weight);
	tcase_add_test(t, nobody_is_lost);
	tcase_add_test(t, what_is_found);
	tcase_add_loop_test(t, why_not, 0, COUNT_OF(troubles));
	suite_add_tcase(suite, t);
	result = fixture_run(suite);
	sbuf_release(&packet);
	return result;
}
