/* SPDX-License-Identifier: MIT
 *
 * Interposed: getaddrinfo() and getnameinfo(). In a lab with a simulated network names are looked
 * up by name_lookup.h; in everything else they do what glibc 2.36 does
 * (sysdeps/posix/getaddrinfo.c, inet/getnameinfo.c), its order of checks included. Names that
 * aren't ASCII are not encoded (AI_IDN): what glibc needs for that, libidn2, reads nothing of a
 * lab.
 *
 * The list has the C library's own layout, one block for each entry and one for the name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/destination_order.h"
#include "harness/clock/name_lookup.h"
#include "harness/clock/real.h"

/* ---- services ---- */

/* What a service can be reached by; the first three are given to who asks for nothing. */
static const struct transport {
  int type, protocol;
  bool by_default, any_protocol, no_service;
  const char *name; /* in /etc/services */
} transports[] = {
    {.type = SOCK_STREAM, .protocol = IPPROTO_TCP, .by_default = true, .name = "tcp"},
    {.type = SOCK_DGRAM, .protocol = IPPROTO_UDP, .by_default = true, .name = "udp"},
    {.type = SOCK_DCCP, .protocol = IPPROTO_DCCP, .name = "dccp"},
    {.type = SOCK_DGRAM, .protocol = IPPROTO_UDPLITE, .name = "udplite"},
    {.type = SOCK_STREAM, .protocol = IPPROTO_SCTP, .name = "sctp"},
    {.type = SOCK_SEQPACKET, .protocol = IPPROTO_SCTP, .name = "sctp"},
    {.type = SOCK_RAW, .by_default = true, .any_protocol = true, .no_service = true, .name = "raw"},
};

enum { TRANSPORTS = sizeof transports / sizeof transports[0] };

/* One way to reach the service, in network byte order. */
struct way {
  int type, protocol;
  in_port_t port;
};

struct ways {
  struct way way[TRANSPORTS];
  int count;
};

static void add_way(struct ways *ways, const struct transport *transport,
                    const struct addrinfo *hints, in_port_t port) {
  ways->way[ways->count++] =
      (struct way){.type = transport->type,
                   .protocol = transport->any_protocol ? hints->ai_protocol : transport->protocol,
                   .port = port};
}

/* Adds the service of this name, if there is one for this transport. The C library reads
 * /etc/services, which is the machine's. */
static int add_named(struct ways *ways, const struct transport *transport,
                     const struct addrinfo *hints, const char *service) {
  char buffer[1024]; /* a line of the file */
  struct servent entry, *found = NULL;
  if (getservbyname_r(service, transport->name, &entry, buffer, sizeof buffer, &found) || !found)
    return EAI_SERVICE;
  add_way(ways, transport, hints, (in_port_t)entry.s_port);
  return 0;
}

static bool fits(const struct transport *transport, const struct addrinfo *hints) {
  return (hints->ai_socktype == 0 || hints->ai_socktype == transport->type) &&
         (hints->ai_protocol == 0 || transport->any_protocol ||
          hints->ai_protocol == transport->protocol);
}

/* `service` NULL: none, or one that is a number. */
static int ways_of_one(const struct addrinfo *hints, bool any_service, const char *service,
                       in_port_t port, struct ways *ways) {
  for (int i = 0; i < TRANSPORTS; i++) {
    if (!fits(&transports[i], hints))
      continue;
    if (any_service && transports[i].no_service)
      return EAI_SERVICE;
    if (service)
      return add_named(ways, &transports[i], hints, service);
    add_way(ways, &transports[i], hints, port);
    return 0;
  }
  return hints->ai_socktype ? EAI_SOCKTYPE : EAI_SERVICE;
}

