/* SPDX-License-Identifier: MIT
 *
 * The simulated network's table: pure translation, both ways.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "harness/clock/any_bound.h"
#include "harness/clock/network.h"
#include "tests/unit.h"

static struct network *network;

static struct sockaddr_storage parse(const char *text) {
  struct sockaddr_storage address = {0};
  CU_ASSERT_EQUAL_FATAL(address_parse(&address, text, 0, NULL), 0);
  return address;
}

static int add(const char *name, const char *address) {
  struct sockaddr_storage parsed = parse(address);
  int host = network_find_host(network, name);
  if (host < 0)
    host = network_add_host(network, name);
  return network_add_address(network, host, (struct sockaddr *)&parsed);
}

/* A fresh network with hosts alice (10.0.0.5, 2001:db8::5) and p1 (1.1.1.1). */
static void make_shifted_network(uint32_t shift) {
  free(network);
  network = calloc(1, sizeof *network);
  network->port_shift = shift;
  network_init(network, 100);
  CU_ASSERT_EQUAL(add("alice", "10.0.0.5"), 0);
  CU_ASSERT_EQUAL(add("alice", "2001:db8::5"), 0);
  CU_ASSERT_EQUAL(add("p1", "1.1.1.1"), 0);
}

static void make_network(void) {
  make_shifted_network(0);
}

typedef enum network_realisation realise_function(const struct network *, int,
                                                  const struct sockaddr *,
                                                  struct sockaddr_storage *, socklen_t *);

/* What an address becomes for a host: its text, or "no host". */
static const char *realised(realise_function *realise, const char *host, const char *address) {
  static char text[ADDRESS_TEXT_SIZE];
  struct sockaddr_storage parsed = parse(address), out;
  socklen_t length = 0;
  if (realise(network, network_find_host(network, host), (struct sockaddr *)&parsed, &out,
              &length) != NETWORK_REALISED)
    return "no host";
  CU_ASSERT_EQUAL(length, address_length(&out));
  return address_format(&out, text);
}

static const char *simulated(const char *address) {
  static char text[ADDRESS_TEXT_SIZE];
  struct sockaddr_storage parsed = parse(address);
  if (!network_simulate(network, (struct sockaddr *)&parsed))
    return "none of ours";
  return address_format(&parsed, text);
}

static void test_addresses_have_loopback_addresses(void) {
  make_network();
  /* 1 and 2 are the lab's localhosts, 3 and 4 alice's, 7 and 8 p1's. */
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "1.1.1.1:5060"), "127.100.0.9:5060");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "p1", "10.0.0.5:5060"), "127.100.0.5:5060");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "lab", "[2001:db8::5]:5060"),
                         "[::ffff:127.100.0.6]:5060");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "[::ffff:1.1.1.1]:5060"),
                         "[::ffff:127.100.0.9]:5060");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "9.9.9.9:53"), "no host");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "[2001:db8::9]:53"), "no host");
}

static void test_back_again(void) {
  make_network();
  CU_ASSERT_STRING_EQUAL(simulated("127.100.0.9:5060"), "1.1.1.1:5060");
  CU_ASSERT_STRING_EQUAL(simulated("[::ffff:127.100.0.6]:5060"), "[2001:db8::5]:5060");
  CU_ASSERT_STRING_EQUAL(simulated("[::ffff:127.100.0.9]:5060"), "[::ffff:1.1.1.1]:5060");
  CU_ASSERT_STRING_EQUAL(simulated("127.100.0.3:5060"), "127.0.0.1:5060");
  CU_ASSERT_STRING_EQUAL(simulated("127.101.0.6:5060"), "none of ours");
  CU_ASSERT_STRING_EQUAL(simulated("192.0.2.1:5060"), "none of ours");
  /* An IPv4 socket can't have got anything from an IPv6 address. */
  CU_ASSERT_STRING_EQUAL(simulated("127.100.0.6:5060"), "none of ours");
}

static void test_localhost_is_ones_own(void) {
  make_network();
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "127.0.0.1:80"), "127.100.0.3:64592");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "p1", "127.0.0.1:80"), "127.100.0.7:64592");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "[::1]:80"),
                         "[::ffff:127.100.0.4]:64592");
  /* Connecting to the unspecified address means oneself, as on Linux. */
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "0.0.0.0:8080"), "127.100.0.3:8080");
}

static void test_binding(void) {
  make_network();
  CU_ASSERT_STRING_EQUAL(realised(network_realise_local, "alice", "10.0.0.5:5060"),
                         "127.100.0.5:5060");
  CU_ASSERT_STRING_EQUAL(realised(network_realise_local, "alice", "1.1.1.1:5060"), "no host");
  /* The worker binds for all hosts. */
  CU_ASSERT_STRING_EQUAL(realised(network_realise_local, "lab", "1.1.1.1:5060"),
                         "127.100.0.9:5060");
}

