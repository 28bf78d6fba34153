/* SPDX-License-Identifier: MIT
 *
 * RFC 6724 section 6 (destination_order.h). The source that a destination would be reached from is
 * the host's first address of its family, and itself for an address of the host's own; where the
 * host has none the destination is unusable (rule 1). Rules 3, 4 and 7 (deprecated, home and native
 * addresses) never differ here. The tables are glibc's own (sysdeps/posix/getaddrinfo.c), which are
 * those of RFC 3484 with a few labels added, and are what phones on Linux have.
 */
#include "harness/clock/destination_order.h"

#include <string.h>

/* Interfaces are /24 (interface_calls.c), and so is what is near. */
enum { NEAR_PREFIX = 24, LOOPBACK_PREFIX = 8 };

enum { SCOPE_LINK = 2, SCOPE_SITE = 5, SCOPE_GLOBAL = 14 };

struct candidate {
  struct in6_addr destination, source; /* IPv4 in its mapped form */
  bool usable;
};

/* ---- addresses ---- */

static bool is_v4(const struct in6_addr *address) {
  return IN6_IS_ADDR_V4MAPPED(address);
}

static uint32_t v4_of(const struct in6_addr *address) {
  const uint8_t *b = &address->s6_addr[12];
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static struct in6_addr normal_form(const union name_address *address) {
  struct in6_addr normal = {{{[10] = 0xff, [11] = 0xff}}};
  if (address->any.sa_family != AF_INET)
    return address->v6.sin6_addr;
  memcpy(&normal.s6_addr[12], &address->v4.sin_addr, sizeof address->v4.sin_addr);
  return normal;
}

/* The host itself, also as "any address". */
static bool is_own(const struct in6_addr *address) {
  return is_v4(address) ? v4_of(address) == INADDR_ANY || v4_of(address) >> 24 == IN_LOOPBACKNET
                        : IN6_IS_ADDR_UNSPECIFIED(address) || IN6_IS_ADDR_LOOPBACK(address);
}

static bool find_source(const struct network *network, int host, const struct in6_addr *destination,
                        struct in6_addr *source) {
  static const struct in6_addr localhost_v4 = {{{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}}};
  if (is_own(destination)) {
    *source = is_v4(destination) ? localhost_v4 : in6addr_loopback;
    return true;
  }
  const struct network_address *address;
  bool found = false;
  for (unsigned n = 0; (address = network_host_address(network, host, n)) != NULL; n++) {
    bool is_itself = IN6_ARE_ADDR_EQUAL(&address->simulated, destination);
    if (is_itself || (!found && is_v4(&address->simulated) == is_v4(destination)))
      *source = address->simulated;
    found = found || is_v4(&address->simulated) == is_v4(destination);
    if (is_itself)
      break;
  }
  return found;
}

/* ---- the tables ---- */

static int scope_of(const struct in6_addr *address) {
  if (is_v4(address)) {
    uint32_t v4 = v4_of(address);
    return v4 >> 24 == IN_LOOPBACKNET || v4 >> 16 == 0xa9fe ? SCOPE_LINK : SCOPE_GLOBAL;
  }
  if (IN6_IS_ADDR_MULTICAST(address))
    return address->s6_addr[1] & 0xf;
  if (IN6_IS_ADDR_LINKLOCAL(address) || IN6_IS_ADDR_LOOPBACK(address))
    return SCOPE_LINK;
  return IN6_IS_ADDR_SITELOCAL(address) ? SCOPE_SITE : SCOPE_GLOBAL;
}

struct policy {
  struct in6_addr prefix;
  unsigned bits;
  int label, precedence;
};

/* The longest prefixes first; the last one fits everything. */
static const struct policy policies[] = {
    {{{{[15] = 1}}}, 128, 0, 50},                /* ::1 */
    {{{{[10] = 0xff, [11] = 0xff}}}, 96, 4, 10}, /* ::ffff:0:0/96, IPv4 */
    {{{{0}}}, 96, 3, 20},                        /* ::/96 */
    {{{{0x20, 0x01}}}, 32, 7, 40},               /* 2001::/32 */
    {{{{0x20, 0x02}}}, 16, 2, 30},               /* 2002::/16 */
    {{{{0xfe, 0xc0}}}, 10, 5, 40},               /* fec0::/10 */
    {{{{0xfc}}}, 7, 6, 40},                      /* fc00::/7 */
    {{{{0}}}, 0, 1, 40},                         /* ::/0 */
};

/* How many leading bits two addresses have in common. */
static unsigned common_bits(const struct in6_addr *a, const struct in6_addr *b) {
  unsigned bits = 0;
  for (int i = 0; i < 16; i++) {
    unsigned differ = (unsigned)(a->s6_addr[i] ^ b->s6_addr[i]);
    if (differ == 0) {
      bits += 8;
      continue;
    }
    while (!(differ & 0x80u)) {
      differ <<= 1;
      bits++;
    }
    break;
  }
  return bits;
}

static const struct policy *policy_of(const struct in6_addr *address) {
  const struct policy *policy = policies;
  while (common_bits(address, &policy->prefix) < policy->bits)
    policy++;
  return policy;
}

/* ---- the rules ---- */

/* Rule 9. Common prefixes of IPv4 addresses mean nothing but within a network. */
static unsigned nearness(const struct candidate *candidate) {
  unsigned bits = common_bits(&candidate->destination, &candidate->source);
  if (!is_v4(&candidate->destination))
    return bits;
  unsigned near = v4_of(&candidate->source) >> 24 == IN_LOOPBACKNET ? LOOPBACK_PREFIX : NEAR_PREFIX;
  return bits >= 96 + near ? bits : 0;
}

/* Negative when `a` comes first. */
static int compare(const struct candidate *a, const struct candidate *b) {
  int scopes[2] = {scope_of(&a->destination), scope_of(&b->destination)};
  if (a->usable != b->usable) /* rule 1 */
    return a->usable ? -1 : 1;
  if (a->usable) {
    bool scope_fits[2] = {scopes[0] == scope_of(&a->source), scopes[1] == scope_of(&b->source)};
    if (scope_fits[0] != scope_fits[1]) /* rule 2 */
      return scope_fits[0] ? -1 : 1;
    bool label_fits[2] = {policy_of(&a->destination)->label == policy_of(&a->source)->label,
                          policy_of(&b->destination)->label == policy_of(&b->source)->label};
    if (label_fits[0] != label_fits[1]) /* rule 5 */
      return label_fits[0] ? -1 : 1;
  }
  int difference = policy_of(&b->destination)->precedence - policy_of(&a->destination)->precedence;
  if (difference != 0) /* rule 6 */
    return difference;
  if (scopes[0] != scopes[1]) /* rule 8 */
    return scopes[0] - scopes[1];
  if (a->usable && is_v4(&a->destination) == is_v4(&b->destination))
    return (int)nearness(b) - (int)nearness(a);
  return 0;
}

void destination_order(const struct network *network, int host, union name_address *addresses,
                       size_t count) {
  /* By insertion: answers are short, and the order of equals stays (rule 10). */
  for (size_t i = 1; i < count; i++) {
    union name_address moved = addresses[i];
    struct candidate self = {.destination = normal_form(&moved)};
    self.usable = find_source(network, host, &self.destination, &self.source);
    size_t place = i;
    for (; place > 0; place--) {
      struct candidate other = {.destination = normal_form(&addresses[place - 1])};
      other.usable = find_source(network, host, &other.destination, &other.source);
      if (compare(&other, &self) <= 0)
        break;
      addresses[place] = addresses[place - 1];
    }
    addresses[place] = moved;
  }
}
