/* SPDX-License-Identifier: MIT
 *
 * What the library does to TCP sockets (connection.h).
 */
#include "harness/clock/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/any_sockets.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

int connection_state(int fd) {
  int saved_errno = errno;
  unsigned char state = TCP_CLOSE; /* the first member of struct tcp_info */
  socklen_t length = sizeof state;
  if (REAL(getsockopt)(fd, IPPROTO_TCP, TCP_INFO, &state, &length))
    state = TCP_CLOSE;
  errno = saved_errno;
  return state;
}

/* ---- addresses ---- */

bool connection_own_address(int fd, struct sockaddr_storage *local) {
  int saved_errno = errno;
  socklen_t length = sizeof *local;
  bool known = REAL(getsockname)(fd, (struct sockaddr *)local, &length) == 0;
  if (known)
    any_simulate_own(address_network(), fd, local);
  errno = saved_errno;
  return known;
}

bool connection_addresses(int fd, struct sockaddr_storage *local, struct sockaddr_storage *peer) {
  int saved_errno = errno;
  socklen_t length = sizeof *peer;
  bool known = connection_own_address(fd, local) &&
               REAL(getpeername)(fd, (struct sockaddr *)peer, &length) == 0 &&
               network_of_loopback(address_network(), (struct sockaddr *)peer);
  if (known)
    any_simulate_peer(address_network(), fd, peer);
  errno = saved_errno;
  return known;
}

enum reach_state connection_way(int fd, const struct sockaddr *target, int protocol) {
  struct network *network = address_network();
  struct sockaddr_storage local;
  if (!connection_own_address(fd, &local))
    return reach_of(network, target, protocol);
  int host = address_own_host(network);
  const struct network_address *to = network_is_unspecified((struct sockaddr *)&local)
                                         ? network_find(network, host, target)
                                         : NULL;
  const struct network_address *from = to ? network_source(network, host, to) : NULL;
  if (from)
    network_write(network, from, (struct sockaddr *)&local);
  return reach_between(network, (struct sockaddr *)&local, target, protocol);
}

/* ---- cutting off ---- */

/* What has come is acknowledged now and not, in real time, later: then nobody has anything to
 * retransmit when it hears no acknowledgement any more. */
void connection_acknowledge(int fd) {
  int on = 1, saved_errno = errno;
  REAL(setsockopt)(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  errno = saved_errno;
}

/* The kernel drops segments whose time to live is less than the option says (RFC 5082); those of
 * loopback have 64. Every user may set it, other than a socket filter on TCP in newer kernels, and
 * it goes for IPv6 sockets too, since all packets are IPv4. */
static void set_least_time_to_live(int fd, int hops) {
  int saved_errno = errno;
  REAL(setsockopt)(fd, IPPROTO_IP, IP_MINTTL, &hops, sizeof hops);
  errno = saved_errno;
}

void connection_deafen(int fd) {
  set_least_time_to_live(fd, UINT8_MAX);
}

void connection_hear(int fd) {
  set_least_time_to_live(fd, 0);
}

/* ---- pointing elsewhere ---- */

int connection_start(int fd, const struct sockaddr *realised, socklen_t length) {
  int flags = fcntl(fd, F_GETFL);
  if (!(flags & O_NONBLOCK))
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  int result = REAL(connect)(fd, realised, length), saved_errno = errno;
  if (!(flags & O_NONBLOCK))
    fcntl(fd, F_SETFL, flags);
  errno = saved_errno;
  return result;
}

void connection_redirect(int fd, const struct sockaddr *realised, socklen_t length) {
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  int saved_errno = errno, error;
  socklen_t error_length = sizeof error;
  REAL(connect)(fd, &nobody, sizeof nobody);
  connection_hear(fd);
  /* The disconnect left ECONNRESET, which nobody shall see. */
  REAL(getsockopt)(fd, SOL_SOCKET, SO_ERROR, &error, &error_length);
  connection_start(fd, realised, length);
  errno = saved_errno;
}

void connection_fail(struct socket_note *note, int fd, int error) {
  struct sockaddr_storage nobody;
  socklen_t length = sizeof nobody;
  int saved_errno = errno;
  REAL(getsockname)(fd, (struct sockaddr *)&nobody, &length);
  network_point((struct sockaddr *)&nobody, REACH_REFUSED);
  note->refused_means = error;
  connection_redirect(fd, (struct sockaddr *)&nobody, length);
  turn_activity();
  errno = saved_errno;
}
