/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report - what went wrong, for the system log
 *
 * One line: the caller's uid and the fault.
 */
#ifndef SENDMAIL_REPORT_H
#define SENDMAIL_REPORT_H

#include "base/fault.h"
#include "sendmail/args.h"

void report_log(const struct args *args, const struct fault *f);

#endif
