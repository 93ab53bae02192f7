/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 3463, 5248 and the register of IANA; 7372 (DKIM, SPF), 7505 (null MX).
 * Numbers of three digits are Microsoft's; 5.4.5, 5.7.14, 5.7.26 and 5.7.28 are
 * as Google uses them.  A server that follows another book is rare, so the
 * texts say what is likely, and its own words stand next to them.
 */
#include "message/meaning.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "base/intl.h"

/* --- what several codes say --------------------------------------------- */

#define NO_SUCH_USER                                                      \
	N_("There is no mailbox of this name at this domain. Look for a " \
	   "spelling mistake before the @, or ask the recipient for the " \
	   "address of today.")
#define NO_SUCH_DOMAIN                                                       \
	N_("The domain of the address does not exist, or no server takes "   \
	   "mail for it. Look for a spelling mistake after the @; if there " \
	   "is none, only the owner of the domain can mend it.")
#define BAD_ADDRESS                                                      \
	N_("The address is not written as an address must be. Look for " \
	   "blanks, commas or a missing @, and send the message again.")
#define BAD_SENDER                                                            \
	N_("The server does not accept the sender: its domain does not "      \
	   "exist or takes no answers. Set `domain` or `from_force` so that " \
	   "mail leaves with an address that exists.")
#define NOT_YOUR_SENDER                                                      \
	N_("This account may not send with this sender address. Set "        \
	   "`from_force` to an address of the account, or let the provider " \
	   "verify the one that was used.")
#define MAILBOX_OFF                                                \
	N_("The mailbox exists and takes nothing: it is switched " \
	   "off, or gets too much at once. Wait, or reach the "    \
	   "recipient in another way.")
#define MAILBOX_FULL                                         \
	N_("The mailbox of the recipient is full. Tell the " \
	   "recipient in another way to make room there.")
#define TOO_LARGE                                                           \
	N_("The message is larger than the server takes. Send it in "       \
	   "smaller parts, or put the file in a place where the recipient " \
	   "can fetch it.")
#define SERVER_FULL                                                  \
	N_("The server has no room for mail at present. Nothing is " \
	   "wrong with the message; only time helps.")
#define SERVER_BUSY                                                   \
	N_("The server takes no mail at present: it is too busy or "  \
	   "being repaired. Nothing is wrong with the message; only " \
	   "time helps.")
#define NO_ANSWER                                                       \
	N_("The server could not be reached, or the connection broke. " \
	   "Look at the network of this machine, and at `host` and "    \
	   "`port` of the smarthost; if they are right, wait.")
#define NO_LOOKUP                                                         \
	N_("The name of the server could not be looked up. Look at the "  \
	   "network and the DNS of this machine, and at how the name is " \
	   "spelt.")
#define LIMIT_REACHED                                                        \
	N_("The account has sent as much as it may for now. Wait until the " \
	   "next hour or day, or ask the provider for a higher limit.")
#define EXPIRED                                                             \
	N_("It was tried for as long as the settings allow, without "       \
	   "success. The words of the last try say what stood in the way; " \
	   "send the message again when that is gone.")
#define LOOPS                                                              \
	N_("The message goes round in a circle between servers. Somebody " \
	   "forwards it back: ask the recipient or the administrator of "  \
	   "the domain to look at the forwarding.")
#define TOO_MANY                                                             \
	N_("The message has more recipients than the server takes at once. " \
	   "Send it to fewer at a time.")
#define MISUNDERSTOOD                                                         \
	N_("The server and relay did not understand each other; one of the "  \
	   "two programs is wrong. Show these words to the administrator of " \
	   "this machine.")
#define NOT_CONVERTED                                                       \
	N_("The server does not take a message of this form, and it could " \
	   "not be converted, as it is signed or not well made. Send it "   \
	   "without the signature, or as plain text.")
#define NO_FOREIGN                                                          \
	N_("An address has letters outside ASCII, and the server does not " \
	   "know such addresses. Ask the recipient for an address without " \
	   "them, or use another smarthost.")
#define REFUSED                                                             \
	N_("The server refused the message by a rule of its own, often as " \
	   "spam or for the sender; its words say more. Ask the provider, " \
	   "or the administrator of the recipient's domain, for the reason.")
#define GREYLISTED                                                         \
	N_("The server wants to see the message again later: many do so "  \
	   "with senders they do not know yet, to keep out spam. Nothing " \
	   "needs to be done.")
