/* SPDX-License-Identifier: MIT
 *
 * Interposed: the calls that name a socket's own address or its peer's. In a lab with a simulated
 * network (network.h) the process says and sees simulated addresses, the kernel loopback ones.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/clock/abstract_names.h"
#include "harness/clock/address_calls.h"
#include "harness/clock/any_sockets.h"
#include "harness/clock/audience.h"
#include "harness/clock/network.h"
#include "harness/clock/pending.h"
#include "harness/clock/program_memory.h"
#include "harness/clock/reaching.h"
#include "harness/clock/real.h"
#include "harness/clock/socket_calls.h"
#include "harness/clock/socket_notes.h"
#include "harness/clock/turn.h"

/* What Linux says to a process whose host has no route to an address. */
enum { NO_ROUTE = ENETUNREACH };

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

/* RFC 2133's struct sockaddr_in6, which ends before the scope; Linux takes it. */
enum { SIN6_LENGTH_MIN = offsetof(struct sockaddr_in6, sin6_scope_id) };

bool address_take(const struct sockaddr *given, socklen_t length, struct sockaddr_storage *out) {
  int saved_errno = errno;
  *out = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
  bool is_taken = given && length >= sizeof out->ss_family && length <= sizeof *out &&
                  program_memory_read(out, given, length);
  errno = saved_errno;
  return is_taken && ((out->ss_family == AF_INET && length >= sizeof(struct sockaddr_in)) ||
                      (out->ss_family == AF_INET6 && length >= SIN6_LENGTH_MIN));
}

INTERPOSED int bind(int fd, const struct sockaddr *address, socklen_t length) {
  struct network *network = address_network();
  struct sockaddr_storage own;
  if (!network)
    return REAL(bind)(fd, address, length);
  if (!address_take(address, length, &own))
    return abstract_bind(network, fd, address, length);
  return any_bind(network, fd, (struct sockaddr *)&own);
}

/* ip(7): a datagram to the broadcast address needs SO_BROADCAST. (TCP has no route there.) */
static bool is_forbidden_broadcast(int fd, const struct sockaddr *to) {
  struct in6_addr address;
  const uint8_t everybody[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255};
  int allowed = 0;
  socklen_t length = sizeof allowed;
  return network_normal_form(to, &address) && memcmp(&address, everybody, sizeof address) == 0 &&
         inet_protocol(fd) == IPPROTO_UDP &&
         REAL(getsockopt)(fd, SOL_SOCKET, SO_BROADCAST, &allowed, &length) == 0 && !allowed;
}

/* A socket that takes IPv6 only has no route to an IPv4 address. */
static bool has_route(int fd, const struct sockaddr *to) {
  return to->sa_family != AF_INET6 ||
         !IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *)to)->sin6_addr) ||
         !socket_is_v6only(fd);
}

enum network_realisation address_realise(struct network *network, int fd, const struct sockaddr *to,
                                         socklen_t to_length, struct sockaddr_storage *realised,
                                         socklen_t *length) {
  enum network_realisation realisation =
      network_realise(network, address_own_host(network), to, realised, length);
  if (realisation == NETWORK_REALISED && !has_route(fd, to))
    realisation = NETWORK_NO_ROUTE;
  if (realisation == NETWORK_NO_HOST && is_forbidden_broadcast(fd, to)) {
    errno = EACCES;
    return realisation;
  }
  if (realisation == NETWORK_NO_HOST)
    address_report_outside(network, fd, to, to_length);
  if (realisation == NETWORK_NO_HOST || realisation == NETWORK_NO_ROUTE)
    errno = NO_ROUTE;
  return realisation;
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
  address_report_attempt(network, fd, to, length, REACH_UP, 0);
}

void address_report_attempt(const struct network *network, int fd, const struct sockaddr *to,
                            socklen_t length, enum reach_state state, unsigned attempt) {
  int saved_errno = errno, type = 0;
  socklen_t type_length = sizeof type, lab_length;
  struct network_report report = {
      .host = (uint32_t)address_own_host(network), .state = (uint32_t)state, .attempt = attempt};
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

bool address_dial(struct network *network, int fd, const struct sockaddr *address,
                  socklen_t address_length, struct sockaddr_storage *realised, socklen_t *length) {
  *length = 0;
  socklen_t realised_length;
  switch (address_realise(network, fd, address, address_length, realised, &realised_length)) {
  case NETWORK_NOT_INET:
    return true;
  case NETWORK_NO_HOST:
  case NETWORK_NO_ROUTE:
    return false;
  case NETWORK_REALISED:
    break;
  }
  const struct network_address *to = network_find(network, address_own_host(network), address);
  any_bind_source(network, fd, to);
  any_dial(network, fd, to, address, realised);
  *length = realised_length;
  return true;
}

INTERPOSED int connect(int fd, const struct sockaddr *address, socklen_t length) {
  struct network *network = address_network();
  struct sockaddr_storage target, realised;
  struct sockaddr_un local;
  const struct sockaddr *taken = (struct sockaddr *)&target;
  socklen_t realised_length = 0;
  reach_settle();
  bool is_taken = network && address_take(address, length, &target);
  if (network && !is_taken && !abstract_realise(network, &address, &length, &local))
    return -1;
  if (is_taken && !address_dial(network, fd, taken, length, &realised, &realised_length))
    return -1;
  int result = realised_length ? reach_connect(network, fd, taken, &realised, realised_length)
                               : REAL(connect)(fd, address, length);
  if (network && !is_taken && result == 0 && address->sa_family == AF_UNSPEC)
    pending_dissolve(fd);
  turn_activity_for(realised_length ? audience_at((struct sockaddr *)&realised) : TURN_EVERYBODY);
  return result;
}

/* ---- asking ---- */

int address_give(struct sockaddr_storage *said, socklen_t said_length, struct sockaddr *address,
                 socklen_t *length) {
  if (!length || (!address && *length > 0)) {
    errno = EFAULT;
    return -1;
  }
  if ((int)*length < 0) {
    errno = EINVAL;
    return -1;
  }
  abstract_simulate(said, &said_length);
  if (*length > 0)
    memcpy(address, said, *length < said_length ? *length : said_length);
  *length = said_length;
  return 0;
}

/* Both calls take the same arguments and give the same answers. */
#define NAME_CALL(call, simulate)                                                                  \
  struct network *network = address_network();                                                     \
  struct sockaddr_storage said = {0};                                                              \
  socklen_t said_length = sizeof said;                                                             \
  if (!network)                                                                                    \
    return REAL(call)(fd, address, length);                                                        \
  if (REAL(call)(fd, (struct sockaddr *)&said, &said_length))                                      \
    return -1;                                                                                     \
  simulate(network, fd, &said);                                                                    \
  return address_give(&said, said_length, address, length)

INTERPOSED int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  NAME_CALL(getsockname, any_simulate_own);
}

INTERPOSED int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  NAME_CALL(getpeername, any_simulate_peer);
}
