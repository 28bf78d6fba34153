/* SPDX-License-Identifier: MIT
 *
 * Threads of this process that wait for an object of this process (a mutex, a condition variable, a
 * futex word), in the order in which they came. Everything here runs with the turn, so there are no
 * locks.
 */
#ifndef HARNESS_CLOCK_WAITERS_H
#define HARNESS_CLOCK_WAITERS_H

#include <limits.h>

#include "harness/clock/turn.h"

/* Lives where its thread waits. */
struct waiter {
  const void *object;
  uint32_t bits; /* of a futex: which wakes it wants */
  int slot;
  bool woken;
  struct waiter *next;
};

#define WAITER_ANY_BITS UINT32_MAX
#define WAITERS_ALL UINT_MAX

void waiter_add(struct waiter *waiter, const void *object, uint32_t bits);
void waiter_remove(struct waiter *waiter);

/* Wakes the first `count` that wait for `object` and are not yet woken: they get the turn next.
 * Returns how many there were. */
unsigned waiters_wake(const void *object, uint32_t bits, unsigned count);

/* Makes the first `count` that wait for `from` wait for `to`. */
unsigned waiters_move(const void *from, const void *to, unsigned count);

/* The same for a lock that has just been let go: wakes the first `count` and lets them run. Who
 * lets go of a lock and takes it again at once would shut out the others for ever otherwise, since
 * nothing runs while it does. */
void waiters_hand_over(const void *object, unsigned count);

/* An object that a thread can try to take. */
struct attempt {
  int (*take)(void *object); /* 0, or an errno value; EBUSY: not now */
  void *object;
  struct turn_deadline deadline;
  unsigned manner; /* of enum turn_manner */
};

/* Takes the object, waiting while it is busy. Returns what `take` returned, or ETIMEDOUT, or EINTR.
 */
int waiters_take(const struct attempt *attempt);

/* In the child of a fork: nobody waits. */
void waiters_forked(void);

#endif
