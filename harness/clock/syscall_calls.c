/* SPDX-License-Identifier: MIT
 *
 * Interposed: syscall(), by which libraries make calls that the C library has no function for, or
 * had none once. What this clock knows goes to the interposed function; the rest goes to the
 * kernel. The tables are by subject; each line is one call, with its arguments as the kernel has
 * them. (A signal set is the kernel's, of 8 bytes, which is all that is read of one.)
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/calls.h"
#include "harness/clock/futex_calls.h"
#include "harness/clock/identity_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

/* The calls return an error number; syscall() sets errno. */
static long of_error(int error) {
  if (error)
    errno = error;
  return error ? -1 : 0;
}

/* One line of a table. */
#define CALL(number, ...)                                                                          \
  case number:                                                                                     \
    *result = (__VA_ARGS__);                                                                       \
    return true;

/* An argument as a number or a pointer of a type. */
#define INT(n) ((int)a[n])
#define UNSIGNED(n) ((unsigned)a[n])
#define SIZE(n) ((size_t)a[n])
#define POINTER(n) ((void *)a[n])

/* Reading time and randomness: for every process in a lab. */
static bool call_for_time(long number, const long a[6], long *result) {
  switch (number) {
    CALL(SYS_clock_gettime, clock_gettime((clockid_t)a[0], POINTER(1)))
    CALL(SYS_gettimeofday, gettimeofday(POINTER(0), POINTER(1)))
#ifdef SYS_time
    CALL(SYS_time, time(POINTER(0)))
#endif
    CALL(SYS_clock_settime, clock_settime((clockid_t)a[0], POINTER(1)))
    CALL(SYS_settimeofday, settimeofday(POINTER(0), POINTER(1)))
    CALL(SYS_adjtimex, adjtimex(POINTER(0)))
    CALL(SYS_clock_adjtime, clock_adjtime((clockid_t)a[0], POINTER(1)))
    CALL(SYS_getrandom, getrandom(POINTER(0), SIZE(1), UNSIGNED(2)))
    CALL(SYS_times, times(POINTER(0)))
    CALL(SYS_sysinfo, sysinfo(POINTER(0)))
  }
  return false;
}

/* Making, naming and connecting sockets: addresses are simulated. */
static bool call_on_socket(long number, const long a[6], long *result) {
  switch (number) {
    CALL(SYS_socket, socket(INT(0), INT(1), INT(2)))
    CALL(SYS_bind, bind(INT(0), POINTER(1), (socklen_t)a[2]))
    CALL(SYS_listen, listen(INT(0), INT(1)))
    CALL(SYS_connect, connect(INT(0), POINTER(1), (socklen_t)a[2]))
    CALL(SYS_accept, accept(INT(0), POINTER(1), POINTER(2)))
    CALL(SYS_accept4, accept4(INT(0), POINTER(1), POINTER(2), INT(3)))
    CALL(SYS_getsockname, getsockname(INT(0), POINTER(1), POINTER(2)))
    CALL(SYS_getpeername, getpeername(INT(0), POINTER(1), POINTER(2)))
    CALL(SYS_setsockopt, setsockopt(INT(0), INT(1), INT(2), POINTER(3), (socklen_t)a[4]))
    CALL(SYS_getsockopt, getsockopt(INT(0), INT(1), INT(2), POINTER(3), POINTER(4)))
    CALL(SYS_shutdown, shutdown(INT(0), INT(1)))
    CALL(SYS_sendto, sendto(INT(0), POINTER(1), SIZE(2), INT(3), POINTER(4), (socklen_t)a[5]))
    CALL(SYS_sendmsg, sendmsg(INT(0), POINTER(1), INT(2)))
    CALL(SYS_sendmmsg, sendmmsg(INT(0), POINTER(1), UNSIGNED(2), INT(3)))
    CALL(SYS_recvfrom, recvfrom(INT(0), POINTER(1), SIZE(2), INT(3), POINTER(4), POINTER(5)))
    CALL(SYS_recvmsg, recvmsg(INT(0), POINTER(1), INT(2)))
    CALL(SYS_recvmmsg, recvmmsg(INT(0), POINTER(1), UNSIGNED(2), INT(3), POINTER(4)))
  }
  return false;
}

/* Descriptors of any kind. libuv closes by SYS_close: somebody may wait for the end of what was
 * written there. */