/* The place of a kind's sockets on a host. */
static const char *place(const char *host, enum any_kind kind) {
  static char text[INET6_ADDRSTRLEN];
  const struct network_address *entry = any_place(network, network_find_host(network, host), kind);
  return inet_ntop(AF_INET6, &entry->simulated, text, sizeof text);
}

static void test_places(void) {
  make_network();
  network_add_host(network, "p2");
  CU_ASSERT_EQUAL(add("p2", "2001:db8::2"), 0);
  network_add_host(network, "p3");
  CU_ASSERT_STRING_EQUAL(place("alice", ANY_V4), "::ffff:10.0.0.5");
  CU_ASSERT_STRING_EQUAL(place("alice", ANY_V6), "2001:db8::5");
  CU_ASSERT_STRING_EQUAL(place("alice", ANY_DUAL), "2001:db8::5");
  /* A host without addresses of a family has its localhost. */
  CU_ASSERT_STRING_EQUAL(place("p1", ANY_V6), "::1");
  CU_ASSERT_STRING_EQUAL(place("p1", ANY_DUAL), "::ffff:1.1.1.1");
  CU_ASSERT_STRING_EQUAL(place("p2", ANY_V4), "::ffff:127.0.0.1");
  CU_ASSERT_STRING_EQUAL(place("p3", ANY_DUAL), "::1");
}

static void test_hosts_without_a_family(void) {
  make_network();
  struct sockaddr_storage v6 = parse("2001:db8::5"), v4 = parse("10.0.0.5"), out;
  socklen_t length;
  int p1 = network_find_host(network, "p1"), alice = network_find_host(network, "alice");
  CU_ASSERT_EQUAL(network_realise(network, p1, (struct sockaddr *)&v6, &out, &length),
                  NETWORK_NO_ROUTE);
  CU_ASSERT_EQUAL(network_realise(network, p1, (struct sockaddr *)&v4, &out, &length),
                  NETWORK_REALISED);
  CU_ASSERT_EQUAL(network_realise(network, alice, (struct sockaddr *)&v6, &out, &length),
                  NETWORK_REALISED);
  /* The worker reaches everybody. */
  CU_ASSERT_EQUAL(network_realise(network, NETWORK_LAB_HOST, (struct sockaddr *)&v6, &out, &length),
                  NETWORK_REALISED);
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "p1", "[::1]:80"), "[::ffff:127.100.0.8]:64592");
}

static void test_pairs(void) {
  make_network();
  struct any_pair one = {5, 9}, other = {9, 5};
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = any_pair_loopback(network, one)};
  struct sockaddr_in second = {.sin_family = AF_INET,
                               .sin_addr.s_addr = any_pair_loopback(network, other)};
  CU_ASSERT_EQUAL(any_pair_loopback(network, one), address.sin_addr.s_addr);
  CU_ASSERT_NOT_EQUAL(second.sin_addr.s_addr, address.sin_addr.s_addr);
  CU_ASSERT_EQUAL(network_pair(network, (struct sockaddr *)&address).to, 9);
  CU_ASSERT_EQUAL(network_pair(network, (struct sockaddr *)&second).to, 5);
  CU_ASSERT_TRUE(network_simulate(network, (struct sockaddr *)&address));
  CU_ASSERT_EQUAL(address.sin_addr.s_addr, inet_addr("10.0.0.5"));
  /* As many as there is room for; the next one is its sender's own address. */
  for (unsigned i = 0; i < ANY_PAIRS_MAX - 2; i++)
    any_pair_loopback(network,
                      (struct any_pair){(uint16_t)(100 + i / 100), (uint16_t)(1 + i % 100)});
  CU_ASSERT_EQUAL(any_pair_loopback(network, (struct any_pair){9, 9}), inet_addr("127.100.0.9"));
  CU_ASSERT_EQUAL(any_pair_loopback(network, other), second.sin_addr.s_addr);
}

