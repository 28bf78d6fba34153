/* SPDX-License-Identifier: MIT
 *
 * The clock, seen from real time: each test runs a plain program (participant.c) in a lab of its
 * own and compares what it printed, virtual times included, to the nanosecond.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/clock/lab.h"
#include "tests/unit.h"

static struct lab_result run(uint64_t seed, const char *const *arguments) {
  return lab_run(&(struct lab_options){.seed = seed}, arguments);
}

static void test_times(void) {
  lab_expect_output(ARGUMENTS("times"),
                    "0.000000000 time 1767225600 1767225600 1767225600 86400 86400\n");
}

static void test_sleeps(void) {
  lab_expect_output(ARGUMENTS("sleeps"), "3600.000000000 nanosleep\n"
                                         "3602.000000000 sleep\n"
                                         "3602.250000000 usleep\n"
                                         "3602.250000001 clock_nanosleep\n"
                                         "90002.250000001 absolute\n"
                                         "90002.250000001 negative: EINVAL\n");
}

static void test_timeouts(void) {
  lab_expect_output(ARGUMENTS("timeouts"), "1.500000000 poll 0\n"
                                           "8.500000005 ppoll 0\n"
                                           "13.500001005 select 0 set 0 left 0.000000\n"
                                           "20.500001010 pselect 0\n"
                                           "52.500001010 epoll_wait 0\n"
                                           "52.501001010 epoll_pwait 0\n"
                                           "59.501001015 epoll_pwait2 0\n"
                                           "59.501001015 at once 0 0\n");
}

static void test_readable(void) {
  lab_expect_output(ARGUMENTS("readable"), "1.000000000 poll 1\n"
                                           "2.000000000 select 1 left 9\n"
                                           "3.000000000 epoll 1 42\n"
                                           "4.000000000 read 1\n"
                                           "5.000000000 read 1\n"
                                           "5.000000000 end of file 0\n");
}

static void test_closed(void) {
  lab_expect_output(ARGUMENTS("closed"), "3.000000000 poll 1\n"
                                         "6.000000000 child\n");
}

static void test_processes(void) {
  lab_expect_output(ARGUMENTS("processes"), "0.000000000 none yet 0\n"
                                            "10.000000000 child\n"
                                            "10.000000000 waitpid 3\n"
                                            "15.000000000 waitid 4\n"
                                            "20.000000000 wait 4\n"
                                            "20.000000000 no child: ECHILD\n"
                                            "20.000000000 no program: ENOENT\n");
}

static void test_children(void) {
  lab_expect_output(ARGUMENTS("children"),
                    "0.001000000 child 9\n0.002000000 child 8\n0.003000000 child 7\n"
                    "0.004000000 child 6\n0.005000000 child 5\n0.006000000 child 4\n"
                    "0.007000000 child 3\n0.008000000 child 2\n0.009000000 child 1\n"
                    "0.010000000 child 0\n");
}

static void test_signals(void) {
  lab_expect_output(ARGUMENTS("signals"), "3.000000000 nanosleep EINTR left 97 by SIGUSR1\n"
                                          "6.000000000 poll EINTR by SIGCHLD\n");
}

static void test_ignored_signal(void) {
  lab_expect_output(ARGUMENTS("ignored-signal"), "10.000000000 poll 0\n");
}

static void test_stdio(void) {
  lab_expect_output(ARGUMENTS("stdio"), "2.000000000 read hello\n5.000000000 end of file\n");
}

static void test_fortified(void) {
  lab_expect_output(ARGUMENTS("fortified"), "1.500000000 poll 0\n"
                                            "8.500000000 ppoll 0\n"
                                            "9.500000000 read 1\n"
                                            "10.500000000 recv 1\n"
                                            "11.500000000 recvfrom 1\n");
}

static void test_segments(void) {
  lab_expect_output(ARGUMENTS("segments"), "0.000000000 15 bytes\n");
}

static void test_suicide(void) {
  lab_expect_output(ARGUMENTS("suicide"), "20.000000000 20 gone\n");
}

/* Kills the participant that has held the turn for a while, from outside the lab. */
struct killing {
  uint64_t passes;
  int looks;
  int killed;
};

