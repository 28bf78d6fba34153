/* SPDX-License-Identifier: MIT
 *
 * Keepalive probes (keepalive.h): the first after TCP_KEEPIDLE without anything from the peer, the
 * others TCP_KEEPINTVL apart; after TCP_KEEPCNT of them the end with ETIMEDOUT, or, with
 * TCP_USER_TIMEOUT, at the first probe's instant after that time (tcp(7)). Measured: tests/network.
 */
#include "harness/clock/keepalive.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/calls.h"
#include "harness/clock/connection.h"
#include "harness/clock/real.h"
#include "harness/clock/silence.h"
#include "harness/clock/turn.h"

static void probe(struct socket_note *note);

static int option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  REAL(getsockopt)(fd, IPPROTO_TCP, name, &value, &length);
  return value;
}

/* ---- whether the peer still has its end ---- */

/* Both forms of /proc/net/tcp and tcp6 show an IPv4 address by the last 8 digits; the sockets of a
 * lab have no others. */
static void format_end(const struct sockaddr_storage *end, char text[16]) {
  uint32_t v4;
  in_port_t port = ((const struct sockaddr_in *)end)->sin_port; /* at the same place in both */
  if (end->ss_family == AF_INET)
    v4 = ((const struct sockaddr_in *)end)->sin_addr.s_addr;
  else
    memcpy(&v4, &((const struct sockaddr_in6 *)end)->sin6_addr.s6_addr[12], sizeof v4);
  snprintf(text, 16, "%08X:%04X", v4, ntohs(port));
}

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bool lists(const char *path, const char *from, const char *to) {
  char line[256], local[64], remote[64];
  unsigned state;
  bool found = false;
  FILE *file = REAL(fopen)(path, "re"); /* the machine's, not the host's */
  while (file && !found && fgets(line, sizeof line, file))
    found = sscanf(line, "%*s %63s %63s %x", local, remote, &state) == 3 &&
            ends_with(local, from) && ends_with(remote, to) && state != TCP_CLOSE &&
            state != TCP_TIME_WAIT;
  if (file)
    fclose(file);
  return found;
}

static bool peer_is_there(int fd) {
  struct sockaddr_storage local, peer;
  socklen_t length = sizeof local, peer_length = sizeof peer;
  char from[16], to[16];
  if (REAL(getsockname)(fd, (struct sockaddr *)&local, &length) ||
      REAL(getpeername)(fd, (struct sockaddr *)&peer, &peer_length))
    return false;
  format_end(&peer, from);
  format_end(&local, to);
  return lists("/proc/net/tcp", from, to) || lists("/proc/net/tcp6", from, to);
}

/* ---- probes ---- */

void keepalive_watch(struct socket_note *note) {
  const struct silence *silence = &note->silence;
  if (note->pending.waits || silence->is_retransmitting)
    return; /* which is proof enough, and has the timer */
  if (!note->options.keepalive || (!silence->is_on && !silence->is_doubted)) {
    socket_note_wake(note, CLOCK_NEVER, NULL);
    return;
  }
  /* Those that came before now were answered. */
  int64_t idle_ns = option(note->fd, TCP_KEEPIDLE) * NS_PER_S, now_ns = turn_now_ns();
  int64_t at_ns = note->options.heard_ns + idle_ns;
  if (at_ns < now_ns)
    at_ns += (now_ns - at_ns + idle_ns - 1) / idle_ns * idle_ns;
  note->options.probes = 0;
  socket_note_wake(note, at_ns, probe);
}

void keepalive_heard(struct socket_note *note) {
  note->options.heard_ns = turn_now_ns();
  if (note->options.keepalive)
    keepalive_watch(note);
}

static void unanswered(struct socket_note *note, int fd, bool unreachable) {
  struct socket_options *options = &note->options;
  int64_t silent_ns = turn_now_ns() - options->heard_ns;
  if (unreachable)
    note->silence.soft_error = EHOSTUNREACH;
  bool over = options->user_timeout_ms > 0
                  ? options->probes > 0 && silent_ns >= options->user_timeout_ms * NS_PER_MS
                  : options->probes >= (unsigned)option(fd, TCP_KEEPCNT);
  if (over) {
    silence_fail(note, fd, note->silence.soft_error ? note->silence.soft_error : ETIMEDOUT);
    return;
  }
  options->probes++;
  socket_note_wake(note, turn_now_ns() + option(fd, TCP_KEEPINTVL) * NS_PER_S, probe);
}

static void probe(struct socket_note *note) {
  struct sockaddr_storage local, peer;
  int fd = socket_note_descriptor(note), saved_errno = errno;
  if (fd < 0 || !connection_addresses(fd, &local, &peer))
    return;
  enum reach_state state = reach_of(address_network(), (struct sockaddr *)&peer, IPPROTO_TCP);
  if (note->silence.is_on) {
    unanswered(note, fd, state == REACH_UNREACHABLE);
  } else if (state == REACH_REFUSED || !peer_is_there(fd)) {
    silence_fail(note, fd, ECONNRESET);
  } else {
    note->silence.is_doubted = false;
    note->silence.soft_error = 0;
    note->options.heard_ns = turn_now_ns();
  }
  errno = saved_errno;
}