static void test_associations(void) {
  make_network();
  struct any_end own = {1, 1, IPPROTO_TCP}, peer = {2, 2, IPPROTO_TCP};
  any_associate(network, &own, &peer, (struct any_pair){5, 9});
  CU_ASSERT_EQUAL(any_association(network, &own, &peer)->to, 9);
  CU_ASSERT_PTR_NULL(any_association(network, &peer, &own));
  any_associate(network, &own, &peer, (struct any_pair){5, 6});
  CU_ASSERT_EQUAL(any_association(network, &own, &peer)->to, 6);
  any_forget(network, &own);
  CU_ASSERT_PTR_NULL(any_association(network, &own, &peer));
  /* One more than there is room for: the oldest is forgotten. */
  for (uint32_t i = 0; i <= ANY_ASSOCIATIONS_MAX; i++) {
    own.loopback = i;
    any_associate(network, &own, &peer, (struct any_pair){5, 9});
  }
  CU_ASSERT_EQUAL(network->any.associations, ANY_ASSOCIATIONS_MAX);
  CU_ASSERT_PTR_NOT_NULL(any_association(network, &own, &peer));
  own.loopback = 0;
  CU_ASSERT_PTR_NULL(any_association(network, &own, &peer));
}

static void test_ports(void) {
  make_network();
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "1.1.1.1:1"), "127.100.0.9:64513");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "1.1.1.1:53"), "127.100.0.9:64565");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "1.1.1.1:1023"), "127.100.0.9:65535");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "1.1.1.1:1024"), "127.100.0.9:1024");
  CU_ASSERT_STRING_EQUAL(simulated("127.100.0.9:64565"), "1.1.1.1:53");
  CU_ASSERT_STRING_EQUAL(simulated("127.100.0.9:64511"), "1.1.1.1:64511");
  int alice = network_find_host(network, "alice"), p1 = network_find_host(network, "p1");
  CU_ASSERT_EQUAL(network_next_port(network, alice), NETWORK_EPHEMERAL_FIRST);
  CU_ASSERT_EQUAL(network_next_port(network, alice), NETWORK_EPHEMERAL_FIRST + 1);
  CU_ASSERT_EQUAL(network_next_port(network, p1), NETWORK_EPHEMERAL_FIRST);
  for (int port = NETWORK_EPHEMERAL_FIRST + 2; port <= NETWORK_EPHEMERAL_LAST; port++)
    CU_ASSERT_EQUAL(network_next_port(network, alice), port);
  CU_ASSERT_EQUAL(network_next_port(network, alice), NETWORK_EPHEMERAL_FIRST);
}

/* There is no room for them. */
static void test_ports_that_nobody_has(void) {
  make_network();
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "1.1.1.1:64511"), "127.100.0.9:64511");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "1.1.1.1:64512"), "no host");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "[2001:db8::5]:65535"), "no host");
  CU_ASSERT_STRING_EQUAL(realised(network_realise_local, "alice", "10.0.0.5:65000"), "no host");
}

/* Ports are others in each lab, around their range, and each is somebody's. */
static void test_shift(void) {
  make_shifted_network(64511);
  int alice = network_find_host(network, "alice");
  CU_ASSERT_EQUAL(network_next_port(network, alice), 49152);
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "1.1.1.1:1025"), "127.100.0.9:1024");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "1.1.1.1:1024"), "127.100.0.9:65535");
  CU_ASSERT_STRING_EQUAL(realised(network_realise, "alice", "1.1.1.1:53"), "127.100.0.9:64564");
  CU_ASSERT_STRING_EQUAL(simulated("127.100.0.9:1024"), "1.1.1.1:1025");
  CU_ASSERT_STRING_EQUAL(simulated("127.100.0.9:65535"), "1.1.1.1:1024");
  CU_ASSERT_STRING_EQUAL(simulated("127.100.0.9:64564"), "1.1.1.1:53");
  for (uint32_t shift = 0; shift < 64512; shift += 1023) {
    make_shifted_network(shift);
    for (unsigned port = 1; port < NETWORK_PORT_SHIFT; port += 61) {
      char text[ADDRESS_TEXT_SIZE], copy[ADDRESS_TEXT_SIZE];
      snprintf(text, sizeof text, "1.1.1.1:%u", port);
      snprintf(copy, sizeof copy, "%s", realised(network_realise, "alice", text));
      CU_ASSERT_STRING_EQUAL(simulated(copy), text);
    }
  }
  /* Not the same again for a minute, however long the machine has been up. */
  const int64_t ms = 1000000, start = INT64_C(86400) * 1000 * ms * 365;
  uint32_t first = network_port_shift(start);
  CU_ASSERT_TRUE(first < 64512);
  for (int64_t later = 50; later <= 60000; later += 50)
    CU_ASSERT_TRUE((network_port_shift(start + later * ms) + 64512 - first) % 64512 >= 48);
}

