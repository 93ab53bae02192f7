/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls_file - a certificate or key, read whole and checked first
 *
 * Only regular files up to the buffer's limit; a key must not be open to
 * everybody.  Faults are FAULT_CONFIG and name the file.
 */
#ifndef NET_TLS_FILE_H
#define NET_TLS_FILE_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/sbuf.h"

int tls_file_read(const char *path, bool is_key, struct sbuf *text,
                  struct fault *f);

#endif
