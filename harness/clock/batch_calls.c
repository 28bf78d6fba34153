/* SPDX-License-Identifier: MIT
 *
 * Interposed: receiving several messages at once, and reading an eventfd by its own function.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/clock/calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

/* One by one, as the kernel does; it looks at the timeout only after each message. */
INTERPOSED int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                        struct timespec *timeout) {
  if (!turn_in_lab())
    return REAL(recvmmsg)(fd, messages, count, flags, timeout);
  int64_t duration_ns = timeout ? ns_of_timespec(timeout) : INT64_MAX;
  if (duration_ns < 0) {
    errno = EINVAL;
    return -1;
  }
  int64_t deadline_ns = turn_deadline_ns(duration_ns);
  int each = flags & ~MSG_WAITFORONE;
  unsigned received = 0;
  while (received < count) {
    ssize_t size = recvmsg(fd, &messages[received].msg_hdr, each);
    if (size < 0)
      break;
    messages[received++].msg_len = (unsigned)size;
    if (flags & MSG_WAITFORONE)
      each |= MSG_DONTWAIT;
    if (turn_now_ns() >= deadline_ns)
      break;
  }
  if (timeout && deadline_ns != CLOCK_NEVER)
    *timeout = timespec_of_ns(deadline_ns > turn_now_ns() ? deadline_ns - turn_now_ns() : 0);
  return received > 0 || count == 0 ? (int)received : -1;
}

INTERPOSED int eventfd_read(int fd, eventfd_t *value) {
  if (!turn_in_lab())
    return REAL(eventfd_read)(fd, value);
  return read(fd, value, sizeof *value) == sizeof *value ? 0 : -1;
}
