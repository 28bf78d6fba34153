/* SPDX-License-Identifier: MIT
 *
 * Who gets the turn after a deed, in a lab with a simulated network: whoever could be waiting for
 * it does, and nobody else. So after a read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clock/exchange.h"
#include "tests/unit.h"

static void check(const struct lab_result *result) {
  CU_ASSERT_EQUAL(result->status, 0);
  CU_ASSERT_EQUAL(result->left, 0);
  CU_ASSERT_EQUAL(result->report[0], '\0');
}

/* ---- nobody else ---- */

static uint64_t passes_of(unsigned messages, unsigned idle) {
  struct lab_result result = exchange_run(messages, idle);
  check(&result);
  CU_ASSERT_STRING_EQUAL(result.output, "0.000000000 exchanged 0\n");
  free(result.output);
  return result.passes;
}

/* Starting and ending costs the same in both runs. Each message is one pass of the turn: to who
 * waits for it. */
static void test_idle_participants_cost_nothing(void) {
  enum { FEW = 100, MANY = 1100 };
  CU_ASSERT_EQUAL(passes_of(MANY, 5) - passes_of(FEW, 5), MANY - FEW);
  CU_ASSERT_EQUAL(passes_of(MANY, 200) - passes_of(FEW, 200), MANY - FEW);
}

/* ---- whoever could be waiting ---- */

static void test_deeds_are_seen_at_once(void) {
  static const char *const seen[] = {
      "1.000000000 sendto 1\n",
      "1.000000000 send 1\n",
      "1.000000000 sendmsg 1\n",
      "1.000000000 sendto on one host 1\n",
      "1.000000000 sendto a proxy 1\n",
      "1.000000000 connect 1\n",
      "1.000000000 write 1\n",
      "1.000000000 shutdown 1\n",
      "1.000000000 close 1\n",
      "1.000000000 reset 1\n",
      "1.000000000 close of a listener 1\n",
      "1.000000000 local socket 1\n",
      "2.000000000 connected local socket 1\n",
      "1.000000000 standard input 1\n",
      "1.000000000 child 1\n",
      "1.000000000 pipe up 1\n",
      "1.000000000 pipe on one host 1\n",
      "1.000000000 pipe handed down to both 1\n",
      "1.000000000 end of a pipe 1\n",
      "1.000000000 eventfd 1\n",
      "1.000000000 pair of sockets 1\n",
      "1.000000000 socket handed down 1\n",
      "1.000000000 named pipe 1\n",
      "1.000000000 file 1\n",
      "1.000000000 signal 1\n",
      "1.000000000 sendmmsg 1\n",
      "1.000000000 writev 1\n",
      "1.000000000 sendfile 1\n",
      "1.000000000 sendfile64 1\n",
      "1.000000000 close_range of a pipe 1\n",
      "1.000000000 dup2 over a pipe 1\n",
      "1.000000000 dup3 over a pipe 1\n",
      "1.000000000 file by inotify_init 1\n",
      "1.000000000 signal of a group 1\n",
  };
  for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
    char number[12];
    snprintf(number, sizeof number, "%zu", i);
    struct lab_result result = lab_run(
        &(struct lab_options){.seed = 1, .prepare = exchange_network}, ARGUMENTS("deed", number));
    check(&result);
    CU_ASSERT_STRING_EQUAL(result.output, seen[i]);
    if (strcmp(result.output, seen[i]) != 0)
      fprintf(stderr, "wanted %sbut was %s", seen[i], result.output);
    free(result.output);
  }
}

/* ---- reads ---- */

static void test_reads_make_room_at_once(void) {
  static const char *const had[] = {
      "1.000000000 poll, read a pipe 1\n",     "1.000000000 select, readv a pipe 1\n",
      "1.000000000 write, read a pipe 1\n",    "1.000000000 epoll, recv a pair 1\n",
      "1.000000000 write, recvmsg a pair 1\n", "1.000000000 poll, recvmmsg datagrams 1\n",
      "1.000000000 poll, recv TCP 1\n",        "1.000000000 select, read TCP 1\n",
      "1.000000000 epoll, recvmsg TCP 1\n",    "1.000000000 edge, recv TCP 1\n",
      "1.000000000 other epoll, recv TCP 1\n", "1.000000000 nested epoll, recv TCP 1\n",
      "1.000000000 write, recvfrom TCP 1\n",
  };
  for (size_t i = 0; i < sizeof had / sizeof had[0]; i++) {
    char number[12];
    snprintf(number, sizeof number, "%zu", i);
    struct lab_result result = lab_run(
        &(struct lab_options){.seed = 1, .prepare = exchange_network}, ARGUMENTS("room", number));
    check(&result);
    CU_ASSERT_STRING_EQUAL(result.output, had[i]);
    if (strcmp(result.output, had[i]) != 0)
      fprintf(stderr, "wanted %sbut was %s", had[i], result.output);
    free(result.output);
  }
}

static const struct unit_test tests[] = {
    {"a message is looked at by who gets it, not by 200 idle participants",
     test_idle_participants_cost_nothing},
    {"every kind of deed is seen at once by who waits for it", test_deeds_are_seen_at_once},
    {"every kind of read is seen at once by who waits for room", test_reads_make_room_at_once},
};

UNIT_MAIN("clock activity", tests)
