/* SPDX-License-Identifier: GPL-3.0-or-later */
/* idn - domains in the letters that every server reads
 *
 * A domain of RFC 6531 as A-labels (RFC 5891, mapped as UTS 46 says): what a
 * server without SMTPUTF8 needs.  What is ASCII already passes unchanged, and
 * so does an address literal.  What cannot be written so is a FAULT_PERM that
 * names the domain; `out` is then as it was.  Nothing is looked up.
 *
 *     user@b\303\274cher.test -> user@xn--bcher-kva.test
 */
#ifndef MESSAGE_IDN_H
#define MESSAGE_IDN_H

#include "base/fault.h"
#include "base/sbuf.h"

/* Append the domain. */
int idn_to_ascii(const char *domain, struct sbuf *out, struct fault *f);

/* Append an address that passed address_check(), with its domain so.  A local
 * part is the business of its host, and stays: is it ASCII? */
int idn_address(const char *bare, struct sbuf *out, struct fault *f);

#endif
