/* SPDX-License-Identifier: MIT
 *
 * The simulated network's table (network.h), without any call: pure functions on the shared memory.
 * A loopback address says where in the table its own lies; for a simulated one the table is walked.
 */
#include "harness/clock/network.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- the forms of an address ---- */

static struct in6_addr mapped(uint32_t v4) {
  struct in6_addr address = {0};
  address.s6_addr[10] = address.s6_addr[11] = 0xff;
  memcpy(&address.s6_addr[12], &v4, sizeof v4);
  return address;
}

static uint32_t unmapped(const struct in6_addr *address) {
  uint32_t v4;
  memcpy(&v4, &address->s6_addr[12], sizeof v4);
  return v4;
}

bool network_normal_form(const struct sockaddr *address, struct in6_addr *out) {
  if (address->sa_family == AF_INET)
    *out = mapped(((const struct sockaddr_in *)address)->sin_addr.s_addr);
  else if (address->sa_family == AF_INET6)
    *out = ((const struct sockaddr_in6 *)address)->sin6_addr;
  else
    return false;
  return true;
}

static bool is_v4(const struct in6_addr *address) {
  return IN6_IS_ADDR_V4MAPPED(address);
}

static bool is_unspecified(const struct in6_addr *address) {
  return IN6_IS_ADDR_UNSPECIFIED(address) ||
         (is_v4(address) && unmapped(address) == htonl(INADDR_ANY));
}

bool network_is_loopback(const struct in6_addr *address) {
  return IN6_IS_ADDR_LOOPBACK(address) ||
         (is_v4(address) && ntohl(unmapped(address)) >> 24 == IN_LOOPBACKNET);
}

static bool is_multicast(const struct in6_addr *address) {
  return IN6_IS_ADDR_MULTICAST(address) ||
         (is_v4(address) && IN_MULTICAST(ntohl(unmapped(address))));
}

/* The ports that loopback gives to everybody, from 1024 on, as a circle: on it lie the simulated
 * ones from 1024 to 64511, each at its own number, and after them those below 1024. */
enum { PORTS = 65536 - NETWORK_PRIVILEGED_PORTS };

static uint16_t realised_port(const struct network *network, uint16_t port) {
  uint32_t number = ntohs(port);
  if (number == 0)
    return 0;
  uint32_t place = number < NETWORK_PRIVILEGED_PORTS
                       ? number + NETWORK_PORT_SHIFT - NETWORK_PRIVILEGED_PORTS
                       : number - NETWORK_PRIVILEGED_PORTS;
  return htons((uint16_t)(NETWORK_PRIVILEGED_PORTS + (place + network->port_shift) % PORTS));
}

static uint16_t simulated_port(const struct network *network, uint16_t port) {
  uint32_t number = ntohs(port);
  if (number < NETWORK_PRIVILEGED_PORTS)
    return port;
  uint32_t place = (number - NETWORK_PRIVILEGED_PORTS + PORTS - network->port_shift) % PORTS;
  uint32_t at_its_number = place + NETWORK_PRIVILEGED_PORTS;
  return htons((uint16_t)(at_its_number >= NETWORK_PORT_SHIFT ? at_its_number - NETWORK_PORT_SHIFT
                                                              : at_its_number));
}

uint32_t network_port_shift(int64_t real_ns) {
  /* Around the circle once in 61 s. */
  const int64_t ns_for_each = INT64_C(61) * 1000000000 / PORTS;
  return (uint32_t)(real_ns / ns_for_each % PORTS);
}

/* ---- hosts and addresses ---- */

/* Appends an address and returns its number. */
static uint16_t append(struct network *network, int host, const struct in6_addr *simulated,
                       bool is_localhost) {
  uint32_t number = ++network->addresses; /* 127.BLOCK.0.0 is a network's name, not a host's */
  network->address[number - 1] = (struct network_address){
      .simulated = *simulated,
      .loopback = htonl((uint32_t)IN_LOOPBACKNET << 24 | network->block << 16 | number),
      .host = (uint16_t)host,
      .is_localhost = is_localhost,
  };
  return (uint16_t)number;
}

void network_init(struct network *network, unsigned block) {
  uint32_t shift = network->port_shift;
  /* What follows the head is zero in new memory, and would have to be touched page by page. */
  memset(network, 0, offsetof(struct network, any.port));
  network->block = block;
  network->port_shift = shift;
  network_add_host(network, "lab");
}

int network_find_host(const struct network *network, const char *name) {
  for (uint32_t i = 0; i < network->hosts; i++)
    if (strcmp(network->host[i].name, name) == 0)
      return (int)i;
  return -1;
}

