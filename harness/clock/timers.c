/* SPDX-License-Identifier: MIT
 *
 * The timers of a process (timers.h), in the order of their making. There are few of them, so a
 * list does.
 */
#include "harness/clock/timers.h"

#include <errno.h>
#include <stddef.h>

#include "harness/clock/calls.h"

static struct timer *timers;

void timer_add(struct timer *timer) {
  struct timer **end = &timers;
  while (*end)
    end = &(*end)->next;
  timer->next = NULL;
  *end = timer;
}

void timer_remove(struct timer *timer) {
  for (struct timer **link = &timers; *link; link = &(*link)->next)
    if (*link == timer) {
      *link = timer->next;
      return;
    }
}

int timer_time_set(struct timer_time *time, bool is_date, bool absolute,
                   const struct itimerspec *value) {
  int64_t value_ns = ns_of_timespec(&value->it_value),
          interval_ns = ns_of_timespec(&value->it_interval);
  if (value_ns < 0 || interval_ns < 0) {
    errno = EINVAL;
    return -1;
  }
  struct turn_deadline expiry = TURN_NEVER;
  if (value_ns > 0 && absolute)
    expiry = (struct turn_deadline){.ns = value_ns, .is_date = is_date};
  else if (value_ns > 0)
    expiry.ns = turn_deadline_ns(value_ns);
  *time = (struct timer_time){.expiry = expiry, .interval_ns = interval_ns};
  return 0;
}

static int64_t now_of(const struct turn_deadline *deadline) {
  return deadline->is_date ? turn_realtime_ns() : turn_now_ns();
}

uint64_t timer_time_count(struct timer_time *time) {
  int64_t now_ns = now_of(&time->expiry);
  if (time->expiry.ns == CLOCK_NEVER || now_ns < time->expiry.ns)
    return 0;
  if (time->interval_ns == 0) {
    time->expiry.ns = CLOCK_NEVER;
    return 1;
  }
  int64_t count = 1 + (now_ns - time->expiry.ns) / time->interval_ns;
  if (time->interval_ns > (CLOCK_NEVER - now_ns))
    time->expiry.ns = CLOCK_NEVER;
  else
    time->expiry.ns += count * time->interval_ns;
  return (uint64_t)count;
}

int64_t timer_time_left_ns(const struct timer_time *time) {
  if (time->expiry.ns == CLOCK_NEVER)
    return 0;
  int64_t left_ns = time->expiry.ns - now_of(&time->expiry);
  if (left_ns > 0)
    return left_ns;
  /* It has expired, but waits for its owner: the next of its intervals counts. */
  return time->interval_ns ? time->interval_ns - -left_ns % time->interval_ns : 1;
}

static bool is_running(struct timer *timer) {
  return !(timer->held && timer->held(timer)) && timer->time->expiry.ns != CLOCK_NEVER;
}

int64_t timers_run(void) {
  struct timer *following;
  for (struct timer *timer = timers; timer; timer = following) {
    following = timer->next; /* it may remove itself when it expires */
    uint64_t count = is_running(timer) ? timer_time_count(timer->time) : 0;
    if (count > 0)
      timer->expire(timer, count);
  }
  /* Those that expired may have been set anew. */
  int64_t next_ns = CLOCK_NEVER;
  for (struct timer *timer = timers; timer; timer = timer->next)
    if (is_running(timer) && turn_due_ns(&timer->time->expiry) < next_ns)
      next_ns = turn_due_ns(&timer->time->expiry);
  return next_ns;
}

void timers_forked(void) {
  for (struct timer **link = &timers; *link;)
    if ((*link)->inherited)
      link = &(*link)->next;
    else
      *link = (*link)->next;
}
