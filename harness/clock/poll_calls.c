/* SPDX-License-Identifier: MIT
 *
 * Interposed: poll, select and their relatives. Each becomes a look with a timeout of zero by the
 * real call, repeated under turn_await(). epoll_calls.c does the same for epoll.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "harness/clock/calls.h"
#include "harness/clock/epoll_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

static int refuse(int error) {
  errno = error;
  return -1;
}

/* ---- poll ---- */

struct poll_set {
  struct pollfd *descriptors;
  nfds_t count;
};

static int poll_ready(void *context) {
  struct poll_set *set = context;
  return REAL(poll)(set->descriptors, set->count, 0);
}

/* One of the descriptors may be an epoll instance. */
static bool poll_is_for_room(const struct poll_set *set) {
  for (nfds_t i = 0; i < set->count; i++)
    if (set->descriptors[i].events & (POLLOUT | POLLWRNORM | POLLWRBAND))
      return true;
  return epoll_is_for_room();
}

static int poll_until(struct poll_set *set, int64_t deadline_ns, const sigset_t *mask) {
  return turn_await(&(struct turn_request){.ready = poll_ready,
                                           .context = set,
                                           .deadline.ns = deadline_ns,
                                           .mask = mask,
                                           .manner = poll_is_for_room(set) ? TURN_FOR_ROOM : 0});
}

INTERPOSED int poll(struct pollfd *descriptors, nfds_t count, int timeout_ms) {
  if (!turn_taking_part() || timeout_ms == 0)
    return REAL(poll)(descriptors, count, timeout_ms);
  struct poll_set set = {descriptors, count};
  return poll_until(&set, deadline_of_ms(timeout_ms), NULL);
}

INTERPOSED int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *timeout,
                     const sigset_t *mask) {
  if (!turn_taking_part())
    return REAL(ppoll)(descriptors, count, timeout, mask);
  int64_t deadline_ns;
  struct poll_set set = {descriptors, count};
  if (!deadline_of_timespec(timeout, &deadline_ns))
    return refuse(EINVAL);
  return poll_until(&set, deadline_ns, mask);
}

/* What programs built with _FORTIFY_SOURCE call; the C library has checked the size by then. */
int __poll_chk(struct pollfd *descriptors, nfds_t count, int timeout_ms, size_t size);
int __ppoll_chk(struct pollfd *descriptors, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t size);

INTERPOSED int __poll_chk(struct pollfd *descriptors, nfds_t count, int timeout_ms, size_t size) {
  if (size / sizeof *descriptors < count)
    abort();
  return poll(descriptors, count, timeout_ms);
}

INTERPOSED int __ppoll_chk(struct pollfd *descriptors, nfds_t count, const struct timespec *timeout,
                           const sigset_t *mask, size_t size) {
  if (size / sizeof *descriptors < count)
    abort();
  return ppoll(descriptors, count, timeout, mask);
}

/* ---- select ---- */

enum { SELECT_SETS = 3 };

/* The kernel reads and writes whole words of the sets, up to the highest descriptor; sets may be
 * larger than fd_set, where programs allocate them so. */
struct select_sets {
  int count;
  size_t size;
  fd_set *asked[SELECT_SETS]; /* the caller's, written only when something is ready or time is up */
  fd_set *found[SELECT_SETS]; /* ours */
};

static size_t select_set_size(int count) {
  size_t bits = CHAR_BIT * sizeof(long);
  return ((size_t)count + bits - 1) / bits * sizeof(long);
}

static int select_ready(void *context) {
  struct select_sets *sets = context;
  struct timespec at_once = {0};
  for (int i = 0; i < SELECT_SETS; i++)
    if (sets->asked[i])
      memcpy(sets->found[i], sets->asked[i], sets->size);
  return REAL(pselect)(sets->count, sets->asked[0] ? sets->found[0] : NULL,
                       sets->asked[1] ? sets->found[1] : NULL,
                       sets->asked[2] ? sets->found[2] : NULL, &at_once, NULL);
}

static int select_until(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                        int64_t deadline_ns, const sigset_t *mask) {
  if (count < 0)
    return refuse(EINVAL);
  size_t size = select_set_size(count);
  char *found = calloc(SELECT_SETS, size ? size : 1);
  if (!found)
    return refuse(ENOMEM);
  struct select_sets sets = {
      .count = count, .size = size, .asked = {readable, writable, exceptional}};
  for (int i = 0; i < SELECT_SETS; i++)
    sets.found[i] = (fd_set *)(found + (size_t)i * size);
  int result = turn_await(
      &(struct turn_request){.ready = select_ready,
                             .context = &sets,
                             .deadline.ns = deadline_ns,
                             .mask = mask,
                             .manner = writable || epoll_is_for_room() ? TURN_FOR_ROOM : 0});
  for (int i = 0; result >= 0 && i < SELECT_SETS; i++)
    if (sets.asked[i])
      memcpy(sets.asked[i], sets.found[i], size);
  int saved_errno = errno;
  free(found);
  errno = saved_errno;
  return result;
}

INTERPOSED int select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                      struct timeval *timeout) {
  bool at_once = timeout && timeout->tv_sec == 0 && timeout->tv_usec == 0;
  if (!turn_taking_part() || at_once)
    return REAL(select)(count, readable, writable, exceptional, timeout);
  if (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0))
    return refuse(EINVAL);
  int64_t deadline_ns = CLOCK_NEVER;
  if (timeout && timeout->tv_sec < INT64_MAX / NS_PER_S - timeout->tv_usec / 1000000 - 1)
    deadline_ns = turn_deadline_ns(timeout->tv_sec * NS_PER_S + timeout->tv_usec * NS_PER_US);
  int result = select_until(count, readable, writable, exceptional, deadline_ns, NULL);
  /* Linux leaves the rest of the time in the timeout. */
  if (timeout && deadline_ns != CLOCK_NEVER) {
    struct timespec left = timespec_of_ns(deadline_ns - turn_now_ns());
    *timeout = (struct timeval){.tv_sec = left.tv_sec, .tv_usec = left.tv_nsec / NS_PER_US};
  }
  return result;
}

INTERPOSED int pselect(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                       const struct timespec *timeout, const sigset_t *mask) {
  if (!turn_taking_part())
    return REAL(pselect)(count, readable, writable, exceptional, timeout, mask);
  int64_t deadline_ns;
  if (!deadline_of_timespec(timeout, &deadline_ns))
    return refuse(EINVAL);
  return select_until(count, readable, writable, exceptional, deadline_ns, mask);
}
