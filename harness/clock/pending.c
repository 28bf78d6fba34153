/* SPDX-License-Identifier: MIT
 *
 * Pending connects (pending.h). The kernel's socket is in SYN-SENT, as on a real network: it has
 * sent a SYN to an address at which nobody listens, and doesn't hear the reset. At the instants at
 * which Linux repeats a SYN the library looks whether the host can be reached by now. If so, the
 * socket is pointed there.
 *
 * The instants are those of tcp_syn_retries (ip-sysctl.rst): 1, 3, 7, 15, 31 and 63 s after the
 * first SYN, and the end with ETIMEDOUT after 127 s. TCP_SYNCNT and TCP_USER_TIMEOUT (tcp(7))
 * shorten that; the latter not below the first second, as measured (tests/network).
 */
#include "harness/clock/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/calls.h"
#include "harness/clock/connection.h"
#include "harness/clock/real.h"
#include "harness/clock/waits.h"

/* The kernel's socket must not give up by itself, in real time: the most that TCP_SYNCNT takes, or
 * one less (is_first). */
enum { SYN_RETRIES_MAX = 127 };

/* net.ipv4.tcp_syn_retries, where TCP_SYNCNT says nothing. */
enum { SYN_RETRIES = 6 };

/* RFC 6298's initial timeout, and TCP_RTO_MAX. */
#define SYN_TIMEOUT_NS NS_PER_S
#define RETRANSMISSION_TIMEOUT_MAX_NS (120 * NS_PER_S)

static int kernel_syn_retries(int fd) {
  int retries = 0;
  socklen_t length = sizeof retries;
  REAL(getsockopt)(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, &length);
  return retries;
}

static void set_syn_retries(int fd, int retries) {
  REAL(setsockopt)(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof retries);
}

/* ---- at the instants ---- */

static enum reach_state state_of(const struct pending *pending, int fd) {
  return connection_way(fd, (const struct sockaddr *)&pending->target, IPPROTO_TCP);
}

static void due(struct socket_note *note);

/* Sets the next instant: the next SYN's, or the end. */
static void wait_on(struct socket_note *note) {
  struct pending *pending = &note->pending;
  int64_t timeout_ns = SYN_TIMEOUT_NS;
  for (unsigned i = 0; i < pending->attempt && timeout_ns < RETRANSMISSION_TIMEOUT_MAX_NS; i++)
    timeout_ns *= 2;
  if (timeout_ns > RETRANSMISSION_TIMEOUT_MAX_NS)
    timeout_ns = RETRANSMISSION_TIMEOUT_MAX_NS;
  int64_t at_ns = turn_now_ns() + timeout_ns,
          limit_ns = pending->started_ns + note->options.user_timeout_ms * NS_PER_MS;
  if (note->options.user_timeout_ms > 0 && pending->attempt > 0 && limit_ns < at_ns)
    at_ns = limit_ns;
  socket_note_wake(note, at_ns, due);
}

/* The kernel looks at TCP_USER_TIMEOUT only after the first retransmission. */
static bool is_over(const struct socket_note *note) {
  const struct pending *pending = &note->pending;
  int64_t waited_ns = turn_now_ns() - pending->started_ns,
          limit_ns = note->options.user_timeout_ms * NS_PER_MS;
  return pending->attempt >= (unsigned)note->options.syn_retries ||
         (limit_ns > 0 && pending->attempt > 0 && waited_ns >= limit_ns);
}

/* Whether no other process has said so of this SYN: all that share the socket are at it at the same
 * instant. The first one moves the kernel's count, which is in the socket, for the others to see.
 */
static bool is_first(const struct pending *pending, int fd) {
  int mark = SYN_RETRIES_MAX - (int)(pending->attempt % 2);
  bool first = kernel_syn_retries(fd) != mark;
  set_syn_retries(fd, mark);
  return first;
}

static void report(const struct pending *pending, int fd, enum reach_state state) {
  address_report_attempt(address_network(), fd, (const struct sockaddr *)&pending->target,
                         pending->length, state, pending->attempt);
}

static void finish(struct socket_note *note, int fd) {
  note->pending.waits = false;
  note->pending.is_unreported = true;
  socket_note_wake(note, CLOCK_NEVER, NULL);
  set_syn_retries(fd, note->options.syn_retries);
}

