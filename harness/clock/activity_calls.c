/* SPDX-License-Identifier: MIT
 *
 * Interposed: the calls after which somebody else may have something to do. They are made as they
 * are, and counted afterwards, so that the turn can skip participants who have nothing new. (Those
 * that carry addresses are in address_calls.c and datagram_calls.c.)
 */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness/clock/audience.h"
#include "harness/clock/pending.h"
#include "harness/clock/reaching.h"
#include "harness/clock/real.h"
#include "harness/clock/silence.h"
#include "harness/clock/socket_notes.h"
#include "harness/clock/turn.h"
#include "harness/clock/waits.h"

/* Makes the call, tells those whom it concerns, returns its result. */
#define RETURN_COUNTED(type, whom, call)                                                           \
  do {                                                                                             \
    int audience = whom;                                                                           \
    type result = call;                                                                            \
    turn_activity_for(audience);                                                                   \
    return result;                                                                                 \
  } while (0)

INTERPOSED ssize_t send(int fd, const void *bytes, size_t size, int flags) {
  struct iovec part = {(void *)bytes, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  RETURN_COUNTED(ssize_t, audience_of(fd), waiting_sendmsg(fd, &message, flags));
}

INTERPOSED ssize_t write(int fd, const void *bytes, size_t size) {
  RETURN_COUNTED(ssize_t, audience_of(fd), waiting_write(fd, bytes, size));
}

INTERPOSED ssize_t writev(int fd, const struct iovec *parts, int count) {
  RETURN_COUNTED(ssize_t, audience_of(fd), waiting_writev(fd, parts, count));
}

INTERPOSED ssize_t sendfile(int to, int from, off_t *offset, size_t size) {
  RETURN_COUNTED(ssize_t, audience_of(to), waiting_sendfile(to, from, offset, size));
}

INTERPOSED ssize_t sendfile64(int to, int from, off64_t *offset, size_t size) {
  RETURN_COUNTED(ssize_t, audience_of(to), waiting_sendfile(to, from, offset, size));
}

/* These wait for both ends first; what they begin then ends with what is there. */
INTERPOSED ssize_t splice(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size,
                          unsigned flags) {
  if (!(flags & SPLICE_F_NONBLOCK) && (await_readable(from) || await_writable(to)))
    return -1;
  RETURN_COUNTED(ssize_t, TURN_EVERYBODY,
                 REAL(splice)(from, from_offset, to, to_offset, size, flags));
}

INTERPOSED ssize_t tee(int from, int to, size_t size, unsigned flags) {
  if (!(flags & SPLICE_F_NONBLOCK) && (await_readable(from) || await_writable(to)))
    return -1;
  RETURN_COUNTED(ssize_t, audience_of(to), REAL(tee)(from, to, size, flags));
}

INTERPOSED ssize_t vmsplice(int fd, const struct iovec *parts, size_t count, unsigned flags) {
  bool reads = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
  if (!(flags & SPLICE_F_NONBLOCK) && (reads ? await_readable(fd) : await_writable(fd)))
    return -1;
  RETURN_COUNTED(ssize_t, TURN_EVERYBODY, REAL(vmsplice)(fd, parts, count, flags));
}

INTERPOSED int eventfd_write(int fd, eventfd_t value) {
  RETURN_COUNTED(int, audience_of(fd), REAL(eventfd_write)(fd, value));
}

INTERPOSED int shutdown(int fd, int how) {
  reach_settle();
  struct socket_note *note = socket_note_find(fd);
  if (note && silence_holds(note))
    return silence_shutdown(note, fd, how);
  int audience = audience_of(fd), result = REAL(shutdown)(fd, how);
  if (result == 0 && note && note->pending.waits)
    pending_dissolve(fd);
  turn_activity_for(audience);
  return result;
}

/* Makes a call that closes `fd`, counts it, and returns its result. Silence is settled before, so
 * that nobody hears of the end who can't. */
#define RETURN_CLOSED(fd, audience, call)                                                          \
  do {                                                                                             \
    reach_settle();                                                                                \
    bool noted = socket_note_find(fd) != NULL;                                                     \
    int whom = audience, result = call;                                                            \
    if (noted)                                                                                     \
      socket_notes_collect();                                                                      \
    turn_activity_for(whom);                                                                       \
    return result;                                                                                 \
  } while (0)

INTERPOSED int close(int fd) {
  RETURN_CLOSED(fd, audience_of(fd), REAL(close)(fd));
}

INTERPOSED int close_range(unsigned first, unsigned last, int flags) {
  reach_settle();
  int result = REAL(close_range)(first, last, flags);
  socket_notes_collect();
  turn_activity();
  return result;
}

INTERPOSED int dup2(int from, int to) {
  RETURN_CLOSED(to, TURN_EVERYBODY, REAL(dup2)(from, to));
}

INTERPOSED int dup3(int from, int to, int flags) {
  RETURN_CLOSED(to, TURN_EVERYBODY, REAL(dup3)(from, to, flags));
}