#define NOT_MEMBER                                                         \
	N_("The recipient is a list or group that takes mail from its "    \
	   "members or from known senders only. Ask its owner to let you " \
	   "write to it.")
#define CHECK_LOGIN                                                       \
	N_("The provider refused the name or the password. Check `user` " \
	   "and `password` of the smarthost; many providers want a "      \
	   "password made for programs, not the usual one.")
#define NEED_LOGIN                                                     \
	N_("The server takes mail only after a login. Set `user` and " \
	   "`password` of the smarthost.")
#define NEED_OTHER_LOGIN                                                   \
	N_("The provider does not allow this way to log in. Make a "       \
	   "password for applications in the settings of the account, or " \
	   "name another way in `login`.")
#define LOGIN_OFF                                                       \
	N_("Login by SMTP is switched off for this mailbox or for the " \
	   "whole organisation. Its administrator must allow it.")
#define NEED_TLS                                                        \
	N_("The server wants an encrypted connection. Check `tls` and " \
	   "`port` of the smarthost.")
#define NO_TLS                                                             \
	N_("No connection could be made that is safe: encryption failed, " \
	   "or the certificate is not the right one. Check `host`, `tls` " \
	   "and the clock of this machine.")
#define NO_SPF                                                           \
	N_("The SPF record of the sender's domain does not allow this "  \
	   "server to send. Whoever manages the DNS of the domain must " \
	   "add the provider to it.")
#define NO_DKIM                                                       \
	N_("The message has no valid DKIM signature of the sender's " \
	   "domain. Switch DKIM on at the provider, and add the DNS " \
	   "records that it names.")
#define NO_DMARC                                                             \
	N_("The sender's domain has no valid SPF or DKIM for this message, " \
	   "and the server insists (DMARC). Add the provider to the SPF "    \
	   "record, switch on DKIM there, or set `from_force` to an "        \
	   "address of a domain that has both.")
#define NO_PTR                                                             \
	N_("The address that mail came from has no name in DNS (PTR), or " \
	   "not a matching one. Only whoever runs the sending server can " \
	   "mend that; mail through a provider avoids it.")
#define BAD_REPUTATION                                                     \
	N_("The server takes no mail from this sending address, as spam "  \
	   "came from it or from its neighbours. Ask the provider of the " \
	   "smarthost to see to it.")
#define NOT_RELAYED                                                         \
	N_("The server does not pass mail on for us. Check `host`, `user` " \
	   "and `password` of the smarthost: without a login most servers " \
	   "take mail for their own domains only.")
#define SETTINGS                                                            \
	N_("A setting is wrong, on this machine or on the server. `relay "  \
	   "check` examines those of this machine; when it is mended, the " \
	   "message can be sent.")

/* --- the tables --------------------------------------------------------- */

