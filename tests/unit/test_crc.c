/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_crc - the published values, in any pieces; every small damage is seen */
#include "base/crc.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "fixture.h"

/* RFC 3720, appendix B.4, and the value every description of CRC-32C gives. */
static const struct {
	int first; /* first byte, step to the next, number */
	int step;
	size_t n;
	uint32_t crc;
} published[] = {
	{ 0x00, 0, 32, 0x8a9136aa }, { 0xff, 0, 32, 0x62a8ab43 },
	{ 0x00, 1, 32, 0x46dd794e }, { 0x1f, -1, 32, 0x113fdb5c },
	{ '1', 1, 9, 0xe3069283 },   { 0, 0, 0, 0 },
	{ 'a', 0, 1, 0xc1d04330 },
};

START_TEST(published_value)
{
	unsigned char bytes[32];
	size_t n = published[_i].n;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(published[_i].first +
		                           (int)i * published[_i].step);
	ck_assert_uint_eq(crc_add(0, bytes, n), published[_i].crc);
	for (size_t cut = 0; cut <= n; cut++)
		ck_assert_uint_eq(
			crc_add(crc_add(0, bytes, cut), bytes + cut, n - cut),
			published[_i].crc);
	for (size_t cut = 0; cut <= n; cut++)
		ck_assert_uint_eq(crc_add_by_table(crc_add(0, bytes, cut),
		                                   bytes + cut, n - cut),
		                  published[_i].crc);
}
END_TEST

/* One bit after the other, from the definition: for lengths and places in
 * memory at which the fast one does different things. */
static uint32_t slow_crc(const unsigned char *bytes, size_t n)
{
	uint32_t c = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		c ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			c = (c & 1) != 0 ? c >> 1 ^ 0x82f63b78U : c >> 1;
	}
	return ~c;
}

START_TEST(any_length_and_place)
{
	unsigned char bytes[100];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 73 + 41);
	for (size_t at = 0; at < 9; at++)
		for (size_t n = 0; at + n <= sizeof(bytes); n++)
			ck_assert_uint_eq(crc_add(0, bytes + at, n),
			                  slow_crc(bytes + at, n));
	for (size_t at = 0; at < 9; at++)
		for (size_t n = 0; at + n <= sizeof(bytes); n++)
			ck_assert_uint_eq(crc_add_by_table(0, bytes + at, n),
			                  slow_crc(bytes + at, n));
}
END_TEST

START_TEST(every_flipped_bit_and_burst)
{
	unsigned char bytes[64] = { 0 };
	uint32_t good;

	memcpy(bytes, "a queue entry that lies on a disk", 33);
	good = crc_add(0, bytes, sizeof(bytes));
	for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++)
		for (size_t width = 1; width <= 32; width++) {
			size_t last = bit + width - 1;

			if (last >= sizeof(bytes) * 8)
				continue;
			bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
			if (width > 1)
				bytes[last / 8] ^=
					(unsigned char)(1U << last % 8);
			if (crc_add(0, bytes, sizeof(bytes)) == good)
				ck_abort_msg("bits %zu, %zu", bit, last);
			bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
			if (width > 1)
				bytes[last / 8] ^=
					(unsigned char)(1U << last % 8);
		}
	ck_assert_uint_eq(crc_add(0, bytes, sizeof(bytes)), good);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crc");
	TCase *all = tcase_create("all");

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, published_value, 0, COUNT_OF(published));
	tcase_add_test(all, any_length_and_place);
	tcase_add_test(all, every_flipped_bit_and_burst);
	return fixture_run(suite);
}