static void kill_holder(struct clock_lab *lab, void *context) {
  struct killing *killing = context;
  const struct clock_participant *holder = &lab->segment->participant[lab->segment->turn];
  if (lab->segment->passes != killing->passes || lab->segment->passes == 0) {
    killing->passes = lab->segment->passes;
    killing->looks = 0;
  } else if (++killing->looks == 20 && holder->process_id > 0 && !killing->killed) {
    killing->killed = holder->process_id;
    kill(holder->process_id, SIGKILL);
  }
}

static void test_killed_holder(void) {
  struct killing killing = {0};
  struct lab_result result =
      lab_run(&(struct lab_options){.seed = 1, .meanwhile = kill_holder, .context = &killing},
              ARGUMENTS("killed"));
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_NOT_EQUAL(killing.killed, 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(result.output, "0.000000000 killed by 9\n1.000000000 going on\n"));
  CU_ASSERT_EQUAL(result.left, 0);
  free(result.output);
}

static void test_holder_is_reported(void) {
  struct lab_result result =
      lab_run(&(struct lab_options){.seed = 1, .report_after_ns = 1}, ARGUMENTS("hold"));
  CU_ASSERT_PTR_NOT_NULL(strstr(result.report, "participant child (process "));
  CU_ASSERT_PTR_NOT_NULL(
      strstr(result.report, "has held the turn for 5 s of real time without blocking"));
  CU_ASSERT_PTR_NOT_NULL(strstr(result.output, "0.000000000 spinning\n"));
  CU_ASSERT_PTR_NULL(strstr(result.output, "woken"));
  free(result.output);
}

/* Looks every 10 ms until `until_ns`; returns the time of the report, 0: none. */
static int64_t watch_until(struct clock_lab *lab, struct clock_watch *watch, int64_t from_ns,
                           int64_t until_ns) {
  char report[512];
  for (int64_t now_ns = from_ns; now_ns <= until_ns; now_ns += 10000000)
    if (clock_lab_watch(lab, watch, now_ns, report))
      return now_ns;
  return 0;
}

static void test_standstill_is_no_hold(void) {
  const int64_t s = 1000000000;
  struct clock_lab lab;
  struct clock_watch watch = {0};
  CU_ASSERT_EQUAL_FATAL(clock_lab_create(&lab, 1, NULL), 0);
  clock_lab_announce(&lab, "participant");
  CU_ASSERT_EQUAL(watch_until(&lab, &watch, 1 * s, 4 * s), 0);
  /* An hour passes between two looks, of which half a second counts. */
  CU_ASSERT_EQUAL(watch_until(&lab, &watch, 3604 * s, 3607 * s), 3604 * s + 3 * s / 2);
  clock_lab_destroy(&lab);
}

static void test_loopback_send_has_arrived(void) {
  lab_expect_output(ARGUMENTS("loopback", "200000"), "0.002000000 200000 sends, 0 missed\n");
}

static void fifty_runs(void) {
  struct lab_result first = run(7, ARGUMENTS("talk", "10000"));
  CU_ASSERT_EQUAL(first.status, 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(first.output, "sent 10000 received 10000"));
  CU_ASSERT_PTR_NULL(strstr(first.output, "came as"));
  for (int i = 1; i < 50; i++) {
    struct lab_result again = run(7, ARGUMENTS("talk", "10000"));
    CU_ASSERT_STRING_EQUAL(again.output, first.output);
    CU_ASSERT_EQUAL(again.passes, first.passes);
    free(again.output);
  }
  free(first.output);
}

static void test_same_order_under_load(void) {
  lab_under_load(fifty_runs);
}

static void test_randomness(void) {
  struct lab_result first = run(7, ARGUMENTS("random")), again = run(7, ARGUMENTS("random")),
                    other = run(8, ARGUMENTS("random"));
  CU_ASSERT_EQUAL(first.status, 0);
  CU_ASSERT_STRING_EQUAL(first.output, again.output);
  const char *separators = " \n";
  char *rests[2], *word = strtok_r(first.output, separators, &rests[0]),
                  *of_other = strtok_r(other.output, separators, &rests[1]);
  int sources = -1; /* the first word is the time */
  for (; word && of_other; sources++) {
    CU_ASSERT_TRUE(sources < 0 || strcmp(word, of_other) != 0);
    word = strtok_r(NULL, separators, &rests[0]);
    of_other = strtok_r(NULL, separators, &rests[1]);
  }
  CU_ASSERT_EQUAL(sources, 11);
  free(first.output);
  free(again.output);
  free(other.output);
}

