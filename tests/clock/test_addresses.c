/* SPDX-License-Identifier: MIT
 *
 * Hosts with several addresses, as their programs see them: each test runs a part of the
 * participant (participant_addresses.c) in a lab of its own and compares what it printed.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "harness/clock/network.h"
#include "tests/clock/lab.h"
#include "tests/unit.h"

static void add(struct network *network, const char *host, const char *text) {
  struct sockaddr_storage address;
  int index = network_find_host(network, host);
  if (index < 0)
    index = network_add_host(network, host);
  CU_ASSERT_EQUAL_FATAL(address_parse(&address, text, 0, NULL), 0);
  CU_ASSERT_EQUAL(network_add_address(network, index, (struct sockaddr *)&address), 0);
}

static void prepare(struct clock_lab *lab) {
  struct network *network = &lab->segment->network;
  network_init(network, lab_block());
  add(network, "server", "10.0.0.1");
  add(network, "server", "10.0.0.2");
  add(network, "server", "2001:db8::1");
  add(network, "server", "10.0.0.3");
  add(network, "client", "10.0.0.9");
  add(network, "client", "2001:db8::9");
  add(network, "old", "10.0.0.4");
}

static void expect(const char *host, const char *part, const char *expected) {
  struct lab_result result =
      lab_run(&(struct lab_options){.seed = 1, .prepare = prepare, .host = host}, ARGUMENTS(part));
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_STRING_EQUAL(result.output, expected);
  if (strcmp(result.output, expected) != 0)
    fprintf(stderr, "%s printed:\n%s", part, result.output);
  free(result.output);
}

static void test_datagrams(void) {
  expect(NULL, "datagrams",
         "0.000000000 server at :: 5060\n"
         "1.000000000 server: one from ::ffff:10.0.0.9 49152 to ::ffff:10.0.0.1 0, interface 2\n"
         "1.000000000 client: one from 10.0.0.1 5060\n"
         "1.000000000 server: two from ::ffff:10.0.0.9 49152 to ::ffff:10.0.0.2 0, interface 2\n"
         "1.000000000 client: two from 10.0.0.2 5060\n"
         "1.000000000 server: first from ::ffff:10.0.0.9 49152 to ::ffff:10.0.0.2 0, interface 2\n"
         "1.000000000 server: second from ::ffff:10.0.0.9 49152 to ::ffff:10.0.0.3 0, interface 2\n"
         "1.000000000 client: first from 10.0.0.2 5060\n"
         "1.000000000 client: second from 10.0.0.3 5060\n"
         "1.000000000 server: three from 2001:db8::9 49153 to 2001:db8::1 0, interface 2\n"
         "1.000000000 client: three from 2001:db8::1 5060\n"
         "1.000000000 server: mapped from ::ffff:10.0.0.9 49153 to ::ffff:10.0.0.2 0, interface 2\n"
         "1.000000000 client: mapped from ::ffff:10.0.0.2 5060\n"
         "1.000000000 server: bare from ::ffff:10.0.0.9 49152 to ::ffff:10.0.0.2 0, interface 2\n"
         "1.000000000 client: bare from 10.0.0.1 5060\n"
         "1.000000000 server: four from ::ffff:10.0.0.9 49154 to ::ffff:10.0.0.2 0, interface 2\n"
         "1.000000000 client: connected to 10.0.0.2 5060: answered\n"
         "1.000000000 server: bare from ::ffff:10.0.0.9 49155 to ::ffff:10.0.0.2 0, interface 2\n"
         "2.000000000 client: connected to 10.0.0.2 5060: EAGAIN\n"
         "2.000000000 server: bare from ::ffff:10.0.0.9 49156 to ::ffff:10.0.0.1 0, interface 2\n"
         "2.000000000 client: connected to 10.0.0.1 5060: answered\n"
         "2.000000000 client at 0.0.0.0 49152\n"
         "2.000000000 server: end from ::ffff:10.0.0.9 49152 to ::ffff:10.0.0.1 0, interface 2\n");
}

static void test_connections(void) {
  expect(NULL, "connections",
         "0.000000000 server at :: 5061\n"
         "1.000000000 client: 10.0.0.9 49152 to 10.0.0.1 5061\n"
         "1.000000000 server: accepted ::ffff:10.0.0.9 49152: ::ffff:10.0.0.9 49152 to "
         "::ffff:10.0.0.1 5061\n"
         "2.000000000 client: 10.0.0.9 49153 to 10.0.0.2 5061\n"
         "2.000000000 server: accepted ::ffff:10.0.0.9 49153: ::ffff:10.0.0.9 49153 to "
         "::ffff:10.0.0.2 5061\n"
         "3.000000000 client: 2001:db8::9 49154 to 2001:db8::1 5061\n"
         "3.000000000 server: accepted 2001:db8::9 49154: 2001:db8::9 49154 to 2001:db8::1 5061\n"
         "4.000000000 client: 10.0.0.9 5070 to 10.0.0.3 5061\n"
         "4.000000000 server: accepted ::ffff:10.0.0.9 5070: ::ffff:10.0.0.9 5070 to "
         "::ffff:10.0.0.3 5061\n"
         "5.000000000 client: 10.0.0.9 5070 to 10.0.0.3 5061\n"
         "5.000000000 server: accepted ::ffff:10.0.0.9 5070: ::ffff:10.0.0.9 5070 to "
         "::ffff:10.0.0.3 5061\n");
}

static void test_bindings(void) {
  expect("server", "bindings",
         "0.000000000 bind 0.0.0.0: 0.0.0.0 7000\n"
         "0.000000000 bind 10.0.0.1: EADDRINUSE\n"
         "0.000000000 bind 10.0.0.2: EADDRINUSE\n"
         "0.000000000 bind 127.0.0.1: EADDRINUSE\n"
         "0.000000000 bind 2001:db8::1: 2001:db8::1 7000\n"
         "0.000000000 bind ::: EADDRINUSE\n"
         "0.000000000 bind :: only: :: 7000\n"
         "0.000000000 bind ::: EADDRINUSE\n"
         "0.000000000 bind 10.0.0.2: 10.0.0.2 7000\n"
         "0.000000000 bind 0.0.0.0: EADDRINUSE\n"
         "0.000000000 bind ::: :: 7000\n"
         "0.000000000 bind 10.0.0.1: 10.0.0.1 7000\n"
         "0.000000000 bind 0.0.0.0: 0.0.0.0 49152\n");
}

static void test_v6only(void) {
  expect("server", "v6only",
         "0.000000000 at first 0\n"
         "0.000000000 then 1\n"
         "0.000000000 mapped: bind EINVAL\n"
         "0.000000000 mapped: connect ENETUNREACH\n"
         "0.000000000 bound: EINVAL\n");
}

static void test_one_family(void) {
  expect("old", "one-family",
         "0.000000000 bind ::1: ::1 7000\n"
         "0.000000000 send: ENETUNREACH\n"
         "0.000000000 connect: ENETUNREACH\n"
         "0.000000000 localhost: 0\n"
         "0.000000000 came from ::1 49152\n"
         "0.000000000 bind :: only: :: 7001\n");
}

/* As on Linux (errno(3) and the calls' manual pages); but for the ports that no host has. */
static void test_wrong_input(void) {
  expect("server", "wrong-input",
         "0.000000000 bind to nothing: EFAULT\n"
         "0.000000000 bind nowhere: EFAULT\n"
         "0.000000000 connect to nothing: EFAULT\n"
         "0.000000000 connect nowhere: EFAULT\n"
         "0.000000000 sendto nowhere: EFAULT\n"
         "0.000000000 sendmsg nowhere: EFAULT\n"
         "0.000000000 sendmsg of nothing: EFAULT\n"
         "0.000000000 recvmsg to nothing: EFAULT\n"
         "0.000000000 option: EFAULT\n"
         "0.000000000 option: EFAULT\n"
         "0.000000000 bind to 8 bytes: EINVAL\n"
         "0.000000000 bind to 16 bytes of IPv6: EINVAL\n"
         "0.000000000 connect to 1 byte: EINVAL\n"
         "0.000000000 connect to 8 bytes: EINVAL\n"
         "0.000000000 connect to 216 bytes: EINVAL\n"
         "0.000000000 connect to 23 bytes of IPv6: EINVAL\n"
         "0.000000000 sendto 8 bytes: EINVAL\n"
         "0.000000000 sendto 216 bytes: EINVAL\n"
         "0.000000000 sendmsg to 8 bytes: EINVAL\n"
         "0.000000000 sendmsg to 216 bytes: 1\n"
         "0.000000000 control data that is too long: EINVAL\n"
         "0.000000000 broadcast: EACCES\n"
         "0.000000000 broadcast: connect: EACCES\n"
         "0.000000000 broadcast: TCP: ENETUNREACH\n"
         "0.000000000 broadcast, allowed: ENETUNREACH\n"
         "0.000000000 port 64512: ENETUNREACH\n"
         "0.000000000 port 64512: connect: ENETUNREACH\n"
         "0.000000000 bind 10.0.0.1: EADDRNOTAVAIL\n"
         "0.000000000 bind 0.0.0.0: EADDRNOTAVAIL\n"
         "0.000000000 bind 10.0.0.1: 10.0.0.1 64511\n"
         "0.000000000 own name to nothing: EFAULT\n"
         "0.000000000 own name without a length: EFAULT\n"
         "0.000000000 own name, negative: EINVAL\n"
         "0.000000000 own name, no room: 0\n"
         "0.000000000 its length 16\n"
         "0.000000000 accept without a length: EAGAIN\n");
}

static const struct unit_test tests[] = {
    {"a UDP server at any address knows which one was asked", test_datagrams},
    {"a TCP server at any address is called by each of them", test_connections},
    {"any address and one of them exclude each other", test_bindings},
    {"IPV6_V6ONLY is remembered", test_v6only},
    {"what the kernel refuses is refused alike", test_wrong_input},
    {"a host without IPv6 has its localhost only", test_one_family},
};

UNIT_MAIN("addresses", tests)
