/* SPDX-License-Identifier: MIT
 *
 * Futexes (futex(2)), which programs and language runtimes use by syscall(). Threads of this
 * process queue up for a word and are woken in that order. A word that processes share is also
 * looked at whenever any such word was woken; who waits for one may wake spuriously, which every
 * user of futexes has to expect.
 */
#include "harness/clock/futex_calls.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/clock/calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"
#include "harness/clock/waiters.h"

static long refuse(int error) {
  errno = error;
  return -1;
}

struct futex_wait {
  struct waiter waiter;
  _Atomic uint32_t *word;
  uint32_t expected;
  bool shared;
  uint64_t wakes; /* of shared words, when the wait began */
};

static int is_over(void *context) {
  struct futex_wait *wait = context;
  if (wait->waiter.woken)
    return 1;
  if (wait->waiter.object != wait->word) /* it was requeued: only a wake ends it */
    return 0;
  return *wait->word != wait->expected || (wait->shared && turn_futex_wakes() != wait->wakes);
}

/* FUTEX_WAIT has a duration, FUTEX_WAIT_BITSET a time. */
static int futex_deadline(int operation, const struct timespec *timeout,
                          struct turn_deadline *deadline) {
  *deadline = TURN_NEVER;
  if (!timeout)
    return 0;
  int64_t timeout_ns = ns_of_timespec(timeout);
  if (timeout_ns < 0)
    return EINVAL;
  if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT)
    deadline->ns = turn_deadline_ns(timeout_ns);
  else
    *deadline = (struct turn_deadline){.ns = timeout_ns,
                                       .is_date = (operation & FUTEX_CLOCK_REALTIME) != 0};
  return 0;
}

static long futex_wait(const long a[6], uint32_t bits) {
  int operation = (int)a[1];
  struct futex_wait wait = {.word = (_Atomic uint32_t *)a[0],
                            .expected = (uint32_t)a[2],
                            .shared = !(operation & FUTEX_PRIVATE_FLAG),
                            .wakes = turn_futex_wakes()};
  struct turn_deadline deadline;
  const struct timespec *timeout = (const struct timespec *)a[3];
  int error = bits ? futex_deadline(operation, timeout, &deadline) : EINVAL;
  if (error)
    return refuse(error);
  if (*wait.word != wait.expected)
    return refuse(EAGAIN);
  waiter_add(&wait.waiter, wait.word, bits);
  int result = turn_await(&(struct turn_request){.ready = is_over,
                                                 .context = &wait,
                                                 .deadline = deadline,
                                                 .manner = TURN_RESTARTS | TURN_NO_CANCEL});
  waiter_remove(&wait.waiter);
  return result > 0 ? 0 : result == 0 ? refuse(ETIMEDOUT) : -1;
}

static long futex_wake(const long a[6], uint32_t bits) {
  const void *word = (const void *)a[0];
  long woken = waiters_wake(word, bits, (unsigned)a[2]);
  if (!(a[1] & FUTEX_PRIVATE_FLAG))
    turn_count_futex_wake();
  return woken;
}

static long futex_requeue(const long a[6], bool compares) {
  const void *from = (const void *)a[0], *to = (const void *)a[4];
  if (compares && *(const _Atomic uint32_t *)from != (uint32_t)a[5])
    return refuse(EAGAIN);
  long woken = futex_wake(a, WAITER_ANY_BITS);
  return woken + waiters_move(from, to, (unsigned)a[3]);
}

/* The kernel does the operation on the second word and says by its wakes, of which there are none
 * inside it, nothing about the comparison: waking the second word's waiters too is a spurious wake
 * at worst. */
static long futex_wake_both(const long a[6]) {
  const long second[6] = {a[4], a[1], a[3], 0, 0, 0};
  if (REAL(syscall)(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]) < 0)
    return -1;
  long woken = futex_wake(a, WAITER_ANY_BITS);
  return woken + futex_wake(second, WAITER_ANY_BITS);
}

long futex_call(const long a[6]) {
  switch (a[1] & FUTEX_CMD_MASK) {
  case FUTEX_WAIT:
    return futex_wait(a, WAITER_ANY_BITS);
  case FUTEX_WAIT_BITSET:
    return futex_wait(a, (uint32_t)a[5]);
  case FUTEX_WAKE:
    return futex_wake(a, WAITER_ANY_BITS);
  case FUTEX_WAKE_BITSET:
    return futex_wake(a, (uint32_t)a[5]);
  case FUTEX_REQUEUE:
    return futex_requeue(a, false);
  case FUTEX_CMP_REQUEUE:
    return futex_requeue(a, true);
  case FUTEX_WAKE_OP:
    return futex_wake_both(a);
  }
  /* What is left inherits priorities, which the C library's own mutexes use only. */
  return REAL(syscall)(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]);
}
