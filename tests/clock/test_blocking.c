/* SPDX-License-Identifier: MIT
 *
 * Calls that block in the middle or for other things than time and bytes (participant_blocking.c):
 * each test runs a part of the participant in a lab with a simulated network and in one without,
 * and compares what it printed, virtual times included, to the nanosecond.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clock/lab.h"
#include "tests/unit.h"

static void prepare(struct clock_lab *lab) {
  struct network *network = &lab->segment->network;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000009)};
  network_init(network, lab_block());
  if (network_add_address(network, network_add_host(network, "client"),
                          (struct sockaddr *)&address))
    abort();
}

static void expect_in_network(const char *const *arguments, const char *expected) {
  struct lab_result result =
      lab_run(&(struct lab_options){.seed = 1, .prepare = prepare, .host = "client"}, arguments);
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_STRING_EQUAL(result.output, expected);
  if (strcmp(result.output, expected) != 0)
    fprintf(stderr, "%s printed:\n%s", arguments[0], result.output);
  CU_ASSERT_EQUAL(result.left, 0);
  CU_ASSERT_EQUAL(result.report[0], '\0');
  free(result.output);
}

static void expect(const char *const *arguments, const char *expected) {
  expect_in_network(arguments, expected);
  lab_expect_output(arguments, expected);
}

/* ---- MSG_WAITALL ---- */

static const char all_received[] = "2.000000000 recv 4\n"
                                   "4.000000000 recvfrom 4\n"
                                   "6.000000000 recvmsg 4 a bab\n"
                                   "8.000000000 at the end 2\n"
                                   "8.000000000 after it 0\n";

static void test_wait_all(void) {
  expect(ARGUMENTS("wait-all", "0"), all_received);
}

static void test_wait_all_tcp(void) {
  expect(ARGUMENTS("wait-all", "1"), all_received);
}

static void test_wait_all_timeout(void) {
  expect(ARGUMENTS("wait-all-timeout"), "2.500000000 4\n"
                                        "5.000000000 -1 EAGAIN\n"
                                        "5.000000000 -1\n"
                                        "5.000000000 -1 EAGAIN\n");
}

static void test_wait_all_signals(void) {
  expect(ARGUMENTS("wait-all-signals"), "1.000000000 restarted 2\n"
                                        "2.500000000 some 2\n"
                                        "3.500000000 none -1 EINTR\n");
}

static void test_wait_all_peek(void) {
  expect(ARGUMENTS("wait-all-peek"), "2.000000000 peek 4\n"
                                     "4.000000000 peek 6\n"
                                     "4.000000000 recv 6\n");
}

static void test_wait_all_reset(void) {
  expect(ARGUMENTS("wait-all-reset"), "2.000000000 2\n"
                                      "2.000000000 -1 ECONNRESET\n");
}

static void test_wait_all_descriptor(void) {
  expect(ARGUMENTS("wait-all-descriptor"), "2.000000000 4 1\n");
}

/* ---- files ---- */

static void test_splice(void) {
  expect(ARGUMENTS("splice"), "1.000000000 tee 1\n"
                              "1.000000000 splice 1\n"
                              "2.000000000 splice 1\n"
                              "2.000000000 SPLICE_F_NONBLOCK EAGAIN\n"
                              "3.000000000 vmsplice 1\n"
                              "4.000000000 vmsplice 1\n");
}

static void test_locks(void) {
  expect(ARGUMENTS("locks"), "3.000000000 flock\n"
                             "7.000000000 F_SETLKW\n"
                             "11.000000000 F_OFD_SETLKW\n"
                             "15.000000000 lockf\n"
                             "19.000000000 lockf64\n"
                             "23.000000000 flock, close\n"
                             "27.000000000 F_SETLKW, exit\n");
}

static void test_lock_rules(void) {
  expect(ARGUMENTS("lock-rules"), "0.000000000 both\n"
                                  "0.000000000 LOCK_NB EAGAIN\n"
                                  "1.000000000 flock EINTR\n"
                                  "1.000000000 F_OFD_SETLK EAGAIN\n"
                                  "2.000000000 F_OFD_SETLKW EINTR\n");
}

