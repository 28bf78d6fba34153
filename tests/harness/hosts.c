/* SPDX-License-Identifier: MIT
 *
 * Hosts: their names, their addresses in real and in simulated networks, and what is refused.
 */
#include "harness/lab/hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "harness/clock/network.h"
#include "tests/unit.h"

/* As many of one kind as a lab has room for. */
enum { OF_KIND_MAX = 250 };

static struct hosts *hosts;
static struct network *network; /* NULL: real time */

static void set_up(bool simulated) {
  network = simulated ? calloc(1, sizeof *network) : NULL;
  CU_ASSERT_EQUAL_FATAL(hosts_create(&hosts, HOSTS_BLOCK_FIRST, network), 0);
}

static void tear_down(void) {
  hosts_destroy(hosts);
  free(network);
}

/* Adds a host and compares the address that it got. */
static void expect_added(enum host_kind kind, const char *name, const char *wanted,
                         const char *expected) {
  struct sockaddr_storage address;
  struct error error = {""};
  char text[ADDRESS_TEXT_SIZE] = "";
  CU_ASSERT_EQUAL(hosts_add(hosts, kind, name, wanted, 0, &address, &error), 0);
  if (error.text[0])
    fprintf(stderr, "\n%s\n", error.text);
  else
    CU_ASSERT_STRING_EQUAL(address_format(&address, text), expected);
}

/* The address is not touched then. */
static void expect_refused(enum host_kind kind, const char *name, const char *wanted,
                           const char *text) {
  struct sockaddr_storage address = {.ss_family = AF_UNIX};
  struct error error = {""};
  CU_ASSERT_EQUAL(hosts_add(hosts, kind, name, wanted, 0, &address, &error), -1);
  CU_ASSERT_EQUAL(address.ss_family, AF_UNIX);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.text, text));
  if (!strstr(error.text, text))
    fprintf(stderr, "\n%s\n", error.text);
}

static const char *name_at(const char *text) {
  struct sockaddr_storage address;
  CU_ASSERT_EQUAL_FATAL(address_parse(&address, text, 0, NULL), 0);
  return hosts_name(hosts, &address);
}

static void test_real_time(void) {
  set_up(false);
  expect_added(HOST_PROXY, "p1", NULL, "127.100.1.1:5060");
  expect_added(HOST_PROXY, "p2", NULL, "127.100.1.2:5060");
  expect_added(HOST_DNS, "dns", NULL, "127.100.0.1:5300");
  /* The addresses of a scenario are not on this machine's interfaces. */
  expect_added(HOST_PHONE, "alice", "10.0.0.5", "127.100.2.1:5060");
  CU_ASSERT_STRING_EQUAL(name_at("127.100.1.2:1"), "p2");
  CU_ASSERT_STRING_EQUAL(name_at("127.100.2.1:5060"), "alice");
  CU_ASSERT_PTR_NULL(name_at("127.100.1.3:5060"));
  CU_ASSERT_PTR_NULL(name_at("127.101.1.1:5060")); /* another worker's */
  CU_ASSERT_PTR_NULL(name_at("[::1]:5060"));
  tear_down();
}

static void test_simulated(void) {
  set_up(true);
  expect_added(HOST_PROXY, "p1", NULL, "192.0.2.1:5060");
  expect_added(HOST_PROXY, "p2", "2001:db8::1", "[2001:db8::1]:5060");
  expect_added(HOST_PROXY, "p3", NULL, "192.0.2.2:5060");
  expect_added(HOST_DNS, "dns", NULL, "203.0.113.1:53");
  expect_added(HOST_PHONE, "alice", "10.0.0.5", "10.0.0.5:5060");
  expect_added(HOST_PHONE, "bob", NULL, "198.51.100.1:5060");
  CU_ASSERT_STRING_EQUAL(name_at("[2001:db8::1]:7"), "p2");
  CU_ASSERT_TRUE(network_find_host(network, "alice") > 0);
  CU_ASSERT_EQUAL(network_find_host(network, "carol"), -1);
  CU_ASSERT_EQUAL(network->nameservers, 1);
  tear_down();
}

