/* SPDX-License-Identifier: MIT
 *
 * Calls that do what another one does, in another form (participant_forms.c,
 * participant_name_forms.c): each test runs a part of the participant in a lab of its own and
 * compares what it printed, virtual times included, to the nanosecond.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clock/lab.h"
#include "tests/unit.h"

static void add_host(struct network *network, const char *name, uint32_t v4) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(v4)};
  if (network_add_address(network, network_add_host(network, name), (struct sockaddr *)&address))
    abort();
}

static void prepare(struct clock_lab *lab) {
  struct network *network = &lab->segment->network;
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001)};
  network_init(network, lab_block());
  add_host(network, "server", 0x0a000001);
  add_host(network, "client", 0x0a000009);
  network_add_nameserver(network, (struct sockaddr *)&server);
}

/* In a lab with a network, on the host "client" if the part doesn't say otherwise. */
static void expect(const char *part, const char *expected) {
  struct lab_result result = lab_run(
      &(struct lab_options){.seed = 1, .prepare = prepare, .host = "client"}, ARGUMENTS(part));
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_STRING_EQUAL(result.output, expected);
  if (strcmp(result.output, expected) != 0)
    fprintf(stderr, "%s printed:\n%s", part, result.output);
  CU_ASSERT_EQUAL(result.left, 0);
  CU_ASSERT_EQUAL(result.report[0], '\0');
  free(result.output);
}

static void test_ends(void) {
  lab_expect_unwatched(ARGUMENTS("ends"), "1.000000000 exit 0\n"
                                          "2.000000000 _exit 1\n"
                                          "3.000000000 _Exit 2\n"
                                          "4.000000000 quick_exit 3\n"
                                          "5.000000000 exit_group 4\n");
}

static void test_wait(void) {
  lab_expect_output(ARGUMENTS("wait-forms"), "3.000000000 wait3 3\n"
                                             "5.000000000 wait4 2\n"
                                             "8.000000000 wait4 5\n");
}

static void test_spawn(void) {
  lab_expect_output(ARGUMENTS("spawn"), "2.000000000 posix_spawn 0\n"
                                        "4.000000000 posix_spawnp 0\n"
                                        "4.000000000 no program: ENOENT\n");
}

static void test_time(void) {
  lab_expect_output(ARGUMENTS("time-forms"), "0.000000000 left 0\n"
                                             "0.500000000 alarm\n"
                                             "0.750000000 alarm\n"
                                             "1.000000000 alarm\n"
                                             "1.100000000 left 150000\n"
                                             "1.100000000 left 900000\n"
                                             "1.100000000 timespec_get 1767225601.100000000\n");
}

static void test_system_calls(void) {
  lab_expect_output(ARGUMENTS("system-calls"), "1.000000000 nanosleep\n"
                                               "2.000000000 clock_nanosleep\n"
                                               "3.000000000 ppoll\n"
                                               "4.000000000 epoll_pwait\n"
                                               "5.000000000 poll, epoll_wait\n"
                                               "6.000000000 timerfd\n"
                                               "6.000000000 gettimeofday 1767225606\n");
}

static void test_signal_queues(void) {
  lab_expect_output(ARGUMENTS("signal-queues"), "1.000000000 value 1\n"
                                                "2.500000000 value 2\n"
                                                "4.000000000 value 3\n"
                                                "5.500000000 value 4\n");
}

static void test_broadcast(void) {
  lab_expect_output(ARGUMENTS("broadcast"), "1.000000000 thread 0\n"
                                            "1.000000000 thread 1\n"
                                            "1.000000000 thread 2\n"
                                            "2.000000000 end\n");
}

static void test_sockets(void) {
  expect("sockets", "1.000000000 accept4 from 10.0.0.9\n"
                    "2.000000000 readv 4: fo ur\n"
                    "3.000000000 sent 3 and 5 bytes\n"
                    "3.000000000 one from 10.0.0.9\n"
                    "3.000000000 three from 10.0.0.9\n"
                    "4.000000000 one from 10.0.0.9\n");
}

static void test_listen(void) {
  expect("listen", "0.000000000 listens at 0.0.0.0 49152\n"
                   "1.000000000 accepts 10.0.0.9\n");
}

