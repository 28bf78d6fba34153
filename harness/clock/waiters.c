/* SPDX-License-Identifier: MIT
 *
 * Who waits for what in this process (waiters.h).
 */
#include "harness/clock/waiters.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

static struct waiter *first;

void waiter_add(struct waiter *waiter, const void *object, uint32_t bits) {
  *waiter = (struct waiter){.object = object, .bits = bits, .slot = turn_slot()};
  struct waiter **end = &first;
  while (*end)
    end = &(*end)->next;
  *end = waiter;
}

void waiter_remove(struct waiter *waiter) {
  for (struct waiter **link = &first; *link; link = &(*link)->next)
    if (*link == waiter) {
      *link = waiter->next;
      return;
    }
}

unsigned waiters_wake(const void *object, uint32_t bits, unsigned count) {
  unsigned woken = 0;
  for (struct waiter *waiter = first; waiter && woken < count; waiter = waiter->next)
    if (waiter->object == object && !waiter->woken && waiter->bits & bits) {
      waiter->woken = true;
      turn_wake(waiter->slot);
      woken++;
    }
  return woken;
}

unsigned waiters_move(const void *from, const void *to, unsigned count) {
  unsigned moved = 0;
  for (struct waiter *waiter = first; waiter && moved < count; waiter = waiter->next)
    if (waiter->object == from && !waiter->woken) {
      waiter->object = to;
      moved++;
    }
  return moved;
}

void waiters_hand_over(const void *object, unsigned count) {
  if (first && waiters_wake(object, WAITER_ANY_BITS, count) > 0 && turn_taking_part())
    turn_yield();
}

void waiters_forked(void) {
  first = NULL;
}

/* ---- taking ---- */

struct taking {
  struct waiter waiter;
  const struct attempt *attempt;
  int error;
};

static int taken(void *context) {
  struct taking *taking = context;
  taking->error = taking->attempt->take(taking->attempt->object);
  if (taking->error != EBUSY)
    return 1;
  taking->waiter.woken = false; /* somebody else was quicker: the next one to let go wakes again */
  return 0;
}

/* Leaves the queue. Who was woken and goes without the object, wakes the next one. */
static void stop_waiting(void *context) {
  struct taking *taking = context;
  waiter_remove(&taking->waiter);
  if (taking->waiter.woken && taking->error == EBUSY)
    waiters_wake(taking->waiter.object, WAITER_ANY_BITS, 1);
}

int waiters_take(const struct attempt *attempt) {
  struct taking taking = {.attempt = attempt, .error = attempt->take(attempt->object)};
  if (taking.error != EBUSY)
    return taking.error;
  int result, saved_errno = errno;
  waiter_add(&taking.waiter, attempt->object, WAITER_ANY_BITS);
  pthread_cleanup_push(stop_waiting, &taking);
  result = turn_await(&(struct turn_request){.ready = taken,
                                             .context = &taking,
                                             .deadline = attempt->deadline,
                                             .manner = attempt->manner});
  pthread_cleanup_pop(1);
  errno = saved_errno;
  if (result < 0)
    return EINTR;
  return result == 0 ? ETIMEDOUT : taking.error;
}
