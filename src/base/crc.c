/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/crc.h"

#include <stdbool.h>
#include <string.h>

#include "base/port.h"

/* Castagnoli's polynomial, bit-reversed. */
#define POLYNOMIAL 0x82f63b78U

/* Eight bytes at a time ("slicing by 8"): table[k][b] is what byte b, followed
 * by k zero bytes, does to the sum.  Made at first use, 5 microseconds. */
static const uint32_t (*tables(void))[256]
{
	static uint32_t table[8][256];
	static bool made;

	if (made)
		return (const uint32_t(*)[256])table;
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t c = b;

		for (int bit = 0; bit < 8; bit++)
			c = (c & 1) != 0 ? c >> 1 ^ POLYNOMIAL : c >> 1;
		table[0][b] = c;
	}
	for (int k = 1; k < 8; k++)
		for (uint32_t b = 0; b < 256; b++)
			table[k][b] = table[k - 1][b] >> 8 ^
			              table[0][table[k - 1][b] & 0xff];
	made = true;
	return (const uint32_t(*)[256])table;
}

/* Little-endian reads, whatever the machine. */
static uint32_t word(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

uint32_t crc_add_by_table(uint32_t crc, const void *bytes, size_t n)
{
	const uint32_t(*t)[256] = tables();
	const unsigned char *p = bytes;
	uint32_t c = ~crc;

	for (; n >= 8; n -= 8, p += 8) {
		uint32_t low = word(p) ^ c, high = word(p + 4);

		c = t[7][low & 0xff] ^ t[6][low >> 8 & 0xff] ^
		    t[5][low >> 16 & 0xff] ^ t[4][low >> 24] ^
		    t[3][high & 0xff] ^ t[2][high >> 8 & 0xff] ^
		    t[1][high >> 16 & 0xff] ^ t[0][high >> 24];
	}
	for (; n > 0; n--, p++)
		c = c >> 8 ^ t[0][(c ^ *p) & 0xff];
	return ~c;
}

uint32_t crc_add(uint32_t crc, const void *bytes, size_t n)
{
	return port_crc(&crc, bytes, n) ? crc : crc_add_by_table(crc, bytes, n);
}
