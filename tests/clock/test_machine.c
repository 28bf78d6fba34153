/* SPDX-License-Identifier: MIT
 *
 * What belongs to the machine, as a host of the lab has it: each test runs a part of the
 * participant (participant_machine.c) in a lab of its own and compares what it printed.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
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
  add(network, "client", "10.0.0.9");
  add(network, "client", "2001:db8::9");
  add(network, "client", "10.0.1.9");
  add(network, "client", "10.0.1.10");
}

static struct lab_result run(uint64_t seed, const char *host, const char *part) {
  return lab_run(&(struct lab_options){.seed = seed, .prepare = prepare, .host = host},
                 ARGUMENTS(part));
}

static void expect(const char *host, const char *part, const char *expected) {
  struct lab_result result = run(1, host, part);
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_STRING_EQUAL(result.output, expected);
  if (strcmp(result.output, expected) != 0)
    fprintf(stderr, "%s printed:\n%s", part, result.output);
  CU_ASSERT_EQUAL(result.left, 0);
  free(result.output);
}

#define TEN "llllllllll"
#define LONGEST TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void test_abstract(void) {
  expect(NULL, "abstract",
         "0.000000000 server\n"
         "0.000000000 bind both: 5 bytes: @both\n"
         "0.000000000 bind both: EADDRINUSE\n"
         "0.000000000 bind server: 7 bytes: @server\n"
         "0.000000000 connect server: 0\n"
         "0.000000000 peer 7 bytes: @server\n"
         "0.000000000 bind padded: 108 bytes: @padded\n"
         "0.000000000 bind llllllll: 101 bytes: @" LONGEST "\n"
         "0.000000000 bind llllllll: EINVAL\n"
         "0.000000000 bind : 6 bytes: @00000\n"
         "0.000000000 bind : 6 bytes: @00001\n"
         "0.000000000 bind to: 3 bytes: @to\n"
         "0.000000000 bind from: 5 bytes: @from\n"
         "0.000000000 recvfrom 5 bytes: @from\n"
         "0.000000000 recvmsg 5 bytes: @from\n"
         "1.000000000 client\n"
         "1.000000000 bind both: 5 bytes: @both\n"
         "1.000000000 bind both: EADDRINUSE\n"
         "1.000000000 connect server: ECONNREFUSED\n"
         "1.000000000 bind padded: 108 bytes: @padded\n"
         "1.000000000 bind llllllll: 101 bytes: @" LONGEST "\n"
         "1.000000000 bind llllllll: EINVAL\n"
         "1.000000000 bind : 6 bytes: @00000\n"
         "1.000000000 bind : 6 bytes: @00001\n"
         "1.000000000 bind to: 3 bytes: @to\n"
         "1.000000000 bind from: 5 bytes: @from\n"
         "1.000000000 recvfrom 5 bytes: @from\n"
         "1.000000000 recvmsg 5 bytes: @from\n");
}

/* Whether there is shared memory of the lab's block. */
static bool is_left(void) {
  char prefix[32];
  bool found = false;
  snprintf(prefix, sizeof prefix, "sipfall-%u-", lab_block());
  DIR *directory = opendir("/dev/shm");
  CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    found = found || strstr(entry->d_name, prefix);
  closedir(directory);
  return found;
}

static void test_shared(void) {
  expect(NULL, "shared-names",
         "0.000000000 server\n"
         "0.000000000 shm_open 0\n"
         "0.000000000 again EEXIST\n"
         "0.000000000 sem_open 0\n"
         "1.000000000 client\n"
         "1.000000000 shm_open 0\n"
         "1.000000000 again EEXIST\n"
         "1.000000000 sem_open 0\n"
         "2.000000000 sem_unlink 0\n"
         "2.000000000 shm_unlink 0\n"
         "3.000000000 sem_unlink 0\n");
  CU_ASSERT_FALSE(is_left());
}

/* Names are the same for one seed, and other ones for another; the length of the output isn't. */
static void test_temporary(void) {
  struct lab_result first = run(1, "client", "temporary"), again = run(1, "client", "temporary"),
                    other = run(2, "client", "temporary");
  CU_ASSERT_EQUAL(first.status, 0);
  CU_ASSERT_EQUAL(other.status, 0);
  CU_ASSERT_STRING_EQUAL(first.output, again.output);
  CU_ASSERT_STRING_NOT_EQUAL(first.output, other.output);
  CU_ASSERT_EQUAL(strlen(first.output), strlen(other.output));
  CU_ASSERT_PTR_NOT_NULL(strstr(first.output, " no template: EINVAL\n"));
  free(first.output);
  free(again.output);
  free(other.output);
}

