/* SPDX-License-Identifier: MIT
 *
 * Names to addresses and back (name_lookup.h): first in the host's table, then in DNS.
 */
#include "harness/clock/name_lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/hosts_table.h"
#include "harness/clock/resolver.h"

/* ---- digits ---- */

static bool read_scope(const char *text, union name_address *address) {
  const struct in6_addr *v6 = &address->v6.sin6_addr;
  if (IN6_IS_ADDR_LINKLOCAL(v6) || IN6_IS_ADDR_MC_LINKLOCAL(v6))
    address->v6.sin6_scope_id = if_nametoindex(text);
  if (address->v6.sin6_scope_id != 0)
    return true;
  char *end;
  unsigned long number = strtoul(text, &end, 10);
  address->v6.sin6_scope_id = (uint32_t)number;
  return *text >= '0' && *text <= '9' && *end == '\0' && number <= UINT32_MAX;
}

bool name_is_numeric(const char *name, union name_address *out) {
  union name_address address = {.any.sa_family = AF_INET};
  /* inet_aton() lets anything follow a space. */
  if (!strpbrk(name, " \t\n\v\f\r") && inet_aton(name, &address.v4.sin_addr)) {
    *out = address;
    return true;
  }
  char digits[INET6_ADDRSTRLEN];
  const char *scope = strchr(name, '%');
  size_t length = scope ? (size_t)(scope - name) : strlen(name);
  if (length >= sizeof digits)
    return false;
  memcpy(digits, name, length);
  digits[length] = '\0';
  address = (union name_address){.v6.sin6_family = AF_INET6};
  if (inet_pton(AF_INET6, digits, &address.v6.sin6_addr) != 1 ||
      (scope && !read_scope(scope + 1, &address)))
    return false;
  *out = address;
  return true;
}

/* ---- the table ---- */

static const void *bytes_of(const struct in6_addr *address, int *family) {
  *family = IN6_IS_ADDR_V4MAPPED(address) ? AF_INET : AF_INET6;
  return *family == AF_INET ? (const void *)&address->s6_addr[12] : address;
}

/* Returns NETDB_SUCCESS, HOST_NOT_FOUND or NETDB_INTERNAL. */
static int look_in_table(const char *name, int family, struct name_result *out) {
  const struct network *network = address_network();
  struct hosts_entry entry;
  for (unsigned n = 0; hosts_table_entry(network, address_own_host(network), n, &entry); n++) {
    int entry_family;
    const void *bytes = bytes_of(&entry.address, &entry_family);
    if (strcasecmp(entry.name, name) != 0 || (family != AF_UNSPEC && family != entry_family))
      continue;
    if ((!out->name && !name_result_set_name(out, entry.name)) ||
        !name_result_add_address(out, entry_family, bytes))
      return NETDB_INTERNAL;
  }
  return out->count > 0 ? NETDB_SUCCESS : HOST_NOT_FOUND;
}

static int look_in_table_for(const struct in6_addr *address, struct name_result *out) {
  const struct network *network = address_network();
  struct hosts_entry entry;
  for (unsigned n = 0; hosts_table_entry(network, address_own_host(network), n, &entry); n++)
    if (IN6_ARE_ADDR_EQUAL(&entry.address, address))
      return name_result_set_name(out, entry.name) ? NETDB_SUCCESS : NETDB_INTERNAL;
  return HOST_NOT_FOUND;
}

/* ---- DNS ---- */

/* Where one answer ends the next begins, aligned. */
enum { ROOM = RESOLVER_MESSAGE_MAX + 1 };

/* The name as the answers have it: without the dot of the root. */
static void without_root(const char *name, char out[NAME_SIZE]) {
  size_t length = strlen(name);
  snprintf(out, NAME_SIZE, "%.*s",
           (int)(length > 1 && name[length - 1] == '.' ? length - 1 : length), name);
}

static bool read_all(const struct resolver_answer *answers, const unsigned *types, int count,
                     const char *name, struct name_result *out) {
  char asked[NAME_SIZE];
  without_root(name, asked);
  for (int i = 0; i < count; i++) {
    struct name_result one = {0};
    bool read =
        name_result_read_addresses(&one, answers[i].bytes, answers[i].length, types[i], asked) &&
        name_result_join(out, &one);
    name_result_clear(&one);
    if (!read)
      return false;
  }
  return true;
}

