/* SPDX-License-Identifier: MIT
 *
 * Threads on the clock: each test runs a part of the participant in a lab of its own and compares
 * what it printed, virtual times included, to the nanosecond.
 */
#include "tests/clock/lab.h"
#include "tests/unit.h"

static void test_threads(void) {
  lab_expect_output(ARGUMENTS("threads"), "0.000000000 created\n"
                                          "0.000000000 thread 3 starts\n"
                                          "0.000000000 thread 2 starts\n"
                                          "0.000000000 thread 1 starts\n"
                                          "1.000000000 thread 1 ends\n"
                                          "2.000000000 thread 2 ends\n"
                                          "3.000000000 thread 3 ends\n"
                                          "3.000000000 joined 30\n"
                                          "3.000000000 joined 20\n"
                                          "3.000000000 joined 10\n");
}

static void test_join_times(void) {
  lab_expect_output(ARGUMENTS("join-times"), "0.000000000 try EBUSY\n"
                                             "0.000000000 thread 5 starts\n"
                                             "2.000000000 until ETIMEDOUT\n"
                                             "4.000000000 until ETIMEDOUT\n"
                                             "5.000000000 thread 5 ends\n"
                                             "5.000000000 until 0\n"
                                             "5.000000000 itself EDEADLK\n");
}

static void test_thread_ends(void) {
  lab_expect_output(ARGUMENTS("thread-ends"), "2.000000000 destructor of joined\n"
                                              "2.000000000 exited\n"
                                              "4.000000000 destructor of detached\n"
                                              "5.000000000 end\n");
}

static void test_many_threads(void) {
  lab_expect_output(ARGUMENTS("many-threads", "3000"), "0.000000000 3000 threads\n");
}

static void test_cancel(void) {
  lab_expect_output(ARGUMENTS("cancel"), "1.000000000 sleep cleans up\n"
                                         "1.000000000 sleep cancelled\n"
                                         "2.000000000 read cleans up\n"
                                         "2.000000000 read cancelled\n"
                                         "3.000000000 has the mutex: yes\n"
                                         "3.000000000 wait cleans up\n"
                                         "3.000000000 wait cancelled\n"
                                         "13.000000000 later may be cancelled\n"
                                         "13.000000000 later cleans up\n"
                                         "13.000000000 later cancelled\n");
}

static void test_process_ends(void) {
  lab_expect_output(ARGUMENTS("process-ends"), "6.000000000 status 4 signal 0\n"
                                               "7.000000000 status 5 signal 0\n"
                                               "8.000000000 status 0 signal 9\n"
                                               "12.000000000 the last thread ends\n"
                                               "12.000000000 status 0 signal 0\n"
                                               "13.000000000 end\n");
}

static void test_fork_in_thread(void) {
  lab_expect_output(ARGUMENTS("fork-in-thread"), "0.000000000 thread 3 starts\n"
                                                 "1.000000000 child of a thread\n"
                                                 "1.000000000 joined 7\n"
                                                 "3.000000000 thread 3 ends\n");
}

static void test_yield(void) {
  lab_expect_output(ARGUMENTS("yield"), "0.000000000 at once\n"
                                        "3600.000000000 after an hour\n");
}

static void test_thread_signals(void) {
  lab_expect_output(ARGUMENTS("thread-signals"), "2.000000000 signal 10 in the other\n"
                                                 "2.000000000 slept, interrupted\n"
                                                 "4.000000000 signal 10 in the other\n"
                                                 "4.000000000 slept, interrupted\n"
                                                 "4.000000000 end\n");
}

static void test_first_thread_signals(void) {
  lab_expect_output(ARGUMENTS("first-thread-signals"), "0.000000000 sleeps\n"
                                                       "2.000000000 signal 14 in the first thread\n"
                                                       "2.000000000 slept, interrupted\n"
                                                       "4.000000000 signal 14 in the first thread\n"
                                                       "4.000000000 slept, interrupted\n"
                                                       "6.000000000 other goes on\n"
                                                       "6.000000000 signal 14 in the first thread\n"
                                                       "6.000000000 slept, interrupted\n");
}

static void test_c11(void) {
  lab_expect_output(ARGUMENTS("c11"), "1.000000000 cnd_wait\n"
                                      "1.000000000 thrd_join 42\n"
                                      "6.000000000 cnd_timedwait thrd_timedout\n"
                                      "6.500000000 mtx_timedlock thrd_timedout\n"
                                      "7.000000000 mtx_lock\n");
}

static void test_mutex(void) {
  lab_expect_output(ARGUMENTS("mutex"), "0.000000000 thread 0 has it\n"
                                        "0.750000000 timedlock ETIMEDOUT\n"
                                        "0.875000000 clocklock ETIMEDOUT\n"
                                        "0.875000000 timedlock EINVAL\n"
                                        "1.000000000 thread 1 has it\n"
                                        "2.000000000 thread 2 has it\n"
                                        "3.000000000 first thread has it\n"
                                        "3.010000000 first thread has it\n");
}

static void test_mutex_kinds(void) {
  lab_expect_output(ARGUMENTS("mutex-kinds"), "0.000000000 checked EDEADLK\n"
                                              "0.000000000 checked EDEADLK\n"
                                              "0.000000000 recursive ok\n"
                                              "1.000000000 normal ETIMEDOUT\n");
}

