/* SPDX-License-Identifier: MIT
 *
 * Sockets that are bound to any address (any_sockets.h). Who is bound where is asked of the kernel,
 * by trying to bind there too: sockets are shared, inherited and closed in more ways than a table
 * could follow. It is asked only about ports that have a mark. That a socket is bound to any
 * address is kept in the socket itself, for the same reason.
 */
#include "harness/clock/any_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/any_bound.h"
#include "harness/clock/real.h"
#include "harness/clock/socket_calls.h"
#include "harness/clock/turn.h"

static int option_of(int fd, int option) {
  int value = 0;
  socklen_t length = sizeof value;
  REAL(getsockopt)(fd, SOL_SOCKET, option, &value, &length);
  return value;
}

static int protocol_of(int fd) {
  return option_of(fd, SO_TYPE) == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
}

static in_port_t port_of(const struct sockaddr *address) {
  return address->sa_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                       : ((const struct sockaddr_in6 *)address)->sin6_port;
}

static struct any_end end_of(const struct sockaddr_storage *realised, int protocol) {
  struct any_end end = {.protocol = (uint16_t)protocol,
                        .port = port_of((const struct sockaddr *)realised)};
  if (realised->ss_family == AF_INET)
    end.loopback = ((const struct sockaddr_in *)realised)->sin_addr.s_addr;
  else
    memcpy(&end.loopback, &((const struct sockaddr_in6 *)realised)->sin6_addr.s6_addr[12],
           sizeof end.loopback);
  return end;
}

/* ---- who is bound ---- */

/* Whether the kernel would refuse a socket with these options to bind to an address of the table
 * (the port is simulated). */
