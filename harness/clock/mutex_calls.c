/* SPDX-License-Identifier: MIT
 *
 * Interposed: locks (mutexes, read-write locks, spin locks). The locks stay the C library's: each
 * is tried first, which is all that an uncontended one costs; a busy one is tried again whenever
 * its holder has let go of it.
 *
 * Locks that several processes share have waiters that this process doesn't know: letting go of
 * one counts as activity.
 */
#include "harness/clock/mutex_calls.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/clock/calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"
#include "harness/clock/waiters.h"

/* In `__kind` of the C library's mutex; part of its binary interface, since initialisers have it.
 */
enum { MUTEX_KIND_MASK = 3, MUTEX_SHARED = 128 };

static int take_mutex(void *mutex) {
  return REAL(pthread_mutex_trylock)(mutex);
}

static int wait_for(int (*take)(void *object), void *object, struct turn_deadline deadline) {
  return waiters_take(&(struct attempt){.take = take,
                                        .object = object,
                                        .deadline = deadline,
                                        .manner = TURN_GOES_ON | TURN_NO_CANCEL});
}

static pid_t own_thread(void) {
  return (pid_t)REAL(syscall)(SYS_gettid);
}

/* A mutex that checks for errors is refused to who has it already, not waited for. */
static bool is_own_checked(const pthread_mutex_t *mutex) {
  return (mutex->__data.__kind & MUTEX_KIND_MASK) == PTHREAD_MUTEX_ERRORCHECK &&
         mutex->__data.__owner == own_thread();
}

static int take_mutex_until(pthread_mutex_t *mutex, struct turn_deadline deadline) {
  int error = REAL(pthread_mutex_trylock)(mutex);
  if (error != EBUSY)
    return error;
  return is_own_checked(mutex) ? EDEADLK : wait_for(take_mutex, mutex, deadline);
}

int mutex_acquire(pthread_mutex_t *mutex) {
  return take_mutex_until(mutex, TURN_NEVER);
}

int mutex_release(pthread_mutex_t *mutex) {
  bool shared = mutex->__data.__kind & MUTEX_SHARED;
  int error = REAL(pthread_mutex_unlock)(mutex);
  waiters_wake(mutex, WAITER_ANY_BITS, 1);
  if (shared)
    turn_activity();
  return error;
}

INTERPOSED int pthread_mutex_lock(pthread_mutex_t *mutex) {
  return turn_taking_part() ? mutex_acquire(mutex) : REAL(pthread_mutex_lock)(mutex);
}

INTERPOSED int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                                       const struct timespec *restrict time) {
  if (!turn_taking_part())
    return REAL(pthread_mutex_clocklock)(mutex, clock, time);
  struct turn_deadline deadline;
  int error = REAL(pthread_mutex_trylock)(mutex);
  if (error != EBUSY)
    return error;
  error = deadline_of(clock, time, &deadline);
  return error ? error : take_mutex_until(mutex, deadline);
}

INTERPOSED int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex,
                                       const struct timespec *restrict time) {
  if (!turn_taking_part())
    return REAL(pthread_mutex_timedlock)(mutex, time);
  return pthread_mutex_clocklock(mutex, CLOCK_REALTIME, time);
}

INTERPOSED int pthread_mutex_unlock(pthread_mutex_t *mutex) {
  if (!turn_taking_part())
    return REAL(pthread_mutex_unlock)(mutex);
  bool shared = mutex->__data.__kind & MUTEX_SHARED;
  int error = REAL(pthread_mutex_unlock)(mutex);
  if (shared)
    turn_activity();
  waiters_hand_over(mutex, 1);
  return error;
}

/* ---- read-write locks ---- */

static int take_for_reading(void *lock) {
  return REAL(pthread_rwlock_tryrdlock)(lock);
}

static int take_for_writing(void *lock) {
  return REAL(pthread_rwlock_trywrlock)(lock);
}

static bool is_own_writer(const pthread_rwlock_t *lock) {
  return lock->__data.__cur_writer == own_thread();
}

static int take_rwlock(int (*take)(void *lock), pthread_rwlock_t *lock,
                       struct turn_deadline deadline) {
  int error = take(lock);
  if (error != EBUSY)
    return error;
  return is_own_writer(lock) ? EDEADLK : wait_for(take, lock, deadline);
}

static int take_rwlock_until(int (*take)(void *lock), pthread_rwlock_t *lock, clockid_t clock,
                             const struct timespec *time) {
  struct turn_deadline deadline;
  int error = deadline_of(clock, time, &deadline);
  return error ? error : take_rwlock(take, lock, deadline);
}

INTERPOSED int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
  return turn_taking_part() ? take_rwlock(take_for_reading, lock, TURN_NEVER)
                            : REAL(pthread_rwlock_rdlock)(lock);
}

INTERPOSED int pthread_rwlock_wrlock(pthread_rwlock_t *lock) {
  return turn_taking_part() ? take_rwlock(take_for_writing, lock, TURN_NEVER)
                            : REAL(pthread_rwlock_wrlock)(lock);
}

INTERPOSED int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict lock,
                                          const struct timespec *restrict time) {
  return turn_taking_part() ? take_rwlock_until(take_for_reading, lock, CLOCK_REALTIME, time)
                            : REAL(pthread_rwlock_timedrdlock)(lock, time);
}

INTERPOSED int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict lock,
                                          const struct timespec *restrict time) {
  return turn_taking_part() ? take_rwlock_until(take_for_writing, lock, CLOCK_REALTIME, time)
                            : REAL(pthread_rwlock_timedwrlock)(lock, time);
}

INTERPOSED int pthread_rwlock_clockrdlock(pthread_rwlock_t *restrict lock, clockid_t clock,
                                          const struct timespec *restrict time) {
  return turn_taking_part() ? take_rwlock_until(take_for_reading, lock, clock, time)
                            : REAL(pthread_rwlock_clockrdlock)(lock, clock, time);
}

INTERPOSED int pthread_rwlock_clockwrlock(pthread_rwlock_t *restrict lock, clockid_t clock,
                                          const struct timespec *restrict time) {
  return turn_taking_part() ? take_rwlock_until(take_for_writing, lock, clock, time)
                            : REAL(pthread_rwlock_clockwrlock)(lock, clock, time);
}

INTERPOSED int pthread_rwlock_unlock(pthread_rwlock_t *lock) {
  if (!turn_taking_part())
    return REAL(pthread_rwlock_unlock)(lock);
  bool shared = lock->__data.__shared;
  int error = REAL(pthread_rwlock_unlock)(lock);
  if (shared)
    turn_activity();
  waiters_hand_over(lock, WAITERS_ALL);
  return error;
}

/* ---- spin locks: a holder may lose the turn too, and then spinning would never end ---- */

static int take_spin_lock(void *lock) {
  return REAL(pthread_spin_trylock)(lock);
}

INTERPOSED int pthread_spin_lock(pthread_spinlock_t *lock) {
  if (!turn_taking_part())
    return REAL(pthread_spin_lock)(lock);
  int error = REAL(pthread_spin_trylock)(lock);
  return error == EBUSY ? wait_for(take_spin_lock, (void *)lock, TURN_NEVER) : error;
}

INTERPOSED int pthread_spin_unlock(pthread_spinlock_t *lock) {
  int error = REAL(pthread_spin_unlock)(lock);
  if (turn_taking_part())
    waiters_hand_over((const void *)lock, 1);
  return error;
}