static void test_fifo(void) {
  expect(ARGUMENTS("fifo"), "1.000000000 writer open\n"
                            "1.000000000 reader open\n"
                            "2.000000000 read 1\n"
                            "3.000000000 read 0\n"
                            "4.000000000 writer open\n"
                            "4.000000000 reader open\n"
                            "5.000000000 read 1\n"
                            "6.000000000 read 0\n"
                            "6.000000000 nobody reads: ENXIO\n"
                            "7.000000000 open to read: EINTR\n"
                            "8.000000000 open to write: EINTR\n");
}

static void test_fifo_plain(void) {
  expect(ARGUMENTS("fifo-plain"), "0.000000000 read 1\n"
                                  "0.000000000 read 0\n");
}

/* ---- queues and semaphores ---- */

static void test_queue(void) {
  expect(ARGUMENTS("queue"), "2.000000000 mq_send\n"
                             "3.000000000 mq_timedsend ETIMEDOUT\n"
                             "4.000000000 mq_timedsend\n"
                             "7.000000000 mq_receive 4\n"
                             "8.000000000 mq_receive 1\n"
                             "9.000000000 mq_timedreceive ETIMEDOUT\n");
}

static void test_letters(void) {
  expect(ARGUMENTS("letters"), "1.000000000 msgrcv 1\n"
                               "1.000000000 msgrcv ENOMSG\n"
                               "3.000000000 msgsnd\n"
                               "4.000000000 msgsnd EINTR\n"
                               "5.000000000 removed: EIDRM\n");
}

static void test_values(void) {
  expect(ARGUMENTS("values"), "1.000000000 semop\n"
                              "3.000000000 semtimedop EAGAIN\n"
                              "4.000000000 semtimedop\n"
                              "5.000000000 removed: EIDRM\n");
}

/* ---- by syscall() ---- */

static void test_futexes(void) {
  expect(ARGUMENTS("futexes"), "1.000000000 LOCK_PI ETIMEDOUT\n"
                               "2.000000000 LOCK_PI no error\n"
                               "3.000000000 waitv 1\n"
                               "3.000000000 waitv EAGAIN\n"
                               "4.000000000 waitv ETIMEDOUT\n");
}

static void test_system_calls(void) {
  expect(ARGUMENTS("blocking-system-calls"), "1.000000000 pselect6, 0 left\n"
                                             "2.000000000 select\n"
                                             "3.000000000 epoll_pwait2\n"
                                             "4.000000000 alarm, pause\n"
                                             "5.000000000 read\n"
                                             "6.000000000 wait4 7\n");
}

static void test_socket_system_calls(void) {
  expect_in_network(ARGUMENTS("socket-system-calls"), "0.000000000 own 0a000009 5060\n"
                                                      "1.000000000 one from 0a000009\n"
                                                      "2.000000000 three from 0a000009\n");
}

static const struct unit_test tests[] = {
    {"MSG_WAITALL waits for all of a local stream", test_wait_all},
    {"MSG_WAITALL waits for all of a TCP stream", test_wait_all_tcp},
    {"SO_RCVTIMEO is the time for all of it", test_wait_all_timeout},
    {"a handler ends MSG_WAITALL when some bytes are there", test_wait_all_signals},
    {"MSG_WAITALL peeks at all", test_wait_all_peek},
    {"a reset after some bytes is the next call's", test_wait_all_reset},
    {"descriptors that are sent along end MSG_WAITALL", test_wait_all_descriptor},
    {"splice, tee and vmsplice wait for both ends", test_splice},
    {"locks of files are waited for until they are given back", test_locks},
    {"shared locks, LOCK_NB, handlers", test_lock_rules},
    {"who opens a FIFO waits for the other end", test_fifo},
    {"a pipe is opened by /dev/fd at once", test_fifo_plain},
    {"message queues wait, until a date", test_queue},
    {"message queues of System V wait", test_letters},
    {"semaphores of System V wait", test_values},
    {"futexes that inherit priorities, and several futexes at once", test_futexes},
    {"pselect6, select, epoll_pwait2, alarm, pause, read, wait4 by syscall()", test_system_calls},
    {"sockets by syscall() have simulated addresses", test_socket_system_calls},
};

UNIT_MAIN("blocking", tests)
