dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl relay_compiler.m4 - the flags this compiler knows, of those we want
dnl
dnl RELAY_COMPILER sets RELAY_CPPFLAGS, RELAY_CFLAGS, RELAY_LDFLAGS and
dnl FUZZ_LIBS from the enable_* variables of configure.ac.  A warning or a
dnl protection the compiler lacks is left out; a sanitizer it lacks is an error.

dnl RELAY_TRY_COMPILE(VARIABLE, FLAGS)
dnl Append to VARIABLE each of FLAGS which compiles without a warning.
AC_DEFUN([RELAY_TRY_COMPILE], [dnl
for relay_flag in $2; do
  AS_VAR_PUSHDEF([relay_cache], [relay_cv_compile_$relay_flag])dnl
  AC_CACHE_CHECK([whether $CC takes $relay_flag], [relay_cache], [
    relay_saved=$CFLAGS
    CFLAGS="$CFLAGS -Werror $relay_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [])],
      [AS_VAR_SET([relay_cache], [yes])], [AS_VAR_SET([relay_cache], [no])])
    CFLAGS=$relay_saved
  ])
  AS_VAR_IF([relay_cache], [yes], [$1="$$1 $relay_flag"])
  AS_VAR_POPDEF([relay_cache])dnl
done
])

dnl RELAY_TRY_LINK(VARIABLE, FLAGS)
dnl The same with the linker, on top of RELAY_CFLAGS.
AC_DEFUN([RELAY_TRY_LINK], [dnl
for relay_flag in $2; do
  AS_VAR_PUSHDEF([relay_cache], [relay_cv_link_$relay_flag])dnl
  AC_CACHE_CHECK([whether $CC links with $relay_flag], [relay_cache], [
    relay_saved=$CFLAGS
    CFLAGS="$CFLAGS -Werror $RELAY_CFLAGS $relay_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [])],
      [AS_VAR_SET([relay_cache], [yes])], [AS_VAR_SET([relay_cache], [no])])
    CFLAGS=$relay_saved
  ])
  AS_VAR_IF([relay_cache], [yes], [$1="$$1 $relay_flag"])
  AS_VAR_POPDEF([relay_cache])dnl
done
])

dnl RELAY_REQUIRE_LINK(FLAGS, WHAT)
dnl Stop when a program cannot be made with FLAGS.
AC_DEFUN([RELAY_REQUIRE_LINK], [dnl
AC_MSG_CHECKING([whether $CC links with $1])
relay_saved=$CFLAGS
CFLAGS="$CFLAGS $1"
AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])], [
  AC_MSG_RESULT([no])
  AC_MSG_ERROR([$CC cannot build with $2])
])
CFLAGS=$relay_saved
])

AC_DEFUN([RELAY_COMPILER], [
RELAY_CPPFLAGS=
RELAY_CFLAGS=
RELAY_LDFLAGS=
FUZZ_LIBS=

dnl A warning about these would make every test below fail, in silence.
AC_MSG_CHECKING([whether $CC takes CFLAGS without a warning])
relay_saved=$CFLAGS
CFLAGS="$CFLAGS -Werror"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [])],
  [AC_MSG_RESULT([yes])], [
  AC_MSG_RESULT([no])
  AC_MSG_ERROR([$CC warns about CFLAGS or CPPFLAGS: correct them, no protection could be tested (config.log says what it warns of)])
])
CFLAGS=$relay_saved

RELAY_TRY_COMPILE([RELAY_CFLAGS], [-std=gnu11 -Wall -Wextra -Wpedantic dnl
-Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align dnl
-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition dnl
-Wwrite-strings -Wpointer-arith -Wformat=2 -Wvla -Wundef -Wswitch-enum dnl
-Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion dnl
-Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wjump-misses-init dnl
-Wstringop-overflow=4 -Wformat-overflow=2 -Wformat-truncation=1 dnl
-Walloc-zero])

dnl Not a protection: it keeps each program's list of libraries honest, and
dnl tests/link compares that list.
RELAY_TRY_LINK([RELAY_LDFLAGS], [-Wl,--as-needed])

AS_IF([test "x$enable_hardening" = xyes], [
  RELAY_TRY_COMPILE([RELAY_CFLAGS], [-fstack-protector-strong dnl
-fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero dnl
-fPIE])
  RELAY_TRY_LINK([RELAY_LDFLAGS],
    [-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack])
  dnl glibc warns at a level it does not know and when nothing is optimised:
  dnl then the next lower level is tried, and then none.
  relay_fortify=
  for relay_level in 3 2; do
    AS_IF([test "x$relay_fortify" = x], [
      AC_MSG_CHECKING([for _FORTIFY_SOURCE=$relay_level])
      relay_saved=$CFLAGS
      CFLAGS="$CFLAGS -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$relay_level"
      AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [])],
        [relay_fortify="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$relay_level"
         AC_MSG_RESULT([yes])],
        [AC_MSG_RESULT([no])])
      CFLAGS=$relay_saved
    ])
  done
  RELAY_CPPFLAGS="$RELAY_CPPFLAGS $relay_fortify"
])

AS_IF([test "x$enable_sanitize" != xno], [
  relay_flags="-fsanitize=$enable_sanitize -fno-sanitize-recover=all -fno-omit-frame-pointer"
  RELAY_REQUIRE_LINK([$relay_flags], [these sanitizers])
  RELAY_CFLAGS="$RELAY_CFLAGS $relay_flags"
])
AM_CONDITIONAL([SANITIZE], [test "x$enable_sanitize" != xno])

AS_IF([test "x$enable_fuzz" = xyes], [
  RELAY_REQUIRE_LINK([-fsanitize=fuzzer-no-link], [libFuzzer: use CC=clang])
  RELAY_CFLAGS="$RELAY_CFLAGS -fsanitize=fuzzer-no-link"
  FUZZ_LIBS=-fsanitize=fuzzer
])
AM_CONDITIONAL([FUZZ], [test "x$enable_fuzz" = xyes])

AS_IF([test "x$enable_coverage" = xyes], [
  RELAY_REQUIRE_LINK([--coverage], [coverage])
  RELAY_CFLAGS="$RELAY_CFLAGS --coverage"
])

AS_IF([test "x$enable_werror" = xyes], [RELAY_CFLAGS="$RELAY_CFLAGS -Werror"])

AC_SUBST([RELAY_CPPFLAGS])
AC_SUBST([RELAY_CFLAGS])
AC_SUBST([RELAY_LDFLAGS])
AC_SUBST([FUZZ_LIBS])
])
