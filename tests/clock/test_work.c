/* SPDX-License-Identifier: MIT
 *
 * A program of many threads on the clock (participant_work.c), over and over on a loaded machine.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clock/lab.h"
#include "tests/unit.h"

/* Among 300 pieces: one in 40, and one in 25 that is no name. */
enum { NAMES = 7, COMMANDS = 11, RUNS = 50 };

static void add_host(struct network *network, const char *name, uint32_t v4, bool is_nameserver) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(v4)};
  if (network_add_address(network, network_add_host(network, name), (struct sockaddr *)&address))
    abort();
  if (is_nameserver)
    network_add_nameserver(network, (struct sockaddr *)&address);
}

static void prepare(struct clock_lab *lab) {
  struct network *network = &lab->segment->network;
  network_init(network, lab_block());
  add_host(network, "dns1", 0x0a090001, true);
  add_host(network, "dns2", 0x0a090002, true);
  add_host(network, "office", 0x0a010005, false);
}

static struct lab_result work(void) {
  return lab_run(&(struct lab_options){.seed = 7, .prepare = prepare, .host = "office"},
                 ARGUMENTS("work", "300"));
}

static unsigned count(const char *text, const char *word) {
  unsigned found = 0;
  for (; (text = strstr(text, word)) != NULL; text += strlen(word))
    found++;
  return found;
}

static void check_first(const struct lab_result *result) {
  CU_ASSERT_EQUAL(result->status, 0);
  CU_ASSERT_EQUAL(result->left, 0);
  CU_ASSERT_EQUAL(count(result->output, " dns1: UDP "), NAMES);
  CU_ASSERT_EQUAL(count(result->output, " dns2: UDP "), NAMES);
  CU_ASSERT_EQUAL(count(result->output, " worker "), NAMES + COMMANDS);
  CU_ASSERT_EQUAL(count(result->output, " 300 pieces, digest "), 1);
}

static void fifty_runs(void) {
  struct lab_result first = work();
  check_first(&first);
  for (int i = 1; i < RUNS; i++) {
    struct lab_result again = work();
    CU_ASSERT_EQUAL(again.status, 0);
    CU_ASSERT_STRING_EQUAL(again.output, first.output);
    CU_ASSERT_EQUAL(again.passes, first.passes);
    CU_ASSERT_EQUAL(again.left, 0);
    free(again.output);
  }
  free(first.output);
}

static void test_work(void) {
  lab_under_load(fifty_runs);
}

static const struct unit_test tests[] = {
    {"workers, condition variables with timeouts, timerfd, getaddrinfo, popen: one digest in 50 "
     "runs under load",
     test_work},
};

UNIT_MAIN("work", tests)
