dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl relay_places.m4 - where the files for the rest of the system go
dnl
dnl RELAY_PLACES sets runstatedir, libsendmaildir and the directories of
dnl systemd.  All but runstatedir are below the prefix, so that anybody can
dnl install into a prefix of their own; systemd looks below /usr/local, too.

dnl RELAY_SYSTEMD_DIR(VARIABLE, DEFAULT, WHAT)
dnl --with-VARIABLE; with the prefix /usr pkg-config is asked first.
AC_DEFUN([RELAY_SYSTEMD_DIR], [dnl
AC_ARG_WITH([$1],
  [AS_HELP_STRING([--with-$1=DIR], [$3 @<:@$2@:>@])],
  [], [with_$1=])
AS_IF([test "x$with_$1" = xyes || test "x$with_$1" = xno],
  [AC_MSG_ERROR([--with-$1 needs a directory])])
AS_IF([test "x$with_$1" = x && test "x$prefix" = x/usr && dnl
test "x$PKG_CONFIG" != x],
  [with_$1=`$PKG_CONFIG --variable=$1 systemd 2>/dev/null`])
AS_IF([test "x$with_$1" = x], [with_$1='$2'])
AC_SUBST([$1], ["$with_$1"])dnl
])

AC_DEFUN([RELAY_PLACES], [
dnl /var/run is a link to it everywhere.
AS_IF([test "x$runstatedir" = 'x${localstatedir}/run'], [runstatedir=/run])

AC_ARG_WITH([libsendmaildir],
  [AS_HELP_STRING([--with-libsendmaildir=DIR],
    [a second link to sendmail @<:@${prefix}/lib@:>@])],
  [], [with_libsendmaildir='${prefix}/lib'])
AC_SUBST([libsendmaildir], ["$with_libsendmaildir"])

RELAY_SYSTEMD_DIR([systemdsystemunitdir], [${prefix}/lib/systemd/system],
  [units of the system])
RELAY_SYSTEMD_DIR([systemduserunitdir], [${prefix}/lib/systemd/user],
  [units of users])
RELAY_SYSTEMD_DIR([sysusersdir], [${prefix}/lib/sysusers.d],
  [users and groups])
RELAY_SYSTEMD_DIR([tmpfilesdir], [${prefix}/lib/tmpfiles.d],
  [directories and sockets])
])
