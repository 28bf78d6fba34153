/* SPDX-License-Identifier: MIT
 *
 * Interposed: gethostbyname(3) and its relatives. In a lab with a simulated network names are
 * looked up by name_lookup.h. The forms without _r give storage of their own, one each, as the C
 * library does; it grows and is never freed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/name_lookup.h"
#include "harness/clock/real.h"

/* ---- putting a hostent together ---- */

/* Room that is handed out piece by piece. */
struct room {
  char *next;
  size_t left;
};

/* NULL when it doesn't fit. */
static void *take_room(struct room *room, size_t size, size_t alignment) {
  size_t gap = (alignment - (uintptr_t)room->next % alignment) % alignment;
  if (room->left < gap || room->left - gap < size)
    return NULL;
  void *piece = room->next + gap;
  room->next += gap + size;
  room->left -= gap + size;
  return piece;
}

static void *take_copy(struct room *room, const void *bytes, size_t size, size_t alignment) {
  void *copy = take_room(room, size, alignment);
  return copy ? memcpy(copy, bytes, size) : NULL;
}

static bool pack_aliases(struct room *room, const struct name_result *found, struct hostent *out) {
  size_t count = 0;
  while (count < NAME_ALIASES_MAX && found->aliases[count])
    count++;
  out->h_aliases = take_room(room, (count + 1) * sizeof(char *), _Alignof(char *));
  if (!out->h_aliases)
    return false;
  for (size_t i = 0; i < count; i++) {
    out->h_aliases[i] = take_copy(room, found->aliases[i], strlen(found->aliases[i]) + 1, 1);
    if (!out->h_aliases[i])
      return false;
  }
  out->h_aliases[count] = NULL;
  return true;
}

static bool pack_addresses(struct room *room, const struct name_result *found,
                           struct hostent *out) {
  out->h_addr_list = take_room(room, (found->count + 1) * sizeof(char *), _Alignof(char *));
  if (!out->h_addr_list)
    return false;
  for (size_t i = 0; i < found->count; i++) {
    const union name_address *address = &found->addresses[i];
    const void *bytes =
        out->h_addrtype == AF_INET ? (const void *)&address->v4.sin_addr : &address->v6.sin6_addr;
    out->h_addr_list[i] = take_copy(room, bytes, (size_t)out->h_length, _Alignof(struct in6_addr));
    if (!out->h_addr_list[i])
      return false;
  }
  out->h_addr_list[found->count] = NULL;
  return true;
}

/* False when the room is too small. */
static bool pack(const struct name_result *found, int family, struct hostent *out, char *buffer,
                 size_t size) {
  struct room room = {buffer, size};
  struct hostent packed = {.h_addrtype = family,
                           .h_length = family == AF_INET ? sizeof(struct in_addr)
                                                         : sizeof(struct in6_addr)};
  if (!pack_addresses(&room, found, &packed) || !pack_aliases(&room, found, &packed))
    return false;
  packed.h_name = take_copy(&room, found->name, strlen(found->name) + 1, 1);
  *out = packed;
  return packed.h_name != NULL;
}

/* ---- looking up ---- */

static int keep_one(const char *name, const union name_address *address,
                    struct name_result *found) {
  *found = (struct name_result){.name = strdup(name), .addresses = malloc(sizeof *address)};
  if (!found->name || !found->addresses) {
    name_result_clear(found);
    return NETDB_INTERNAL;
  }
  found->addresses[found->count++] = *address;
  return NETDB_SUCCESS;
}

/* Digits stand for themselves (gethostbyname(3)). Returns what h_errno has for it. */
static int look_up(const char *name, int family, struct name_result *found) {
  union name_address numeric;
  if (family != AF_INET && family != AF_INET6) {
    errno = EAFNOSUPPORT;
    return NETDB_INTERNAL;
  }
  if (!name_is_numeric(name, &numeric))
    return name_lookup(name, family, found);
  return numeric.any.sa_family == family ? keep_one(name, &numeric, found) : HOST_NOT_FOUND;
}

static int look_up_address(const void *address, socklen_t length, int family,
                           struct name_result *found) {
  union name_address copy = {.any.sa_family = (sa_family_t)family};
  if ((family != AF_INET || length != sizeof copy.v4.sin_addr) &&
      (family != AF_INET6 || length != sizeof copy.v6.sin6_addr)) {
    errno = family == AF_INET || family == AF_INET6 ? EINVAL : EAFNOSUPPORT;
    return NETDB_INTERNAL;
  }
  int result = name_lookup_address(family, address, found);
  if (result != NETDB_SUCCESS)
    return result;
  if (family == AF_INET)
    memcpy(&copy.v4.sin_addr, address, length);
  else
    memcpy(&copy.v6.sin6_addr, address, length);
  found->addresses = malloc(sizeof copy);
  if (!found->addresses) {
    name_result_clear(found);
    return NETDB_INTERNAL;
  }
  found->addresses[found->count++] = copy;
  return NETDB_SUCCESS;
}