static bool call_on_descriptor(long number, const long a[6], long *result) {
  switch (number) {
#ifdef SYS_open
    CALL(SYS_open, open(POINTER(0), INT(1), (mode_t)a[2]))
#endif
    CALL(SYS_openat, openat(INT(0), POINTER(1), INT(2), (mode_t)a[3]))
    CALL(SYS_read, read(INT(0), POINTER(1), SIZE(2)))
    CALL(SYS_readv, readv(INT(0), POINTER(1), INT(2)))
    CALL(SYS_write, write(INT(0), POINTER(1), SIZE(2)))
    CALL(SYS_writev, writev(INT(0), POINTER(1), INT(2)))
    CALL(SYS_sendfile, sendfile(INT(0), INT(1), POINTER(2), SIZE(3)))
    CALL(SYS_splice, splice(INT(0), POINTER(1), INT(2), POINTER(3), SIZE(4), UNSIGNED(5)))
    CALL(SYS_tee, tee(INT(0), INT(1), SIZE(2), UNSIGNED(3)))
    CALL(SYS_vmsplice, vmsplice(INT(0), POINTER(1), SIZE(2), UNSIGNED(3)))
    CALL(SYS_close, close(INT(0)))
    CALL(SYS_close_range, close_range(UNSIGNED(0), UNSIGNED(1), INT(2)))
#ifdef SYS_dup2
    CALL(SYS_dup2, dup2(INT(0), INT(1)))
#endif
    CALL(SYS_dup3, dup3(INT(0), INT(1), INT(2)))
    CALL(SYS_fcntl, fcntl(INT(0), INT(1), POINTER(2)))
    CALL(SYS_flock, flock(INT(0), INT(1)))
  }
  return false;
}

/* Queues and semaphores. */
static bool call_on_queue(long number, const long a[6], long *result) {
  switch (number) {
    CALL(SYS_mq_timedsend, mq_timedsend(INT(0), POINTER(1), SIZE(2), UNSIGNED(3), POINTER(4)))
    CALL(SYS_mq_timedreceive, mq_timedreceive(INT(0), POINTER(1), SIZE(2), POINTER(3), POINTER(4)))
    CALL(SYS_msgsnd, msgsnd(INT(0), POINTER(1), SIZE(2), INT(3)))
    CALL(SYS_msgrcv, msgrcv(INT(0), POINTER(1), SIZE(2), a[3], INT(4)))
    CALL(SYS_semtimedop, semtimedop(INT(0), POINTER(1), SIZE(2), POINTER(3)))
#ifdef SYS_semop
    CALL(SYS_semop, semop(INT(0), POINTER(1), SIZE(2)))
#endif
  }
  return false;
}