static bool is_refused(const struct network *network, const struct network_address *address,
                       in_port_t port, int protocol, int reuse_address, int reuse_port) {
  struct sockaddr_storage realised;
  socklen_t length;
  int saved_errno = errno;
  int type = protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
  int fd = REAL(socket)(AF_INET, type | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return false;
  network_place(network, address, AF_INET, port, &realised, &length);
  REAL(setsockopt)(fd, SOL_SOCKET, SO_REUSEADDR, &reuse_address, sizeof reuse_address);
  REAL(setsockopt)(fd, SOL_SOCKET, SO_REUSEPORT, &reuse_port, sizeof reuse_port);
  bool refused = REAL(bind)(fd, (struct sockaddr *)&realised, length) != 0 && errno == EADDRINUSE;
  REAL(close)(fd);
  errno = saved_errno;
  return refused;
}

/* Whether anybody hears what is sent to an address. SO_REUSEADDR leaves out TCP sockets that don't
 * listen. */
static bool is_heard(const struct network *network, const struct network_address *address,
                     in_port_t port, int protocol) {
  return is_refused(network, address, port, protocol, protocol == IPPROTO_TCP, 0);
}

/* Takes away the marks of sockets that are gone. */
static void refresh_marks(struct network *network, int host, int protocol, in_port_t port) {
  if (!any_has_marks(network, host, protocol, ntohs(port)))
    return;
  for (enum any_kind kind = 0; kind < ANY_KINDS; kind++)
    if (!is_refused(network, any_place(network, host, kind), port, protocol, 0, 0))
      any_mark(network, host, protocol, ntohs(port), kind, false);
}

/* Where what is sent to an address and port (simulated) of a host arrives: there, or at the place
 * of a socket that is bound to any address. */
static const struct network_address *find_hearer(struct network *network, int protocol,
                                                 const struct network_address *to, in_port_t port) {
  int host = to->host;
  if (!any_has_marks(network, host, protocol, ntohs(port)))
    return to;
  for (enum any_kind kind = 0; kind < ANY_KINDS; kind++) {
    if (!any_is_marked(network, host, protocol, ntohs(port), kind) || !any_kind_hears(kind, to))
      continue;
    const struct network_address *place = any_place(network, host, kind);
    if (place == to || is_heard(network, to, port, protocol))
      return to;
    if (is_heard(network, place, port, protocol))
      return place;
  }
  return to;
}

/* ---- binding ---- */

struct binding {
  struct network *network;
  int fd, host, protocol;
  sa_family_t family;
  const struct network_address *address;
  bool is_any;
  enum any_kind kind;
};

/* Whether both could hear the same datagram. */
static bool kinds_overlap(enum any_kind a, enum any_kind b) {
  return a == b || a == ANY_DUAL || b == ANY_DUAL;
}

/* Conflicts that the kernel doesn't see because the places differ: between a socket that is bound
 * to any address and one at an address that it hears, and between two that are bound to any. */
static bool is_in_use(const struct binding *binding, in_port_t port) {
  const struct network *network = binding->network;
  int reuse_address = option_of(binding->fd, SO_REUSEADDR);
  int reuse_port = option_of(binding->fd, SO_REUSEPORT);
  for (enum any_kind kind = 0; kind < ANY_KINDS; kind++) {
    const struct network_address *place = any_place(network, binding->host, kind);
    bool overlaps = binding->is_any ? kinds_overlap(kind, binding->kind)
                                    : any_kind_hears(kind, binding->address);
    if (overlaps && place != binding->address &&
        any_is_marked(network, binding->host, binding->protocol, ntohs(port), kind) &&
        is_refused(network, place, port, binding->protocol, reuse_address, reuse_port))
      return true;
  }
  for (uint32_t i = 0; binding->is_any && i < network->addresses; i++) {
    const struct network_address *other = &network->address[i];
    if (other->host == binding->host && other != binding->address &&
        any_kind_hears(binding->kind, other) &&
        is_refused(network, other, port, binding->protocol, reuse_address, reuse_port))
      return true;
  }
  return false;
}

/* The socket's own memory of being bound to any address. The option means nothing to a socket that
 * the lab binds, since that always has a port (ip(7)). */
enum { BOUND_TO_ANY_NOTE = IP_BIND_ADDRESS_NO_PORT };

static bool is_bound_to_any(int fd) {
  int noted = 0;
  socklen_t length = sizeof noted;
  return REAL(getsockopt)(fd, IPPROTO_IP, BOUND_TO_ANY_NOTE, &noted, &length) == 0 && noted != 0;
}

/* The kernel would have refused it if another kind's socket were at this place still. */
static void note_any(const struct binding *binding, in_port_t port) {
  struct network *network = binding->network;
  int on = 1;
  for (enum any_kind kind = 0; kind < ANY_KINDS; kind++)
    if (kind == binding->kind || any_place(network, binding->host, kind) == binding->address)
      any_mark(network, binding->host, binding->protocol, ntohs(port), kind, kind == binding->kind);
  REAL(setsockopt)(binding->fd, IPPROTO_IP, BOUND_TO_ANY_NOTE, &on, sizeof on);
}

/* `port` is simulated. */
static int bind_to_port(const struct binding *binding, in_port_t port) {
  struct network *network = binding->network;
  struct sockaddr_storage realised;
  socklen_t length;
  refresh_marks(network, binding->host, binding->protocol, port);
  if (is_in_use(binding, port)) {
    errno = EADDRINUSE;
    return -1;
  }
  network_place(network, binding->address, binding->family, port, &realised, &length);
  turn_attend(binding->host);
  if (REAL(bind)(binding->fd, (struct sockaddr *)&realised, length))
    return -1;
  struct any_end end = end_of(&realised, binding->protocol);
  any_forget(network, &end);
  if (binding->is_any)
    note_any(binding, port);
  return 0;
}

static int bind_to_any_port(const struct binding *binding) {
  for (int tries = NETWORK_EPHEMERAL_FIRST; tries <= NETWORK_EPHEMERAL_LAST; tries++) {
    in_port_t port = htons(network_next_port(binding->network, address_own_host(binding->network)));
    if (bind_to_port(binding, port) == 0)
      return 0;
    if (errno != EADDRINUSE)
      return -1;
  }
  errno = EADDRINUSE;
  return -1;
}

/* What a socket of this family that is bound to the unspecified address hears. */
static enum any_kind kind_of(int fd, const struct sockaddr *address) {
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
  if (address->sa_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
    return ANY_V4;
  return socket_is_v6only(fd) ? ANY_V6 : ANY_DUAL;
}

int any_bind(struct network *network, int fd, const struct sockaddr *address) {
  int own_host = address_own_host(network);
  struct binding binding = {.network = network,
                            .fd = fd,
                            .host = own_host,
                            .protocol = protocol_of(fd),
                            .family = address->sa_family};
  binding.is_any = network_is_unspecified(address);
  if (binding.is_any) {
    binding.kind = kind_of(fd, address);
    binding.address = any_place(network, own_host, binding.kind);
  } else {
    binding.address = network_find(network, own_host, address);
  }
  if (!binding.address || (binding.address->host != own_host && own_host != NETWORK_LAB_HOST) ||
      ntohs(port_of(address)) > NETWORK_PORT_LAST) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  if (binding.family == AF_INET6 && !binding.is_any && network_is_v4(binding.address) &&
      socket_is_v6only(fd)) {
    errno = EINVAL; /* ipv6(7); net/ipv6/af_inet6.c */
    return -1;
  }
  binding.host = binding.address->host;
  in_port_t port = port_of(address);
  return port ? bind_to_port(&binding, port) : bind_to_any_port(&binding);
}

static bool is_unbound(int fd, sa_family_t *family) {
  struct sockaddr_storage name = {0};
  socklen_t length = sizeof name;
  if (REAL(getsockname)(fd, (struct sockaddr *)&name, &length))
    return false;
  *family = name.ss_family;
  return (name.ss_family == AF_INET || name.ss_family == AF_INET6) &&
         port_of((struct sockaddr *)&name) == 0;
}

void any_bind_unbound(struct network *network, int fd) {
  struct sockaddr_storage any = {0};
  if (is_unbound(fd, &any.ss_family))
    any_bind(network, fd, (struct sockaddr *)&any);
}

void any_bind_source(struct network *network, int fd, const struct network_address *to) {
  struct sockaddr_storage source = {0};
  const struct network_address *from = network_source(network, address_own_host(network), to);
  if (!from || !is_unbound(fd, &source.ss_family))
    return;
  network_write(network, from, (struct sockaddr *)&source);
  any_bind(network, fd, (struct sockaddr *)&source);
}

struct any_socket any_socket_of(const struct network *network, int fd) {
  struct sockaddr_storage name = {0};
  socklen_t length = sizeof name;
  struct any_socket found = {.end = {0}};
  if (REAL(getsockname)(fd, (struct sockaddr *)&name, &length) ||
      (name.ss_family != AF_INET && name.ss_family != AF_INET6))
    return found;
  found.end = end_of(&name, protocol_of(fd));
  found.address = network_of_loopback(network, (struct sockaddr *)&name);
  found.is_any = found.address && is_bound_to_any(fd);
  return found;
}

/* ---- speaking ---- */

/* Sets `realised`, which is where `to` lies, to where it is heard. Returns that. */
static const struct network_address *find_way(struct network *network, int protocol,
                                              const struct network_address *to,
                                              const struct sockaddr *address,
                                              struct sockaddr_storage *realised) {
  in_port_t port = port_of(address);
  const struct network_address *hearer = find_hearer(network, protocol, to, port);
  socklen_t length;
  if (hearer != to)
    network_place(network, hearer, address->sa_family, port, realised, &length);
  return hearer;
}

void any_dial(struct network *network, int fd, const struct network_address *to,
              const struct sockaddr *address, struct sockaddr_storage *realised) {
  struct any_socket own = any_socket_of(network, fd);
  if (!own.address)
    return;
  const struct network_address *from =
      own.is_any ? network_source(network, own.address->host, to) : own.address;
  const struct network_address *hearer = find_way(network, own.end.protocol, to, address, realised);
  struct any_end peer = end_of(realised, own.end.protocol);
  any_forget(network, &own.end);
  if (hearer != to || from != own.address)
    any_associate(network, &own.end, &peer,
                  (struct any_pair){network_number(network, from), network_number(network, to)});
}

uint32_t any_address_datagram(struct network *network, int fd, const struct network_address *to,
                              const struct sockaddr *address, const struct network_address *chosen,
                              struct sockaddr_storage *realised) {
  struct any_socket own = any_socket_of(network, fd);
  if (!own.address || own.end.protocol != IPPROTO_UDP)
    return 0;
  const struct network_address *from = chosen;
  if (!from)
    from = own.is_any ? network_source(network, own.address->host, to) : own.address;
  if (!from)
    from = own.address;
  const struct network_address *hearer = find_way(network, IPPROTO_UDP, to, address, realised);
  struct any_end peer = end_of(realised, IPPROTO_UDP);
  const struct any_pair *dialled = any_association(network, &peer, &own.end);
  /* A socket that is connected to us takes what comes from our place only, and on a real network
   * only what comes from the address that it dialled. */
  if (dialled && dialled->to == network_number(network, from))
    return 0;
  struct any_pair pair = {network_number(network, from), network_number(network, to)};
  uint32_t loopback = hearer != to ? any_pair_loopback(network, pair) : from->loopback;
  return loopback == own.end.loopback ? 0 : loopback;
}

/* ---- names ---- */

struct any_pair any_conversation(const struct network *network, int fd,
                                 const struct sockaddr_storage *said) {
  struct sockaddr_storage up = *said; /* as it is when it can be reached */
  struct any_pair pair = network_pair(network, (const struct sockaddr *)said);
  if (pair.from != 0 || network->any.associations == 0)
    return pair;
  struct any_socket own = any_socket_of(network, fd);
  if (!own.address || !network_of_loopback(network, (const struct sockaddr *)said))
    return pair;
  network_point((struct sockaddr *)&up, REACH_UP);
  struct any_end peer = end_of(&up, own.end.protocol);
  const struct any_pair *found = any_association(network, &own.end, &peer);
  if (found)
    return (struct any_pair){.from = found->to, .to = found->from};
  found = any_association(network, &peer, &own.end);
  return found ? *found : pair;
}

static void simulate(const struct network *network, uint16_t number,
                     struct sockaddr_storage *said) {
  const struct network_address *entry = network_numbered(network, number);
  if (entry)
    network_write(network, entry, (struct sockaddr *)said);
  else
    network_simulate(network, (struct sockaddr *)said);
}

void any_simulate_peer(const struct network *network, int fd, struct sockaddr_storage *said) {
  simulate(network, any_conversation(network, fd, said).from, said);
}

void any_simulate_own(const struct network *network, int fd, struct sockaddr_storage *said) {
  struct sockaddr_storage peer = {0};
  socklen_t length = sizeof peer;
  bool has_peer = REAL(getpeername)(fd, (struct sockaddr *)&peer, &length) == 0;
  bool is_inet = said->ss_family == AF_INET || said->ss_family == AF_INET6;
  if (!is_inet)
    return;
  simulate(network, has_peer ? any_conversation(network, fd, &peer).to : 0, said);
  if (!has_peer && is_bound_to_any(fd))
    network_write_unspecified((struct sockaddr *)said);
}
