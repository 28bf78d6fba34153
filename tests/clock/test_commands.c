/* SPDX-License-Identifier: MIT
 *
 * Commands and sockets that wait on the clock: each test runs a part of the participant in a lab of
 * its own and compares what it printed, virtual times included, to the nanosecond.
 */
#include "tests/clock/lab.h"
#include "tests/unit.h"

static void test_system(void) {
  lab_expect_output(ARGUMENTS("system"), "3.000000000 system 4\n"
                                         "3.000000000 killed by 9\n"
                                         "3.000000000 not found 127\n"
                                         "3.000000000 shell 1\n");
}

static void test_popen(void) {
  lab_expect_output(ARGUMENTS("popen"), "1.000000000 poll 0\n"
                                        "2.000000000 one\n"
                                        "3.000000000 two\n"
                                        "4.000000000 pclose 3\n"
                                        "5.000000000 written\n"
                                        "9.000000000 pclose 1\n"
                                        "9.000000000 mode EINVAL\n");
}

static void test_daemon(void) {
  lab_expect_unwatched(ARGUMENTS("daemon"), "0.000000000 parent is gone\n"
                                            "2.000000000 daemon writes\n");
}

static void test_receive_timeouts(void) {
  lab_expect_output(ARGUMENTS("receive-timeouts"), "1.500000000 recv EAGAIN\n"
                                                   "3.000000000 read EAGAIN\n"
                                                   "4.500000000 recvfrom EAGAIN\n"
                                                   "6.000000000 recvmsg EAGAIN\n"
                                                   "6.240000000 accept EAGAIN\n"
                                                   "6.240000000 at once EAGAIN\n");
}

static void test_recvmmsg(void) {
  lab_expect_output(ARGUMENTS("recvmmsg"), "3.000000000 all 3\n"
                                           "4.000000000 for one 1\n"
                                           "6.000000000 timeout 2\n"
                                           "6.000000000 left 0.000000000\n");
}

static void test_eventfd(void) {
  lab_expect_output(ARGUMENTS("eventfd"), "2.000000000 eventfd 5\n");
}

static void test_writes(void) {
  lab_expect_output(ARGUMENTS("writes"), "3.000000000 pipe write 3145728\n"
                                         "6.000000000 pipe writev 3145728\n"
                                         "6.000000000 pipe EPIPE\n"
                                         "9.000000000 socket write 3145728\n"
                                         "12.000000000 socket writev 3145728\n"
                                         "12.000000000 socket EPIPE\n"
                                         "14.000000000 send EAGAIN\n"
                                         "14.000000000 send EAGAIN\n");
}

static const struct unit_test tests[] = {
    {"system waits for its command", test_system},
    {"a stream of popen is read and written when its command does", test_popen},
    {"a daemon goes on when its parent is gone", test_daemon},
    {"SO_RCVTIMEO ends what receives or accepts", test_receive_timeouts},
    {"recvmmsg waits for all, for one, or until a time", test_recvmmsg},
    {"eventfd_read waits", test_eventfd},
    {"what writes more than there is room for waits until it is read, or for SO_SNDTIMEO",
     test_writes},
};

UNIT_MAIN("clock commands", tests)
