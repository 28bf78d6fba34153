/* SPDX-License-Identifier: MIT
 *
 * Interposed: syscall(), by which libraries make calls that the C library has no function for, or
 * had none once. What this clock knows goes to the interposed function; the rest goes to the
 * kernel.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/futex_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

/* The calls return an error number; syscall() sets errno. */
static long of_error(int error) {
  if (error)
    errno = error;
  return error ? -1 : 0;
}

/* Reading time and randomness, and closing: for every process in a lab. */
static bool call_in_lab(long number, const long a[6], long *result) {
  switch (number) {
  case SYS_clock_gettime:
    *result = clock_gettime((clockid_t)a[0], (struct timespec *)a[1]);
    return true;
  case SYS_gettimeofday:
    *result = gettimeofday((struct timeval *)a[0], (void *)a[1]);
    return true;
#ifdef SYS_time
  case SYS_time:
    *result = time((time_t *)a[0]);
    return true;
#endif
  case SYS_clock_settime:
    *result = clock_settime((clockid_t)a[0], (const struct timespec *)a[1]);
    return true;
  case SYS_settimeofday:
    *result = settimeofday((const struct timeval *)a[0], (const struct timezone *)a[1]);
    return true;
  case SYS_adjtimex:
    *result = adjtimex((struct timex *)a[0]);
    return true;
  case SYS_clock_adjtime:
    *result = clock_adjtime((clockid_t)a[0], (struct timex *)a[1]);
    return true;
  case SYS_getrandom:
    *result = getrandom((void *)a[0], (size_t)a[1], (unsigned)a[2]);
    return true;
  case SYS_sendmmsg:
    *result = sendmmsg((int)a[0], (struct mmsghdr *)a[1], (unsigned)a[2], (int)a[3]);
    return true;
  case SYS_close: /* libuv's way: somebody may wait for the end of what was written there */
    *result = close((int)a[0]);
    return true;
  }
  return false;
}

/* Signals between processes and threads, and ends. */
static bool call_on_others(long number, const long a[6], long *result) {
  switch (number) {
  case SYS_kill:
    *result = kill((pid_t)a[0], (int)a[1]);
    return true;
  case SYS_tgkill:
  case SYS_tkill:
  case SYS_rt_sigqueueinfo:
  case SYS_rt_tgsigqueueinfo:
    *result = REAL(syscall)(number, a[0], a[1], a[2], a[3]);
    turn_activity();
    return true;
  case SYS_exit:
    turn_end_thread();
    return false;
  case SYS_exit_group:
    turn_leave();
    return false;
  }
  return false;
}

/* Waiting: for threads that take part. */
static bool call_in_turn(long number, const long a[6], long *result) {
  switch (number) {
  case SYS_futex:
    *result = futex_call(a);
    return true;
  case SYS_nanosleep:
    *result = nanosleep((const struct timespec *)a[0], (struct timespec *)a[1]);
    return true;
  case SYS_clock_nanosleep:
    *result = of_error(clock_nanosleep((clockid_t)a[0], (int)a[1], (const struct timespec *)a[2],
                                       (struct timespec *)a[3]));
    return true;
  case SYS_timerfd_create:
    *result = timerfd_create((clockid_t)a[0], (int)a[1]);
    return true;
  case SYS_timerfd_settime:
    *result = timerfd_settime((int)a[0], (int)a[1], (const struct itimerspec *)a[2],
                              (struct itimerspec *)a[3]);
    return true;
  case SYS_timerfd_gettime:
    *result = timerfd_gettime((int)a[0], (struct itimerspec *)a[1]);
    return true;
  case SYS_sched_yield:
    *result = sched_yield();
    return true;
#ifdef SYS_poll
  case SYS_poll:
    *result = poll((struct pollfd *)a[0], (nfds_t)a[1], (int)a[2]);
    return true;
#endif
#ifdef SYS_epoll_wait
  case SYS_epoll_wait:
    *result = epoll_wait((int)a[0], (struct epoll_event *)a[1], (int)a[2], (int)a[3]);
    return true;
#endif
  case SYS_epoll_pwait:
    *result = epoll_pwait((int)a[0], (struct epoll_event *)a[1], (int)a[2], (int)a[3],
                          (const sigset_t *)a[4]);
    return true;
  case SYS_ppoll:
    *result = ppoll((struct pollfd *)a[0], (nfds_t)a[1], (const struct timespec *)a[2],
                    (const sigset_t *)a[3]);
    return true;
  }
  return call_on_others(number, a, result);
}

INTERPOSED long syscall(long number, ...) {
  long a[6], result;
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; i++)
    a[i] = va_arg(arguments, long);
  va_end(arguments);
  if ((turn_in_lab() && call_in_lab(number, a, &result)) ||
      (turn_taking_part() && call_in_turn(number, a, &result)))
    return result;
  return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