/* The next SYN gets an answer, of one kind or the other. */
static void answered(struct socket_note *note, int fd, enum reach_state state) {
  struct sockaddr_storage realised;
  socklen_t length;
  finish(note, fd);
  if (state == REACH_UNREACHABLE) {
    connection_fail(note, fd, EHOSTUNREACH);
    return;
  }
  address_dial(address_network(), fd, (struct sockaddr *)&note->pending.target,
               note->pending.length, &realised, &length);
  network_point((struct sockaddr *)&realised, state);
  connection_redirect(fd, (struct sockaddr *)&realised, length);
  note->options.heard_ns = turn_now_ns();
  turn_activity();
}

static void due(struct socket_note *note) {
  struct pending *pending = &note->pending;
  int fd = socket_note_descriptor(note);
  bool over = is_over(note);
  enum reach_state state = over || fd < 0 ? REACH_SILENT : state_of(pending, fd);
  if (fd < 0 || connection_state(fd) != TCP_SYN_SENT) {
    /* It is closed; or another process has it too and was first, for the same reason. */
    pending->waits = false;
    note->refused_means = over ? ETIMEDOUT : state == REACH_UNREACHABLE ? EHOSTUNREACH : 0;
    return;
  }
  if (over) {
    finish(note, fd);
    connection_fail(note, fd, ETIMEDOUT);
    return;
  }
  pending->attempt++;
  if (is_first(pending, fd) && state != REACH_UP)
    report(pending, fd, state);
  if (state != REACH_SILENT)
    answered(note, fd, state);
  else
    wait_on(note);
}

/* ---- connecting ---- */

/* An address at which nobody listens. */
static void find_nowhere(int fd, struct sockaddr_storage *nowhere, socklen_t *length) {
  REAL(getsockname)(fd, (struct sockaddr *)nowhere, length);
  network_point((struct sockaddr *)nowhere, REACH_REFUSED);
}

/* What a waiting connect() says whose attempt was ended in the meantime, by shutdown() or the like:
 * the socket's error, which is ECONNRESET (net/ipv4/tcp.c, tcp_disconnect). */
static int say_dissolved(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  REAL(getsockopt)(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  errno = error ? error : ECONNABORTED;
  return (int)socket_result(fd, -1);
}

/* Waits as connect() does in blocking mode; SO_SNDTIMEO is its time, after which it says `error`.
 * Then the kernel says what became of it, or EALREADY in non-blocking mode. */
static int await_end(struct socket_note *note, int fd, int error) {
  struct sockaddr_storage nowhere;
  socklen_t length = sizeof nowhere;
  if (note->pending.waits && !(fcntl(fd, F_GETFL) & O_NONBLOCK)) {
    if (await_writable(fd)) {
      if (errno == EAGAIN)
        errno = error;
      return -1;
    }
    note = socket_note_find(fd); /* others ran, who may have closed it */
    if (!note) {
      errno = EBADF;
      return -1;
    }
    if (!note->pending.is_unreported && connection_state(fd) == TCP_CLOSE)
      return say_dissolved(fd);
  }
  find_nowhere(fd, &nowhere, &length);
  note->pending.is_unreported = false;
  /* It must not wait in real time, whatever others have done to it. */
  return (int)socket_result(fd, connection_start(fd, (struct sockaddr *)&nowhere, length));
}

void pending_dissolve(int fd) {
  struct socket_note *note = socket_note_find(fd);
  if (!note)
    return;
  if (note->pending.waits) {
    finish(note, fd);
    connection_hear(fd);
  }
  note->pending.is_unreported = false;
}

int pending_again(struct socket_note *note, int fd) {
  if (connection_state(fd) != TCP_SYN_SENT)
    note->pending.waits = false;
  return await_end(note, fd, EALREADY);
}

int pending_start(struct socket_note *note, int fd, const struct sockaddr *target,
                  socklen_t target_length) {
  struct sockaddr_storage nowhere;
  socklen_t length = sizeof nowhere;
  find_nowhere(fd, &nowhere, &length);
  connection_deafen(fd);
  int retries = kernel_syn_retries(fd);
  note->options.syn_retries = retries > 0 ? retries : SYN_RETRIES;
  set_syn_retries(fd, SYN_RETRIES_MAX);
  int result = connection_start(fd, (struct sockaddr *)&nowhere, length);
  if (result == 0 || errno != EINPROGRESS) { /* it is connected already, or listens */
    connection_hear(fd);
    set_syn_retries(fd, note->options.syn_retries);
    return result;
  }
  note->refused_means = 0;
  note->pending =
      (struct pending){.waits = true, .started_ns = turn_now_ns(), .length = target_length};
  memcpy(&note->pending.target, target, target_length);
  report(&note->pending, fd, REACH_SILENT);
  wait_on(note);
  turn_activity();
  return fcntl(fd, F_GETFL) & O_NONBLOCK ? -1 : await_end(note, fd, EINPROGRESS);
}