/* First match wins.  x: any class; what ends in a dot is a whole subject. */
/* clang-format off */
static const struct status_row {
	const char *status;
	const char *text;
} statuses[] = {
	/* the address */
	{ "5.1.10",  N_("The domain says that it takes no mail at all. Look for a spelling mistake after the @, or reach the recipient in another way.") },
	{ "5.1.90",  LIMIT_REACHED },
	{ "x.1.1",   NO_SUCH_USER },
	{ "x.1.2",   NO_SUCH_DOMAIN },
	{ "x.1.3",   BAD_ADDRESS },
	{ "x.1.4",   N_("The address fits several mailboxes. Ask the recipient for one that is written in full.") },
	{ "x.1.6",   N_("The mailbox has moved, and where to is not known. Ask the recipient for the new address.") },
	{ "x.1.7",   BAD_SENDER },
	{ "x.1.8",   BAD_SENDER },
	{ "x.1.",    N_("The server does not accept this address. Look for a spelling mistake, or ask the recipient for the address of today.") },
	/* the mailbox */
	{ "5.2.252", NOT_YOUR_SENDER },
	{ "x.2.1",   MAILBOX_OFF },
	{ "x.2.2",   MAILBOX_FULL },
	{ "x.2.3",   TOO_LARGE },
	{ "x.2.4",   N_("The recipient is a mailing list that could not be resolved. Tell the owner of the list.") },
	{ "x.2.",    N_("The message could not be put into the mailbox. Reach the recipient, or the administrator there, in another way.") },
	/* the mail system */
	{ "x.3.1",   SERVER_FULL },
	{ "x.3.2",   SERVER_BUSY },
	{ "x.3.3",   N_("The server cannot do what this message needs. Use another smarthost, or send it in a simpler form.") },
	{ "x.3.4",   TOO_LARGE },
	{ "x.3.5",   SETTINGS },
	{ "x.3.",    N_("Something went wrong inside a mail system. Its words say where; if it is not this machine, only the administrator there can help.") },
	/* the way there */
	{ "5.4.1",   N_("The server of the domain does not answer or, as Microsoft uses this code, knows no such recipient. Check the address; if it is right, try later.") },
	{ "x.4.1",   NO_ANSWER },
	{ "x.4.2",   NO_ANSWER },
	{ "x.4.3",   NO_LOOKUP },
	{ "4.4.4",   NO_LOOKUP },
	{ "5.4.4",   NO_SUCH_DOMAIN },
	{ "5.4.310", NO_SUCH_DOMAIN },
	{ "x.4.312", NO_LOOKUP },
	{ "x.4.316", NO_ANSWER },
	{ "x.4.5",   LIMIT_REACHED },
	{ "x.4.6",   LOOPS },
	{ "x.4.14",  LOOPS },
	{ "x.4.7",   EXPIRED },
	{ "x.4.",    NO_ANSWER },
	/* the dialogue */
	{ "x.5.3",   TOO_MANY },
	{ "x.5.",    MISUNDERSTOOD },
	/* the content */
	{ "x.6.1",   N_("The recipient's system does not take content of this kind, often an attachment. Send it in another form, or put the file in a place where the recipient can fetch it.") },
	{ "x.6.2",   NOT_CONVERTED },
	{ "x.6.3",   NOT_CONVERTED },
	{ "x.6.5",   NOT_CONVERTED },
	{ "x.6.6",   N_("The content of the message is not to be had there any more. Send it again.") },
	{ "x.6.7",   NO_FOREIGN },
	{ "x.6.8",   NO_FOREIGN },
	{ "x.6.9",   NO_FOREIGN },
	{ "x.6.",    N_("The server does not accept the content of the message. Its words say what it does not like: mend that, and send the message again.") },
	/* policy */
	{ "4.7.0",   GREYLISTED },
	{ "4.7.1",   GREYLISTED },
	{ "x.7.2",   NOT_MEMBER },
	{ "x.7.3",   CHECK_LOGIN },
	{ "x.7.4",   NEED_OTHER_LOGIN },
	{ "x.7.5",   NO_TLS },
	{ "x.7.8",   CHECK_LOGIN },
	{ "x.7.9",   NEED_OTHER_LOGIN },
	{ "x.7.10",  NEED_TLS },
	{ "x.7.11",  NEED_TLS },
	{ "x.7.12",  N_("The account needs a new password before it can be used here. Set one at the provider, then put it where `password` says.") },
	{ "x.7.13",  N_("The account is switched off. Ask the provider why, and to switch it on again.") },
	{ "x.7.14",  N_("The provider wants the owner of the account to log in with a browser first. Do that, or make a password for applications there.") },
	{ "x.7.20",  NO_DKIM },
	{ "x.7.21",  NO_DKIM },
	{ "x.7.22",  NO_DKIM },
	{ "x.7.23",  NO_SPF },
	{ "x.7.24",  NO_SPF },
	{ "x.7.25",  NO_PTR },
	{ "x.7.26",  NO_DMARC },
	{ "x.7.27",  BAD_SENDER },
	{ "x.7.28",  N_("Too much mail came from this sender or its provider at once. Send less of it, and later.") },
	{ "x.7.29",  NO_DMARC },
	{ "5.7.30",  NEED_OTHER_LOGIN },
	{ "5.7.57",  NEED_LOGIN },
	{ "5.7.60",  NOT_YOUR_SENDER },
	{ "5.7.64",  NOT_RELAYED },
	{ "5.7.124", NOT_MEMBER },
	{ "5.7.133", NOT_MEMBER },
	{ "5.7.134", NOT_MEMBER },
	{ "5.7.139", LOGIN_OFF },
	{ "5.7.509", NO_DMARC },
	{ "5.7.511", BAD_REPUTATION },
	{ "5.7.515", NO_DMARC },
	{ "5.7.606", BAD_REPUTATION },
	{ "5.7.708", BAD_REPUTATION },
	{ "4.7.",    SERVER_BUSY },
	{ "5.7.",    REFUSED },
};

