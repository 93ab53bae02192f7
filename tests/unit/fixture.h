/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixture - an empty directory for one test, and children to run parts of it
 *
 * fixture_setup and fixture_teardown are check's (tcase_add_checked_fixture):
 * between them the working directory is new and empty, the umask 077.  A test
 * that fails leaves the directory behind, for people to look at.  What goes
 * wrong in here fails the test.
 */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

void fixture_setup(void);
void fixture_teardown(void);

/* The absolute path of `name` in the directory; good until the next call. */
const char *fixture_path(const char *name);

void fixture_write(const char *name, const void *bytes, size_t n);
size_t fixture_read(const char *name, char *bytes, size_t size);
bool fixture_exists(const char *name);    /* links are not followed */
int fixture_count(const char *directory); /* names in it */

/* Run `part` in a child and return its exit status: what `part` returned.  A
 * failed assertion or a signal in it fails the test. */
int fixture_child(int (*part)(void *arg), void *arg);

/* The same without the rights of root, who may do anything; the directory then
 * belongs to that user. */
int fixture_as_nobody(int (*part)(void *arg), void *arg);

/* Run all tests of a suite; main() returns the result. */
int fixture_run(Suite *suite);

#endif