static int find_ways(const char *service, const struct addrinfo *hints, struct ways *ways) {
  char *end = NULL;
  in_port_t port = 0;
  const char *named = NULL;
  if (service) {
    port = htons((uint16_t)strtoul(service, &end, 10));
    if (*end != '\0') {
      if (hints->ai_flags & AI_NUMERICSERV)
        return EAI_NONAME;
      named = service;
    }
  }
  if (hints->ai_socktype || hints->ai_protocol)
    return ways_of_one(hints, service != NULL, named, port, ways);
  for (int i = 0; i < TRANSPORTS; i++)
    if (named && !transports[i].no_service)
      add_named(ways, &transports[i], hints, named);
    else if (!named && transports[i].by_default)
      add_way(ways, &transports[i], hints, port);
  return ways->count > 0 ? 0 : EAI_SERVICE;
}

/* ---- hosts ---- */

static void map_v4(union name_address *address) {
  struct in_addr v4 = address->v4.sin_addr;
  *address = (union name_address){.v6.sin6_family = AF_INET6};
  address->v6.sin6_addr.s6_addr[10] = address->v6.sin6_addr.s6_addr[11] = 0xff;
  memcpy(&address->v6.sin6_addr.s6_addr[12], &v4, sizeof v4);
}

static void unmap_v4(union name_address *address) {
  struct in6_addr v6 = address->v6.sin6_addr;
  *address = (union name_address){.v4.sin_family = AF_INET};
  memcpy(&address->v4.sin_addr, &v6.s6_addr[12], sizeof address->v4.sin_addr);
}

/* An address in digits, in the family that is asked for. */
static int convert_numeric(const struct addrinfo *hints, union name_address *address) {
  int family = address->any.sa_family, wanted = hints->ai_family;
  if (wanted == AF_UNSPEC || wanted == family)
    return 0;
  if (family == AF_INET && hints->ai_flags & AI_V4MAPPED)
    map_v4(address);
  else if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
    unmap_v4(address);
  else
    return EAI_ADDRFAMILY;
  return 0;
}

static int list_one(const union name_address *address, const char *name, struct name_result *out) {
  struct name_result one = {.name = strdup(name), .addresses = malloc(sizeof *one.addresses)};
  if (!one.name || !one.addresses) {
    name_result_clear(&one);
    return EAI_MEMORY;
  }
  one.addresses[one.count++] = *address;
  *out = one;
  return 0;
}

/* Without a name: the host itself. */
static int list_own(const struct addrinfo *hints, struct name_result *out) {
  bool passive = hints->ai_flags & AI_PASSIVE;
  out->addresses = calloc(2, sizeof *out->addresses);
  if (!out->addresses)
    return EAI_MEMORY;
  if (hints->ai_family != AF_INET)
    out->addresses[out->count++].v6 = (struct sockaddr_in6){
        .sin6_family = AF_INET6, .sin6_addr = passive ? in6addr_any : in6addr_loopback};
  if (hints->ai_family != AF_INET6)
    out->addresses[out->count++].v4 = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(passive ? INADDR_ANY : INADDR_LOOPBACK)};
  return 0;
}

/* Appends the IPv4 addresses of a name in their mapped form. Returns as name_lookup(). */
static int append_mapped(const char *name, struct name_result *out) {
  struct name_result v4 = {0};
  int result = name_lookup(name, AF_INET, &v4);
  if (result != NETDB_SUCCESS)
    return result;
  union name_address *grown =
      realloc(out->addresses, (out->count + v4.count) * sizeof *out->addresses);
  if (!grown) {
    name_result_clear(&v4);
    return NETDB_INTERNAL;
  }
  out->addresses = grown;
  for (size_t i = 0; i < v4.count; i++) {
    map_v4(&v4.addresses[i]);
    grown[out->count++] = v4.addresses[i];
  }
  if (!out->name) {
    out->name = v4.name;
    v4.name = NULL;
  }
  name_result_clear(&v4);
  return NETDB_SUCCESS;
}

static int error_of(int v6, int v4) {
  if (v6 == NETDB_INTERNAL || v4 == NETDB_INTERNAL)
    return EAI_MEMORY;
  if (v6 == TRY_AGAIN && v4 == TRY_AGAIN)
    return EAI_AGAIN;
  bool known = (v6 == NO_DATA || v6 == TRY_AGAIN) && (v4 == NO_DATA || v4 == TRY_AGAIN);
  return known ? EAI_NODATA : EAI_NONAME;
}