int network_add_host(struct network *network, const char *name) {
  if (network->hosts == NETWORK_HOSTS_MAX || network->addresses + 2 > NETWORK_ADDRESSES_MAX ||
      network_find_host(network, name) >= 0)
    return -1;
  struct in6_addr localhost_v4 = mapped(htonl(INADDR_LOOPBACK));
  int index = (int)network->hosts++;
  struct network_host *host = &network->host[index];
  snprintf(host->name, NETWORK_NAME_SIZE, "%s", name);
  host->next_ephemeral = NETWORK_EPHEMERAL_FIRST;
  host->localhost[0] = append(network, index, &localhost_v4, true);
  host->localhost[1] = append(network, index, &in6addr_loopback, true);
  return index;
}

static const struct network_address *find(const struct network *network,
                                          const struct in6_addr *simulated) {
  for (uint32_t i = 0; i < network->addresses; i++) {
    const struct network_address *entry = &network->address[i];
    if (!entry->is_localhost && IN6_ARE_ADDR_EQUAL(&entry->simulated, simulated))
      return entry;
  }
  return NULL;
}

int network_add_address(struct network *network, int host, const struct sockaddr *address) {
  struct in6_addr simulated;
  if (!network_normal_form(address, &simulated) || is_unspecified(&simulated) ||
      network_is_loopback(&simulated) || is_multicast(&simulated) || find(network, &simulated) ||
      network->addresses == NETWORK_ADDRESSES_MAX)
    return -1;
  uint16_t number = append(network, host, &simulated, false);
  uint16_t *first = &network->host[host].first[is_v4(&simulated) ? 0 : 1];
  if (*first == 0)
    *first = number;
  return 0;
}

void network_add_nameserver(struct network *network, const struct sockaddr *address) {
  struct in6_addr simulated;
  if (network_normal_form(address, &simulated) && network->nameservers < NETWORK_NAMESERVERS_MAX)
    network->nameserver[network->nameservers++] = simulated;
}

const struct network_address *network_host_address(const struct network *network, int host,
                                                   unsigned n) {
  for (uint32_t i = 0; i < network->addresses; i++) {
    const struct network_address *entry = &network->address[i];
    if (entry->host == host && !entry->is_localhost && n-- == 0)
      return entry;
  }
  return NULL;
}

const struct network_address *network_numbered(const struct network *network, uint16_t number) {
  return number > 0 && number <= network->addresses ? &network->address[number - 1] : NULL;
}

uint16_t network_number(const struct network *network, const struct network_address *entry) {
  return entry ? (uint16_t)(entry - network->address + 1) : 0;
}

bool network_is_v4(const struct network_address *entry) {
  return is_v4(&entry->simulated);
}

const struct network_address *network_source(const struct network *network, int host,
                                             const struct network_address *destination) {
  unsigned family = network_is_v4(destination) ? 0 : 1;
  const struct network_host *own = &network->host[host];
  if (destination->host == host)
    return destination;
  if (host == NETWORK_LAB_HOST && own->first[family] == 0)
    return network_numbered(network, own->localhost[family]);
  return network_numbered(network, own->first[family]);
}

/* ---- translation ---- */

void network_place(const struct network *network, const struct network_address *entry,
                   sa_family_t family, in_port_t port, struct sockaddr_storage *out,
                   socklen_t *length) {
  memset(out, 0, sizeof *out);
  if (family == AF_INET) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    *v4 = (struct sockaddr_in){.sin_family = AF_INET,
                               .sin_addr.s_addr = entry->loopback,
                               .sin_port = realised_port(network, port)};
    *length = sizeof *v4;
  } else {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                .sin6_addr = mapped(entry->loopback),
                                .sin6_port = realised_port(network, port)};
    *length = sizeof *v6;
  }
}

static enum network_realisation realise(const struct network *network,
                                        const struct network_address *entry,
                                        const struct sockaddr *address,
                                        struct sockaddr_storage *out, socklen_t *length) {
  in_port_t port = address->sa_family == AF_INET
                       ? ((const struct sockaddr_in *)address)->sin_port
                       : ((const struct sockaddr_in6 *)address)->sin6_port;
  if (!entry || ntohs(port) > NETWORK_PORT_LAST)
    return NETWORK_NO_HOST;
  network_place(network, entry, address->sa_family, port, out, length);
  return NETWORK_REALISED;
}

const struct network_address *network_find(const struct network *network, int host,
                                           const struct sockaddr *address) {
  struct in6_addr simulated;
  if (!network_normal_form(address, &simulated))
    return NULL;
  if (network_is_loopback(&simulated) || is_unspecified(&simulated)) {
    bool v4 = address->sa_family == AF_INET || is_v4(&simulated);
    return network_numbered(network, network->host[host].localhost[v4 ? 0 : 1]);
  }
  return find(network, &simulated);
}

enum network_realisation network_realise(const struct network *network, int host,
                                         const struct sockaddr *address,
                                         struct sockaddr_storage *out, socklen_t *length) {
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
    return NETWORK_NOT_INET;
  const struct network_address *entry = network_find(network, host, address);
  if (entry && !network_source(network, host, entry))
    return NETWORK_NO_ROUTE;
  return realise(network, entry, address, out, length);
}

