/* SPDX-License-Identifier: MIT
 *
 * Receiving with MSG_WAITALL (recv(2)), which the kernel does by waiting in the middle of the call:
 * here it is made of receipts that don't wait. As in Linux (net/ipv4/tcp.c and net/unix/af_unix.c),
 *
 *   - SO_RCVTIMEO is the time for all of it;
 *   - what has come ends the call, and counts, at the end of the stream, at that time, and after
 * any signal handler; with nothing there, a handler that was set with SA_RESTART doesn't end it;
 *   - an error that comes after some bytes stays for the next call;
 *   - descriptors that are sent along end it (SCM_RIGHTS).
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "harness/clock/reaching.h"
#include "harness/clock/real.h"
#include "harness/clock/socket_notes.h"
#include "harness/clock/turn.h"
#include "harness/clock/waits.h"

struct receipt {
  int fd;
  int flags; /* of each part's call */
  struct msghdr *message;
  size_t wanted, received, control_size;
  bool is_over;
  int error; /* that ended it; 0: none */
};

static int option_of(int fd, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  REAL(getsockopt)(fd, SOL_SOCKET, option, &value, &length);
  return value;
}

/* Only streams in blocking mode are waited for until all is there; and local ones don't wait when
 * they are peeked at. */
static bool waits_for_all(int fd, const struct msghdr *message, int flags) {
  if (!(flags & MSG_WAITALL) || flags & (MSG_DONTWAIT | MSG_ERRQUEUE | MSG_OOB) ||
      !turn_taking_part() || message_size(message) <= 0)
    return false;
  int saved_errno = errno;
  bool result = option_of(fd, SO_TYPE) == SOCK_STREAM && !is_non_blocking(fd) &&
                !(flags & MSG_PEEK && option_of(fd, SO_DOMAIN) == AF_UNIX);
  errno = saved_errno;
  return result;
}

/* What is left of the first part that isn't full. */
static struct iovec rest_of(const struct msghdr *message, size_t received) {
  const struct iovec *part = message->msg_iov;
  for (; received >= part->iov_len; part++)
    received -= part->iov_len;
  return (struct iovec){(char *)part->iov_base + received, part->iov_len - received};
}

static bool has_descriptors(struct msghdr *message) {
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
       header = CMSG_NXTHDR(message, header))
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
      return true;
  return false;
}

/* Receiving would take the error away, which is the next call's. */
static bool has_error_only(int fd) {
  struct pollfd polled = {.fd = fd};
  int unread = 0;
  return REAL(poll)(&polled, 1, 0) > 0 && polled.revents & POLLERR &&
         ioctl(fd, FIONREAD, &unread) == 0 && unread == 0;
}

/* What a look found. Returns whether that was anything: bytes, the end or an error. */
static bool note_receipt(struct receipt *receipt, ssize_t size) {
  if (size < 0 && errno == EAGAIN)
    return false;
  receipt->error = size < 0 ? errno : 0;
  receipt->is_over = size <= 0;
  return true;
}

static void note_part(struct receipt *receipt, struct msghdr *part) {
  if (receipt->received == 0)
    receipt->message->msg_namelen = part->msg_namelen;
  receipt->message->msg_flags = part->msg_flags;
  if (part->msg_controllen > 0) /* the last one's is what the program gets */
    receipt->control_size = part->msg_controllen;
}

static int receive_part(void *context) {
  struct receipt *receipt = context;
  struct msghdr part = *receipt->message;
  struct iovec rest = rest_of(receipt->message, receipt->received);
  part.msg_iov = &rest;
  part.msg_iovlen = 1;
  if (receipt->received > 0 && has_error_only(receipt->fd))
    return receipt->is_over = true;
  ssize_t size = REAL(recvmsg)(receipt->fd, &part, receipt->flags);
  if (!note_receipt(receipt, size))
    return 0;
  if (size >= 0) {
    note_part(receipt, &part);
    receipt->received += (size_t)size;
  }
  if (has_descriptors(&part))
    receipt->is_over = true;
  return 1;
}

/* The bytes stay there: each look sees all of them again. */
static int peek_at_all(void *context) {
  struct receipt *receipt = context;
  struct msghdr message = *receipt->message;
  struct pollfd polled = {.fd = receipt->fd, .events = POLLRDHUP};
  bool has_ended = REAL(poll)(&polled, 1, 0) > 0;
  if (receipt->received > 0 && has_error_only(receipt->fd))
    return receipt->is_over = true;
  ssize_t size = REAL(recvmsg)(receipt->fd, &message, receipt->flags);
  if ((size > 0 && (size_t)size == receipt->received && !has_ended) || !note_receipt(receipt, size))
    return 0;
  if (size >= 0) {
    note_part(receipt, &message);
    receipt->received = (size_t)size;
  }
  if (has_ended)
    receipt->is_over = true;
  return 1;
}

static ssize_t receive_all(struct receipt *receipt, int64_t timeout_ns) {
  int64_t deadline_ns = turn_deadline_ns(timeout_ns);
  while (!receipt->is_over && receipt->received < receipt->wanted) {
    bool restarts = timeout_ns < 0 && receipt->received == 0;
    int result = turn_await(
        &(struct turn_request){.ready = receipt->flags & MSG_PEEK ? peek_at_all : receive_part,
                               .context = receipt,
                               .deadline.ns = deadline_ns,
                               .manner = restarts ? TURN_RESTARTS : TURN_INTERRUPTED});
    if (result <= 0) {
      receipt->error = result == 0 ? EAGAIN : errno;
      break;
    }
    socket_received(receipt->fd, (ssize_t)receipt->received);
  }
  receipt->message->msg_controllen = receipt->control_size;
  if (receipt->received == 0 && receipt->error) {
    errno = receipt->error;
    return -1;
  }
  return (ssize_t)receipt->received;
}

ssize_t waiting_recvmsg(int fd, struct msghdr *message, int flags) {
  if (!waits_for_all(fd, message, flags)) {
    if (!(flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) && await_readable(fd))
      return -1;
    return socket_received(fd, REAL(recvmsg)(fd, message, flags));
  }
  struct receipt receipt = {.fd = fd,
                            .flags = (flags & ~MSG_WAITALL) | MSG_DONTWAIT,
                            .message = message,
                            .wanted = (size_t)message_size(message)};
  return socket_received(fd, receive_all(&receipt, socket_timeout_ns(fd, SO_RCVTIMEO)));
}