static void test_random_streams_are_apart(void) {
  struct lab_result few = run(7, ARGUMENTS("random-streams", "3")),
                    many = run(7, ARGUMENTS("random-streams", "500"));
  CU_ASSERT_EQUAL(few.status, 0);
  CU_ASSERT_STRING_EQUAL(few.output, many.output);
  free(few.output);
  free(many.output);
}

/* Participants with nothing to do are skipped: the passes of a conversation don't grow with them by
 * more than one round of looking for each message. */
static void test_idle_participants_are_skipped(void) {
  struct lab_result none = run(7, ARGUMENTS("idle", "0", "500")),
                    some = run(7, ARGUMENTS("idle", "10", "500"));
  CU_ASSERT_EQUAL(none.status, 0);
  CU_ASSERT_EQUAL(some.status, 0);
  CU_ASSERT_STRING_EQUAL(none.output, some.output);
  CU_ASSERT_TRUE(some.passes < none.passes + 500 * 2 * (10 + 1));
  free(none.output);
  free(some.output);
}

static void test_outside_a_lab_nothing_happens(void) {
  setenv("LD_PRELOAD", TEST_CLOCK_LIBRARY, 1);
  setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
  FILE *pipe = popen(TEST_PARTICIPANT " times", "r");
  unsetenv("LD_PRELOAD");
  unsetenv("ASAN_OPTIONS");
  char line[256] = "";
  CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof line, pipe));
  CU_ASSERT_EQUAL(pclose(pipe), 0);
  long long date = 0;
  CU_ASSERT_EQUAL(sscanf(line, "%*s time %lld", &date), 1);
  CU_ASSERT_TRUE(date >= (long long)time(NULL) - LAB_REAL_LIMIT_NS / 1000000000);
}

static void test_segment_gives_slots_and_takes_them_back(void) {
  struct clock_lab lab;
  CU_ASSERT_EQUAL_FATAL(clock_lab_create(&lab, 1, NULL), 0);
  for (int i = 0; i < CLOCK_PARTICIPANTS_MAX; i++)
    CU_ASSERT_EQUAL(clock_announce(lab.segment, "p", 1), i);
  CU_ASSERT_EQUAL(clock_announce(lab.segment, "one too many", 1), -1);
  clock_free(lab.segment, 17);
  CU_ASSERT_EQUAL(clock_announce(lab.segment, "p", 1), 17);
  CU_ASSERT_PTR_NULL(clock_segment_open("/dev/null"));
  clock_lab_destroy(&lab);
}

static const struct unit_test tests[] = {
    {"every clock that programs read is virtual", test_times},
    {"sleeps last as long as asked for, to the nanosecond", test_sleeps},
    {"poll, select and epoll time out at their time", test_timeouts},
    {"poll, select, epoll and read wake when there is something to read", test_readable},
    {"the end of a file is seen when the other end is closed", test_closed},
    {"children are announced, exec keeps their place, waiting for them works", test_processes},
    {"children end in the order of their times", test_children},
    {"a signal interrupts a wait when it is sent", test_signals},
    {"an ignored signal interrupts nothing", test_ignored_signal},
    {"what stdio writes to a pipe arrives when it is written", test_stdio},
    {"the calls of fortified programs wait like the others", test_fortified},
    {"small TCP segments arrive when they are sent", test_segments},
    {"participants that kill themselves don't take the turn with them", test_suicide},
    {"a participant killed while it holds the turn doesn't stop the lab", test_killed_holder},
    {"a holder that doesn't block is reported by name", test_holder_is_reported},
    {"a machine that stood still makes nobody a holder", test_standstill_is_no_hold},
    {"a loopback send has arrived when the call returns", test_loopback_send_has_arrived},
    {"10,000 messages come in the same order in 50 runs under load", test_same_order_under_load},
    {"one seed gives the same randomness from every source", test_randomness},
    {"what one process draws changes nothing for another", test_random_streams_are_apart},
    {"participants with nothing to do are skipped", test_idle_participants_are_skipped},
    {"outside a lab the library does nothing", test_outside_a_lab_nothing_happens},
    {"the segment's slots are bounded and used again",
     test_segment_gives_slots_and_takes_them_back},
};

UNIT_MAIN("clock", tests)
