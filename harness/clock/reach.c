/* SPDX-License-Identifier: MIT
 *
 * The table of what can be reached (reach.h), without any call: pure functions on the shared
 * memory.
 */
#include "harness/clock/reach.h"

#include <stdbool.h>
#include <stddef.h>

#include "harness/clock/network.h"

/* An address in the form of the table, without a state. */
static bool normal_entry(const struct sockaddr *address, int protocol, struct reach_entry *out) {
  if (!network_normal_form(address, &out->address))
    return false;
  out->port =
      ntohs(address->sa_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                          : ((const struct sockaddr_in6 *)address)->sin6_port);
  out->protocol = (uint16_t)protocol;
  return true;
}

static struct reach_entry *find_exactly(struct reach *reach, const struct reach_entry *wanted) {
  for (uint32_t i = 0; i < reach->entries; i++) {
    struct reach_entry *entry = &reach->entry[i];
    if (entry->port == wanted->port && entry->protocol == wanted->protocol &&
        IN6_ARE_ADDR_EQUAL(&entry->address, &wanted->address))
      return entry;
  }
  return NULL;
}

static int set(struct network *network, const struct sockaddr *address, int protocol,
               enum reach_state state, bool witnessed) {
  struct reach *reach = &network->reach;
  struct reach_entry wanted;
  if (!normal_entry(address, protocol, &wanted) || network_is_loopback(&wanted.address))
    return -1;
  struct reach_entry *entry = find_exactly(reach, &wanted);
  if (state == REACH_UP) {
    if (entry)
      *entry = reach->entry[--reach->entries];
  } else if (entry) {
    entry->state = (uint16_t)state;
    entry->witnessed = witnessed;
  } else if (reach->entries < REACH_ENTRIES_MAX) {
    wanted.state = (uint16_t)state;
    wanted.witnessed = witnessed;
    reach->entry[reach->entries++] = wanted;
  } else {
    return -1;
  }
  reach->version++;
  return 0;
}

int reach_set(struct network *network, const struct sockaddr *address, int protocol,
              enum reach_state state) {
  return set(network, address, protocol, state, false);
}

int reach_set_witnessed(struct network *network, const struct sockaddr *address, int protocol,
                        enum reach_state state) {
  return set(network, address, protocol, state, true);
}

/* How specific an entry is for an address that it fits; -1: it doesn't fit. */
static int fits(const struct reach_entry *entry, const struct reach_entry *wanted) {
  if ((entry->port && entry->port != wanted->port) ||
      (entry->protocol && entry->protocol != wanted->protocol) ||
      !IN6_ARE_ADDR_EQUAL(&entry->address, &wanted->address))
    return -1;
  return (entry->port ? 2 : 0) + (entry->protocol ? 1 : 0);
}

/* The entry that says how it is; NULL: none, so it is up. */
static const struct reach_entry *strongest(const struct reach *reach,
                                           const struct sockaddr *address, int protocol) {
  struct reach_entry wanted;
  const struct reach_entry *found = NULL;
  int best = -1;
  if (reach->entries == 0 || !normal_entry(address, protocol, &wanted))
    return NULL;
  for (uint32_t i = 0; i < reach->entries; i++) {
    int specific = fits(&reach->entry[i], &wanted);
    if (specific > best) {
      best = specific;
      found = &reach->entry[i];
    }
  }
  return found;
}

enum reach_state reach_of(const struct network *network, const struct sockaddr *address,
                          int protocol) {
  const struct reach_entry *entry = strongest(&network->reach, address, protocol);
  return entry ? (enum reach_state)entry->state : REACH_UP;
}

bool reach_is_witnessed(const struct network *network, const struct sockaddr *address,
                        int protocol) {
  const struct reach_entry *entry = strongest(&network->reach, address, protocol);
  return entry && entry->witnessed;
}

enum reach_state reach_between(const struct network *network, const struct sockaddr *local,
                               const struct sockaddr *peer, int protocol) {
  struct in6_addr from, to;
  if ((local && network_normal_form(local, &from) && network_is_loopback(&from)) ||
      (network_normal_form(peer, &to) && network_is_loopback(&to)))
    return REACH_UP;
  if (local && reach_of(network, local, protocol) == REACH_SILENT)
    return REACH_SILENT;
  return reach_of(network, peer, protocol);
}
