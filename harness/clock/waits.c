/* SPDX-License-Identifier: MIT
 *
 * Waiting for one descriptor (waits.h).
 */
#include "harness/clock/waits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/clock/audience.h"
#include "harness/clock/calls.h"
#include "harness/clock/reaching.h"
#include "harness/clock/real.h"
#include "harness/clock/silence.h"
#include "harness/clock/socket_notes.h"
#include "harness/clock/timerfd_calls.h"
#include "harness/clock/turn.h"

static int is_ready(void *context) {
  return REAL(poll)(context, 1, 0);
}

bool is_non_blocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 || flags & O_NONBLOCK;
}

int64_t socket_timeout_ns(int fd, int option) {
  struct timeval timeout = {0};
  socklen_t length = sizeof timeout;
  int saved_errno = errno, result = getsockopt(fd, SOL_SOCKET, option, &timeout, &length);
  errno = saved_errno;
  if (result || (timeout.tv_sec == 0 && timeout.tv_usec == 0))
    return -1;
  return timeout.tv_sec * NS_PER_S + timeout.tv_usec * NS_PER_US;
}

/* signal(7): with a timeout a wait isn't restarted after a handler, whatever SA_RESTART says. */
int await_ready_until(int fd, int option, int (*ready)(void *context), void *context) {
  int64_t duration_ns = socket_timeout_ns(fd, option);
  int result = turn_await(&(struct turn_request){
      .ready = ready,
      .context = context,
      .deadline.ns = turn_deadline_ns(duration_ns),
      .manner = (duration_ns < 0 ? TURN_RESTARTS : TURN_INTERRUPTED) |
                (option == SO_SNDTIMEO ? TURN_FOR_ROOM : 0),
  });
  if (result == 0)
    errno = EAGAIN;
  return result > 0 ? 0 : -1;
}

static int await_descriptor(int fd, short events, int option) {
  struct pollfd descriptor = {.fd = fd, .events = events};
  return await_ready_until(fd, option, is_ready, &descriptor);
}

static bool is_ready_now(int fd, short events) {
  struct pollfd descriptor = {.fd = fd, .events = events};
  return REAL(poll)(&descriptor, 1, 0) != 0;
}

int await_readable(int fd) {
  if (!turn_taking_part())
    return 0;
  if (timerfd_before_read(fd))
    return -1;
  if (is_ready_now(fd, POLLIN) || is_non_blocking(fd))
    return 0;
  return await_descriptor(fd, POLLIN, SO_RCVTIMEO) ? -1 : timerfd_before_read(fd);
}

int await_writable(int fd) {
  if (!turn_taking_part() || is_ready_now(fd, POLLOUT) || is_non_blocking(fd))
    return 0;
  return await_descriptor(fd, POLLOUT, SO_SNDTIMEO);
}

/* ---- writing all of it ---- */

/* What is left of a message. */
struct rest {
  const struct iovec *parts;
  size_t count;
  size_t offset; /* in the first of them */
};

static void advance(struct rest *rest, size_t size) {
  while (rest->count > 0 && size >= rest->parts->iov_len - rest->offset) {
    size -= rest->parts->iov_len - rest->offset;
    rest->offset = 0;
    rest->parts++;
    rest->count--;
  }
  rest->offset += size;
}

/* Sends as much as the kernel takes at once; a part that was begun goes alone. */
static ssize_t send_at_once(int fd, const struct msghdr *message, const struct rest *rest,
                            int flags) {
  struct msghdr now = *message;
  struct iovec begun;
  now.msg_iov = (struct iovec *)rest->parts;
  now.msg_iovlen = rest->count;
  if (rest->offset > 0) {
    begun = (struct iovec){(char *)rest->parts->iov_base + rest->offset,
                           rest->parts->iov_len - rest->offset};
    now.msg_iov = &begun;
    now.msg_iovlen = 1;
  }
  ssize_t result;
  if (reach_takes(fd, &now, flags, &result))
    return result;
  return REAL(sendmsg)(fd, &now, flags | MSG_DONTWAIT);
}

static int can_send(void *context) {
  const int *fd = context;
  const struct socket_note *note = socket_note_find(*fd);
  if (note && silence_holds(note))
    return silence_has_room(note);
  return is_ready_now(*fd, POLLOUT);
}

