/* SPDX-License-Identifier: GPL-3.0-or-later */
/* banned - functions that must not compile
 *
 * The compiler reads this before every source file (Makefile.am, -include), so
 * nobody can forget it.  The headers that declare these functions are read
 * first: the system's own use of the names is not touched.
 *
 * Instead: sbuf_add() and sbuf_addf() for strings, strspn() and strcspn() for
 * words, strtol() for numbers, the _r functions for dates, dir.h for files,
 * child.h for other programs.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(function) sorry_##function##_is_a_banned_function

/* They do not know how large the target is, or leave it without its NUL. */
#undef strcpy
#define strcpy(to, from) BANNED(strcpy)
#undef strcat
#define strcat(to, from) BANNED(strcat)
#undef strncpy
#define strncpy(to, from, n) BANNED(strncpy)
#undef strncat
#define strncat(to, from, n) BANNED(strncat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)
#undef gets
#define gets(to) BANNED(gets)

/* They keep their state, or their answer, in static memory. */
#undef strtok
#define strtok(s, delimiters) BANNED(strtok)
#undef gmtime
#define gmtime(when) BANNED(gmtime)
#undef localtime
#define localtime(when) BANNED(localtime)
#undef ctime
#define ctime(when) BANNED(ctime)
#undef asctime
#define asctime(when) BANNED(asctime)

/* They cannot report a failure. */
#undef atoi
#define atoi(s) BANNED(atoi)
#undef alloca
#define alloca(n) BANNED(alloca)

/* Another may be faster: the name is made, then the file. */
#undef mktemp
#define mktemp(name) BANNED(mktemp)

/* They run a shell. */
#undef system
#define system(command) BANNED(system)
#undef popen
#define popen(command, mode) BANNED(popen)

#endif
