/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No client ids: whoever runs this registers his own program there. */
#include "config/provider_data.h"

/* A second consent brings no refresh token without this. */
#define GOOGLE_EXTRA "access_type=offline&prompt=consent"

#define MICROSOFT "https://login.microsoftonline.com/"
#define MICROSOFT_SCOPE "https://outlook.office.com/SMTP.Send offline_access"

const struct provider_oauth provider_oauth_aol = {
	.auth_url = "https://api.login.aol.com/oauth2/request_auth",
	.token_url = "https://api.login.aol.com/oauth2/get_token",
	.scope = "mail-w",
	.skew = 300,
};

const struct provider_oauth provider_oauth_comcast = {
	.auth_url = "https://oauth.xfinity.com/oauth/authorize",
	.token_url = "https://oauth.xfinity.com/oauth/token",
	.scope = "https://email.comcast.net/ profile openid",
	.skew = 300,
};

const struct provider_oauth provider_oauth_fastmail = {
	.auth_url = "https://api.fastmail.com/oauth/authorize",
	.token_url = "https://api.fastmail.com/oauth/refresh",
	.scope = "https://www.fastmail.com/dev/protocol-smtp",
	.skew = 300,
};

const struct provider_oauth provider_oauth_google = {
	.auth_url = "https://accounts.google.com/o/oauth2/v2/auth",
	.token_url = "https://oauth2.googleapis.com/token",
	.scope = "https://mail.google.com/",
	.auth_extra = GOOGLE_EXTRA,
	.skew = 300,
};

const struct provider_oauth provider_oauth_mail_ru = {
	.auth_url = "https://o2.mail.ru/login",
	.token_url = "https://o2.mail.ru/token",
	.scope = "mail.imap",
	.prefers_xoauth2 = true,
	.skew = 300,
};

const struct provider_oauth provider_oauth_microsoft = {
	.auth_url = MICROSOFT "%T/oauth2/v2.0/authorize",
	.token_url = MICROSOFT "%T/oauth2/v2.0/token",
	.device_url = MICROSOFT "%T/oauth2/v2.0/devicecode",
	.scope = MICROSOFT_SCOPE,
	.prefers_xoauth2 = true,
	.skew = 300,
};

/* "501 5.5.127 ... Token will expire soon" comes ten minutes before. */
const struct provider_oauth provider_oauth_microsoft_hve = {
	.auth_url = MICROSOFT "%T/oauth2/v2.0/authorize",
	.token_url = MICROSOFT "%T/oauth2/v2.0/token",
	.device_url = MICROSOFT "%T/oauth2/v2.0/devicecode",
	.scope = MICROSOFT_SCOPE,
	.prefers_xoauth2 = true,
	.skew = 660,
};

/* Personal accounts have a tenant of their own. */
const struct provider_oauth provider_oauth_outlook = {
	.auth_url = MICROSOFT "consumers/oauth2/v2.0/authorize",
	.token_url = MICROSOFT "consumers/oauth2/v2.0/token",
	.device_url = MICROSOFT "consumers/oauth2/v2.0/devicecode",
	.scope = MICROSOFT_SCOPE,
	.prefers_xoauth2 = true,
	.skew = 300,
};

const struct provider_oauth provider_oauth_yahoo = {
	.auth_url = "https://api.login.yahoo.com/oauth2/request_auth",
	.token_url = "https://api.login.yahoo.com/oauth2/get_token",
	.scope = "mail-w",
	.skew = 300,
};

const struct provider_oauth provider_oauth_yandex = {
	.auth_url = "https://oauth.yandex.com/authorize",
	.token_url = "https://oauth.yandex.com/token",
	.scope = "mail:smtp",
	.prefers_xoauth2 = true,
	.skew = 300,
};
