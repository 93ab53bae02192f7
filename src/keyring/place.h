/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place - is there a bus on which a keyring can be asked?
 *
 * What libsecret and GLib would make of the environment is decided here first:
 * without an address GLib may start a bus of its own, in which no keyring is;
 * with an unknown SECRET_BACKEND libsecret never answers.
 */
#ifndef KEYRING_PLACE_H
#define KEYRING_PLACE_H

#include "base/fault.h"

/* See to it that DBUS_SESSION_BUS_ADDRESS is set: for a timer or cron to the
 * bus of this user's session, if one is there. */
int place_find(struct fault *f);

#endif
