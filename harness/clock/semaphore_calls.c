/* SPDX-License-Identifier: MIT
 *
 * Interposed: semaphores. They stay the C library's: waiting for one is trying it whenever it has
 * been posted.
 */
#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "harness/clock/calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"
#include "harness/clock/waiters.h"

static int take_semaphore(void *semaphore) {
  int saved_errno = errno;
  if (REAL(sem_trywait)(semaphore) == 0)
    return 0;
  int error = errno == EAGAIN ? EBUSY : errno;
  errno = saved_errno;
  return error;
}

static int take_until(sem_t *semaphore, struct turn_deadline deadline) {
  int error = waiters_take(&(struct attempt){
      .take = take_semaphore, .object = semaphore, .deadline = deadline, .manner = TURN_RESTARTS});
  if (error)
    errno = error;
  return error ? -1 : 0;
}

INTERPOSED int sem_wait(sem_t *semaphore) {
  return turn_taking_part() ? take_until(semaphore, TURN_NEVER) : REAL(sem_wait)(semaphore);
}

INTERPOSED int sem_clockwait(sem_t *restrict semaphore, clockid_t clock,
                             const struct timespec *restrict time) {
  if (!turn_taking_part())
    return REAL(sem_clockwait)(semaphore, clock, time);
  struct turn_deadline deadline;
  int error = deadline_of(clock, time, &deadline);
  if (error) {
    errno = error;
    return -1;
  }
  return take_until(semaphore, deadline);
}

INTERPOSED int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict time) {
  return turn_taking_part() ? sem_clockwait(semaphore, CLOCK_REALTIME, time)
                            : REAL(sem_timedwait)(semaphore, time);
}

/* Whether other processes may wait for it: the C library keeps that behind the value, which has 8
 * bytes where atomics have (since version 2.21). */
static bool is_shared(const sem_t *semaphore) {
  int shared;
  memcpy(&shared, (const char *)semaphore + (sizeof(long) == 8 ? 8 : 4), sizeof shared);
  return shared != 0;
}

INTERPOSED int sem_post(sem_t *semaphore) {
  if (!turn_taking_part())
    return REAL(sem_post)(semaphore);
  bool shared = is_shared(semaphore);
  int result = REAL(sem_post)(semaphore);
  if (shared)
    turn_activity();
  if (result == 0)
    waiters_hand_over(semaphore, 1);
  return result;
}
