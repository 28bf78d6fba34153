/* SPDX-License-Identifier: MIT
 *
 * The timers that a process has set (alarm, setitimer, timer_create, timerfd). They expire in
 * whichever of its threads has the turn then: turn_await() runs them and wakes for them.
 */
#ifndef HARNESS_CLOCK_TIMERS_H
#define HARNESS_CLOCK_TIMERS_H

#include <time.h>

#include "harness/clock/turn.h"

/* When a timer expires. Apart from the timer, because a process and its children may share it. */
struct timer_time {
  struct turn_deadline expiry; /* CLOCK_NEVER: not armed */
  int64_t interval_ns;         /* 0: only once */
};

struct timer {
  struct timer_time *time;
  /* Has expired `count` times since it was asked last; its next expiry is set. */
  void (*expire)(struct timer *timer, uint64_t count);
  /* Whether it has to wait for something before it expires again. Asked whenever timers are run,
   * also of one that isn't armed. NULL: never. */
  bool (*held)(struct timer *timer);
  bool inherited; /* also by the child of a fork */
  struct timer *next;
};

/* The owner keeps the timer in place until timer_remove(). */
void timer_add(struct timer *timer);
void timer_remove(struct timer *timer);

/* Sets it as timer_settime and timerfd_settime do; `is_date`: an absolute time is one. Returns 0,
 * or -1 with errno EINVAL. */
int timer_time_set(struct timer_time *time, bool is_date, bool absolute,
                   const struct itimerspec *value);

/* How many intervals have passed at `timer`'s expiry, as of now; sets the next one. 0: none yet. */
uint64_t timer_time_count(struct timer_time *time);

/* What is left until the next expiry, ns; 0: not armed. */
int64_t timer_time_left_ns(const struct timer_time *time);

/* Lets those expire whose time has come. Returns the monotonic time of the next one, or
 * CLOCK_NEVER.
 */
int64_t timers_run(void);

/* In the child of a fork: those that are not inherited are gone. */
void timers_forked(void);

#endif
