/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attr - compiler attributes, named once */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define MUST_CHECK __attribute__((warn_unused_result))

/* Elements of an array; not for pointers. */
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

#endif
