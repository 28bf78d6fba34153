/* SPDX-License-Identifier: MIT
 *
 * Servers: the names that a resolution has found, in order, with their addresses; and how they
 * become a target list. Plain data.
 */
#ifndef UA_SERVERS_H
#define UA_SERVERS_H

#include "ua/naptr.h"
#include "ua/random.h"
#include "ua/srv.h"
#include "ua/targets.h"

/* 12 SRV records for each of 6 NAPTR records (CISCO-SRV-2). */
#define SERVERS_MAX (NAPTR_RECORDS_MAX * SRV_RECORDS_MAX)

/* Addresses of one name, of both families together. What comes after is left out. */
#define SERVER_ADDRESSES_MAX 16

struct server {
  char name[DNS_NAME_SIZE];
  uint16_t port; /* 0: that of the transport */
  enum sip_transport transport;
  uint16_t priority, weight;
  unsigned rank; /* 0: the best; the same for servers of one service that have the same priority */
  struct target_address addresses[SERVER_ADDRESSES_MAX]; /* ports don't count */
  size_t address_count;
};

/* False when there is no room. */
bool server_add_address(struct server *server, const struct target_address *address);

/* Puts servers in the order of RFC 2782: ascending priority, and within one priority a draw in
 * which a server's chance is proportional to its weight. */
void servers_order(struct server *servers, size_t count, struct phone_random *weights);

struct target_order {
  /* The families that are used, the preferred one first. */
  int families[2];
  size_t family_count;

  /* The addresses of each server by RFC 6724 (RFC 7984); otherwise those of the preferred family
   * come first within each rank (CISCO-SRV-10). */
  bool is_by_rfc6724;
  const struct target_address *own; /* the phone's addresses, for RFC 6724 */
  size_t own_count;

  /* Only targets with the port of the first one (Proxy Redundancy Method, CISCO-SRV-7). */
  bool keeps_to_first_port;
};

/* Adds the targets that the servers are, the servers being in the order of their ranks. Several
 * addresses of one server take its place in the list (CISCO-SRV-8). */
void servers_list_targets(struct target_list *list, struct server *servers, size_t count,
                          const struct target_order *order);

#endif
