/* SPDX-License-Identifier: MIT
 *
 * What the files of interposed calls share: durations in the forms that system calls use, as ns.
 */
#ifndef HARNESS_CLOCK_CALLS_H
#define HARNESS_CLOCK_CALLS_H

#include <errno.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#include "harness/clock/turn.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

static inline struct timespec timespec_of_ns(int64_t ns) {
  return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

/* -1 for a time that the kernel would refuse (EINVAL); a time too long to count in ns becomes the
 * longest. */
static inline int64_t ns_of_timespec(const struct timespec *time) {
  if (time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= NS_PER_S)
    return -1;
  if (time->tv_sec >= INT64_MAX / NS_PER_S)
    return INT64_MAX;
  return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

/* When a wait ends, by a timeout in ms as poll and epoll take it: negative is for ever. */
static inline int64_t deadline_of_ms(int timeout_ms) {
  return turn_deadline_ns(timeout_ms < 0 ? -1 : (int64_t)timeout_ms * NS_PER_MS);
}

/* The same by a timeout as ppoll and others take it: NULL is for ever. False when the kernel would
 * refuse it. */
static inline bool deadline_of_timespec(const struct timespec *timeout, int64_t *deadline_ns) {
  int64_t duration_ns = timeout ? ns_of_timespec(timeout) : INT64_MAX;
  *deadline_ns = timeout ? turn_deadline_ns(duration_ns) : CLOCK_NEVER;
  return duration_ns >= 0;
}

/* An absolute time as the calls of pthreads and semaphores take it. Returns 0, or EINVAL for a time
 * or a clock that they refuse. */
static inline int deadline_of(clockid_t clock, const struct timespec *time,
                              struct turn_deadline *deadline) {
  if (time->tv_nsec < 0 || time->tv_nsec >= NS_PER_S ||
      (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
    return EINVAL;
  /* A time before all times is one that has passed. */
  int64_t ns = time->tv_sec < 0 ? 0 : ns_of_timespec(time);
  *deadline = (struct turn_deadline){.ns = ns, .is_date = clock == CLOCK_REALTIME};
  return 0;
}

#endif
