/* SPDX-License-Identifier: MIT
 *
 * Destination address selection (address_order.h).
 */
#include "ua/address_order.h"

#include <string.h>

/* RFC 4291 section 2.7, as far as unicast addresses have them (RFC 6724 section 3.1). */
enum { SCOPE_LINK_LOCAL = 0x2, SCOPE_SITE_LOCAL = 0x5, SCOPE_GLOBAL = 0xe };

struct policy_row {
  uint8_t prefix[16];
  unsigned length; /* bits */
  unsigned precedence, label;
};

/* RFC 6724 section 2.1, the longest prefixes first. */
static const struct policy_row TABLE[] = {
    {{[15] = 1}, 128, 50, 0},  {{[10] = 0xff, 0xff}, 96, 35, 4},
    {{0}, 96, 1, 3},           {{0x20, 0x01}, 32, 5, 5},
    {{0x20, 0x02}, 16, 30, 2}, {{0x3f, 0xfe}, 16, 1, 12},
    {{0xfe, 0xc0}, 10, 1, 11}, {{0xfc}, 7, 3, 13},
    {{0}, 0, 40, 1},
};

/* RFC 6724 section 3.2: an IPv4 address takes part in its IPv4-mapped form. */
static void to_v6(const struct target_address *address, uint8_t bytes[16]) {
  if (address->any.sa_family == AF_INET6) {
    memcpy(bytes, &address->v6.sin6_addr, 16);
    return;
  }
  memset(bytes, 0, 10);
  bytes[10] = bytes[11] = 0xff;
  memcpy(bytes + 12, &address->v4.sin_addr, 4);
}

static bool has_prefix(const uint8_t bytes[16], const uint8_t prefix[16], unsigned length) {
  unsigned whole = length / 8, rest = length % 8;
  if (memcmp(bytes, prefix, whole) != 0)
    return false;
  return rest == 0 || (bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static const struct policy_row *policy_of(const struct target_address *address) {
  uint8_t bytes[16];
  const struct policy_row *row = TABLE;
  to_v6(address, bytes);
  while (!has_prefix(bytes, row->prefix, row->length))
    row++;
  return row;
}

/* RFC 6724 sections 3.1 and 3.2. */
static int scope_of(const struct target_address *address) {
  static const uint8_t link_local[16] = {0xfe, 0x80}, site_local[16] = {0xfe, 0xc0};
  uint8_t bytes[16];
  to_v6(address, bytes);
  if (address->any.sa_family == AF_INET)
    return bytes[12] == 127 || (bytes[12] == 169 && bytes[13] == 254) ? SCOPE_LINK_LOCAL
                                                                      : SCOPE_GLOBAL;
  if (has_prefix(bytes, link_local, 10) || policy_of(address)->length == 128)
    return SCOPE_LINK_LOCAL;
  return has_prefix(bytes, site_local, 10) ? SCOPE_SITE_LOCAL : SCOPE_GLOBAL;
}

struct own_addresses {
  const struct target_address *items;
  size_t count;
};

static const struct target_address *source_for(const struct own_addresses *own,
                                               const struct target_address *destination) {
  for (size_t i = 0; i < own->count; i++)
    if (own->items[i].any.sa_family == destination->any.sa_family)
      return &own->items[i];
  return NULL;
}

/* Whether `a` is to be tried before `b`. */
static bool is_preferred(const struct own_addresses *own, const struct target_address *a,
                         const struct target_address *b) {
  const struct target_address *from_a = source_for(own, a), *from_b = source_for(own, b);
  if (!from_a || !from_b)
    return from_a && !from_b;
  const struct policy_row *row_a = policy_of(a), *row_b = policy_of(b);
  bool scope_a = scope_of(a) == scope_of(from_a), scope_b = scope_of(b) == scope_of(from_b);
  bool label_a = row_a->label == policy_of(from_a)->label;
  bool label_b = row_b->label == policy_of(from_b)->label;
  if (scope_a != scope_b)
    return scope_a;
  if (label_a != label_b)
    return label_a;
  if (row_a->precedence != row_b->precedence)
    return row_a->precedence > row_b->precedence;
  return scope_of(a) < scope_of(b);
}

void address_order(struct target_address *addresses, size_t count, const struct target_address *own,
                   size_t own_count) {
  struct own_addresses from = {own, own_count};
  for (size_t i = 1; i < count; i++) {
    struct target_address address = addresses[i];
    size_t place = i;
    for (; place > 0 && is_preferred(&from, &address, &addresses[place - 1]); place--)
      addresses[place] = addresses[place - 1];
    addresses[place] = address;
  }
}
