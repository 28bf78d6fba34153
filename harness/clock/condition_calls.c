/* SPDX-License-Identifier: MIT
 *
 * Interposed: condition variables and barriers, which have no form that only looks. In a lab they
 * are made here: the waiters of a process queue up (waiters.h), a signal wakes the first, a
 * broadcast all. Those of one that processes share look at a count in it instead, and wake
 * spuriously, as POSIX allows.
 *
 * A condition variable is initialised by the C library or statically: its attributes are read from
 * where the C library keeps them (bits/thread-shared-types.h).
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock/calls.h"
#include "harness/clock/mutex_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"
#include "harness/clock/waiters.h"

/* In `__wrefs` of the C library's condition variable, since version 2.25. */
enum { CONDITION_SHARED = 1, CONDITION_MONOTONIC = 2 };

static bool is_shared(const pthread_cond_t *condition) {
  return condition->__data.__wrefs & CONDITION_SHARED;
}

/* The first word of the C library's structure, which it doesn't use in a lab. */
static uint64_t *wakes_of(void *condition) {
  return condition;
}

struct condition_wait {
  struct waiter waiter;
  pthread_cond_t *condition;
  pthread_mutex_t *mutex;
  uint64_t wakes;
};

static int is_woken(void *context) {
  struct condition_wait *wait = context;
  return wait->waiter.woken ||
         (is_shared(wait->condition) && *wakes_of(wait->condition) != wait->wakes);
}

/* A cancelled waiter has the mutex when its cleanup handlers run, and a signal that it got is for
 * the next one (POSIX, pthread_cond_wait). */
static void on_cancel(void *context) {
  struct condition_wait *wait = context;
  waiter_remove(&wait->waiter);
  if (wait->waiter.woken)
    waiters_wake(wait->condition, WAITER_ANY_BITS, 1);
  mutex_acquire(wait->mutex);
}

static int wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex,
                      struct turn_deadline deadline) {
  struct condition_wait wait = {.condition = condition, .mutex = mutex};
  int result;
  if (is_shared(condition))
    wait.wakes = *wakes_of(condition);
  waiter_add(&wait.waiter, condition, WAITER_ANY_BITS);
  int error = mutex_release(mutex);
  if (error) {
    waiter_remove(&wait.waiter);
    return error;
  }
  pthread_cleanup_push(on_cancel, &wait);
  result = turn_await(&(struct turn_request){
      .ready = is_woken, .context = &wait, .deadline = deadline, .manner = TURN_GOES_ON});
  pthread_cleanup_pop(0);
  waiter_remove(&wait.waiter);
  error = mutex_acquire(mutex);
  if (error)
    return error;
  return result == 0 ? ETIMEDOUT : 0;
}

/* A process that has left the lab can wait for nobody; condition variables may wake spuriously. */
static int wake_spuriously(pthread_mutex_t *mutex) {
  struct timespec moment = {.tv_nsec = 1000000};
  REAL(pthread_mutex_unlock)(mutex);
  REAL(nanosleep)(&moment, NULL);
  return REAL(pthread_mutex_lock)(mutex);
}

INTERPOSED int pthread_cond_wait(pthread_cond_t *restrict condition,
                                 pthread_mutex_t *restrict mutex) {
  if (!turn_in_lab())
    return REAL(pthread_cond_wait)(condition, mutex);
  return turn_taking_part() ? wait_until(condition, mutex, TURN_NEVER) : wake_spuriously(mutex);
}

INTERPOSED int pthread_cond_clockwait(pthread_cond_t *restrict condition,
                                      pthread_mutex_t *restrict mutex, clockid_t clock,
                                      const struct timespec *restrict time) {
  if (!turn_in_lab())
    return REAL(pthread_cond_clockwait)(condition, mutex, clock, time);
  if (!turn_taking_part())
    return wake_spuriously(mutex);
  struct turn_deadline deadline;
  int error = deadline_of(clock, time, &deadline);
  return error ? error : wait_until(condition, mutex, deadline);
}

INTERPOSED int pthread_cond_timedwait(pthread_cond_t *restrict condition,
                                      pthread_mutex_t *restrict mutex,
                                      const struct timespec *restrict time) {
  if (!turn_in_lab())
    return REAL(pthread_cond_timedwait)(condition, mutex, time);
  clockid_t clock =
      condition->__data.__wrefs & CONDITION_MONOTONIC ? CLOCK_MONOTONIC : CLOCK_REALTIME;
  return pthread_cond_clockwait(condition, mutex, clock, time);
}

static int wake(pthread_cond_t *condition, unsigned count) {
  if (is_shared(condition)) {
    ++*wakes_of(condition);
    turn_activity();
  } else {
    waiters_wake(condition, WAITER_ANY_BITS, count);
  }
  return 0;
}

INTERPOSED int pthread_cond_signal(pthread_cond_t *condition) {
  return turn_in_lab() ? wake(condition, 1) : REAL(pthread_cond_signal)(condition);
}

INTERPOSED int pthread_cond_broadcast(pthread_cond_t *condition) {
  return turn_in_lab() ? wake(condition, WAITERS_ALL) : REAL(pthread_cond_broadcast)(condition);
}

/* ---- barriers ---- */

/* Takes the place of the C library's; zeros are a barrier that is not initialised. */
struct barrier {
  uint32_t needed, arrived;
  uint32_t round; /* how often all have arrived */
  uint32_t shared;
};

_Static_assert(sizeof(struct barrier) <= sizeof(pthread_barrier_t), "fits into the C library's");

struct barrier_wait {
  struct barrier *barrier;
  uint32_t round;
};

static int is_passed(void *context) {
  struct barrier_wait *wait = context;
  return wait->barrier->round != wait->round;
}

INTERPOSED int pthread_barrier_init(pthread_barrier_t *restrict memory,
                                    const pthread_barrierattr_t *restrict attributes,
                                    unsigned count) {
  if (!turn_in_lab())
    return REAL(pthread_barrier_init)(memory, attributes, count);
  int shared = PTHREAD_PROCESS_PRIVATE;
  if (attributes)
    pthread_barrierattr_getpshared(attributes, &shared);
  if (count == 0)
    return EINVAL;
  struct barrier barrier = {.needed = count, .shared = shared == PTHREAD_PROCESS_SHARED};
  memcpy(memory, &barrier, sizeof barrier);
  return 0;
}

INTERPOSED int pthread_barrier_destroy(pthread_barrier_t *memory) {
  return turn_in_lab() ? 0 : REAL(pthread_barrier_destroy)(memory);
}

INTERPOSED int pthread_barrier_wait(pthread_barrier_t *memory) {
  if (!turn_taking_part())
    return REAL(pthread_barrier_wait)(memory);
  struct barrier *barrier = (struct barrier *)memory;
  struct barrier_wait wait = {.barrier = barrier, .round = barrier->round};
  if (++barrier->arrived == barrier->needed) {
    barrier->arrived = 0;
    barrier->round++;
    waiters_wake(barrier, WAITER_ANY_BITS, WAITERS_ALL);
    if (barrier->shared)
      turn_activity();
    return PTHREAD_BARRIER_SERIAL_THREAD;
  }
  struct waiter waiter;
  waiter_add(&waiter, barrier, WAITER_ANY_BITS);
  turn_await(&(struct turn_request){.ready = is_passed,
                                    .context = &wait,
                                    .deadline = TURN_NEVER,
                                    .manner = TURN_GOES_ON | TURN_NO_CANCEL});
  waiter_remove(&waiter);
  return 0;
}
