/* SPDX-License-Identifier: MIT
 *
 * The frame of a unit test program: a table of CUnit tests and one call. A program whose tests
 * asserted nothing fails.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <stddef.h>

struct unit_test {
  const char *name; /* says the behaviour: "a repeated request gets the same answer" */
  CU_TestFunc run;
};

/* Runs the tests, or only those whose name contains the first argument of the command line. Returns
 * main's exit status. */
int unit_main(int argc, char **argv, const char *suite, const struct unit_test *tests,
              size_t count);

#define UNIT_MAIN(suite, tests)                                                                    \
  int main(int argc, char **argv) {                                                                \
    return unit_main(argc, argv, suite, tests, sizeof(tests) / sizeof((tests)[0]));                \
  }

#endif