static void test_files(void) {
  expect("file-forms", "0.000000000 open64 client\n"
                       "0.000000000 openat64 client\n"
                       "0.000000000 __open_2 client\n"
                       "0.000000000 __open64_2 client\n"
                       "0.000000000 __openat_2 client\n"
                       "0.000000000 __openat64_2 client\n"
                       "0.000000000 fopen64 client\n"
                       "0.000000000 __gethostname_chk client\n");
}

static void test_interfaces(void) {
  expect("interfaces", "0.000000000 lo 1 eth0 2\n"
                       "0.000000000 lo eth0\n"
                       "0.000000000 eth1 ENODEV\n"
                       "0.000000000 3 ENXIO\n"
                       "0.000000000 lo 127.0.0.1\n"
                       "0.000000000 eth0 10.0.0.9\n"
                       "0.000000000 address 10.0.0.9\n"
                       "0.000000000 up 1 loopback 0\n"
                       "0.000000000 index 2\n");
}

static void test_hosts(void) {
  expect("host-forms", "0.000000000 server: UDP six.example type 28\n"
                       "0.000000000 gethostbyname2_r 2001:db8::6\n"
                       "0.000000000 server: UDP 1.2.0.192.in-addr.arpa type 12\n"
                       "0.000000000 gethostbyaddr_r a.example\n"
                       "0.000000000 server: UDP 1.2.0.192.in-addr.arpa type 12\n");
}

static void test_resolver(void) {
  static const char *const calls[] = {
      "res_nsearch",    "res_nquerydomain", "old_res_query",       "old_res_nquery",
      "old_res_search", "old_res_nsearch",  "old_res_querydomain", "old_res_nquerydomain"};
  char expected[1024] = "";
  for (size_t i = 0, used = 0; i < sizeof calls / sizeof calls[0]; i++)
    used += (size_t)snprintf(expected + used, sizeof expected - used,
                             "0.000000000 server: UDP a.example type 1\n"
                             "0.000000000 %s: 2 records\n",
                             calls[i]);
  expect("resolver-forms", expected);
}

static struct lab_result make_messages(uint64_t seed) {
  return lab_run(&(struct lab_options){.seed = seed, .prepare = prepare, .host = "client"},
                 ARGUMENTS("message-forms"));
}

/* Ids are the same for one seed, and other ones for another. */
static void test_messages(void) {
  static const char *const shown[] = {
      " res_nmkquery 27 bytes, id ",     " res_nsend: 2 records\n",
      " old_res_mkquery 27 bytes, id ",  " old_res_send: 2 records\n",
      " old_res_nmkquery 27 bytes, id ", " old_res_nsend: 2 records\n",
      " res_mkquery 27 bytes, id ",      " res_randomid ",
  };
  struct lab_result first = make_messages(1), again = make_messages(1), other = make_messages(2);
  CU_ASSERT_EQUAL(first.status, 0);
  CU_ASSERT_STRING_EQUAL(first.output, again.output);
  for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
    const char *of_first = strstr(first.output, shown[i]),
               *of_other = strstr(other.output, shown[i]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(of_first);
    CU_ASSERT_PTR_NOT_NULL_FATAL(of_other);
    size_t length = strlen(shown[i]);
    if (shown[i][length - 1] == ' ')
      CU_ASSERT_NOT_EQUAL(strtoul(of_first + length, NULL, 10),
                          strtoul(of_other + length, NULL, 10));
  }
  free(first.output);
  free(again.output);
  free(other.output);
}

static const struct unit_test tests[] = {
    {"who exits gives the turn away, by each of the ways to exit", test_ends},
    {"wait3 and wait4 wait, and tell the usage", test_wait},
    {"posix_spawn and posix_spawnp announce their child", test_spawn},
    {"ualarm and timespec_get", test_time},
    {"times and waits by syscall()", test_system_calls},
    {"pthread_sigqueue and sigqueue wake who waits for their signal", test_signal_queues},
    {"cnd_broadcast wakes all", test_broadcast},
    {"accept4 and readv wait, sendmmsg is noticed; their addresses are simulated", test_sockets},
    {"a socket that listens without an address has its host's", test_listen},
    {"files of the network, by each form of open and fopen", test_files},
    {"interfaces by index, by name, by ioctl", test_interfaces},
    {"gethostbyname2_r and gethostbyaddr_r", test_hosts},
    {"queries by their newer and older names", test_resolver},
    {"messages have seeded ids and are sent, by the newer and older names", test_messages},
};

UNIT_MAIN("forms", tests)