/* Without a status that says anything.  RFC 5321, 4.2; 4954, 6. */
static const struct code_row {
	char        code[4];
	const char *text;
} codes[] = {
	{ "421", SERVER_BUSY },
	{ "432", LIMIT_REACHED },
	{ "450", N_("The mailbox cannot be written to at present: it is in use, or the server wants to see the message again later. Nothing needs to be done.") },
	{ "451", SERVER_BUSY },
	{ "452", SERVER_FULL },
	{ "454", N_("The login or the encryption does not work at present. Nothing is wrong with the message; only time helps.") },
	{ "530", NEED_LOGIN },
	{ "534", NEED_OTHER_LOGIN },
	{ "535", CHECK_LOGIN },
	{ "538", NEED_TLS },
	{ "550", N_("The server refused the recipient, or refused the message by a rule of its own; its words say which. Check the address; if it is right, ask the provider or the recipient's administrator.") },
	{ "551", N_("The recipient is not at this server. Ask for the address of today; the server's words may name it.") },
	{ "552", N_("The mailbox is full, or the message is too large for it. Send a smaller one, or tell the recipient in another way.") },
	{ "553", N_("The server does not accept an address: that of the recipient is badly written, or the account may not use that of the sender. Check the first; for the second set `from_force`.") },
	{ "554", REFUSED },
	{ "556", NO_SUCH_DOMAIN },
	{ "500", MISUNDERSTOOD },
	{ "501", MISUNDERSTOOD },
	{ "502", MISUNDERSTOOD },
	{ "503", MISUNDERSTOOD },
	{ "504", MISUNDERSTOOD },
	{ "521", NO_SUCH_DOMAIN },
	{ "523", TOO_LARGE },
	{ "555", MISUNDERSTOOD },
};
/* clang-format on */

static const char later[] =
	N_("It did not work this time, and may work later. Nothing needs to be "
           "done.");
static const char never[] =
	N_("The server refuses this for good. Its words say why; if they do "
           "not, ask the provider or the administrator of the recipient's "
           "domain.");

/* --- looked up ----------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_code(const char *s)
{
	return s[0] >= '2' && s[0] <= '5' && is_digit(s[1]) && is_digit(s[2]) &&
	       (s[3] == ' ' || s[3] == '-' || s[3] == '\0');
}

/* At the very beginning, or behind "STEP: ": no code is looked for among the
 * words themselves. */
const char *meaning_reply(const char *words)
{
	size_t step;

	if (is_code(words))
		return words;
	step = strspn(words, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                     "abcdefghijklmnopqrstuvwxyz");
	if (step > 0 && strncmp(words + step, ": ", 2) == 0 &&
	    is_code(words + step + 2))
		return words + step + 2;
	return NULL;
}

/* "5.7.1" must not be taken for "5.7.139"; "x.7." is all of its subject. */
static bool fits(const char *pattern, const char *status)
{
	size_t n = strlen(pattern);

	if (pattern[0] != 'x' && pattern[0] != status[0])
		return false;
	if (pattern[n - 1] == '.')
		return strncmp(pattern + 1, status + 1, n - 1) == 0;
	return strcmp(pattern + 1, status + 1) == 0;
}

static const char *of_status(const char *status)
{
	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		if (fits(statuses[i].status, status))
			return statuses[i].text;
	return NULL;
}

static const char *of_code(const char *reply)
{
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (strncmp(codes[i].code, reply, 3) == 0)
			return codes[i].text;
	return NULL;
}

static const char *of_class(char class)
{
	if (class == '4')
		return later;
	return class == '5' ? never : NULL;
}

/* Of the way to a server. */
static bool is_network(const char *status)
{
	return strncmp(status + 1, ".4.", 3) == 0;
}

/* A server may say 550 with a status of 4.7.1: the status says more. */
const char *meaning_of(const char *status, const char *words)
{
	const char *reply = words != NULL ? meaning_reply(words) : NULL;
	bool has_status = status != NULL && of_class(status[0]) != NULL;
	const char *text = NULL;

	if (words != NULL && reply == NULL && has_status && !is_network(status))
		return NULL;
	if (has_status)
		text = of_status(status);
	if (text == NULL && reply != NULL)
		text = of_code(reply);
	if (text == NULL && has_status)
		text = of_class(status[0]);
	if (text == NULL && reply != NULL)
		text = of_class(reply[0]);
	return text;
}
