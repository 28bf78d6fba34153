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

/* ---- with inherited priorities ---- */

static int take_inherited(void *word) {
  if (REAL(syscall)(SYS_futex, word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0) == 0)
    return 0;
  return errno == EAGAIN ? EBUSY : errno;
}

/* Trying makes the kernel note in the word that somebody waits, so that the owner unlocks by a call
 * of his. The time of FUTEX_LOCK_PI is a date, that of FUTEX_LOCK_PI2 is as it says. */
static long futex_lock_inherited(const long a[6]) {
  struct attempt attempt = {
      .take = take_inherited, .object = (void *)a[0], .manner = TURN_GOES_ON | TURN_NO_CANCEL};
  int operation = (int)a[1];
  if ((operation & FUTEX_CMD_MASK) == FUTEX_LOCK_PI)
    operation |= FUTEX_CLOCK_REALTIME;
  int error = futex_deadline(operation, (const struct timespec *)a[3], &attempt.deadline);
  if (!error)
    error = waiters_take(&attempt);
  return error ? refuse(error) : 0;
}

static long futex_unlock_inherited(const long a[6]) {
  long result = REAL(syscall)(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (result == 0) {
    waiters_hand_over((const void *)a[0], 1);
    if (!(a[1] & FUTEX_PRIVATE_FLAG))
      turn_count_futex_wake();
  }
  return result;
}

/* ---- several at once ---- */

struct futex_waits {
  struct futex_wait *list;
  unsigned count;
  unsigned woken; /* which of them */
};

static int is_any_over(void *context) {
  struct futex_waits *waits = context;
  for (waits->woken = 0; waits->woken < waits->count; waits->woken++)
    if (is_over(&waits->list[waits->woken]))
      return 1;
  return 0;
}

/* Words of 32 bits are all that Linux has so far (futex_waitv(2) has FUTEX_32 only). */
static int add_waits(struct futex_waits *waits, const struct futex_waitv *words) {
  for (unsigned i = 0; i < waits->count; i++) {
    struct futex_wait *wait = &waits->list[i];
    if ((words[i].flags & ~(unsigned)FUTEX_PRIVATE_FLAG) != FUTEX_32 || words[i].__reserved)
      return EINVAL;
    *wait = (struct futex_wait){.word = (_Atomic uint32_t *)words[i].uaddr,
                                .expected = (uint32_t)words[i].val,
                                .shared = !(words[i].flags & FUTEX_PRIVATE_FLAG),
                                .wakes = turn_futex_wakes()};
  }
  for (unsigned i = 0; i < waits->count; i++)
    if (*waits->list[i].word != waits->list[i].expected)
      return EAGAIN;
  for (unsigned i = 0; i < waits->count; i++)
    waiter_add(&waits->list[i].waiter, waits->list[i].word, WAITER_ANY_BITS);
  return 0;
}

long futex_waitv_call(const long a[6]) {
  struct futex_wait list[FUTEX_WAITV_MAX];
  struct futex_waits waits = {.list = list, .count = (unsigned)a[1]};
  const struct timespec *time = (const struct timespec *)a[3];
  struct turn_deadline deadline = TURN_NEVER;
  int error = waits.count == 0 || waits.count > FUTEX_WAITV_MAX || a[2] || !a[0] ? EINVAL : 0;
  if (!error && time && (time->tv_sec < 0 || deadline_of((clockid_t)a[4], time, &deadline)))
    error = EINVAL;
  if (!error)
    error = add_waits(&waits, (const struct futex_waitv *)a[0]);
  if (error)
    return refuse(error);
  int result = turn_await(&(struct turn_request){.ready = is_any_over,
                                                 .context = &waits,
                                                 .deadline = deadline,
                                                 .manner = TURN_RESTARTS | TURN_NO_CANCEL});
  for (unsigned i = 0; i < waits.count; i++)
    waiter_remove(&list[i].waiter);
  return result > 0 ? (long)waits.woken : result == 0 ? refuse(ETIMEDOUT) : -1;
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
  case FUTEX_LOCK_PI:
  case FUTEX_LOCK_PI2:
    return futex_lock_inherited(a);
  case FUTEX_UNLOCK_PI:
    return futex_unlock_inherited(a);
  }
  /* What is left moves waiters to locks that inherit priorities; the C library did so once. */
  return REAL(syscall)(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]);
}
