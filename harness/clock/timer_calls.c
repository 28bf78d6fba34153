/* SPDX-License-Identifier: MIT
 *
 * Interposed: timers that tell of their expiry by a signal or a thread. They expire at their
 * virtual instant, in whichever thread of the process has the turn (timers.h); the kernel then
 * delivers the signal as it would any other that the process sends itself.
 *
 * Timers that count processor time stay the kernel's.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/calls.h"
#include "harness/clock/identity_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/timer_calls.h"
#include "harness/clock/timers.h"

static int refuse(int error) {
  errno = error;
  return -1;
}

/* ---- alarm and setitimer(ITIMER_REAL), which are one timer ---- */

static struct timer_time alarm_time = {.expiry = {.ns = CLOCK_NEVER}};

static void on_alarm(struct timer *timer, uint64_t count) {
  (void)count;
  turn_keep_alarm(timer->time->expiry.ns, timer->time->interval_ns);
  REAL(kill)(REAL(getpid)(), SIGALRM);
  turn_activity_for(TURN_NEARBY);
}

static struct timer alarm_timer = {.time = &alarm_time, .expire = on_alarm};

static void set_alarm(int64_t alarm_ns, int64_t interval_ns) {
  timer_remove(&alarm_timer);
  alarm_time = (struct timer_time){.expiry.ns = alarm_ns, .interval_ns = interval_ns};
  if (alarm_ns != CLOCK_NEVER)
    timer_add(&alarm_timer);
  turn_keep_alarm(alarm_ns, interval_ns);
}

void alarm_resume(int64_t alarm_ns, int64_t interval_ns) {
  if (alarm_ns != CLOCK_NEVER)
    set_alarm(alarm_ns, interval_ns);
}

/* A child of fork has a copy of this memory, but not the timer (fork(2)). */
static int64_t alarm_left_ns(void) {
  static pid_t owner;
  if (owner != REAL(getpid)()) {
    bool is_copy = owner != 0;
    owner = REAL(getpid)();
    if (is_copy)
      alarm_time.expiry.ns = CLOCK_NEVER;
  }
  return timer_time_left_ns(&alarm_time);
}

static struct timeval timeval_of_ns(int64_t ns) {
  return (struct timeval){.tv_sec = ns / NS_PER_S, .tv_usec = ns % NS_PER_S / NS_PER_US};
}

/* -1: the kernel would refuse it. */
static int64_t ns_of_timeval(const struct timeval *time) {
  if (time->tv_usec < 0 || time->tv_usec >= 1000000)
    return -1;
  struct timespec precise = {.tv_sec = time->tv_sec, .tv_nsec = time->tv_usec * NS_PER_US};
  return ns_of_timespec(&precise);
}

INTERPOSED unsigned alarm(unsigned duration_s) {
  if (!turn_taking_part())
    return REAL(alarm)(duration_s);
  int64_t left_ns = alarm_left_ns();
  set_alarm(duration_s ? turn_deadline_ns(duration_s * NS_PER_S) : CLOCK_NEVER, 0);
  /* As Linux does: rounded to the nearest second, but never to 0 while there is an alarm. */
  unsigned left_s = (unsigned)((left_ns + NS_PER_S / 2) / NS_PER_S);
  return left_ns > 0 && left_s == 0 ? 1 : left_s;
}

INTERPOSED int getitimer(__itimer_which_t which, struct itimerval *value) {
  if (!turn_taking_part() || which != ITIMER_REAL)
    return REAL(getitimer)(which, value);
  *value = (struct itimerval){.it_value = timeval_of_ns(alarm_left_ns()),
                              .it_interval = timeval_of_ns(alarm_time.interval_ns)};
  return 0;
}

INTERPOSED int setitimer(__itimer_which_t which, const struct itimerval *restrict value,
                         struct itimerval *restrict old) {
  if (!turn_taking_part() || which != ITIMER_REAL)
    return REAL(setitimer)(which, value, old);
  static const struct itimerval none;
  int64_t duration_ns = ns_of_timeval(value ? &value->it_value : &none.it_value);
  int64_t interval_ns = ns_of_timeval(value ? &value->it_interval : &none.it_interval);
  if (duration_ns < 0 || interval_ns < 0)
    return refuse(EINVAL);
  if (old)
    getitimer(which, old);
  set_alarm(duration_ns ? turn_deadline_ns(duration_ns) : CLOCK_NEVER, interval_ns);
  return 0;
}

INTERPOSED useconds_t ualarm(useconds_t duration_us, useconds_t interval_us) {
  struct itimerval value = {.it_value = timeval_of_ns(duration_us * NS_PER_US),
                            .it_interval = timeval_of_ns(interval_us * NS_PER_US)},
                   old;
  if (setitimer(ITIMER_REAL, &value, &old))
    return (useconds_t)-1;
  return (useconds_t)(old.it_value.tv_sec * 1000000 + old.it_value.tv_usec);
}

/* ---- timer_create and its kind ---- */

struct posix_timer {
  struct timer timer;
  struct timer_time time;
  struct sigevent event;
  clockid_t clock;
  bool used;
  int overrun;
  pid_t owner; /* timers are not inherited over a fork (timer_create(2)) */
};

/* More timers than any phone sets; the kernel's own limit is that of pending signals. */
#define POSIX_TIMERS_MAX 1024
static struct posix_timer posix_timers[POSIX_TIMERS_MAX];

/* The kernel's own timer ids, of timers on processor time, are small numbers; ours are addresses.
 */
static bool is_ours(timer_t id) {
  uintptr_t address = (uintptr_t)id, first = (uintptr_t)posix_timers;
  return turn_taking_part() && address >= first && address < first + sizeof posix_timers;
}