static int look_in_dns(const char *name, int family, struct name_result *out) {
  struct __res_state *state = resolver_own_state();
  unsigned char *room = state ? malloc(RESOLVER_QUERIES_MAX * ROOM) : NULL;
  if (!room)
    return NETDB_INTERNAL;
  struct resolver_answer answers[RESOLVER_QUERIES_MAX] = {{room, RESOLVER_MESSAGE_MAX, 0},
                                                          {room + ROOM, RESOLVER_MESSAGE_MAX, 0}};
  unsigned types[RESOLVER_QUERIES_MAX] = {family == AF_INET6 ? ns_t_aaaa : ns_t_a, ns_t_aaaa};
  int result, count = family == AF_UNSPEC ? 2 : 1;
  if (family == AF_UNSPEC)
    result = resolver_query_addresses(state, name, answers);
  else
    result = answers[0].length =
        resolver_query(state, name, ns_c_in, (int)types[0], room, RESOLVER_MESSAGE_MAX);
  if (result < 0)
    result = state->res_h_errno;
  else if (!read_all(answers, types, count, name, out))
    result = NETDB_INTERNAL;
  else /* aliases that lead nowhere: nss_dns has this for it */
    result = out->count > 0 ? NETDB_SUCCESS : NO_RECOVERY;
  free(room);
  return result;
}

int name_lookup(const char *name, int family, struct name_result *out) {
  struct name_result found = {0};
  int result = look_in_table(name, family, &found);
  if (result == HOST_NOT_FOUND)
    result = look_in_dns(name, family, &found);
  if (result == NETDB_SUCCESS)
    *out = found;
  else
    name_result_clear(&found);
  if (result == NETDB_INTERNAL)
    errno = ENOMEM;
  return result;
}

/* ---- back to names ---- */

/* The name that stands for an address (RFC 1035 section 3.5, RFC 3596 section 2.5). */
static void pointer_name(const struct in6_addr *address, char out[NAME_SIZE]) {
  const uint8_t *b = address->s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(address)) {
    snprintf(out, NAME_SIZE, "%u.%u.%u.%u.in-addr.arpa", b[15], b[14], b[13], b[12]);
    return;
  }
  size_t length = 0;
  for (int i = 15; i >= 0; i--)
    length += (size_t)snprintf(out + length, NAME_SIZE - length, "%x.%x.", b[i] & 0xfu, b[i] >> 4u);
  snprintf(out + length, NAME_SIZE - length, "ip6.arpa");
}

static int look_in_dns_for(const struct in6_addr *address, struct name_result *out) {
  char owner[NAME_SIZE];
  struct __res_state *state = resolver_own_state();
  unsigned char *answer = state ? malloc(RESOLVER_MESSAGE_MAX) : NULL;
  if (!answer)
    return NETDB_INTERNAL;
  pointer_name(address, owner);
  int result,
      length = resolver_query(state, owner, ns_c_in, ns_t_ptr, answer, RESOLVER_MESSAGE_MAX);
  if (length < 0)
    result = state->res_h_errno;
  else if (!name_result_read_pointers(out, answer, length, owner))
    result = NETDB_INTERNAL;
  else
    result = out->name ? NETDB_SUCCESS : NO_RECOVERY;
  free(answer);
  return result;
}

int name_lookup_address(int family, const void *address, struct name_result *out) {
  struct name_result found = {0};
  struct in6_addr normal = {{{[10] = 0xff, [11] = 0xff}}};
  if (family == AF_INET)
    memcpy(&normal.s6_addr[12], address, sizeof(struct in_addr));
  else
    memcpy(&normal, address, sizeof normal);
  int result = look_in_table_for(&normal, &found);
  if (result == HOST_NOT_FOUND)
    result = look_in_dns_for(&normal, &found);
  if (result == NETDB_SUCCESS)
    *out = found;
  else
    name_result_clear(&found);
  if (result == NETDB_INTERNAL)
    errno = ENOMEM;
  return result;
}
