/* SPDX-License-Identifier: MIT
 *
 * The table of what can be reached: which entry wins, and its limits.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/address.h"
#include "harness/clock/network.h"
#include "tests/unit.h"

static struct network *network;

static void make_network(void) {
  free(network);
  network = calloc(1, sizeof *network);
  network_init(network, 100);
}

static int set(const char *address, int protocol, enum reach_state state) {
  struct sockaddr_storage parsed = {0};
  CU_ASSERT_EQUAL_FATAL(address_parse(&parsed, address, 0, NULL), 0);
  return reach_set(network, (struct sockaddr *)&parsed, protocol, state);
}

static enum reach_state get(const char *address, int protocol) {
  struct sockaddr_storage parsed = {0};
  CU_ASSERT_EQUAL_FATAL(address_parse(&parsed, address, 0, NULL), 0);
  return reach_of(network, (struct sockaddr *)&parsed, protocol);
}

static enum reach_state between(const char *local, const char *peer, int protocol) {
  struct sockaddr_storage from = {0}, to = {0};
  CU_ASSERT_EQUAL_FATAL(address_parse(&from, local, 0, NULL), 0);
  CU_ASSERT_EQUAL_FATAL(address_parse(&to, peer, 0, NULL), 0);
  return reach_between(network, (struct sockaddr *)&from, (struct sockaddr *)&to, protocol);
}

static void test_most_specific_wins(void) {
  make_network();
  CU_ASSERT_EQUAL(get("1.1.1.1:5060", IPPROTO_TCP), REACH_UP);
  CU_ASSERT_EQUAL(set("1.1.1.1:5060", IPPROTO_TCP, REACH_REFUSED), 0);
  CU_ASSERT_EQUAL(set("1.1.1.1:5060", 0, REACH_UNREACHABLE), 0);
  CU_ASSERT_EQUAL(set("1.1.1.1", IPPROTO_UDP, REACH_REFUSED), 0);
  CU_ASSERT_EQUAL(set("1.1.1.1", 0, REACH_SILENT), 0);
  CU_ASSERT_EQUAL(get("1.1.1.1:5060", IPPROTO_TCP), REACH_REFUSED);
  CU_ASSERT_EQUAL(get("1.1.1.1:5060", IPPROTO_UDP), REACH_UNREACHABLE);
  CU_ASSERT_EQUAL(get("1.1.1.1:5061", IPPROTO_UDP), REACH_REFUSED);
  CU_ASSERT_EQUAL(get("1.1.1.1:5061", IPPROTO_TCP), REACH_SILENT);
  CU_ASSERT_EQUAL(get("1.1.1.2:5060", IPPROTO_TCP), REACH_UP);
  CU_ASSERT_EQUAL(get("[::ffff:1.1.1.1]:5061", IPPROTO_TCP), REACH_SILENT);
}

static void test_up_takes_the_entry_away(void) {
  make_network();
  CU_ASSERT_EQUAL(set("2001:db8::1", 0, REACH_SILENT), 0);
  CU_ASSERT_EQUAL(set("[2001:db8::1]:5060", IPPROTO_TCP, REACH_REFUSED), 0);
  CU_ASSERT_EQUAL(set("1.1.1.1", 0, REACH_SILENT), 0);
  CU_ASSERT_EQUAL(set("2001:db8::1", 0, REACH_UP), 0);
  CU_ASSERT_EQUAL(get("[2001:db8::1]:5061", IPPROTO_TCP), REACH_UP);
  CU_ASSERT_EQUAL(get("[2001:db8::1]:5060", IPPROTO_TCP), REACH_REFUSED);
  CU_ASSERT_EQUAL(get("1.1.1.1:1", IPPROTO_UDP), REACH_SILENT);
  CU_ASSERT_EQUAL(set("[2001:db8::1]:5060", IPPROTO_TCP, REACH_SILENT), 0);
  CU_ASSERT_EQUAL(get("[2001:db8::1]:5060", IPPROTO_TCP), REACH_SILENT);
  CU_ASSERT_EQUAL(network->reach.entries, 2);
  CU_ASSERT_EQUAL(network->reach.version, 5);
  CU_ASSERT_EQUAL(set("9.9.9.9", 0, REACH_UP), 0); /* was up */
  CU_ASSERT_EQUAL(network->reach.entries, 2);
}

static void test_paths(void) {
  make_network();
  CU_ASSERT_EQUAL(set("1.1.1.1", 0, REACH_SILENT), 0);
  CU_ASSERT_EQUAL(set("1.1.1.2", 0, REACH_REFUSED), 0);
  CU_ASSERT_EQUAL(set("1.1.1.3", 0, REACH_UNREACHABLE), 0);
  CU_ASSERT_EQUAL(between("9.9.9.9:1", "1.1.1.1:2", IPPROTO_TCP), REACH_SILENT);
  CU_ASSERT_EQUAL(between("1.1.1.1:2", "9.9.9.9:1", IPPROTO_TCP), REACH_SILENT);
  CU_ASSERT_EQUAL(between("1.1.1.1:2", "1.1.1.2:1", IPPROTO_UDP), REACH_SILENT);
  CU_ASSERT_EQUAL(between("9.9.9.9:1", "1.1.1.2:2", IPPROTO_UDP), REACH_REFUSED);
  CU_ASSERT_EQUAL(between("1.1.1.2:1", "1.1.1.3:2", IPPROTO_UDP), REACH_UNREACHABLE);
  CU_ASSERT_EQUAL(between("1.1.1.3:1", "9.9.9.9:2", IPPROTO_UDP), REACH_UP);
}

static void test_limits(void) {
  struct sockaddr local = {.sa_family = AF_UNIX};
  make_network();
  CU_ASSERT_EQUAL(set("127.0.0.1", 0, REACH_SILENT), -1);
  CU_ASSERT_EQUAL(set("::1", 0, REACH_SILENT), -1);
  CU_ASSERT_EQUAL(reach_set(network, &local, 0, REACH_SILENT), -1);
  CU_ASSERT_EQUAL(reach_of(network, &local, 0), REACH_UP);
  CU_ASSERT_EQUAL(network->reach.version, 0);
  for (int i = 0; i < REACH_ENTRIES_MAX; i++) {
    char address[ADDRESS_TEXT_SIZE];
    snprintf(address, sizeof address, "1.1.1.1:%d", i + 1);
    CU_ASSERT_EQUAL(set(address, 0, REACH_SILENT), 0);
  }
  CU_ASSERT_EQUAL(set("1.1.1.2", 0, REACH_SILENT), -1);
  CU_ASSERT_EQUAL(get("1.1.1.2:1", IPPROTO_TCP), REACH_UP);
  CU_ASSERT_EQUAL(set("1.1.1.1:9", 0, REACH_REFUSED), 0); /* one that is there may change */
  CU_ASSERT_EQUAL(set("1.1.1.1:1", 0, REACH_UP), 0);
  CU_ASSERT_EQUAL(set("1.1.1.2", 0, REACH_SILENT), 0);
}

static const struct unit_test tests[] = {
    {"the most specific entry wins", test_most_specific_wins},
    {"up takes an entry away", test_up_takes_the_entry_away},
    {"a path is as bad as the worse of its ends", test_paths},
    {"entries are bounded, and only for addresses of hosts", test_limits},
};

UNIT_MAIN("reach table", tests)
