/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/host.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/ascii.h"
#include "base/intl.h"

#define NAME_LENGTH 255
#define ADDRESS_LENGTH 60

#define SERVICE "srv:"

#define ALPHANUMERIC \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

bool host_is_address(const char *word, size_t n)
{
	char text[ADDRESS_LENGTH + 1];
	unsigned char address[sizeof(struct in6_addr)];

	if (n == 0 || n > ADDRESS_LENGTH)
		return false;
	memcpy(text, word, n);
	text[n] = '\0';
	if (text[0] == '[')
		return n >= 3 && text[n - 1] == ']' &&
		       strspn(text + 1, ALPHANUMERIC ".:") == n - 2;
	return inet_pton(AF_INET, text, address) == 1 ||
	       inet_pton(AF_INET6, text, address) == 1;
}

static int bad_name(const char *key, struct fault *f)
{
	return fault_set(f, FAULT_CONFIG, "4.3.5",
	                 _("`%s` may hold letters, digits, dots and hyphens "
	                   "only: write a name such as mail.example.org, an "
	                   "international one in its xn-- form"),
	                 key);
}

int host_check(const char *key, const char *word, struct fault *f)
{
	const char *colon = strchr(word, ':');

	if (host_is_address(word, strlen(word)))
		return 0;
	if (strpbrk(word, "/@") != NULL)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` is a name alone, such as "
		                   "mail.example.org: no smtp://, no user, no "
		                   "path"),
		                 key);
	if (colon != NULL && strspn(colon + 1, "0123456789") > 0)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` is a name alone: write the port on a "
		                   "line of its own, `port 587`"),
		                 key);
	if (word[0] == '\0' || word[0] == '-' || word[0] == '.' ||
	    strlen(word) > NAME_LENGTH ||
	    word[strspn(word, ALPHANUMERIC ".-_")] != '\0')
		return bad_name(key, f);
	return 0;
}

bool host_is_service(const char *list)
{
	return strncmp(list, SERVICE, strlen(SERVICE)) == 0;
}

static int check_service(const char *key, const char *word, size_t n,
                         struct fault *f)
{
	const char *domain = word + strlen(SERVICE);

	if (n > 1)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s srv:DOMAIN` stands alone: remove the "
		                   "other words"),
		                 key);
	if (host_is_address(domain, strlen(domain)))
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s srv:` is followed by a domain, not by "
		                   "an address"),
		                 key);
	return host_check(key, domain, f);
}

int host_check_list(const char *key, char *const words[], size_t n,
                    struct fault *f)
{
	for (size_t i = 0; i < n; i++)
		if (host_is_service(words[i]))
			return check_service(key, words[i], n, f);
	if (n > HOST_LIST)
		return fault_set(f, FAULT_CONFIG, "4.3.5",
		                 _("`%s` has more than %d names: remove some"),
		                 key, HOST_LIST);
	for (size_t i = 0; i < n; i++) {
		if (host_check(key, words[i], f) != 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			if (ascii_is_word(words[i], words[j]))
				return fault_set(f, FAULT_CONFIG, "4.3.5",
				                 _("`%s` has %.100s twice: "
				                   "remove one"),
				                 key, words[i]);
	}
	return 0;
}

size_t host_length(const char *list)
{
	return strcspn(list, " ");
}

const char *host_next(const char *list)
{
	const char *blank = strchr(list, ' ');

	return blank != NULL ? blank + 1 : NULL;
}

size_t host_count(const char *list)
{
	size_t count = 0;

	for (const char *at = list; at != NULL; at = host_next(at))
		count++;
	return count;
}
