/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provider_data - the records, in four files; for provider.c alone
 *
 * Each file is sorted by name.  A record says what its sources say, and is
 * dated; what they do not say well is in `unverified`.
 */
#ifndef CONFIG_PROVIDER_DATA_H
#define CONFIG_PROVIDER_DATA_H

#include "base/attr.h"
#include "base/intl.h"
#include "config/provider.h"

/* Services that send for programs; mailboxes all over the world; and those of
 * one country or a few. */
extern const struct provider provider_services[];
extern const size_t provider_services_count;
extern const struct provider provider_mailboxes[];
extern const size_t provider_mailboxes_count;
extern const struct provider provider_regional[];
extern const size_t provider_regional_count;

extern const struct provider_oauth provider_oauth_aol;
extern const struct provider_oauth provider_oauth_comcast;
extern const struct provider_oauth provider_oauth_fastmail;
extern const struct provider_oauth provider_oauth_google;
extern const struct provider_oauth provider_oauth_mail_ru;
extern const struct provider_oauth provider_oauth_microsoft;
extern const struct provider_oauth provider_oauth_microsoft_hve;
extern const struct provider_oauth provider_oauth_outlook;
extern const struct provider_oauth provider_oauth_yahoo;
extern const struct provider_oauth provider_oauth_yandex;

/* Said of more than one. */
#define NEEDS_PASSWORD N_("the password of the mailbox")
#define NEEDS_APP_PASSWORD \
	N_("an app password, made in the settings of the account")
#define NEEDS_OAUTH N_("OAuth2: `login oauth`, no password")
#define FROM_DOMAIN N_("senders of a domain that is verified there")
#define FROM_SENDER N_("a sender that is verified there")
#define FROM_ACCOUNT N_("the address of the account")
#define FROM_ALIASES N_("the address of the account and its aliases")

/* Sources of more than one. */
#define ISPDB "github.com/thunderbird/autoconfig (2026-03)"
#define DELTACHAT "github.com/deltachat/provider-db (2024-11)"
#define THUNDERBIRD "thunderbird-desktop OAuth2Providers.sys.mjs"

#endif
