/* SPDX-License-Identifier: MIT
 *
 * Interposed: the making of sockets. TCP sockets of a lab send at once what they are given: Nagle's
 * algorithm would hold small segments back until the other side's delayed acknowledgement, whose
 * timer runs in real time. Accepted sockets have the option from their listener.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

INTERPOSED int socket(int domain, int type, int protocol) {
  int fd = REAL(socket)(domain, type, protocol);
  int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
  if (fd >= 0 && turn_in_lab() && kind == SOCK_STREAM && (domain == AF_INET || domain == AF_INET6))
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/* IPv6 sockets of a simulated network are bound to IPv4-mapped addresses, which the kernel refuses
 * to one that takes IPv6 only. None ever hears IPv4, since each simulated address is realised
 * apart. */
INTERPOSED int setsockopt(int fd, int level, int option, const void *value, socklen_t length) {
  if (address_network() && level == IPPROTO_IPV6 && option == IPV6_V6ONLY)
    return 0;
  return REAL(setsockopt)(fd, level, option, value, length);
}
