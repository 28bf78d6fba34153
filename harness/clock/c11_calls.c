/* SPDX-License-Identifier: MIT
 *
 * Interposed: the C11 forms of threads, mutexes and condition variables. In the C library they are
 * its POSIX ones, called by ways that can't be interposed: here they go to ours. Types have one
 * layout for both.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

#include "harness/clock/real.h"
#include "harness/clock/turn.h"

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t),
               "the C library's C11 types are its POSIX types");

static int c11_result(int error) {
  switch (error) {
  case 0:
    return thrd_success;
  case EBUSY:
    return thrd_busy;
  case ENOMEM:
    return thrd_nomem;
  case ETIMEDOUT:
    return thrd_timedout;
  default:
    return thrd_error;
  }
}

/* ---- threads ---- */

struct c11_start {
  thrd_start_t function;
  void *argument;
};

static void *run_c11_thread(void *context) {
  struct c11_start start = *(struct c11_start *)context;
  free(context);
  return (void *)(intptr_t)start.function(start.argument);
}

INTERPOSED int thrd_create(thrd_t *thread, thrd_start_t function, void *argument) {
  if (!turn_taking_part())
    return REAL(thrd_create)(thread, function, argument);
  struct c11_start *start = malloc(sizeof *start);
  if (!start)
    return thrd_nomem;
  *start = (struct c11_start){function, argument};
  int error = pthread_create(thread, NULL, run_c11_thread, start);
  if (error)
    free(start);
  return c11_result(error);
}

INTERPOSED int thrd_join(thrd_t thread, int *result) {
  void *value = NULL;
  int error = pthread_join(thread, &value);
  if (!error && result)
    *result = (int)(intptr_t)value;
  return c11_result(error);
}

INTERPOSED int thrd_sleep(const struct timespec *duration, struct timespec *remaining) {
  if (!turn_taking_part())
    return REAL(thrd_sleep)(duration, remaining);
  int error = clock_nanosleep(CLOCK_REALTIME, 0, duration, remaining);
  return error == 0 ? 0 : error == EINTR ? -1 : -2;
}

INTERPOSED void thrd_yield(void) {
  sched_yield();
}

/* ---- mutexes and condition variables ---- */

INTERPOSED int mtx_lock(mtx_t *mutex) {
  return c11_result(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

INTERPOSED int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict time) {
  return c11_result(pthread_mutex_timedlock((pthread_mutex_t *)mutex, time));
}

INTERPOSED int mtx_unlock(mtx_t *mutex) {
  return c11_result(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

INTERPOSED int cnd_wait(cnd_t *condition, mtx_t *mutex) {
  return c11_result(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

INTERPOSED int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                             const struct timespec *restrict time) {
  return c11_result(
      pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, time));
}

INTERPOSED int cnd_signal(cnd_t *condition) {
  return c11_result(pthread_cond_signal((pthread_cond_t *)condition));
}

INTERPOSED int cnd_broadcast(cnd_t *condition) {
  return c11_result(pthread_cond_broadcast((pthread_cond_t *)condition));
}
