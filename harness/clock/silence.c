/* SPDX-License-Identifier: MIT
 *
 * Silent connections (silence.h). The kernel's sockets of both ends are deaf to each other, and
 * nothing is given to them that they would have to retransmit, because their timers run in real
 * time. A silent socket that is closed, or whose process dies, sends a reset, which the other end
 * doesn't hear: so the other end is half-open until its next segment gets the kernel's own reset.
 *
 * Retransmission is that of Linux on a path without delay: a tail loss probe (RFC 8985 section 7)
 * after 0.2 s, then the timeout, which is 0.2 s at least and doubles up to 120 s; but not while a
 * router says over IPv4 that the host is unreachable (RFC 6069; over IPv6 Linux heeds only the code
 * for a missing route). It gives up after 924.8 s (the first timeout after the 924.6 s of
 * tcp_retries2, ip-sysctl.rst) or after TCP_USER_TIMEOUT (tcp(7)). Measured: tests/network.
 */
#include "harness/clock/silence.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/calls.h"
#include "harness/clock/connection.h"
#include "harness/clock/keepalive.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

/* What Linux takes for a new connection over an Ethernet before send blocks. */
#define HELD_MAX 87040

/* The kernel's socket is writable when ours is full. A program that tries again at once must not
 * keep time from passing. */
#define FULL_PAUSE_NS (10 * NS_PER_MS)

/* TCP_RTO_MIN and TCP_RTO_MAX. */
#define TIMEOUT_MIN_NS (200 * NS_PER_MS)
#define TIMEOUT_MAX_NS (120 * NS_PER_S)

/* The first timeout: the probe has started it anew. */
#define FIRST_TIMEOUT_NS (2 * TIMEOUT_MIN_NS)

/* The first timeout after the 924.6 s. */
#define RETRANSMITTING_MAX_NS (924800 * NS_PER_MS)

/* ---- applying the table ---- */

static bool is_bad(const struct sockaddr_storage *from, const struct sockaddr_storage *to) {
  enum reach_state state = reach_between(address_network(), (const struct sockaddr *)from,
                                         (const struct sockaddr *)to, IPPROTO_TCP);
  return state == REACH_SILENT || state == REACH_UNREACHABLE;
}

