/* SPDX-License-Identifier: MIT
 *
 * Interposed: the making of sockets, and their options that mean something else in a lab.
 *
 * TCP sockets of a lab send at once what they are given: Nagle's algorithm would hold small
 * segments back until the other side's delayed acknowledgement, whose timer runs in real time.
 * Accepted sockets have the option from their listener.
 */
#include "harness/clock/socket_calls.h"

#include <errno.h>
#include <linux/in6.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/any_sockets.h"
#include "harness/clock/identity_calls.h"
#include "harness/clock/option_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

/* Whether a socket takes IPv6 only is kept in the socket, by an option that says what becomes of
 * IPv6 flow labels and so means nothing to IPv4 packets, which all of the lab's are. The kernel's
 * own IPV6_V6ONLY stays off, because it refuses IPv4-mapped addresses. */
enum { V6ONLY_NOTE = IPV6_FLOWINFO_SEND };

bool socket_is_v6only(int fd) {
  int value = 0;
  socklen_t length = sizeof value;
  return REAL(getsockopt)(fd, IPPROTO_IPV6, V6ONLY_NOTE, &value, &length) == 0 && value != 0;
}

/* The machine may have another default (net.ipv6.bindv6only). */
static void prepare_v6(int fd) {
  int off = 0;
  REAL(setsockopt)(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
}

/* The kernel sizes a connection's buffers by the time that bytes take (tcp(7),
 * tcp_moderate_rcvbuf), so that how much fits would differ from run to run. These stay as large as
 * Linux makes them for a new connection over an Ethernet; the kernel doubles what it is given
 * (socket(7)). */
enum { RECEIVE_BUFFER = 131072 / 2, SEND_BUFFER = 87040 / 2 };

static void prepare_stream(int fd) {
  int on = 1, receive = RECEIVE_BUFFER, send = SEND_BUFFER;
  REAL(setsockopt)(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  REAL(setsockopt)(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
  REAL(setsockopt)(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof send);
}

INTERPOSED int socket(int domain, int type, int protocol) {
  if (domain == AF_NETLINK && protocol == NETLINK_ROUTE && address_network()) {
    errno = EAFNOSUPPORT; /* it would tell of the machine's interfaces */
    return -1;
  }
  int fd = REAL(socket)(domain, type, protocol);
  int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0 && turn_in_lab() && kind == SOCK_STREAM && (domain == AF_INET || domain == AF_INET6))
    prepare_stream(fd);
  if (fd >= 0 && domain == AF_INET6 && address_network())
    prepare_v6(fd);
  return fd;
}

/* As the kernel does (net/ipv6/ipv6_sockglue.c): not once the socket is bound. */
static int set_v6only(int fd, const void *value, socklen_t length) {
  struct sockaddr_in6 own = {0};
  socklen_t own_length = sizeof own;
  if (length < sizeof(int) ||
      (REAL(getsockname)(fd, (struct sockaddr *)&own, &own_length) == 0 && own.sin6_port != 0)) {
    errno = EINVAL;
    return -1;
  }
  return REAL(setsockopt)(fd, IPPROTO_IPV6, V6ONLY_NOTE, value, length);
}

INTERPOSED int setsockopt(int fd, int level, int option, const void *value, socklen_t length) {
  if (level == IPPROTO_IPV6 && option == IPV6_V6ONLY && address_network())
    return set_v6only(fd, value, length);
  /* The lab gives ports at once, and has the option for a note (any_sockets.c). */
  if (level == IPPROTO_IP && option == IP_BIND_ADDRESS_NO_PORT && address_network())
    return 0;
  int result;
  if (option_set(fd, level, option, value, length, &result))
    return result;
  result = REAL(setsockopt)(fd, level, option, value, length);
  if (result == 0)
    option_changed(fd, level, option, value, length);
  return result;
}

INTERPOSED int getsockopt(int fd, int level, int option, void *restrict value,
                          socklen_t *restrict length) {
  if (level == IPPROTO_IPV6 && option == IPV6_V6ONLY && address_network())
    option = V6ONLY_NOTE;
  int result;
  if (option_get(fd, level, option, value, length, &result))
    return result;
  result = REAL(getsockopt)(fd, level, option, value, length);
  if (result == 0 && turn_taking_part())
    option_correct(fd, level, option, value, length);
  if (result == 0 && level == SOL_SOCKET && option == SO_PEERCRED && *length >= sizeof(pid_t))
    ((struct ucred *)value)->pid = identity_simulate(((struct ucred *)value)->pid);
  return result;
}

/* listen() binds a socket that is unbound. */
INTERPOSED int listen(int fd, int backlog) {
  struct network *network = address_network();
  if (network)
    any_bind_unbound(network, fd);
  return REAL(listen)(fd, backlog);
}