/* Signals between processes and threads, and ends. The ids are the kernel's (realise_ids()). */
static bool call_on_others(long number, const long a[6], long *result) {
  switch (number) {
    CALL(SYS_kill, kill((pid_t)a[0], INT(1)))
    CALL(SYS_wait4, wait4((pid_t)a[0], POINTER(1), INT(2), POINTER(3)))
  case SYS_waitid:
    if (a[4] != 0) /* usage, which waitid() can't give */
      return false;
    *result = waitid((idtype_t)a[0], (id_t)a[1], POINTER(2), INT(3));
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

/* Both leave the rest of the time in their argument, which the functions of the C library don't;
 * the mask is a pair of a set and its size. */
static long call_pselect(const long a[6]) {
  struct timespec *timeout = POINTER(4);
  const struct {
    const sigset_t *set;
    size_t size;
  } *mask = POINTER(5);
  int64_t deadline_ns = timeout ? turn_deadline_ns(ns_of_timespec(timeout)) : CLOCK_NEVER;
  int result =
          pselect(INT(0), POINTER(1), POINTER(2), POINTER(3), timeout, mask ? mask->set : NULL),
      saved_errno = errno;
  if (deadline_ns != CLOCK_NEVER) {
    int64_t left_ns = deadline_ns - turn_now_ns();
    *timeout = timespec_of_ns(left_ns > 0 ? left_ns : 0);
  }
  errno = saved_errno;
  return result;
}

/* Waiting for descriptors. */
static bool call_polling(long number, const long a[6], long *result) {
  switch (number) {
#ifdef SYS_poll
    CALL(SYS_poll, poll(POINTER(0), (nfds_t)a[1], INT(2)))
#endif
    CALL(SYS_ppoll, ppoll(POINTER(0), (nfds_t)a[1], POINTER(2), POINTER(3)))
#ifdef SYS_select
    CALL(SYS_select, select(INT(0), POINTER(1), POINTER(2), POINTER(3), POINTER(4)))
#endif
    CALL(SYS_pselect6, call_pselect(a))
#ifdef SYS_epoll_wait
    CALL(SYS_epoll_wait, epoll_wait(INT(0), POINTER(1), INT(2), INT(3)))
#endif
    CALL(SYS_epoll_pwait, epoll_pwait(INT(0), POINTER(1), INT(2), INT(3), POINTER(4)))
    CALL(SYS_epoll_pwait2, epoll_pwait2(INT(0), POINTER(1), INT(2), POINTER(3), POINTER(4)))
  }
  return false;
}

/* Waiting for time and for other threads. */
static bool call_waiting(long number, const long a[6], long *result) {
  switch (number) {
    CALL(SYS_futex, futex_call(a))
    CALL(SYS_futex_waitv, futex_waitv_call(a))
    CALL(SYS_nanosleep, nanosleep(POINTER(0), POINTER(1)))
    CALL(SYS_clock_nanosleep,
         of_error(clock_nanosleep((clockid_t)a[0], INT(1), POINTER(2), POINTER(3))))
    CALL(SYS_timerfd_create, timerfd_create((clockid_t)a[0], INT(1)))
    CALL(SYS_timerfd_settime, timerfd_settime(INT(0), INT(1), POINTER(2), POINTER(3)))
    CALL(SYS_timerfd_gettime, timerfd_gettime(INT(0), POINTER(1)))
    CALL(SYS_getitimer, getitimer((__itimer_which_t)a[0], POINTER(1)))
    CALL(SYS_setitimer, setitimer((__itimer_which_t)a[0], POINTER(1), POINTER(2)))
#ifdef SYS_alarm
    CALL(SYS_alarm, alarm(UNSIGNED(0)))
#endif
#ifdef SYS_pause
    CALL(SYS_pause, pause())
#endif
    CALL(SYS_rt_sigtimedwait, sigtimedwait(POINTER(0), POINTER(1), POINTER(2)))
    CALL(SYS_rt_sigsuspend, sigsuspend(POINTER(0)))
    CALL(SYS_sched_yield, sched_yield())
  }
  return false;
}

/* ---- process ids ---- */

/* Calls that name processes or threads, by these arguments (a bit each), or return one. */
static const struct id_call {
  long number;
  unsigned arguments;
  bool gives_id;
} id_calls[] = {
    {SYS_getpid, 0, true},
    {SYS_gettid, 0, true},
    {SYS_getppid, 0, true},
    {SYS_getpgid, 1, true},
    {SYS_setpgid, 1 | 2, false},
    {SYS_getsid, 1, true},
    {SYS_setsid, 0, true},
#ifdef SYS_getpgrp
    {SYS_getpgrp, 0, true},
#endif
    {SYS_kill, 1, false},
    {SYS_tkill, 1, false},
    {SYS_tgkill, 1 | 2, false},
    {SYS_rt_sigqueueinfo, 1, false},
    {SYS_rt_tgsigqueueinfo, 1 | 2, false},
    {SYS_pidfd_open, 1, false},
    {SYS_sched_setaffinity, 1, false},
    {SYS_sched_getaffinity, 1, false},
    {SYS_sched_setscheduler, 1, false},
    {SYS_sched_getscheduler, 1, false},
    {SYS_sched_setparam, 1, false},
    {SYS_sched_getparam, 1, false},
    {SYS_sched_setattr, 1, false},
    {SYS_sched_getattr, 1, false},
    {SYS_setpriority, 2, false},
    {SYS_getpriority, 2, false},
    {SYS_ioprio_set, 2, false},
    {SYS_ioprio_get, 2, false},
    {SYS_prlimit64, 1, false},
};

static const struct id_call *find_id_call(long number) {
  for (size_t i = 0; i < sizeof id_calls / sizeof *id_calls; i++)
    if (id_calls[i].number == number)
      return &id_calls[i];
  return NULL;
}

static void realise_ids(const struct id_call *call, long a[6]) {
  for (int i = 0; call && i < 2; i++)
    if (call->arguments >> i & 1)
      a[i] = identity_realise((pid_t)a[i]);
}

/* What this clock has no function for. */
static long call_kernel(long number, const struct id_call *call, const long a[6]) {
  long result = REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return call && call->gives_id ? identity_simulate((pid_t)result) : result;
}

INTERPOSED long syscall(long number, ...) {
  long a[6], result;
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; i++)
    a[i] = va_arg(arguments, long);
  va_end(arguments);
  const struct id_call *call = find_id_call(number);
  realise_ids(call, a);
  if ((turn_in_lab() && (call_for_time(number, a, &result) || call_on_socket(number, a, &result) ||
                         call_on_descriptor(number, a, &result))) ||
      (turn_taking_part() &&
       (call_polling(number, a, &result) || call_waiting(number, a, &result) ||
        call_on_queue(number, a, &result) || call_on_others(number, a, &result))))
    return result;
  return call_kernel(number, call, a);
}