/* NULL, with errno set, when it has been deleted. */
static struct posix_timer *find_timer(timer_t id) {
  struct posix_timer *timer = id;
  if (timer->used && timer->owner == REAL(getpid)())
    return timer;
  errno = EINVAL;
  return NULL;
}

/* The kernel keeps one signal for each timer; what expires while it is pending is an overrun. */
static bool still_pending(int number) {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, number) == 1;
}

static void send_signal(struct posix_timer *timer, uint64_t count) {
  int number = timer->event.sigev_signo;
  if (still_pending(number)) {
    timer->overrun += (int)count;
    return;
  }
  siginfo_t information;
  memset(&information, 0, sizeof information);
  information.si_signo = number;
  information.si_code = SI_TIMER;
  information.si_overrun = (int)count - 1;
  information.si_value = timer->event.sigev_value;
  timer->overrun = (int)count - 1;
  if (timer->event.sigev_notify == SIGEV_THREAD_ID)
    REAL(syscall)
  (SYS_rt_tgsigqueueinfo, (long)REAL(getpid)(), (long)timer->event._sigev_un._tid, (long)number,
   (long)&information);
  else REAL(syscall)(SYS_rt_sigqueueinfo, (long)REAL(getpid)(), (long)number, (long)&information);
}

struct notification {
  void (*function)(union sigval value);
  union sigval value;
};

static void *run_notification(void *context) {
  struct notification notification = *(struct notification *)context;
  free(context);
  notification.function(notification.value);
  return NULL;
}

static void start_thread(const struct posix_timer *timer) {
  struct notification *notification = malloc(sizeof *notification);
  pthread_attr_t attributes;
  pthread_t thread;
  if (!notification)
    return;
  *notification =
      (struct notification){timer->event.sigev_notify_function, timer->event.sigev_value};
  pthread_attr_t *asked = timer->event.sigev_notify_attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (pthread_create(&thread, asked ? asked : &attributes, run_notification, notification))
    free(notification);
  else if (asked)
    pthread_detach(thread);
  pthread_attr_destroy(&attributes);
}

static void on_expiry(struct timer *base, uint64_t count) {
  struct posix_timer *timer =
      (struct posix_timer *)((char *)base - offsetof(struct posix_timer, timer));
  if (timer->event.sigev_notify == SIGEV_THREAD)
    start_thread(timer);
  else if (timer->event.sigev_notify != SIGEV_NONE)
    send_signal(timer, count);
  turn_activity_for(TURN_NEARBY);
}

static bool is_virtual(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
         clock == CLOCK_TAI || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

static bool is_date(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_TAI || clock == CLOCK_REALTIME_ALARM;
}

/* The ids of deleted timers come round late, as the kernel's do. */
static struct posix_timer *free_timer(void) {
  static unsigned created;
  for (unsigned i = 0; i < POSIX_TIMERS_MAX; i++) {
    struct posix_timer *timer = &posix_timers[created++ % POSIX_TIMERS_MAX];
    if (!timer->used || timer->owner != REAL(getpid)())
      return timer;
  }
  return NULL;
}

INTERPOSED int timer_create(clockid_t clock, struct sigevent *restrict event,
                            timer_t *restrict id) {
  if (!turn_taking_part() || !is_virtual(clock))
    return REAL(timer_create)(clock, event, id);
  struct posix_timer *timer = free_timer();
  if (!timer)
    return refuse(EAGAIN);
  *timer = (struct posix_timer){
      .timer = {.time = &timer->time, .expire = on_expiry},
      .time.expiry.ns = CLOCK_NEVER,
      .event = {.sigev_notify = SIGEV_SIGNAL,
                .sigev_signo = SIGALRM,
                .sigev_value.sival_ptr = timer},
      .clock = clock,
      .used = true,
      .owner = REAL(getpid)(),
  };
  if (event)
    timer->event = *event;
  if (timer->event.sigev_notify == SIGEV_THREAD_ID)
    timer->event._sigev_un._tid = identity_realise(timer->event._sigev_un._tid);
  timer_add(&timer->timer);
  *id = timer;
  return 0;
}

INTERPOSED int timer_delete(timer_t id) {
  if (!is_ours(id))
    return REAL(timer_delete)(id);
  struct posix_timer *timer = find_timer(id);
  if (!timer)
    return -1;
  timer_remove(&timer->timer);
  timer->used = false;
  return 0;
}

INTERPOSED int timer_gettime(timer_t id, struct itimerspec *value) {
  if (!is_ours(id))
    return REAL(timer_gettime)(id, value);
  struct posix_timer *timer = find_timer(id);
  if (!timer)
    return -1;
  *value = (struct itimerspec){.it_value = timespec_of_ns(timer_time_left_ns(&timer->time)),
                               .it_interval = timespec_of_ns(timer->time.interval_ns)};
  return 0;
}

INTERPOSED int timer_settime(timer_t id, int flags, const struct itimerspec *restrict value,
                             struct itimerspec *restrict old) {
  if (!is_ours(id))
    return REAL(timer_settime)(id, flags, value, old);
  struct posix_timer *timer = find_timer(id);
  if (!timer)
    return -1;
  if (old)
    timer_gettime(id, old);
  return timer_time_set(&timer->time, is_date(timer->clock), flags & TIMER_ABSTIME, value);
}

INTERPOSED int timer_getoverrun(timer_t id) {
  if (!is_ours(id))
    return REAL(timer_getoverrun)(id);
  struct posix_timer *timer = find_timer(id);
  return timer ? timer->overrun : -1;
}