/* ---- in the caller's storage ---- */

/* Hands over what was found, and clears it. Returns as the _r forms do: 0 also when there is no
 * such name, with `*out` NULL. */
static int give(int looked_up, struct name_result *found, int family, struct hostent *entry,
                char *buffer, size_t size, struct hostent **out, int *host_error) {
  *out = NULL;
  *host_error = looked_up;
  if (looked_up == NETDB_INTERNAL)
    return errno;
  if (looked_up == TRY_AGAIN)
    return EAGAIN;
  if (looked_up != NETDB_SUCCESS)
    return 0;
  bool packed = pack(found, family, entry, buffer, size);
  name_result_clear(found);
  if (!packed) {
    *host_error = NETDB_INTERNAL;
    return errno = ERANGE;
  }
  *out = entry;
  return 0;
}

INTERPOSED int gethostbyname2_r(const char *restrict name, int family,
                                struct hostent *restrict entry, char *restrict buffer, size_t size,
                                struct hostent **restrict out, int *restrict host_error) {
  if (!address_network())
    return REAL(gethostbyname2_r)(name, family, entry, buffer, size, out, host_error);
  struct name_result found = {0};
  int result = look_up(name, family, &found);
  return give(result, &found, family, entry, buffer, size, out, host_error);
}

INTERPOSED int gethostbyname_r(const char *restrict name, struct hostent *restrict entry,
                               char *restrict buffer, size_t size, struct hostent **restrict out,
                               int *restrict host_error) {
  if (!address_network())
    return REAL(gethostbyname_r)(name, entry, buffer, size, out, host_error);
  return gethostbyname2_r(name, AF_INET, entry, buffer, size, out, host_error);
}

INTERPOSED int gethostbyaddr_r(const void *restrict address, socklen_t length, int family,
                               struct hostent *restrict entry, char *restrict buffer, size_t size,
                               struct hostent **restrict out, int *restrict host_error) {
  if (!address_network())
    return REAL(gethostbyaddr_r)(address, length, family, entry, buffer, size, out, host_error);
  struct name_result found = {0};
  int result = look_up_address(address, length, family, &found);
  return give(result, &found, family, entry, buffer, size, out, host_error);
}

/* ---- in storage of our own ---- */

struct storage {
  struct hostent entry;
  char *buffer;
  size_t size;
};

enum { STORAGE_FIRST = 1024 };

/* As give(), with room that grows. h_errno says why when it is NULL. */
static struct hostent *give_static(int looked_up, struct name_result *found, int family,
                                   struct storage *storage) {
  h_errno = looked_up;
  if (looked_up != NETDB_SUCCESS)
    return NULL;
  struct hostent *entry = NULL;
  while (!entry) {
    if (storage->buffer && pack(found, family, &storage->entry, storage->buffer, storage->size)) {
      entry = &storage->entry;
      break;
    }
    size_t size = storage->buffer ? 2 * storage->size : STORAGE_FIRST;
    char *grown = realloc(storage->buffer, size);
    if (!grown)
      break;
    storage->buffer = grown;
    storage->size = size;
  }
  if (!entry)
    h_errno = NETDB_INTERNAL;
  name_result_clear(found);
  return entry;
}

INTERPOSED struct hostent *gethostbyname2(const char *name, int family) {
  static struct storage storage;
  if (!address_network())
    return REAL(gethostbyname2)(name, family);
  struct name_result found = {0};
  int result = look_up(name, family, &found);
  return give_static(result, &found, family, &storage);
}

INTERPOSED struct hostent *gethostbyname(const char *name) {
  static struct storage storage;
  if (!address_network())
    return REAL(gethostbyname)(name);
  struct name_result found = {0};
  int result = look_up(name, AF_INET, &found);
  return give_static(result, &found, AF_INET, &storage);
}

INTERPOSED struct hostent *gethostbyaddr(const void *address, socklen_t length, int family) {
  static struct storage storage;
  if (!address_network())
    return REAL(gethostbyaddr)(address, length, family);
  struct name_result found = {0};
  int result = look_up_address(address, length, family, &found);
  return give_static(result, &found, family, &storage);
}