static int list_named(const char *name, const struct addrinfo *hints, struct name_result *out) {
  int first = name_lookup(name, hints->ai_family, out), second = first;
  if (hints->ai_family == AF_INET6 && hints->ai_flags & AI_V4MAPPED &&
      (hints->ai_flags & AI_ALL || first != NETDB_SUCCESS))
    second = append_mapped(name, out);
  if (first == NETDB_SUCCESS || second == NETDB_SUCCESS)
    return 0;
  return error_of(first, second);
}

static int find_addresses(const char *name, const struct addrinfo *hints, struct name_result *out) {
  union name_address numeric;
  if (!name)
    return list_own(hints, out);
  if (name_is_numeric(name, &numeric)) {
    int error = convert_numeric(hints, &numeric);
    return error ? error : list_one(&numeric, name, out);
  }
  if (hints->ai_flags & AI_NUMERICHOST)
    return EAI_NONAME;
  for (const char *c = name; *c && hints->ai_flags & AI_IDN; c++)
    if ((unsigned char)*c >= 0x80)
      return EAI_IDN_ENCODE;
  return list_named(name, hints, out);
}

/* ---- the list ---- */

INTERPOSED void freeaddrinfo(struct addrinfo *list) {
  while (list) {
    struct addrinfo *next = list->ai_next;
    free(list->ai_canonname);
    free(list);
    list = next;
  }
}

static struct addrinfo *make_entry(const union name_address *address, const struct way *way,
                                   int flags) {
  bool v4 = address->any.sa_family == AF_INET;
  socklen_t length = v4 ? sizeof address->v4 : sizeof address->v6;
  struct addrinfo *entry = calloc(1, sizeof *entry + sizeof *address);
  if (!entry)
    return NULL;
  *entry = (struct addrinfo){.ai_flags = flags,
                             .ai_family = address->any.sa_family,
                             .ai_socktype = way->type,
                             .ai_protocol = way->protocol,
                             .ai_addrlen = length,
                             .ai_addr = (struct sockaddr *)(entry + 1)};
  memcpy(entry->ai_addr, address, length);
  if (v4)
    ((struct sockaddr_in *)entry->ai_addr)->sin_port = way->port;
  else
    ((struct sockaddr_in6 *)entry->ai_addr)->sin6_port = way->port;
  return entry;
}

/* The canonical name stands in the first entry only. */
static int make_list(const struct name_result *found, const struct ways *ways,
                     const struct addrinfo *hints, struct addrinfo **out) {
  struct addrinfo *list = NULL, **end = &list;
  for (size_t i = 0; i < found->count; i++)
    for (int k = 0; k < ways->count; k++) {
      *end = make_entry(&found->addresses[i], &ways->way[k], hints->ai_flags);
      if (!*end)
        goto out_of_memory;
      end = &(*end)->ai_next;
    }
  if (hints->ai_flags & AI_CANONNAME) {
    list->ai_canonname = strdup(found->name);
    if (!list->ai_canonname)
      goto out_of_memory;
  }
  *out = list;
  return 0;
out_of_memory:
  freeaddrinfo(list);
  return EAI_MEMORY;
}

/* AI_ADDRCONFIG: only families that the host has addresses of. False when none is left. */
static bool narrow_family(const struct network *network, struct addrinfo *hints) {
  bool has_v4 = false, has_v6 = false;
  const struct network_address *address;
  for (unsigned n = 0;
       (address = network_host_address(network, address_own_host(network), n)) != NULL; n++)
    if (IN6_IS_ADDR_V4MAPPED(&address->simulated))
      has_v4 = true;
    else
      has_v6 = true;
  if (hints->ai_family == AF_UNSPEC && has_v4 != has_v6)
    hints->ai_family = has_v4 ? AF_INET : AF_INET6;
  return hints->ai_family == AF_UNSPEC || (hints->ai_family == AF_INET ? has_v4 : has_v6);
}