/* The void form of a realised address, and what it means. */
static const char *voided(const char *address, bool unreachable) {
  static char text[2 * ADDRESS_TEXT_SIZE + 32];
  char realised_text[ADDRESS_TEXT_SIZE], simulated_text[ADDRESS_TEXT_SIZE];
  struct sockaddr_storage parsed = parse(address);
  CU_ASSERT_FALSE(network_is_unreachable((struct sockaddr *)&parsed));
  network_point((struct sockaddr *)&parsed, unreachable ? REACH_UNREACHABLE : REACH_REFUSED);
  CU_ASSERT_EQUAL(network_is_unreachable((struct sockaddr *)&parsed), unreachable);
  address_format(&parsed, realised_text);
  CU_ASSERT_TRUE(network_simulate(network, (struct sockaddr *)&parsed));
  snprintf(text, sizeof text, "%s means %s", realised_text,
           address_format(&parsed, simulated_text));
  return text;
}

static void test_void(void) {
  make_network();
  CU_ASSERT_STRING_EQUAL(voided("127.100.0.9:5060", false),
                         "127.100.128.9:5060 means 1.1.1.1:5060");
  CU_ASSERT_STRING_EQUAL(voided("127.100.0.9:5060", true), "127.100.192.9:5060 means 1.1.1.1:5060");
  CU_ASSERT_STRING_EQUAL(voided("[::ffff:127.100.0.6]:5060", false),
                         "[::ffff:127.100.128.6]:5060 means [2001:db8::5]:5060");
  CU_ASSERT_STRING_EQUAL(voided("[::ffff:127.100.0.9]:64565", true),
                         "[::ffff:127.100.192.9]:64565 means [::ffff:1.1.1.1]:53");
  struct sockaddr_storage back = parse("127.100.192.9:5060");
  char text[ADDRESS_TEXT_SIZE];
  network_point((struct sockaddr *)&back, REACH_SILENT);
  CU_ASSERT_STRING_EQUAL(address_format(&back, text), "127.100.0.9:5060");
}

static void test_what_no_host_can_have(void) {
  static const char *const refused[] = {"0.0.0.0",    "127.0.0.1", "127.9.9.9",
                                        "224.0.0.1",  "::",        "::1",
                                        "ff02::1",    "10.0.0.5",  "::ffff:10.0.0.5",
                                        "2001:db8::5"};
  make_network();
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    CU_ASSERT_EQUAL(add("p1", refused[i]), -1);
    if (add("p1", refused[i]) == 0)
      fprintf(stderr, "%s was taken\n", refused[i]);
  }
  CU_ASSERT_EQUAL(network_add_host(network, "alice"), -1);
}

static void test_limits(void) {
  make_network();
  char name[32], address[32];
  int hosts = 3;
  for (; hosts < NETWORK_HOSTS_MAX; hosts++) {
    snprintf(name, sizeof name, "h%d", hosts);
    CU_ASSERT_EQUAL(network_add_host(network, name), hosts);
  }
  CU_ASSERT_EQUAL(network_add_host(network, "one-too-many"), -1);
  for (unsigned i = network->addresses; i < NETWORK_ADDRESSES_MAX; i++) {
    snprintf(address, sizeof address, "10.1.%u.%u", i / 250, i % 250 + 1);
    CU_ASSERT_EQUAL(add("p1", address), 0);
  }
  CU_ASSERT_EQUAL(add("p1", "10.2.0.1"), -1);
  /* The last one works like the first. */
  CU_ASSERT_STRING_EQUAL(simulated("127.100.15.255:5060"), "10.1.16.95:5060");
}

static void test_nameservers(void) {
  make_network();
  for (int i = 0; i < NETWORK_NAMESERVERS_MAX + 1; i++) {
    struct sockaddr_storage address = parse("1.1.1.1");
    network_add_nameserver(network, (struct sockaddr *)&address);
  }
  CU_ASSERT_EQUAL(network->nameservers, NETWORK_NAMESERVERS_MAX);
}

static const struct unit_test tests[] = {
    {"every address is realised as a loopback address", test_addresses_have_loopback_addresses},
    {"and simulated again", test_back_again},
    {"localhost is each host's own", test_localhost_is_ones_own},
    {"binding is for one's own addresses", test_binding},
    {"a socket that is bound to any address has a place", test_places},
    {"a host without addresses of a family has no route to it", test_hosts_without_a_family},
    {"pairs have loopback addresses", test_pairs},
    {"associations are bounded", test_associations},
    {"privileged ports move, ephemeral ones are counted by host", test_ports},
    {"ports above 64511 are nobody's", test_ports_that_nobody_has},
    {"ephemeral ports start elsewhere in each lab", test_shift},
    {"every address has two at which nobody listens", test_void},
    {"addresses that no host can have are refused", test_what_no_host_can_have},
    {"hosts and addresses are bounded", test_limits},
    {"more nameservers than a resolver has are left out", test_nameservers},
};

UNIT_MAIN("network", tests)
