/* SPDX-License-Identifier: MIT
 *
 * A host's date is stepped while its programs wait: for dates, whose instant moves, and for
 * durations, whose instant doesn't.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clock/exchange.h"
#include "tests/unit.h"

static void expect(const char *const *arguments, const char *expected) {
  struct lab_result result = lab_run(
      &(struct lab_options){.seed = 1, .prepare = exchange_network, .host = "ping"}, arguments);
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_STRING_EQUAL(result.output, expected);
  if (strcmp(result.output, expected) != 0)
    fprintf(stderr, "%s printed:\n%s", arguments[0], result.output);
  CU_ASSERT_EQUAL(result.left, 0);
  free(result.output);
}

static void test_forward_and_back(void) {
  expect(ARGUMENTS("dates", "0"), "0.000000000 date 1767225600 1767225600 1767225600 1767225600\n"
                                  "1.000000000 cancelled\n"
                                  "1.000000000 step\n"
                                  "2.000000000 date 1767227402 1767227402 1767227402 1767227402\n"
                                  "2.000000000 cancelled\n"
                                  "5400.000000000 clock_nanosleep\n"
                                  "5401.000000000 sem_timedwait\n"
                                  "5402.000000000 pthread_cond_timedwait\n"
                                  "5403.000000000 futex\n"
                                  "5404.000000000 timer\n"
                                  "5405.000000000 timerfd\n"
                                  "5406.000000000 timerfd that is told\n"
                                  "7208.000000000 relative timer\n"
                                  "7209.000000000 relative sleep\n");
}

static void test_past_the_date(void) {
  expect(ARGUMENTS("dates", "1"), "0.000000000 date 1767225600 1767225600 1767225600 1767225600\n"
                                  "1.000000000 clock_nanosleep\n"
                                  "1.000000000 sem_timedwait\n"
                                  "1.000000000 pthread_cond_timedwait\n"
                                  "1.000000000 futex\n"
                                  "1.000000000 timer\n"
                                  "1.000000000 timerfd\n"
                                  "1.000000000 cancelled\n"
                                  "1.000000000 timerfd that is told\n"
                                  "1.000000000 step\n"
                                  "2.000000000 date 1767312002 1767312002 1767312002 1767312002\n"
                                  "7208.000000000 relative timer\n"
                                  "7209.000000000 relative sleep\n");
}

static void test_of_another_host(void) {
  expect(ARGUMENTS("dates", "2"), "0.000000000 date 1767225600 1767225600 1767225600 1767225600\n"
                                  "2.000000000 date 1767225602 1767225602 1767225602 1767225602\n"
                                  "7200.000000000 clock_nanosleep\n"
                                  "7201.000000000 sem_timedwait\n"
                                  "7202.000000000 pthread_cond_timedwait\n"
                                  "7203.000000000 futex\n"
                                  "7204.000000000 timer\n"
                                  "7205.000000000 timerfd\n"
                                  "7206.000000000 timerfd that is told\n"
                                  "7207.000000000 step\n"
                                  "7208.000000000 relative timer\n"
                                  "7209.000000000 relative sleep\n");
}

static void test_programs_can_not_set_it(void) {
  expect(ARGUMENTS("dates-set"), "0.000000000 clock_settime EPERM\n"
                                 "0.000000000 settimeofday EPERM\n"
                                 "0.000000000 adjtime EPERM\n"
                                 "0.000000000 adjtimex EPERM\n"
                                 "0.000000000 ntp_adjtime EPERM\n"
                                 "0.000000000 clock_adjtime EPERM\n"
                                 "0.000000000 syscall EPERM\n"
                                 "0.000000000 reading done\n"
                                 "0.000000000 date 1767225600 1767225600 1767225600 1767225600\n");
}

static const struct unit_test tests[] = {
    {"waits for a date end when it comes, wherever it was stepped", test_forward_and_back},
    {"waits for a date that was stepped over end at once", test_past_the_date},
    {"the date of another host is another", test_of_another_host},
    {"programs of a lab can't set the clock", test_programs_can_not_set_it},
};

UNIT_MAIN("clock dates", tests)
