/* SPDX-License-Identifier: MIT
 *
 * Interposed: threads. A thread is a participant of its own, announced by the one that creates it;
 * it waits for the turn before any of its own code runs, and frees its slot when it has ended
 * (membership.c). Who joins it looks without blocking until it has.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "harness/clock/calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

struct thread_start {
  void *(*routine)(void *argument);
  void *argument;
  int slot;
  sigset_t mask; /* what the thread runs under */
};

/* It runs beside its creator until it has the turn, and may touch nothing before: not even the
 * allocator. */
static void *run_thread(void *context) {
  struct thread_start *start = context;
  turn_start_thread(start->slot);
  void *(*routine)(void *) = start->routine;
  void *argument = start->argument;
  sigset_t mask = start->mask;
  free(start);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  return routine(argument);
}

/* The thread inherits the mask of its creator, in which all signals are blocked for that moment, so
 * that it gets none before its turn. */
static int create_blocked(pthread_t *thread, const pthread_attr_t *attributes,
                          struct thread_start *start) {
  sigset_t all, own;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &own);
  if (!attributes || pthread_attr_getsigmask_np(attributes, &start->mask) != 0)
    start->mask = own;
  int error = REAL(pthread_create)(thread, attributes, run_thread, start);
  pthread_sigmask(SIG_SETMASK, &own, NULL);
  return error;
}

INTERPOSED int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                              void *(*routine)(void *), void *restrict argument) {
  if (!turn_taking_part())
    return REAL(pthread_create)(thread, attributes, routine, argument);
  struct thread_start *start = malloc(sizeof *start);
  int slot = start ? turn_announce_thread() : -1;
  if (slot < 0) {
    free(start);
    return EAGAIN;
  }
  *start = (struct thread_start){.routine = routine, .argument = argument, .slot = slot};
  int error = create_blocked(thread, attributes, start);
  if (error) {
    turn_unannounce_thread(slot);
    free(start);
  }
  return error;
}

/* ---- joining ---- */

struct joining {
  pthread_t thread;
  void **result;
  int error;
};

static int joined(void *context) {
  struct joining *joining = context;
  joining->error = REAL(pthread_tryjoin_np)(joining->thread, joining->result);
  return joining->error != EBUSY;
}

static int join_until(pthread_t thread, void **result, struct turn_deadline deadline) {
  struct joining joining = {.thread = thread, .result = result};
  if (turn_await(&(struct turn_request){
          .ready = joined, .context = &joining, .deadline = deadline, .manner = TURN_GOES_ON}) == 0)
    return ETIMEDOUT;
  return joining.error;
}

INTERPOSED int pthread_join(pthread_t thread, void **result) {
  if (!turn_taking_part() || pthread_equal(thread, pthread_self()))
    return REAL(pthread_join)(thread, result);
  return join_until(thread, result, TURN_NEVER);
}

INTERPOSED int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                    const struct timespec *time) {
  if (!turn_taking_part() || pthread_equal(thread, pthread_self()))
    return REAL(pthread_clockjoin_np)(thread, result, clock, time);
  struct turn_deadline deadline = TURN_NEVER;
  int error = time ? deadline_of(clock, time, &deadline) : 0;
  return error ? error : join_until(thread, result, deadline);
}

INTERPOSED int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *time) {
  if (!turn_taking_part())
    return REAL(pthread_timedjoin_np)(thread, result, time);
  return pthread_clockjoin_np(thread, result, CLOCK_REALTIME, time);
}

/* ---- what one thread does to another ---- */

INTERPOSED int pthread_cancel(pthread_t thread) {
  int error = REAL(pthread_cancel)(thread);
  turn_activity_for(TURN_NEARBY);
  return error;
}

INTERPOSED int pthread_kill(pthread_t thread, int number) {
  int error = REAL(pthread_kill)(thread, number);
  turn_activity_for(TURN_NEARBY);
  return error;
}

INTERPOSED int pthread_sigqueue(pthread_t thread, int number, const union sigval value) {
  int error = REAL(pthread_sigqueue)(thread, number, value);
  turn_activity_for(TURN_NEARBY);
  return error;
}

/* A process without threads has nobody in the lab to yield to; it may wait for something outside,
 * as LeakSanitizer does at the end for its tracer, and no time may pass for that. */
INTERPOSED int sched_yield(void) {
  if (!turn_taking_part() || !turn_has_threads())
    return REAL(sched_yield)();
  turn_yield();
  return 0;
}
