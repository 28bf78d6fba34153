/* SPDX-License-Identifier: MIT
 *
 * Servers (servers.h).
 */
#include "ua/servers.h"

#include <string.h>

#include "ua/address_order.h"

bool server_add_address(struct server *server, const struct target_address *address) {
  if (server->address_count == SERVER_ADDRESSES_MAX)
    return false;
  server->addresses[server->address_count++] = *address;
  return true;
}

void servers_order(struct server *servers, size_t count, struct phone_random *weights) {
  for (size_t next = 0; next < count; next++) {
    /* The lowest priority that is left, those with weight 0 first (RFC 2782). */
    uint16_t priority = servers[next].priority;
    uint64_t sum = 0, zeros = 0;
    for (size_t i = next; i < count; i++)
      if (servers[i].priority < priority)
        priority = servers[i].priority;
    for (size_t i = next; i < count; i++)
      if (servers[i].priority == priority) {
        sum += servers[i].weight;
        zeros += servers[i].weight == 0;
      }
    /* RFC 2782 draws from 0, which is the chance of those with weight 0; where there is none it
     * would only add to that of whoever is first. */
    uint64_t draw = zeros > 0 || sum == 0 ? phone_random_below(weights, sum + 1)
                                          : 1 + phone_random_below(weights, sum);
    size_t chosen = count;
    for (int zero = 1; zero >= 0 && chosen == count; zero--) {
      for (size_t i = next; i < count && chosen == count; i++) {
        if (servers[i].priority != priority || (servers[i].weight == 0) != zero)
          continue;
        if (draw <= servers[i].weight)
          chosen = i;
        else
          draw -= servers[i].weight;
      }
    }
    struct server server = servers[chosen];
    memmove(&servers[next + 1], &servers[next], (chosen - next) * sizeof server);
    servers[next] = server;
  }
}

static void add_target(struct target_list *list, const struct server *server,
                       const struct target_address *address) {
  struct target target = {.address = *address,
                          .priority = server->priority,
                          .weight = server->weight,
                          .rank = server->rank};
  uint16_t port = server->port ? server->port : sip_transport_port(server->transport);
  target.address.transport = server->transport;
  target_address_set_port(&target.address, port);
  memcpy(target.name, server->name, sizeof target.name);
  target_list_add(list, &target);
}

/* `family` 0: all. */
static void add_addresses(struct target_list *list, const struct server *server, int family) {
  for (size_t i = 0; i < server->address_count; i++)
    if (family == 0 || server->addresses[i].any.sa_family == family)
      add_target(list, server, &server->addresses[i]);
}

static bool is_used(const struct target_order *order, const struct target_address *address) {
  for (size_t i = 0; i < order->family_count; i++)
    if (order->families[i] == address->any.sa_family)
      return true;
  return false;
}

static void drop_unused_families(struct server *server, const struct target_order *order) {
  size_t kept = 0;
  for (size_t i = 0; i < server->address_count; i++)
    if (is_used(order, &server->addresses[i]))
      server->addresses[kept++] = server->addresses[i];
  server->address_count = kept;
}

static void add_rank(struct target_list *list, struct server *servers, size_t count,
                     const struct target_order *order) {
  if (order->is_by_rfc6724) {
    for (size_t i = 0; i < count; i++) {
      address_order(servers[i].addresses, servers[i].address_count, order->own, order->own_count);
      add_addresses(list, &servers[i], 0);
    }
    return;
  }
  for (size_t family = 0; family < order->family_count; family++)
    for (size_t i = 0; i < count; i++)
      add_addresses(list, &servers[i], order->families[family]);
}

static void keep_to_first_port(struct target_list *list) {
  size_t kept = 0;
  for (size_t i = 0; i < list->count; i++)
    if (target_address_port(&list->items[i].address) ==
        target_address_port(&list->items[0].address))
      list->items[kept++] = list->items[i];
  list->count = kept;
}

void servers_list_targets(struct target_list *list, struct server *servers, size_t count,
                          const struct target_order *order) {
  for (size_t i = 0; i < count; i++)
    drop_unused_families(&servers[i], order);
  for (size_t first = 0, next; first < count; first = next) {
    for (next = first + 1; next < count && servers[next].rank == servers[first].rank;)
      next++;
    add_rank(list, servers + first, next - first, order);
  }
  if (order->keeps_to_first_port)
    keep_to_first_port(list);
}