enum network_realisation network_realise_local(const struct network *network, int host,
                                               const struct sockaddr *address,
                                               struct sockaddr_storage *out, socklen_t *length) {
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
    return NETWORK_NOT_INET;
  const struct network_address *entry = network_find(network, host, address);
  if (entry && entry->host != host && host != NETWORK_LAB_HOST)
    entry = NULL;
  return realise(network, entry, address, out, length);
}

/* The highest bits of the host's part of a loopback address, which no address of the tables has. */
#define VOID_BITS UINT32_C(0x0000c000)
#define VOID_REFUSED UINT32_C(0x00008000)
#define VOID_UNREACHABLE UINT32_C(0x0000c000)
_Static_assert(ANY_PAIR_FIRST + ANY_PAIRS_MAX <= 0x4000,
               "addresses of the tables have no void bits");

/* The loopback address within a realised one. */
static uint32_t loopback_of(const struct sockaddr *realised) {
  return realised->sa_family == AF_INET
             ? ((const struct sockaddr_in *)realised)->sin_addr.s_addr
             : unmapped(&((const struct sockaddr_in6 *)realised)->sin6_addr);
}

static uint32_t void_bits(enum reach_state state) {
  switch (state) {
  case REACH_UP:
  case REACH_SILENT:
    return 0;
  case REACH_REFUSED:
    return htonl(VOID_REFUSED);
  case REACH_UNREACHABLE:
    return htonl(VOID_UNREACHABLE);
  }
  return 0;
}

void network_point(struct sockaddr *realised, enum reach_state state) {
  uint32_t loopback = (loopback_of(realised) & ~htonl(VOID_BITS)) | void_bits(state);
  if (realised->sa_family == AF_INET)
    ((struct sockaddr_in *)realised)->sin_addr.s_addr = loopback;
  else
    ((struct sockaddr_in6 *)realised)->sin6_addr = mapped(loopback);
}

bool network_is_unreachable(const struct sockaddr *realised) {
  return (realised->sa_family == AF_INET || realised->sa_family == AF_INET6) &&
         (loopback_of(realised) & htonl(VOID_BITS)) == htonl(VOID_UNREACHABLE);
}

/* The last two octets of a loopback address of the lab's block, without the void bits; 0 for any
 * other address. */
static uint32_t number_of_loopback(const struct network *network, const struct sockaddr *realised) {
  struct in6_addr address;
  if (!network_normal_form(realised, &address) || !is_v4(&address))
    return 0;
  uint32_t v4 = ntohl(unmapped(&address));
  return v4 >> 16 == ((uint32_t)IN_LOOPBACKNET << 8 | network->block) ? v4 & 0xffff & ~VOID_BITS
                                                                      : 0;
}

const struct network_address *network_of_loopback(const struct network *network,
                                                  const struct sockaddr *realised) {
  uint32_t number = number_of_loopback(network, realised);
  if (number > NETWORK_ADDRESSES_MAX)
    number = any_pair_of_number(&network->any, number).from;
  return network_numbered(network, (uint16_t)number);
}

struct any_pair network_pair(const struct network *network, const struct sockaddr *realised) {
  return any_pair_of_number(&network->any, number_of_loopback(network, realised));
}

void network_write_unspecified(struct sockaddr *address) {
  if (address->sa_family == AF_INET)
    ((struct sockaddr_in *)address)->sin_addr.s_addr = htonl(INADDR_ANY);
  else
    ((struct sockaddr_in6 *)address)->sin6_addr = in6addr_any;
}

void network_write(const struct network *network, const struct network_address *entry,
                   struct sockaddr *address) {
  if (address->sa_family == AF_INET) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    v4->sin_addr.s_addr = unmapped(&entry->simulated);
    v4->sin_port = simulated_port(network, v4->sin_port);
  } else {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    v6->sin6_addr = entry->simulated;
    v6->sin6_port = simulated_port(network, v6->sin6_port);
  }
}

/* An IPv4 socket sees an IPv6 host, which it can't have reached, not at all. */
bool network_simulate(const struct network *network, struct sockaddr *address) {
  const struct network_address *entry = network_of_loopback(network, address);
  if (!entry || (address->sa_family == AF_INET && !network_is_v4(entry)))
    return false;
  network_write(network, entry, address);
  return true;
}

bool network_is_unspecified(const struct sockaddr *address) {
  struct in6_addr simulated;
  return network_normal_form(address, &simulated) && is_unspecified(&simulated);
}

int network_host_at(const struct network *network, const struct sockaddr *realised) {
  const struct network_address *entry = network_of_loopback(network, realised);
  return entry ? entry->host : -1;
}

uint16_t network_next_port(struct network *network, int host) {
  struct network_host *entry = &network->host[host];
  uint16_t port = entry->next_ephemeral;
  entry->next_ephemeral =
      port == NETWORK_EPHEMERAL_LAST ? NETWORK_EPHEMERAL_FIRST : (uint16_t)(port + 1);
  return port;
}