ssize_t waiting_sendmsg(int fd, const struct msghdr *message, int flags) {
  if (!turn_taking_part())
    return REAL(sendmsg)(fd, message, flags);
  int saved_errno = errno;
  struct msghdr left = *message;
  struct rest rest = {.parts = message->msg_iov, .count = message->msg_iovlen};
  ssize_t sent = 0;
  for (;;) {
    ssize_t result = send_at_once(fd, &left, &rest, flags);
    if (result < 0 && errno != EAGAIN)
      break;
    if (result >= 0) {
      sent += result;
      advance(&rest, (size_t)result);
      left.msg_control = NULL; /* goes with the first byte */
      left.msg_controllen = 0;
      if (rest.count == 0) {
        errno = saved_errno;
        return sent;
      }
    }
    if (flags & MSG_DONTWAIT || is_non_blocking(fd))
      break;
    if (sent > 0) /* who waits for it must be able to make room */
      turn_activity_for(audience_of(fd));
    if (await_ready_until(fd, SO_SNDTIMEO, can_send, &fd))
      break;
  }
  return sent > 0 ? sent : socket_result(fd, -1);
}

static bool is_pipe(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* A pipe that is writable has room for PIPE_BUF bytes, which is what POSIX keeps together. */
static ssize_t write_to_pipe(int fd, const char *bytes, size_t size) {
  size_t written = 0;
  while (written < size) {
    size_t part = size - written < PIPE_BUF ? size - written : PIPE_BUF;
    if (await_writable(fd))
      break;
    ssize_t result = REAL(write)(fd, bytes + written, part);
    if (result < 0)
      break;
    written += (size_t)result;
    turn_activity_for(audience_of(fd));
  }
  return written > 0 ? (ssize_t)written : -1;
}

ssize_t waiting_write(int fd, const void *bytes, size_t size) {
  if (!turn_taking_part())
    return REAL(write)(fd, bytes, size);
  int saved_errno = errno;
  struct iovec part = {(void *)bytes, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  ssize_t result = waiting_sendmsg(fd, &message, 0);
  if (result >= 0 || errno != ENOTSOCK)
    return result;
  errno = saved_errno;
  if (size == 0 || !is_pipe(fd) || is_non_blocking(fd))
    return REAL(write)(fd, bytes, size);
  return write_to_pipe(fd, bytes, size);
}

ssize_t waiting_writev(int fd, const struct iovec *parts, int count) {
  if (!turn_taking_part() || count <= 0 || count > IOV_MAX)
    return REAL(writev)(fd, parts, count);
  int saved_errno = errno;
  struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
  ssize_t result = waiting_sendmsg(fd, &message, 0);
  if (result >= 0 || errno != ENOTSOCK)
    return result;
  errno = saved_errno;
  if (!is_pipe(fd) || is_non_blocking(fd))
    return REAL(writev)(fd, parts, count);
  ssize_t written = 0;
  for (int i = 0; i < count; i++) {
    ssize_t one = write_to_pipe(fd, parts[i].iov_base, parts[i].iov_len);
    if (one < 0 && parts[i].iov_len > 0)
      return written > 0 ? written : -1;
    written += one < 0 ? 0 : one;
    if (one >= 0 && (size_t)one < parts[i].iov_len)
      break;
  }
  return written;
}

/* ---- files into sockets ---- */

/* More than any datagram takes. */
enum { FILE_PART_SIZE = 65536 };

/* Sends a file from a place on. Returns the size sent; -1: nothing, and errno says why. */
static ssize_t send_file(int to, int from, off_t at, size_t size, char *bytes) {
  size_t sent = 0;
  while (sent < size) {
    size_t wanted = size - sent < FILE_PART_SIZE ? size - sent : FILE_PART_SIZE;
    ssize_t part = pread(from, bytes, wanted, at + (off_t)sent);
    if (part == 0)
      break;
    struct iovec iovec = {bytes, part > 0 ? (size_t)part : 0};
    struct msghdr message = {.msg_iov = &iovec, .msg_iovlen = 1};
    ssize_t result = part < 0 ? -1 : waiting_sendmsg(to, &message, 0);
    if (result < 0)
      return sent > 0 ? (ssize_t)sent : -1;
    sent += (size_t)result;
    turn_activity_for(audience_of(to)); /* who must make room for the next part */
    if (result < part)
      break;
  }
  return (ssize_t)sent;
}

ssize_t waiting_sendfile(int to, int from, off_t *offset, size_t size) {
  int saved_errno = errno;
  off_t at = offset ? *offset : lseek(from, 0, SEEK_CUR);
  char *bytes =
      turn_taking_part() && at >= 0 && inet_protocol(to) >= 0 ? malloc(FILE_PART_SIZE) : NULL;
  if (!bytes) {
    errno = saved_errno;
    return REAL(sendfile)(to, from, offset, size);
  }
  ssize_t sent = send_file(to, from, at, size, bytes);
  saved_errno = sent < 0 ? errno : saved_errno;
  free(bytes);
  if (sent > 0 && offset)
    *offset = at + sent;
  else if (sent > 0)
    lseek(from, at + sent, SEEK_SET);
  errno = saved_errno;
  return sent;
}
