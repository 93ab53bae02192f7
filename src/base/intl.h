/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intl - the words people read, in their language
 *
 * _("text") translates now, N_("text") only marks a text that is translated
 * later, where it is shown.  The locale is set up at the first message and not
 * before: a `sendmail` that has nothing to say never loads one.
 *
 * Translations are read from the folder of the installation, or from
 * $RELAY_LOCALEDIR (tests; a set-id program ignores it).
 *
 * Text for people only: never log keys, SMTP text or anything a program reads.
 */
#ifndef BASE_INTL_H
#define BASE_INTL_H

#define _(text) intl_text(text)
#define N_(text) text

/* The translation of `text`, or `text` itself.  Never NULL, never freed. */
const char *intl_text(const char *text) __attribute__((format_arg(1)));

/* From now on nothing is translated: programs read what this one says.  Before
 * the first message. */
void intl_stay_english(void);

/* strerror() in that language too.  None of these changes errno. */
const char *intl_error(int code);

/* The same where the number `n` decides the form of the words. */
const char *intl_plural(const char *one, const char *many, unsigned long n)
	__attribute__((format_arg(1), format_arg(2)));

#endif