static void test_rwlock(void) {
  lab_expect_output(ARGUMENTS("rwlock"), "0.000000000 reader 0\n"
                                         "0.000000000 reader 1\n"
                                         "0.500001000 write ETIMEDOUT\n"
                                         "1.000000000 writer 2\n"
                                         "1.750001000 read ETIMEDOUT\n"
                                         "2.000000000 read ok\n"
                                         "2.000000000 write ok\n"
                                         "2.000000000 again EDEADLK\n");
}

static void test_spin_lock_and_barrier(void) {
  lab_expect_output(ARGUMENTS("spin-lock-and-barrier"), "1.000000000 spin lock\n"
                                                        "4.000000000 thread 3 serial\n"
                                                        "4.000000000 thread 1\n"
                                                        "4.000000000 thread 2\n"
                                                        "7.000000000 thread 3 serial\n"
                                                        "7.000000000 thread 1\n"
                                                        "7.000000000 thread 2\n"
                                                        "7.000000000 barrier ok\n");
}

static void test_hand_over(void) {
  lab_expect_output(ARGUMENTS("hand-over"), "1.000000000 reader after a writer\n"
                                            "10.750000000 ETIMEDOUT\n"
                                            "11.000000000 writer after a reader\n"
                                            "21.000000000 spin lock\n"
                                            "31.000000000 mtx_t\n");
}

static void test_condition(void) {
  lab_expect_output(ARGUMENTS("condition"), "1.000000000 thread 4 ETIMEDOUT\n"
                                            "2.000000000 thread 0 woken\n"
                                            "3.000000000 thread 1 woken\n"
                                            "4.000000000 broadcast\n"
                                            "4.000000000 thread 2 woken\n"
                                            "4.000000000 thread 3 woken\n"
                                            "5.000000000 timedwait ETIMEDOUT\n"
                                            "5.000000000 timedwait ETIMEDOUT\n"
                                            "6.500000000 clockwait ETIMEDOUT\n"
                                            "9.500000000 monotonic ETIMEDOUT\n"
                                            "9.500000000 invalid EINVAL\n");
}

static void test_semaphore(void) {
  lab_expect_output(ARGUMENTS("semaphore"), "1.000000000 thread 0\n"
                                            "2.000000000 thread 1\n"
                                            "4.000000000 timedwait ETIMEDOUT\n"
                                            "6.000000000 clockwait ETIMEDOUT\n"
                                            "6.000000000 timedwait ok\n"
                                            "6.000000000 invalid EINVAL\n");
}

static void test_shared(void) {
  lab_expect_output(ARGUMENTS("shared"), "1.000000000 mutex\n"
                                         "2.000000000 condition\n"
                                         "3.000000000 barrier\n"
                                         "4.000000000 semaphore\n"
                                         "5.000000000 named semaphore\n"
                                         "6.000000000 futex\n"
                                         "7.000000000 robust mutex EOWNERDEAD\n");
}

static void test_futex(void) {
  lab_expect_output(ARGUMENTS("futex"), "0.000000000 EAGAIN\n"
                                        "2.000000000 ETIMEDOUT\n"
                                        "4.000000000 ETIMEDOUT\n"
                                        "6.000000000 ETIMEDOUT\n"
                                        "7.000000000 wakes 1\n"
                                        "7.000000000 thread 0 ok\n"
                                        "8.000000000 requeues 2\n"
                                        "8.000000000 thread 1 ok\n"
                                        "9.000000000 wakes 1\n"
                                        "9.000000000 thread 2 ok\n"
                                        "10.000000000 wakes 1\n"
                                        "10.000000000 thread 3 ok\n");
}

static const struct unit_test tests[] = {
    {"threads run in the order of their creation, each as a participant", test_threads},
    {"joining a thread waits for it, or until a time", test_join_times},
    {"destructors of a thread have the turn, detached threads free their slots", test_thread_ends},
    {"slots of threads that ended are used again", test_many_threads},
    {"a thread is cancelled where it waits", test_cancel},
    {"exec, exit, death and the end of the first thread take the other threads along",
     test_process_ends},
    {"a thread may fork", test_fork_in_thread},
    {"who yields until another is done lets it run and time pass", test_yield},
    {"a signal is taken by the thread that it is for", test_thread_signals},
    {"a signal for the process is taken by its first thread", test_first_thread_signals},
    {"the C11 forms of threads, mutexes and condition variables", test_c11},
    {"a mutex is waited for, in order, and nobody is shut out by who takes it again", test_mutex},
    {"mutexes that check, recursive ones, and a deadlock of one thread", test_mutex_kinds},
    {"read-write locks have many readers or one writer", test_rwlock},
    {"spin locks and barriers", test_spin_lock_and_barrier},
    {"who lets go of a lock and goes on has handed it over", test_hand_over},
    {"a signal wakes the first waiter, a broadcast all", test_condition},
    {"semaphores are waited for, or until a time", test_semaphore},
    {"mutexes, condition variables, barriers, semaphores and futexes between processes",
     test_shared},
    {"futexes by syscall: waiting, waking, requeueing, times", test_futex},
};

UNIT_MAIN("clock threads", tests)