static int check_hints(const char *name, const struct addrinfo *hints) {
  const int known = AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_ADDRCONFIG | AI_V4MAPPED |
                    AI_ALL | AI_NUMERICSERV | AI_IDN | AI_CANONIDN | 0x300 /* older AI_IDN_… */;
  if (hints->ai_flags & ~known || (hints->ai_flags & AI_CANONNAME && !name))
    return EAI_BADFLAGS;
  if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET && hints->ai_family != AF_INET6)
    return EAI_FAMILY;
  return 0;
}

INTERPOSED int getaddrinfo(const char *restrict name, const char *restrict service,
                           const struct addrinfo *restrict hints, struct addrinfo **restrict out) {
  struct network *network = address_network();
  if (!network)
    return REAL(getaddrinfo)(name, service, hints, out);
  struct addrinfo asked = {.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG};
  struct ways ways = {.count = 0};
  struct name_result found = {0};
  if (hints)
    asked = *hints;
  name = name && strcmp(name, "*") == 0 ? NULL : name;
  service = service && strcmp(service, "*") == 0 ? NULL : service;
  if (!name && !service)
    return EAI_NONAME;
  int error = check_hints(name, &asked);
  if (!error && asked.ai_flags & AI_ADDRCONFIG && !narrow_family(network, &asked))
    error = EAI_NONAME;
  if (!error)
    error = find_ways(service, &asked, &ways);
  if (!error)
    error = find_addresses(name, &asked, &found);
  if (!error) {
    destination_order(network, address_own_host(network), found.addresses, found.count);
    error = make_list(&found, &ways, &asked, out);
  }
  name_result_clear(&found);
  return error;
}

/* ---- back to names ---- */

static int copy_text(char *out, socklen_t size, const char *text) {
  if (strlen(text) >= size)
    return EAI_OVERFLOW;
  memcpy(out, text, strlen(text) + 1);
  return 0;
}

/* EAI_NONAME: it has none. The host has no domain that NI_NOFQDN could leave out. */
static int name_of(const struct sockaddr *address, char *host, socklen_t size) {
  const void *bytes = address->sa_family == AF_INET
                          ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
                          : &((const struct sockaddr_in6 *)address)->sin6_addr;
  struct name_result found;
  int result = name_lookup_address(address->sa_family, bytes, &found);
  if (result == NETDB_INTERNAL)
    return EAI_SYSTEM;
  if (result == TRY_AGAIN)
    return EAI_AGAIN;
  if (result != NETDB_SUCCESS)
    return EAI_NONAME;
  int error = copy_text(host, size, found.name);
  name_result_clear(&found);
  return error;
}

static int digits_of(const struct sockaddr *address, char *host, socklen_t size) {
  char text[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE], scope[IF_NAMESIZE] = "";
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof text);
    return copy_text(host, size, text);
  }
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
  inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
  if (v6->sin6_scope_id == 0)
    return copy_text(host, size, text);
  bool is_link = IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&v6->sin6_addr);
  if (!is_link || !if_indextoname(v6->sin6_scope_id, scope))
    snprintf(scope, sizeof scope, "%u", v6->sin6_scope_id);
  size_t length = strlen(text);
  snprintf(text + length, sizeof text - length, "%%%s", scope);
  return copy_text(host, size, text);
}

static int host_of(const struct sockaddr *address, char *host, socklen_t size, int flags) {
  int error = flags & NI_NUMERICHOST ? EAI_NONAME : name_of(address, host, size);
  if (error != EAI_NONAME || flags & NI_NAMEREQD)
    return error;
  return digits_of(address, host, size);
}

INTERPOSED int getnameinfo(const struct sockaddr *restrict address, socklen_t length,
                           char *restrict host, socklen_t host_size, char *restrict service,
                           socklen_t service_size, int flags) {
  bool asks_host = host && host_size > 0;
  bool is_inet = address && length >= sizeof(sa_family_t) &&
                 ((address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) ||
                  (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)));
  if (!address_network() || !asks_host || !is_inet)
    return REAL(getnameinfo)(address, length, host, host_size, service, service_size, flags);
  /* The real call knows the services, and the flags that there are. */
  int error =
      REAL(getnameinfo)(address, length, NULL, 0, service, service_size, flags & ~NI_NAMEREQD);
  return error ? error : host_of(address, host, host_size, flags);
}
