/* SPDX-License-Identifier: MIT
 *
 * Interposed: the calls that name a socket's own address or its peer's. In a lab with a simulated
 * network (network.h) the process says and sees simulated addresses, the kernel loopback ones.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/audience.h"
#include "harness/clock/network.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

/* What Linux says to a process whose host has no route to an address. */
enum { NO_ROUTE = ENETUNREACH };

static int refuse(int error) {
  errno = error;
  return -1;
}

struct network *address_network(void) {
  struct network *network = turn_network();
  return network && network->block ? network : NULL;
}

int address_own_host(const struct network *network) {
  static int own_host = -1;
  if (own_host < 0) {
    const char *name = getenv(CLOCK_HOST_VARIABLE);
    own_host = name ? network_find_host(network, name) : NETWORK_LAB_HOST;
    if (own_host < 0)
      own_host = NETWORK_LAB_HOST;
  }
  return own_host;
}

/* ---- binding ---- */

static in_port_t *port_of(struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? &((struct sockaddr_in *)address)->sin_port
                                       : &((struct sockaddr_in6 *)address)->sin6_port;
}

/* Binds to a realised address; one without port gets the host's next free one. */
static int bind_realised(struct network *network, int fd, struct sockaddr_storage *address,
                         socklen_t length) {
  in_port_t *port = port_of(address);
  turn_attend(network_host_at(network, (struct sockaddr *)address));
  if (*port != 0)
    return REAL(bind)(fd, (struct sockaddr *)address, length);
  for (int tries = NETWORK_EPHEMERAL_FIRST; tries <= NETWORK_EPHEMERAL_LAST; tries++) {
    *port = htons(network_next_port(network, address_own_host(network)));
    if (REAL(bind)(fd, (struct sockaddr *)address, length) == 0)
      return 0;
    if (errno != EADDRINUSE)
      return -1;
  }
  return refuse(EADDRINUSE);
}

INTERPOSED int bind(int fd, const struct sockaddr *address, socklen_t length) {
  struct network *network = address_network();
  struct sockaddr_storage realised;
  if (!network)
    return REAL(bind)(fd, address, length);
  switch (network_realise_local(network, address_own_host(network), address, &realised, &length)) {
  case NETWORK_NOT_INET:
    return REAL(bind)(fd, address, length);
  case NETWORK_NO_HOST:
    return refuse(EADDRNOTAVAIL);
  case NETWORK_REALISED:
    break;
  }
  return bind_realised(network, fd, &realised, length);
}

void address_bind_if_unbound(struct network *network, int fd, const struct sockaddr *to) {
  struct sockaddr_storage own = {0};
  socklen_t length = sizeof own;
  if (REAL(getsockname)(fd, (struct sockaddr *)&own, &length) ||
      (own.ss_family != AF_INET && own.ss_family != AF_INET6) || *port_of(&own) != 0)
    return;
  /* From its localhost to that, from its first address of the family to others. */
  struct sockaddr_storage wanted = {.ss_family = to->sa_family}, realised;
  if (address_is_loopback(to) && to->sa_family == AF_INET)
    ((struct sockaddr_in *)&wanted)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  else if (address_is_loopback(to))
    ((struct sockaddr_in6 *)&wanted)->sin6_addr = in6addr_loopback;
  if (network_realise_local(network, address_own_host(network), (struct sockaddr *)&wanted,
                            &realised, &length) == NETWORK_REALISED)
    bind_realised(network, fd, &realised, length);
}

bool address_is_loopback(const struct sockaddr *address) {
  if (address->sa_family == AF_INET)
    return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  return address->sa_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* ---- what no host has ---- */

void address_report_outside(const struct network *network, int fd, const struct sockaddr *to,
                            socklen_t length) {
  int saved_errno = errno, type = 0;
  socklen_t type_length = sizeof type, lab_length;
  struct network_report report = {.host = (uint32_t)address_own_host(network)};
  struct sockaddr_in lab = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)network->report_port)};
  struct sockaddr_storage realised;
  if (network->report_port == 0 || length > sizeof report.target)
    return;
  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_length);
  report.type = (uint32_t)type;
  memcpy(&report.target, to, length);
  network_realise(network, NETWORK_LAB_HOST, (struct sockaddr *)&lab, &realised, &lab_length);
  int reporter = REAL(socket)(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (reporter >= 0) {
    REAL(sendto)(reporter, &report, sizeof report, 0, (struct sockaddr *)&realised, lab_length);
    REAL(close)(reporter);
    turn_activity_for(NETWORK_LAB_HOST);
  }
  errno = saved_errno;
}

/* ---- connecting ---- */

INTERPOSED int connect(int fd, const struct sockaddr *address, socklen_t length) {
  struct network *network = address_network();
  struct sockaddr_storage realised;
  int result;
  if (!network || address->sa_family == AF_UNSPEC) {
    result = REAL(connect)(fd, address, length);
    turn_activity();
    return result;
  }
  switch (network_realise(network, address_own_host(network), address, &realised, &length)) {
  case NETWORK_NO_HOST:
    address_report_outside(network, fd, address, length);
    return refuse(NO_ROUTE);
  case NETWORK_NOT_INET:
    result = REAL(connect)(fd, address, length);
    turn_activity();
    return result;
  case NETWORK_REALISED:
    break;
  }
  address_bind_if_unbound(network, fd, address);
  result = REAL(connect)(fd, (struct sockaddr *)&realised, length);
  turn_activity_for(audience_at((struct sockaddr *)&realised));
  return result;
}

/* ---- asking ---- */

void address_give(const struct network *network, struct sockaddr_storage *said,
                  socklen_t said_length, struct sockaddr *address, socklen_t *length) {
  if (network)
    network_simulate(network, (struct sockaddr *)said);
  if (!address || !length)
    return;
  memcpy(address, said, *length < said_length ? *length : said_length);
  *length = said_length;
}

/* Both calls take the same arguments and give the same answers. */
#define NAME_CALL(call)                                                                            \
  struct network *network = address_network();                                                     \
  struct sockaddr_storage said = {0};                                                              \
  socklen_t said_length = sizeof said;                                                             \
  if (!network)                                                                                    \
    return REAL(call)(fd, address, length);                                                        \
  if (REAL(call)(fd, (struct sockaddr *)&said, &said_length))                                      \
    return -1;                                                                                     \
  address_give(network, &said, said_length, address, length);                                      \
  return 0

INTERPOSED int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  NAME_CALL(getsockname);
}

INTERPOSED int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  NAME_CALL(getpeername);
}
