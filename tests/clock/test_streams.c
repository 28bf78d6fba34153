/* SPDX-License-Identifier: MIT
 *
 * Streams on pipes and sockets that wait on the clock (participant_streams.c): each part runs in a
 * lab without a network and in one with, and its whole output is compared, virtual times included,
 * to the nanosecond.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clock/exchange.h"
#include "tests/unit.h"

static void expect_with(const struct lab_options *options, const char *part, const char *expected) {
  struct lab_result result = lab_run(options, ARGUMENTS(part));
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_EQUAL(result.left, 0);
  CU_ASSERT_EQUAL(result.report[0], '\0');
  CU_ASSERT_STRING_EQUAL(result.output, expected);
  if (strcmp(result.output, expected) != 0)
    fprintf(stderr, "%s printed:\n%s%s\n", part, result.output, result.report);
  free(result.output);
}

/* Who hangs is given up long before the whole test is. */
static void expect(const char *part, const char *expected) {
  const int64_t report_after_ns = INT64_C(5000000000);
  expect_with(&(struct lab_options){.seed = 1, .report_after_ns = report_after_ns}, part, expected);
  expect_with(&(struct lab_options){.seed = 1,
                                    .report_after_ns = report_after_ns,
                                    .prepare = exchange_network,
                                    .host = "ping"},
              part, expected);
}

static void test_reads(void) {
  expect("stream-reads", "1.000000000 fgets one\n"
                         "3.000000000 getline two three\n"
                         "4.000000000 fgets four\n"
                         "4.000000000 end\n"
                         "5.000000000 getc a\n"
                         "6.000000000 fread bcd\n"
                         "8.000000000 fscanf 12 34\n"
                         "10.000000000 fread e\n"
                         "10.000000000 end\n"
                         "11.000000000 fgetws x\n"
                         "13.000000000 fgetwc\n"
                         "13.000000000 end\n"
                         "14.000000000 cancelled\n"
                         "14.000000000 getc z\n");
}

static void test_writes(void) {
  expect("stream-writes", "3.000000000 fwrite\n"
                          "4.000000000 read 3145728\n"
                          "4.000000000 exit\n"
                          "5.000000000 exited\n"
                          "5.000000000 read 600000\n"
                          "7.000000000 read wide\n");
}

static void test_sockets(void) {
  expect("stream-sockets", "2.000000000 got line 0\n"
                           "4.000000000 got line 1\n"
                           "4.000000000 closed\n");
}

static void test_pipelines(void) {
  expect("pipelines", "2.000000000 A\n"
                      "4.000000000 b\n"
                      "6.000000000 1\n"
                      "6.000000000 2\n"
                      "6.000000000 1000000\n"
                      "6.000000000 1\n"
                      "6.000000000 y\n"
                      "10.000000000 system 0\n");
}

static const struct unit_test tests[] = {
    {"streams read what comes, when it comes", test_reads},
    {"streams wait for room, also at exit, and wake who reads", test_writes},
    {"streams on sockets", test_sockets},
    {"pipelines of the shell", test_pipelines},
};

UNIT_MAIN("clock streams", tests)
