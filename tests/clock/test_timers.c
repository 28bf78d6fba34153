/* SPDX-License-Identifier: MIT
 *
 * Timers and signals on the clock: each test runs a part of the participant in a lab of its own and
 * compares what it printed, virtual times included, to the nanosecond.
 */
#include "tests/clock/lab.h"
#include "tests/unit.h"

static void test_timerfd(void) {
  lab_expect_output(ARGUMENTS("timerfd"), "0.000000000 left 2.000000000\n"
                                          "2.000000000 once 1\n"
                                          "3.500000000 first 1\n"
                                          "6.500000000 missed 3\n"
                                          "6.750000000 left 0.750000000 of 1.000000000\n"
                                          "7.250000000 poll 0\n"
                                          "7.500000000 poll 1\n"
                                          "9.500000000 copy 3\n"
                                          "10.500000000 copy 1\n"
                                          "20.500000000 disarmed 0\n"
                                          "20.500000000 passed 1\n"
                                          "20.500000000 invalid EINVAL\n");
}

static void test_timerfd_date(void) {
  lab_expect_output(ARGUMENTS("timerfd-date"), "0.000000000 nothing EAGAIN\n"
                                               "5.000000000 epoll 1\n"
                                               "5.000000000 count 1\n"
                                               "7.000000000 epoll 1\n"
                                               "7.000000000 count 1\n"
                                               "9.000000000 epoll 1\n"
                                               "9.000000000 count 1\n"
                                               "11.000000000 epoll 1\n"
                                               "18.000000000 epoll 0\n"
                                               "18.000000000 count 4\n"
                                               "25.000000000 closed 0\n"
                                               "26.000000000 another 1\n");
}

static void test_timerfd_fork(void) {
  lab_expect_output(ARGUMENTS("timerfd-fork"), "1.000000000 parent 1\n"
                                               "2.000000000 parent 1\n"
                                               "3.000000000 parent 1\n"
                                               "4.000000000 child 1\n"
                                               "5.000000000 child 1\n"
                                               "6.000000000 child 1\n"
                                               "7.000000000 daemon 1\n");
}

static void test_alarm(void) {
  lab_expect_output(ARGUMENTS("alarm"), "0.000000000 none 0\n"
                                        "1.000000000 left 2\n"
                                        "6.000000000 signal 14\n"
                                        "6.000000000 pause EINTR\n"
                                        "6.500000000 signal 14\n"
                                        "6.750000000 signal 14\n"
                                        "7.000000000 signal 14\n"
                                        "7.100000000 left 150000 of 250000 us\n"
                                        "9.100000000 child saw 0\n"
                                        "16.100000000 ended by 14\n");
}

static void test_alarm_interrupts(void) {
  lab_expect_output(ARGUMENTS("alarm-interrupts"), "1.000000000 signal 14\n"
                                                   "1.000000000 read EINTR\n"
                                                   "2.000000000 signal 14\n"
                                                   "3.000000000 restarted read 1\n"
                                                   "4.000000000 signal 14\n"
                                                   "4.000000000 poll EINTR\n");
}

static void test_posix_timers(void) {
  lab_expect_output(ARGUMENTS("posix-timers"), "2.000000000 value 17 code SI_TIMER overrun 0\n"
                                               "3.000000000 value 17 code SI_TIMER overrun 0\n"
                                               "6.500000000 overrun 2\n"
                                               "6.500000000 left 0.500000000\n"
                                               "16.500000000 thread 18\n"
                                               "19.500000000 thread 18\n"
                                               "20.625000000 for one thread\n"
                                               "21.625000000 over 0.000000000\n"
                                               "21.625000000 unknown EINVAL\n");
}

static void test_sigwait(void) {
  lab_expect_output(ARGUMENTS("sigwait"), "1.000000000 signal 1\n"
                                          "2.000000000 sigwait 10\n"
                                          "3.000000000 signal 1\n"
                                          "3.000000000 sigwaitinfo EINTR\n"
                                          "6.000000000 sigtimedwait EAGAIN\n"
                                          "8.000000000 sigtimedwait 10 from a child: yes\n"
                                          "10.000000000 signal 12\n"
                                          "10.000000000 sigsuspend\n"
                                          "12.000000000 signalfd 10\n"
                                          "12.000000000 signalfd poll 1\n");
}

static const struct unit_test tests[] = {
    {"a timerfd is read and polled at its times, and counts what was missed", test_timerfd},
    {"a timerfd on the date; epoll sees one edge until it is read; closing it removes it",
     test_timerfd_date},
    {"a timerfd is shared with the child of a fork, and outlives the parent", test_timerfd_fork},
    {"alarm and setitimer; an alarm is kept over an exec, not over a fork", test_alarm},
    {"an alarm interrupts what waits, unless its handler restarts it", test_alarm_interrupts},
    {"timer_create by signal, by thread, for one thread, by nothing", test_posix_timers},
    {"sigwait, sigwaitinfo, sigtimedwait, sigsuspend, signalfd", test_sigwait},
};

UNIT_MAIN("clock timers", tests)
