/* SPDX-License-Identifier: MIT
 *
 * Interposed: the calls that wait for one descriptor to become readable when it is in blocking
 * mode. A parent that waits on a pipe for its child's exec (as libuv does) is one of them.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness/clock/random_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/socket_notes.h"
#include "harness/clock/turn.h"
#include "harness/clock/waits.h"

INTERPOSED ssize_t read(int fd, void *bytes, size_t size) {
  if (random_device_read(fd, bytes, size))
    return (ssize_t)size;
  if (await_readable(fd))
    return -1;
  return socket_received(fd, REAL(read)(fd, bytes, size));
}

INTERPOSED ssize_t readv(int fd, const struct iovec *parts, int count) {
  if (await_readable(fd))
    return -1;
  return socket_received(fd, REAL(readv)(fd, parts, count));
}

INTERPOSED ssize_t recv(int fd, void *bytes, size_t size, int flags) {
  if (flags & MSG_WAITALL)
    return recvfrom(fd, bytes, size, flags, NULL, NULL);
  if (!(flags & MSG_DONTWAIT) && await_readable(fd))
    return -1;
  return socket_received(fd, REAL(recv)(fd, bytes, size, flags));
}

/* What programs built with _FORTIFY_SOURCE call. */
ssize_t __read_chk(int fd, void *bytes, size_t size, size_t capacity);
ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t capacity, int flags);

INTERPOSED ssize_t __read_chk(int fd, void *bytes, size_t size, size_t capacity) {
  if (size > capacity)
    abort();
  return read(fd, bytes, size);
}

INTERPOSED ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t capacity, int flags) {
  if (size > capacity)
    abort();
  return recv(fd, bytes, size, flags);
}
