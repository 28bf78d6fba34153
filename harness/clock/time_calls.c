/* SPDX-License-Identifier: MIT
 *
 * Interposed: the calls that read the time, those that set it, and those that only wait for it.
 *
 * Processor-time clocks stay real: nothing in a lab may depend on them, and virtual time has none.
 */
#include <errno.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

static bool is_realtime(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI ||
         clock == CLOCK_REALTIME_ALARM;
}

static bool is_monotonic(clockid_t clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE ||
         clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME || clock == CLOCK_BOOTTIME_ALARM;
}

INTERPOSED int clock_gettime(clockid_t clock, struct timespec *time) {
  if (!turn_in_lab() || (!is_realtime(clock) && !is_monotonic(clock)))
    return REAL(clock_gettime)(clock, time);
  *time = timespec_of_ns(is_realtime(clock) ? turn_realtime_ns() : turn_now_ns());
  return 0;
}

INTERPOSED int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  if (!turn_in_lab())
    return REAL(gettimeofday)(time, zone);
  struct timespec now = timespec_of_ns(turn_realtime_ns());
  *time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  if (zone)
    *(struct timezone *)zone = (struct timezone){0};
  return 0;
}

INTERPOSED time_t time(time_t *out) {
  if (!turn_in_lab())
    return REAL(time)(out);
  time_t now = (time_t)(turn_realtime_ns() / NS_PER_S);
  if (out)
    *out = now;
  return now;
}

INTERPOSED int timespec_get(struct timespec *time, int base) {
  if (!turn_in_lab() || base != TIME_UTC)
    return REAL(timespec_get)(time, base);
  *time = timespec_of_ns(turn_realtime_ns());
  return base;
}

/* ---- since the machine was started ---- */

/* The processor times are real. */
INTERPOSED clock_t times(struct tms *out) {
  clock_t result = REAL(times)(out);
  return turn_in_lab() && result != (clock_t)-1
             ? (clock_t)(turn_now_ns() / (NS_PER_S / sysconf(_SC_CLK_TCK)))
             : result;
}

/* Loads and memory are the machine's. */
INTERPOSED int sysinfo(struct sysinfo *out) {
  int result = REAL(sysinfo)(out);
  if (result == 0 && turn_in_lab())
    out->uptime = (long)(turn_now_ns() / NS_PER_S);
  return result;
}

/* ---- setting it ---- */

/* A program without privileges can't (CAP_SYS_TIME); in a lab no program has them, whoever runs it:
 * a scenario steps dates. */
static int refuse_to_set(void) {
  errno = EPERM;
  return -1;
}

INTERPOSED int clock_settime(clockid_t clock, const struct timespec *time) {
  return turn_in_lab() ? refuse_to_set() : REAL(clock_settime)(clock, time);
}

INTERPOSED int settimeofday(const struct timeval *time, const struct timezone *zone) {
  return turn_in_lab() ? refuse_to_set() : REAL(settimeofday)(time, zone);
}

INTERPOSED int adjtime(const struct timeval *delta, struct timeval *old) {
  return turn_in_lab() && delta ? refuse_to_set() : REAL(adjtime)(delta, old);
}

/* Reading the state of the kernel's clock needs no privilege. */
INTERPOSED int adjtimex(struct timex *state) {
  return turn_in_lab() && state->modes ? refuse_to_set() : REAL(adjtimex)(state);
}

INTERPOSED int ntp_adjtime(struct timex *state) {
  return turn_in_lab() && state->modes ? refuse_to_set() : REAL(ntp_adjtime)(state);
}

INTERPOSED int clock_adjtime(clockid_t clock, struct timex *state) {
  return turn_in_lab() && state->modes ? refuse_to_set() : REAL(clock_adjtime)(clock, state);
}

/* ---- waiting ---- */

static int nothing_is_ready(void *context) {
  (void)context;
  return 0;
}

/* 0, or EINTR. */
static int sleep_until(int64_t deadline_ns) {
  return turn_wait(nothing_is_ready, NULL, deadline_ns, NULL) < 0 ? EINTR : 0;
}

/* Sleeps for a duration; after a signal `remaining` (may be NULL) has what is left. 0 or an errno
 * value. */
static int sleep_for(const struct timespec *duration, struct timespec *remaining) {
  int64_t duration_ns = ns_of_timespec(duration);
  if (duration_ns < 0)
    return EINVAL;
  int64_t deadline_ns = turn_deadline_ns(duration_ns);
  int error = sleep_until(deadline_ns);
  if (error && remaining)
    *remaining = timespec_of_ns(deadline_ns - turn_now_ns());
  return error;
}

INTERPOSED int nanosleep(const struct timespec *duration, struct timespec *remaining) {
  if (!turn_taking_part())
    return REAL(nanosleep)(duration, remaining);
  int error = sleep_for(duration, remaining);
  if (error)
    errno = error;
  return error ? -1 : 0;
}

INTERPOSED int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                               struct timespec *remaining) {
  if (!turn_taking_part() || (!is_realtime(clock) && !is_monotonic(clock)))
    return REAL(clock_nanosleep)(clock, flags, time, remaining);
  if (!(flags & TIMER_ABSTIME))
    return sleep_for(time, remaining);
  int64_t until_ns = ns_of_timespec(time);
  if (until_ns < 0)
    return EINVAL;
  struct turn_request request = {
      .ready = nothing_is_ready,
      .deadline = {.ns = until_ns, .is_date = is_realtime(clock)},
  };
  return turn_await(&request) < 0 ? EINTR : 0;
}

INTERPOSED int usleep(useconds_t duration_us) {
  if (!turn_taking_part())
    return REAL(usleep)(duration_us);
  struct timespec duration = timespec_of_ns((int64_t)duration_us * 1000);
  return nanosleep(&duration, NULL);
}

INTERPOSED unsigned sleep(unsigned duration_s) {
  if (!turn_taking_part())
    return REAL(sleep)(duration_s);
  struct timespec duration = {.tv_sec = duration_s}, remaining = {0};
  /* As the C library does: what is left is rounded up, so that a sleep that was cut short never
   * gives 0. */
  return nanosleep(&duration, &remaining) ? (unsigned)remaining.tv_sec + (remaining.tv_nsec > 0)
                                          : 0;
}

INTERPOSED int pause(void) {
  if (!turn_taking_part())
    return REAL(pause)();
  return turn_wait(nothing_is_ready, NULL, CLOCK_NEVER, NULL);
}
