/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crc - CRC-32C over bytes (RFC 3720, appendix B.4: 123456789 is E3069283)
 *
 * Finds damage: every change of up to 32 neighbouring bits, hence every single
 * bit.  It is not a signature.  Start with crc_add(0, ...), feed the result
 * back.
 */
#ifndef BASE_CRC_H
#define BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc_add(uint32_t crc, const void *bytes, size_t n);

/* The same, without an instruction that this processor may have. */
uint32_t crc_add_by_table(uint32_t crc, const void *bytes, size_t n);

#endif