static void test_several_addresses(void) {
  struct sockaddr_storage address = {.ss_family = AF_UNIX};
  struct error error;
  char text[ADDRESS_TEXT_SIZE];
  set_up(true);
  expect_added(HOST_DNS, "dns", "8.8.8.8", "8.8.8.8:53");
  CU_ASSERT_EQUAL(hosts_add_address(hosts, "dns", "8.8.8.8", &address, &error), -1);
  CU_ASSERT_STRING_EQUAL(error.text, "\"dns\" can't have the address 8.8.8.8: it is dns's");
  CU_ASSERT_EQUAL(hosts_add_address(hosts, "dns", "127.0.0.1", &address, &error), -1);
  CU_ASSERT_EQUAL(hosts_add_address(hosts, "ns", "8.8.4.4", &address, &error), -1);
  CU_ASSERT_EQUAL(address.ss_family, AF_UNIX);
  CU_ASSERT_EQUAL(hosts_add_address(hosts, "dns", "2001:db8::53", &address, &error), 0);
  CU_ASSERT_STRING_EQUAL(address_format(&address, text), "[2001:db8::53]:53");
  CU_ASSERT_STRING_EQUAL(name_at("[2001:db8::53]:1"), "dns");
  CU_ASSERT_EQUAL(network->nameservers, 2);
  for (int i = 2; i < HOSTS_ADDRESSES_MAX; i++) {
    snprintf(text, sizeof text, "10.0.0.%d", i);
    CU_ASSERT_EQUAL(hosts_add_address(hosts, "dns", text, &address, &error), 0);
  }
  CU_ASSERT_EQUAL(hosts_add_address(hosts, "dns", "10.0.1.1", &address, &error), -1);
  CU_ASSERT_STRING_EQUAL(error.text, "\"dns\": a host has room for 16 addresses");
  tear_down();
  set_up(false);
  expect_added(HOST_DNS, "dns", NULL, "127.100.0.1:5300");
  CU_ASSERT_EQUAL(hosts_add_address(hosts, "dns", "10.0.0.1", &address, &error), -1);
  tear_down();
}

static void test_chosen_addresses_are_left_out(void) {
  set_up(true);
  expect_added(HOST_PROXY, "p1", "192.0.2.1", "192.0.2.1:5060");
  expect_added(HOST_PHONE, "alice", "192.0.2.2", "192.0.2.2:5060");
  expect_added(HOST_PROXY, "p2", NULL, "192.0.2.3:5060");
  expect_refused(HOST_PROXY, "p3", "192.0.2.2",
                 "\"p3\" can't have the address 192.0.2.2: it is alice's");
  tear_down();
}

static void test_addresses_that_no_host_has(void) {
  static const char *const addresses[] = {"127.0.0.1", "0.0.0.0", "::", "::1", "224.0.0.1",
                                          "ff02::1",   "1.2.3",   "p1", ""};
  set_up(true);
  for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
    expect_refused(HOST_PHONE, "alice", addresses[i], addresses[i]);
  tear_down();
}

static void test_names(void) {
  static const char *const bad[] = {"",    "1p",  "-p",  "_p",    "p 1",   "p.1",
                                    "p/1", "p\n", "{p}", "p\xc3", "p1\x01"};
  char longest[EVENT_HOST_SIZE + 1];
  memset(longest, 'p', sizeof longest);
  longest[EVENT_HOST_SIZE] = '\0';
  set_up(false);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    expect_refused(HOST_PROXY, bad[i], NULL, "can't be the name of a host: a letter, then");
  expect_refused(HOST_PROXY, longest, NULL, "63 at most");
  longest[EVENT_HOST_SIZE - 1] = '\0';
  expect_added(HOST_PROXY, longest, NULL, "127.100.1.1:5060");
  expect_added(HOST_PROXY, "P-1_a", NULL, "127.100.1.2:5060");
  expect_refused(HOST_PHONE, "P-1_a", NULL, "there are two hosts named \"P-1_a\"");
  /* What was refused took no address. */
  expect_added(HOST_PROXY, "p", NULL, "127.100.1.3:5060");
  tear_down();
}

static void test_limit(void) {
  set_up(false);
  for (int i = 1; i <= OF_KIND_MAX; i++) {
    char name[16], expected[32];
    snprintf(name, sizeof name, "p%d", i);
    snprintf(expected, sizeof expected, "127.100.1.%d:5060", i);
    expect_added(HOST_PROXY, name, NULL, expected);
  }
  expect_refused(HOST_PROXY, "one_more", NULL, "a lab has room for 250 hosts of a kind");
  expect_added(HOST_PHONE, "alice", NULL, "127.100.2.1:5060");
  tear_down();
}

static const struct unit_test tests[] = {
    {"in real time hosts have loopback addresses of their block", test_real_time},
    {"simulated hosts have addresses of the scenario, or of the documentation's", test_simulated},
    {"a host may have several addresses", test_several_addresses},
    {"an address that a scenario gave is not given again", test_chosen_addresses_are_left_out},
    {"addresses that no host can have are refused", test_addresses_that_no_host_has},
    {"names are bounded, and unique", test_names},
    {"a kind has a limit", test_limit},
};

UNIT_MAIN("hosts", tests)