static void test_stamps(void) {
  static const char expected[] = "0.250000000 SO_TIMESTAMP 1767225600.250000\n"
                                 "0.250000000 SO_TIMESTAMPNS 1767225600.250000000\n"
                                 "0.250000000 SO_TIMESTAMPING 1767225600.250000000\n"
                                 "0.250000000 SIOCGSTAMP 1767225600.250000\n"
                                 "0.250000000 SIOCGSTAMPNS 1767225600.250000000\n";
  expect("client", "stamps", expected);
  lab_expect_output(ARGUMENTS("stamps"), expected);
}

static void test_uptime(void) {
  expect("client", "uptime",
         "2.500000000 times 250\n"
         "2.500000000 by syscall() 250\n"
         "2.500000000 sysinfo 86402\n"
         "2.500000000 by syscall() 86402\n"
         "2.500000000 86402.50 0.00\n");
}

static void test_interface_requests(void) {
  expect("client", "interface-requests",
         "0.000000000 lo mask 255.0.0.0\n"
         "0.000000000 broadcast 0.0.0.0\n"
         "0.000000000 destination 127.0.0.1\n"
         "0.000000000 hardware 772 00:00:00:00:00:00\n"
         "0.000000000 mtu 65536\n"
         "0.000000000 metric 0\n"
         "0.000000000 queue 1000\n"
         "0.000000000 SIOCSIFMTU EPERM\n"
         "0.000000000 eth0 mask 255.255.255.0\n"
         "0.000000000 broadcast 10.0.0.255\n"
         "0.000000000 destination 10.0.0.9\n"
         "0.000000000 hardware 1 02:00:00:00:00:02\n"
         "0.000000000 mtu 1500\n"
         "0.000000000 metric 0\n"
         "0.000000000 queue 1000\n"
         "0.000000000 SIOCSIFMTU EPERM\n"
         "0.000000000 SIOCGIFNAME 0 eth0\n"
         "0.000000000 SIOCGIFNAME ENODEV\n"
         "0.000000000 SIOCGIFMTU ENODEV\n"
         "0.000000000 1 lo\n"
         "0.000000000 2 eth0\n"
         "0.000000000 netlink EAFNOSUPPORT\n");
}

static void test_device(void) {
  expect("client", "device",
         "0.000000000 0: 0 bytes , index 0\n"
         "0.000000000 eth0 0\n"
         "0.000000000 0: 5 bytes eth0, index 2\n"
         "0.000000000 no room EINVAL\n"
         "0.000000000 send 0\n"
         "0.000000000 eth1 ENODEV\n"
         "0.000000000 lo 0\n"
         "0.000000000 0: 3 bytes lo, index 1\n"
         "0.000000000 none 0\n"
         "0.000000000 0: 0 bytes , index 0\n"
         "0.000000000 no socket ENOTSOCK\n");
}

static void test_network_files(void) {
  expect(
      "client", "network-files",
      "0.000000000 /proc/net/dev\n"
      "0.000000000 Inter-|   Receive                                                |  Transmit\n"
      "0.000000000  face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
      "packets errs drop fifo colls carrier compressed\n"
      "0.000000000     lo:       0       0    0    0    0     0          0         0        0      "
      " 0    0    0    0     0       0          0\n"
      "0.000000000   eth0:       0       0    0    0    0     0          0         0        0      "
      " 0    0    0    0     0       0          0\n"
      "0.000000000 /proc/net/route\n"
      "0.000000000 Iface\tDestination\tGateway "
      "\tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "0.000000000 eth0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"
      "0.000000000 eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
      "0.000000000 eth0\t0001000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
      "0.000000000 /proc/net/if_inet6\n"
      "0.000000000 00000000000000000000000000000001 01 80 10 80       lo\n"
      "0.000000000 20010db8000000000000000000000009 02 40 00 80     eth0\n"
      "0.000000000 /proc/net/arp\n"
      "0.000000000 IP address       HW type     Flags       HW address            Mask     Device\n"
      "0.000000000 /proc/net/tcp\n"
      "0.000000000   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
      "uid  timeout inode\n"
      "0.000000000 /proc/net/tcp6\n"
      "0.000000000   sl  local_address                         remote_address                      "
      "  st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "0.000000000 /proc/net/udp\n"
      "0.000000000    sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
      "uid  timeout inode ref pointer drops\n"
      "0.000000000 /proc/net/udp6\n"
      "0.000000000   sl  local_address                         remote_address                      "
      "  st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n");
}

static const struct unit_test tests[] = {
    {"each host has its abstract namespace", test_abstract},
    {"each host has its shared memory and semaphores, and nothing is left of them", test_shared},
    {"temporary names are drawn from the seed", test_temporary},
    {"when a message came is the date", test_stamps},
    {"how long the machine has run is virtual", test_uptime},
    {"what an interface is, by ioctl", test_interface_requests},
    {"a socket can be bound to an interface of its host", test_device},
    {"the files of /proc/net are the host's", test_network_files},
};

UNIT_MAIN("machine", tests)