static void begin(struct socket_note *note, int fd) {
  struct linger reset = {.l_onoff = 1};
  socklen_t length = sizeof note->silence.linger;
  connection_deafen(fd);
  REAL(getsockopt)(fd, SOL_SOCKET, SO_LINGER, &note->silence.linger, &length);
  REAL(setsockopt)(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  bool was_doubted = note->silence.is_doubted;
  note->silence.is_on = note->silence.is_doubted = true;
  if (!was_doubted) /* its probes go on otherwise */
    keepalive_watch(note);
}

static void end(struct socket_note *note, int fd) {
  connection_hear(fd);
  REAL(setsockopt)(fd, SOL_SOCKET, SO_LINGER, &note->silence.linger, sizeof note->silence.linger);
  note->silence.is_on = false;
}

static bool is_established(int fd) {
  int state = connection_state(fd);
  return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT || state == TCP_FIN_WAIT1 ||
         state == TCP_FIN_WAIT2;
}

static void apply_to_stream(int fd) {
  struct sockaddr_storage local, peer;
  struct socket_note *note = socket_note_find(fd);
  if (!is_established(fd) || !connection_addresses(fd, &local, &peer))
    return;
  bool is_silent = is_bad(&local, &peer) || is_bad(&peer, &local),
       was = note && note->silence.is_on;
  if (is_silent && !was)
    note = socket_note_make(fd);
  if (note && is_silent && !was)
    begin(note, fd);
  else if (note && was && !is_silent)
    end(note, fd);
}

/* One that is connected is pointed to where the kernel does the right thing. */
static void apply_to_datagrams(int fd) {
  struct sockaddr_storage now, then, local, peer;
  socklen_t length = sizeof now;
  if (!connection_addresses(fd, &local, &peer) ||
      REAL(getpeername)(fd, (struct sockaddr *)&now, &length))
    return;
  then = now;
  network_point((struct sockaddr *)&then,
                reach_of(address_network(), (struct sockaddr *)&peer, IPPROTO_UDP));
  if (memcmp(&now, &then, length) != 0)
    REAL(connect)(fd, (struct sockaddr *)&then, length);
}

static void apply(int fd, int protocol) {
  if (protocol == IPPROTO_TCP)
    apply_to_stream(fd);
  else
    apply_to_datagrams(fd);
}

static void acknowledge(int fd, int protocol) {
  if (protocol == IPPROTO_TCP && is_established(fd))
    connection_acknowledge(fd);
}

void silence_apply(enum clock_summons summons) {
  each_inet_socket(summons == CLOCK_SUMMONS_ACKNOWLEDGE ? acknowledge : apply);
}

void silence_accepted(int listener, int fd) {
  const struct network *network = address_network();
  const struct socket_note *own = socket_note_find(listener);
  struct socket_note *note = own ? socket_note_make(fd) : NULL;
  if (note)
    note->options = (struct socket_options){.keepalive = own->options.keepalive,
                                            .user_timeout_ms = own->options.user_timeout_ms,
                                            .heard_ns = turn_now_ns()};
  if (network && network->reach.entries && inet_protocol(fd) == IPPROTO_TCP)
    apply_to_stream(fd);
}

/* ---- retransmitting ---- */

static void retransmit(struct socket_note *note);

/* When it gives up. The kernel counts TCP_USER_TIMEOUT from the first timeout on. */
static int64_t end_ns(const struct socket_note *note) {
  int64_t user_ns = note->options.user_timeout_ms * NS_PER_MS;
  return note->silence.first_sent_ns +
         (user_ns > 0 ? FIRST_TIMEOUT_NS + user_ns : RETRANSMITTING_MAX_NS);
}

/* A timeout from now on; the first one comes in any case. */
static void wait_for_timeout(struct socket_note *note, int64_t timeout_ns) {
  int64_t at_ns = turn_now_ns() + timeout_ns;
  bool is_first = at_ns <= note->silence.first_sent_ns + FIRST_TIMEOUT_NS;
  socket_note_wake(note, is_first || at_ns < end_ns(note) ? at_ns : end_ns(note), retransmit);
}

static bool is_v4(const struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ||
         IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* The timeout after the next one is longer. */
static void back_off(struct silence *silence, enum reach_state state,
                     const struct sockaddr_storage *peer) {
  if (state == REACH_UNREACHABLE && is_v4(peer))
    return;
  silence->timeout_ns =
      2 * silence->timeout_ns < TIMEOUT_MAX_NS ? 2 * silence->timeout_ns : TIMEOUT_MAX_NS;
}

/* Something is held now: its first transmission is lost. */
static void start_retransmitting(struct socket_note *note, int fd) {
  struct silence *silence = &note->silence;
  struct sockaddr_storage local, peer;
  if (connection_addresses(fd, &local, &peer) &&
      reach_of(address_network(), (struct sockaddr *)&peer, IPPROTO_TCP) == REACH_UNREACHABLE)
    silence->soft_error = EHOSTUNREACH;
  if (silence->is_retransmitting)
    return;
  silence->is_retransmitting = true;
  silence->timeout_ns = TIMEOUT_MIN_NS;
  silence->first_sent_ns = turn_now_ns();
  wait_for_timeout(note, TIMEOUT_MIN_NS); /* the probe's */
}

static void forget(struct socket_note *note) {
  struct silence *silence = &note->silence;
  free(silence->held);
  silence->held = NULL;
  silence->held_size = 0;
  silence->held_end = silence->is_retransmitting = false;
  silence->soft_error = 0;
  socket_note_wake(note, CLOCK_NEVER, NULL);
}

void silence_fail(struct socket_note *note, int fd, int error) {
  forget(note);
  if (note->silence.is_on)
    end(note, fd);
  connection_fail(note, fd, error);
}

void silence_forked(void) {
  for (struct socket_note *note = socket_notes; note; note = note->next)
    if (note->silence.is_retransmitting)
      forget(note);
}

/* The path is up: the kernel gets what is held. What it has no room for waits for another timeout.
 */
static void flush(struct socket_note *note, int fd) {
  struct silence *silence = &note->silence;
  if (silence->held_size > 0) {
    ssize_t sent = REAL(send)(fd, silence->held, silence->held_size, MSG_DONTWAIT | MSG_NOSIGNAL);
    size_t left = silence->held_size - (sent > 0 ? (size_t)sent : 0);
    if (sent >= 0 || errno == EAGAIN) {
      memmove(silence->held, silence->held + silence->held_size - left, left);
      silence->held_size = left;
    }
  }
  bool more = silence->held_size > 0 && connection_state(fd) != TCP_CLOSE;
  if (!more && silence->held_end)
    REAL(shutdown)(fd, SHUT_WR);
  if (more) {
    silence->is_retransmitting = false;
    start_retransmitting(note, fd);
  } else {
    forget(note);
    silence->is_doubted = false;
    keepalive_heard(note);
  }
  turn_activity();
}

static void retransmit(struct socket_note *note) {
  struct silence *silence = &note->silence;
  struct sockaddr_storage local, peer;
  int fd = socket_note_descriptor(note), saved_errno = errno;
  if (fd < 0 || !connection_addresses(fd, &local, &peer)) {
    forget(note);
    return;
  }
  enum reach_state state = reach_of(address_network(), (struct sockaddr *)&peer, IPPROTO_TCP);
  if (state == REACH_UNREACHABLE)
    silence->soft_error = EHOSTUNREACH;
  if (turn_now_ns() > silence->first_sent_ns + FIRST_TIMEOUT_NS && turn_now_ns() >= end_ns(note)) {
    silence_fail(note, fd, silence->soft_error ? silence->soft_error : ETIMEDOUT);
  } else if (state == REACH_REFUSED) {
    silence_fail(note, fd, ECONNRESET);
  } else if (!silence->is_on) {
    flush(note, fd);
  } else {
    wait_for_timeout(note, silence->timeout_ns);
    back_off(silence, state, &peer);
  }
  errno = saved_errno;
}

/* ---- holding ---- */

bool silence_holds(const struct socket_note *note) {
  return note->silence.is_on || note->silence.is_retransmitting;
}

static int refuse(int error) {
  errno = error;
  return -1;
}

/* As much of a message as there is room for. Returns its size, -1: no memory. */
static ssize_t hold(struct silence *silence, const struct msghdr *message) {
  size_t before = silence->held_size;
  if (!silence->held && (silence->held = malloc(HELD_MAX)) == NULL)
    return refuse(ENOMEM);
  for (size_t i = 0; i < message->msg_iovlen; i++) {
    size_t size = message->msg_iov[i].iov_len, room = HELD_MAX - silence->held_size;
    if (size > room)
      size = room;
    if (size > 0)
      memcpy(silence->held + silence->held_size, message->msg_iov[i].iov_base, size);
    silence->held_size += size;
  }
  return (ssize_t)(silence->held_size - before);
}

bool silence_has_room(const struct socket_note *note) {
  return note->silence.held_size < HELD_MAX;
}

static int never(void *unused) {
  (void)unused;
  return 0;
}

static void pause_when_full(void) {
  turn_await(&(struct turn_request){.ready = never,
                                    .deadline.ns = turn_deadline_ns(FULL_PAUSE_NS),
                                    .manner = TURN_GOES_ON | TURN_NO_CANCEL});
}

ssize_t silence_send(struct socket_note *note, int fd, const struct msghdr *message, int flags) {
  if (note->silence.held_end) {
    if (!(flags & MSG_NOSIGNAL))
      raise(SIGPIPE);
    return refuse(EPIPE);
  }
  bool had_room = silence_has_room(note);
  ssize_t size = had_room ? hold(&note->silence, message) : refuse(EAGAIN);
  if (size > 0)
    start_retransmitting(note, fd);
  if (!had_room && (flags & MSG_DONTWAIT || fcntl(fd, F_GETFL) & O_NONBLOCK)) {
    pause_when_full();
    errno = EAGAIN;
  }
  return size;
}

int silence_shutdown(struct socket_note *note, int fd, int how) {
  if (how == SHUT_RD)
    return REAL(shutdown)(fd, how);
  if (how == SHUT_RDWR)
    REAL(shutdown)(fd, SHUT_RD);
  note->silence.held_end = true;
  start_retransmitting(note, fd);
  return 0;
}
