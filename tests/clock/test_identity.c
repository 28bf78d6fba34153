/* SPDX-License-Identifier: MIT
 *
 * Process ids of a lab: the same every time, known to who is told them, and taken by each call that
 * names a process. The table of ids itself.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock/network.h"
#include "harness/clock/process_ids.h"
#include "tests/clock/lab.h"
#include "tests/unit.h"

/* A lab simulates a network; where there is none, control messages are left alone. */
static void prepare(struct clock_lab *lab) {
  network_init(&lab->segment->network, lab_block());
}

/* Twice: another lab gives the same ids. */
static void expect(const char *part, const char *expected) {
  for (int i = 0; i < 2; i++) {
    struct lab_result result =
        lab_run(&(struct lab_options){.seed = 1, .prepare = prepare}, ARGUMENTS(part));
    CU_ASSERT_EQUAL(result.status, 0);
    CU_ASSERT_STRING_EQUAL(result.output, expected);
    if (strcmp(result.output, expected) != 0)
      fprintf(stderr, "%s printed:\n%s", part, result.output);
    CU_ASSERT_EQUAL(result.left, 0);
    free(result.output);
  }
}

static void test_who(void) {
  expect("identity", "0.000000000 first 5000000\n"
                     "0.000000000 thread 5000001 of 5000000\n"
                     "0.000000000 forked 5000002 of 5000000\n"
                     "0.000000000 thread 5000003 of 5000002\n"
                     "0.000000000 started 5000002 of 5000000\n"
                     "0.000000000 started 5000005 of 5000000\n"
                     "0.000000000 spawned 5000005\n"
                     "0.000000000 started 5000006 of 5000000\n"
                     "0.000000000 by vfork 5000007\n"
                     "0.000000000 by forkpty 5000008\n"
                     "0.000000000 5000009 5000010\n");
}

static void test_waits(void) {
  expect("identity-waits", "1.000000000 waitid 5000001 1\n"
                           "2.000000000 wait3 5000002\n"
                           "3.000000000 wait4 5000003\n"
                           "4.000000000 waitid by syscall 5000004\n"
                           "4.000000000 wait4 by syscall 5000004\n"
                           "5.000000000 of a group 5000005\n"
                           "6.000000000 by pidfd 5000006\n");
}

static void test_signals(void) {
  expect("identity-signals", "0.000000000 handler: sender 5000001\n"
                             "1.000000000 handler: child 5000001\n"
                             "1.000000000 sender 5000002\n"
                             "2.000000000 sender 5000002\n"
                             "3.000000000 sender 5000002\n"
                             "4.000000000 sender 5000002\n"
                             "5.000000000 sender 5000002\n"
                             "6.000000000 sender 5000002\n"
                             "7.000000000 sender 5000002\n"
                             "8.000000000 sender 5000002\n");
}

static void test_groups(void) {
  expect("identity-groups", "0.000000000 group 5000001 5000001\n"
                            "0.000000000 session 5000003 5000003 group 5000003\n"
                            "0.000000000 terminal of 5000004 in front 5000004\n"
                            "0.000000000 in front 5000005\n");
}

static void test_descriptors(void) {
  expect("identity-descriptors", "0.000000000 owner 5000001\n"
                                 "0.000000000 locked by 5000000\n"
                                 "0.000000000 peer 5000000\n"
                                 "0.000000000 credentials 5000000\n"
                                 "0.000000000 credentials 5000000\n");
}

static void test_proc(void) {
  expect("identity-proc", "0.000000000 as in /proc/self\n");
}

static void test_scheduling(void) {
  expect("identity-scheduling", "0.000000000 the child's\n");
}

/* ---- the table ---- */

static void test_table(void) {
  struct process_ids *ids = calloc(1, sizeof *ids);
  pid_t first = process_ids_give(ids), second = process_ids_give(ids);
  CU_ASSERT_EQUAL(first, 5000000);
  CU_ASSERT_EQUAL(second, 5000001);
  CU_ASSERT_EQUAL(process_ids_realise(ids, first), first); /* not started */
  process_ids_note(ids, first, 17);
  process_ids_note(ids, second, 18);
  CU_ASSERT_EQUAL(process_ids_realise(ids, first), 17);
  CU_ASSERT_EQUAL(process_ids_realise(ids, -second), -18);
  CU_ASSERT_EQUAL(process_ids_simulate(ids, 18), second);
  CU_ASSERT_EQUAL(process_ids_simulate(ids, -17), -first);
  const pid_t others[] = {-1, 0, 1, 16, INT_MIN, INT_MAX, PROCESS_ID_FIRST + PROCESS_IDS_MAX};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    CU_ASSERT_EQUAL(process_ids_realise(ids, others[i]), others[i]);
    CU_ASSERT_EQUAL(process_ids_simulate(ids, others[i]), others[i]);
  }
  /* The kernel gives the id of one that is gone to another one. */
  process_ids_note(ids, second, 17);
  CU_ASSERT_EQUAL(process_ids_simulate(ids, 17), second);
  CU_ASSERT_EQUAL(process_ids_realise(ids, first), first);
  free(ids);
}

static void test_limit(void) {
  struct process_ids *ids = calloc(1, sizeof *ids);
  ids->given = PROCESS_IDS_MAX - 1;
  pid_t last = process_ids_give(ids);
  CU_ASSERT_EQUAL(last, PROCESS_ID_FIRST + PROCESS_IDS_MAX - 1);
  process_ids_note(ids, last, 19);
  CU_ASSERT_EQUAL(process_ids_give(ids), -1);
  CU_ASSERT_EQUAL(process_ids_give(ids), -1);
  CU_ASSERT_EQUAL(process_ids_realise(ids, last), 19);
  CU_ASSERT_EQUAL(process_ids_simulate(ids, 19), last);
  free(ids);
}

static const struct unit_test tests[] = {
    {"processes and threads are counted, and know each other by that", test_who},
    {"waiting for a child by its id", test_waits},
    {"signals go to an id and say who sent them", test_signals},
    {"groups, sessions and their terminal", test_groups},
    {"owners of descriptors, of locks, of sockets", test_descriptors},
    {"paths below /proc", test_proc},
    {"scheduling and limits of another process", test_scheduling},
    {"ids are translated both ways; others pass", test_table},
    {"there are as many ids as there is room for", test_limit},
};

UNIT_MAIN("clock identity", tests)
