/* SPDX-License-Identifier: MIT
 *
 * Interposed: epoll. Each wait becomes a look with a timeout of zero by the real call, repeated
 * under turn_await().
 *
 * A wait doesn't say what the instance waits for, so epoll_ctl notes by which instance a descriptor
 * is asked whether it has room. What is closed without epoll_ctl stays noted until its number is
 * used again, and each wait of the process counts as one for all of its instances: then others'
 * reads wake it in vain, and no more.
 */
#include "harness/clock/epoll_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "harness/clock/calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

/* ---- who asks for room ---- */

/* For each descriptor 1 + the instance that asks whether it has room; 0: none does; SEVERAL: more
 * than one has done so, which stays. */
enum { SEVERAL = -1 };

static struct {
  int *instance;
  int capacity;
  int descriptors;   /* that have one */
  bool is_forgotten; /* memory was out: in doubt, any wait is for room */
} asked;

bool epoll_is_for_room(void) {
  return asked.descriptors > 0 || asked.is_forgotten;
}

/* Makes room in the table for a descriptor. */
static bool reserve(int fd) {
  int capacity = asked.capacity > 0 ? asked.capacity : 64;
  while (capacity <= fd)
    capacity *= 2;
  int *larger = capacity > asked.capacity
                    ? realloc(asked.instance, (size_t)capacity * sizeof *larger)
                    : asked.instance;
  if (!larger)
    return false;
  for (int i = asked.capacity; i < capacity; i++)
    larger[i] = 0;
  asked.instance = larger;
  asked.capacity = capacity;
  return true;
}

static void ask(int instance, int fd) {
  if (!reserve(fd)) {
    asked.is_forgotten = true;
    return;
  }
  int *by = &asked.instance[fd];
  if (*by == 0)
    asked.descriptors++;
  *by = *by == 0 || *by == instance + 1 ? instance + 1 : SEVERAL;
}

static void ask_no_more(int instance, int fd) {
  if (fd < asked.capacity && asked.instance[fd] == instance + 1) {
    asked.instance[fd] = 0;
    asked.descriptors--;
  }
}

INTERPOSED int epoll_ctl(int descriptor, int operation, int fd, struct epoll_event *event) {
  int result = REAL(epoll_ctl)(descriptor, operation, fd, event);
  if (result < 0 || !turn_in_lab())
    return result;
  if (operation != EPOLL_CTL_DEL && event->events & (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND))
    ask(descriptor, fd);
  else
    ask_no_more(descriptor, fd);
  return result;
}

/* ---- waiting ---- */

struct epoll_set {
  int descriptor;
  struct epoll_event *events;
  int capacity;
};

static int epoll_ready(void *context) {
  struct epoll_set *set = context;
  return REAL(epoll_wait)(set->descriptor, set->events, set->capacity, 0);
}

static int epoll_until(struct epoll_set *set, int64_t deadline_ns, const sigset_t *mask) {
  return turn_await(&(struct turn_request){.ready = epoll_ready,
                                           .context = set,
                                           .deadline.ns = deadline_ns,
                                           .mask = mask,
                                           .manner = epoll_is_for_room() ? TURN_FOR_ROOM : 0});
}

INTERPOSED int epoll_pwait(int descriptor, struct epoll_event *events, int capacity, int timeout_ms,
                           const sigset_t *mask) {
  if (!turn_taking_part() || timeout_ms == 0)
    return REAL(epoll_pwait)(descriptor, events, capacity, timeout_ms, mask);
  struct epoll_set set = {descriptor, events, capacity};
  return epoll_until(&set, deadline_of_ms(timeout_ms), mask);
}

INTERPOSED int epoll_wait(int descriptor, struct epoll_event *events, int capacity,
                          int timeout_ms) {
  if (!turn_taking_part() || timeout_ms == 0)
    return REAL(epoll_wait)(descriptor, events, capacity, timeout_ms);
  return epoll_pwait(descriptor, events, capacity, timeout_ms, NULL);
}

INTERPOSED int epoll_pwait2(int descriptor, struct epoll_event *events, int capacity,
                            const struct timespec *timeout, const sigset_t *mask) {
  if (!turn_taking_part())
    return REAL(epoll_pwait2)(descriptor, events, capacity, timeout, mask);
  int64_t deadline_ns;
  struct epoll_set set = {descriptor, events, capacity};
  if (!deadline_of_timespec(timeout, &deadline_ns)) {
    errno = EINVAL;
    return -1;
  }
  return epoll_until(&set, deadline_ns, mask);
}
