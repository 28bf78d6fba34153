/* SPDX-License-Identifier: MIT
 *
 * The tables of sockets that are bound to any address (any_bound.h): pure functions on the shared
 * memory.
 */
#include "harness/clock/any_bound.h"

#include <arpa/inet.h>
#include <string.h>

#include "harness/clock/network.h"

_Static_assert(ANY_HOSTS_MAX == NETWORK_HOSTS_MAX, "each host has its ports");
_Static_assert(ANY_PAIR_FIRST > NETWORK_ADDRESSES_MAX, "a number says which of the two it is");

/* ---- kinds and marks ---- */

bool any_kind_hears(enum any_kind kind, const struct network_address *address) {
  switch (kind) {
  case ANY_V4:
    return network_is_v4(address);
  case ANY_V6:
    return !network_is_v4(address);
  case ANY_DUAL:
  case ANY_KINDS:
    break;
  }
  return true;
}

const struct network_address *any_place(const struct network *network, int host,
                                        enum any_kind kind) {
  const struct network_host *own = &network->host[host];
  uint16_t number = own->first[kind == ANY_V4 ? 0 : 1];
  if (number == 0 && kind == ANY_DUAL)
    number = own->first[0];
  if (number == 0)
    number = own->localhost[kind == ANY_V4 ? 0 : 1];
  return network_numbered(network, number);
}

static uint8_t bit_of(int protocol, enum any_kind kind) {
  return (uint8_t)(1u << ((protocol == IPPROTO_TCP ? ANY_KINDS : 0) + kind));
}

bool any_is_marked(const struct network *network, int host, int protocol, uint16_t port,
                   enum any_kind kind) {
  return network->any.port[host][port] & bit_of(protocol, kind);
}

bool any_has_marks(const struct network *network, int host, int protocol, uint16_t port) {
  return any_is_marked(network, host, protocol, port, ANY_V4) ||
         any_is_marked(network, host, protocol, port, ANY_V6) ||
         any_is_marked(network, host, protocol, port, ANY_DUAL);
}

void any_mark(struct network *network, int host, int protocol, uint16_t port, enum any_kind kind,
              bool marked) {
  uint8_t *byte = &network->any.port[host][port], bit = bit_of(protocol, kind);
  *byte = (uint8_t)(marked ? *byte | bit : *byte & ~bit);
}

/* ---- pairs ---- */

uint32_t any_pair_loopback(struct network *network, struct any_pair pair) {
  struct any_pair *table = network->any.pair;
  uint32_t start = (pair.from * UINT32_C(4096) + pair.to) * UINT32_C(2654435761) % ANY_PAIRS_MAX;
  uint32_t number = pair.from;
  for (uint32_t i = 0; i < ANY_PAIRS_MAX; i++) {
    uint32_t slot = (start + i) % ANY_PAIRS_MAX;
    if (table[slot].from == 0)
      table[slot] = pair;
    if (table[slot].from == pair.from && table[slot].to == pair.to) {
      number = ANY_PAIR_FIRST + slot;
      break;
    }
  }
  return htonl((uint32_t)IN_LOOPBACKNET << 24 | network->block << 16 | number);
}

struct any_pair any_pair_of_number(const struct any_bound *any, uint32_t number) {
  if (number < ANY_PAIR_FIRST || number >= ANY_PAIR_FIRST + ANY_PAIRS_MAX)
    return (struct any_pair){0};
  return any->pair[number - ANY_PAIR_FIRST];
}

/* ---- associations ---- */

static bool is_same(const struct any_end *a, const struct any_end *b) {
  return a->loopback == b->loopback && a->port == b->port && a->protocol == b->protocol;
}

static struct any_association *find(const struct any_bound *any, const struct any_end *own,
                                    const struct any_end *peer) {
  for (uint32_t i = 0; i < any->associations; i++) {
    const struct any_association *entry = &any->association[i];
    if (is_same(&entry->own, own) && is_same(&entry->peer, peer))
      return (struct any_association *)entry;
  }
  return NULL;
}

void any_associate(struct network *network, const struct any_end *own, const struct any_end *peer,
                   struct any_pair pair) {
  struct any_bound *any = &network->any;
  struct any_association *entry = find(any, own, peer);
  if (!entry && pair.from == 0)
    return;
  if (!entry && any->associations < ANY_ASSOCIATIONS_MAX) {
    entry = &any->association[any->associations++];
  } else if (!entry) {
    entry = &any->association[any->next_association];
    any->next_association = (any->next_association + 1) % ANY_ASSOCIATIONS_MAX;
  }
  *entry = (struct any_association){.own = *own, .peer = *peer, .pair = pair};
  if (pair.from == 0)
    *entry = any->association[--any->associations];
}

const struct any_pair *any_association(const struct network *network, const struct any_end *own,
                                       const struct any_end *peer) {
  const struct any_association *entry = find(&network->any, own, peer);
  return entry ? &entry->pair : NULL;
}

void any_forget(struct network *network, const struct any_end *own) {
  struct any_bound *any = &network->any;
  for (uint32_t i = any->associations; i-- > 0;)
    if (is_same(&any->association[i].own, own))
      any->association[i] = any->association[--any->associations];
}
