/* SPDX-License-Identifier: MIT
 *
 * The hosts of a lab and their addresses.
 */
#include "harness/lab/hosts.h"

#include <ctype.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "harness/clock/network.h"

/* One network for each kind, numbers from 1. */
/* More addresses of an interface are of no use to any scenario. */
enum { HOSTS_OF_INTERFACE_MAX = 256 };

enum { HOSTS_OF_KIND_MAX = 250, HOST_KINDS = HOST_PROGRAM + 1 };

struct host {
  char name[EVENT_HOST_SIZE];
  enum host_kind kind;
  uint16_t port;
  size_t addresses;
  struct sockaddr_storage address[HOSTS_ADDRESSES_MAX];
};

struct hosts {
  unsigned block;
  struct network *network;
  unsigned of_kind[HOST_KINDS]; /* numbers given so far */
  char interface[IF_NAMESIZE];  /* whose addresses hosts get; empty: nobody's */
  struct sockaddr_storage interface_address[HOSTS_OF_INTERFACE_MAX];
  size_t interface_addresses, interface_used;
  size_t count;
  struct host host[HOST_KINDS * HOSTS_OF_KIND_MAX];
};

int hosts_create(struct hosts **out, unsigned block, struct network *network) {
  struct hosts *hosts = calloc(1, sizeof *hosts);
  if (!hosts)
    return -1;
  hosts->block = block;
  hosts->network = network;
  if (network)
    network_init(network, block);
  *out = hosts;
  return 0;
}

void hosts_destroy(struct hosts *hosts) {
  free(hosts);
}

static const struct host *find(const struct hosts *hosts, const char *name) {
  for (size_t i = 0; i < hosts->count; i++)
    if (strcmp(hosts->host[i].name, name) == 0)
      return &hosts->host[i];
  return NULL;
}

/* Names stand in zones and SIP URIs, and as Lua identifiers. */
static bool is_name(const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length >= EVENT_HOST_SIZE || !isalpha((unsigned char)name[0]))
    return false;
  for (size_t i = 0; i < length; i++)
    if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
      return false;
  return true;
}

static uint16_t usual_port(const struct hosts *hosts, enum host_kind kind) {
  if (kind != HOST_DNS)
    return HOSTS_SIP_PORT;
  return hosts->network ? HOSTS_DNS_PORT : HOSTS_DNS_PORT_REAL_TIME;
}

/* The next address of its kind that nobody has. */
static void next_own_address(struct hosts *hosts, enum host_kind kind,
                             struct sockaddr_storage *address) {
  static const char *const networks[HOST_KINDS] = {[HOST_DNS] = "203.0.113",
                                                   [HOST_PROXY] = "192.0.2",
                                                   [HOST_PHONE] = "198.51.100",
                                                   [HOST_PROGRAM] = "198.18.0"};
  do {
    char text[ADDRESS_TEXT_SIZE];
    unsigned number = ++hosts->of_kind[kind];
    if (hosts->network)
      snprintf(text, sizeof text, "%s.%u", networks[kind], number);
    else
      snprintf(text, sizeof text, "127.%u.%u.%u", hosts->block, (unsigned)kind, number);
    address_parse(address, text, usual_port(hosts, kind), NULL);
  } while (hosts_name(hosts, address));
}

static int next_address(struct hosts *hosts, enum host_kind kind, const char *name,
                        struct sockaddr_storage *address, struct error *error) {
  if (!hosts->interface[0]) {
    next_own_address(hosts, kind, address);
    return 0;
  }
  if (hosts->interface_used == hosts->interface_addresses)
    return error_set(
        error,
        "\"%s\" finds no address left at %s, which has %zu: give it more, one for each "
        "host (ip address add 192.168.1.11/24 dev %s)",
        name, hosts->interface, hosts->interface_addresses, hosts->interface);
  *address = hosts->interface_address[hosts->interface_used++];
  address_set_port(address, usual_port(hosts, kind));
  return 0;
}

int hosts_use_interface(struct hosts *hosts, const char *interface, struct error *error) {
  struct ifaddrs *list = NULL;
  bool known = false;
  if (getifaddrs(&list))
    return error_set(error, "the network interfaces can't be listed: %s", strerror(errno));
  for (const struct ifaddrs *each = list; each; each = each->ifa_next) {
    if (strcmp(each->ifa_name, interface) != 0)
      continue;
    known = true;
    if (each->ifa_addr && each->ifa_addr->sa_family == AF_INET &&
        hosts->interface_addresses < HOSTS_OF_INTERFACE_MAX)
      memcpy(&hosts->interface_address[hosts->interface_addresses++], each->ifa_addr,
             sizeof(struct sockaddr_in));
  }
  freeifaddrs(list);
  snprintf(hosts->interface, sizeof hosts->interface, "%s", interface);
  if (!known)
    return error_set(error, "there is no network interface \"%s\"", interface);
  return hosts->interface_addresses > 0
             ? 0
             : error_set(error, "the network interface \"%s\" has no IPv4 address", interface);
}

static int choose_address(struct hosts *hosts, enum host_kind kind, const char *name,
                          const char *wanted, struct sockaddr_storage *address,
                          struct error *error) {
  if (!wanted || !hosts->network)
    return next_address(hosts, kind, name, address, error);
  if (address_parse(address, wanted, usual_port(hosts, kind), error))
    return -1;
  const char *owner = hosts_name(hosts, address);
  return owner
             ? error_set(error, "\"%s\" can't have the address %s: it is %s's", name, wanted, owner)
             : 0;
}

/* Gives the host an address, in the simulated network too. */
static int take_address(struct hosts *hosts, struct host *host,
                        const struct sockaddr_storage *address, struct error *error) {
  struct network *network = hosts->network;
  char text[ADDRESS_TEXT_SIZE];
  if (network && network_add_address(network, network_find_host(network, host->name),
                                     (const struct sockaddr *)address))
    return error_set(error, "\"%s\" can't have the address %s: no host can, or there are too many",
                     host->name, address_format_host(address, text));
  if (network && host->kind == HOST_DNS)
    network_add_nameserver(network, (const struct sockaddr *)address);
  host->address[host->addresses] = *address;
  address_set_port(&host->address[host->addresses++], host->port);
  return 0;
}

int hosts_add(struct hosts *hosts, enum host_kind kind, const char *name, const char *wanted,
              uint16_t port, struct sockaddr_storage *address, struct error *error) {
  struct sockaddr_storage chosen;
  if (!is_name(name))
    return error_set(error,
                     "\"%s\" can't be the name of a host: a letter, then letters, digits, _ or -, "
                     "%d at most",
                     name, EVENT_HOST_SIZE - 1);
  if (find(hosts, name))
    return error_set(error, "there are two hosts named \"%s\"", name);
  if (hosts->of_kind[kind] == HOSTS_OF_KIND_MAX || hosts->count == HOST_KINDS * HOSTS_OF_KIND_MAX)
    return error_set(error, "\"%s\": a lab has room for %d hosts of a kind", name,
                     HOSTS_OF_KIND_MAX);
  if (hosts->network && port > NETWORK_PORT_LAST)
    return error_set(error, "\"%s\" can't have port %d: in virtual time the highest is %d", name,
                     port, NETWORK_PORT_LAST);
  if (choose_address(hosts, kind, name, wanted, &chosen, error))
    return -1;
  struct host host = {.kind = kind, .port = port ? port : usual_port(hosts, kind)};
  snprintf(host.name, sizeof host.name, "%s", name);
  /* It is there already when its address was refused before. */
  if (hosts->network && network_find_host(hosts->network, name) < 0 &&
      network_add_host(hosts->network, name) < 0)
    return error_set(error, "\"%s\": there are too many hosts", name);
  if (take_address(hosts, &host, &chosen, error))
    return -1;
  hosts->host[hosts->count++] = host;
  *address = host.address[0];
  return 0;
}

int hosts_add_address(struct hosts *hosts, const char *name, const char *wanted,
                      struct sockaddr_storage *address, struct error *error) {
  struct sockaddr_storage chosen;
  struct host *host = (struct host *)find(hosts, name);
  if (!host)
    return error_set(error, "there is no host named \"%s\"", name);
  if (!hosts->network)
    return error_set(error, "\"%s\" can have several addresses in virtual time only", name);
  if (host->addresses == HOSTS_ADDRESSES_MAX)
    return error_set(error, "\"%s\": a host has room for %d addresses", name, HOSTS_ADDRESSES_MAX);
  if (choose_address(hosts, host->kind, name, wanted, &chosen, error) ||
      take_address(hosts, host, &chosen, error))
    return -1;
  *address = host->address[host->addresses - 1];
  return 0;
}

void hosts_reach(struct hosts *hosts, const struct sockaddr_storage *address, int protocol,
                 enum reach_state state) {
  struct sockaddr_storage all = *address;
  if (!hosts->network)
    return;
  address_set_port(&all, 0);
  reach_set(hosts->network, (struct sockaddr *)&all, protocol, state);
  reach_set_witnessed(hosts->network, (const struct sockaddr *)address, protocol, state);
}

int hosts_reach_all(struct hosts *hosts, const char *name, enum reach_state state) {
  const struct host *host = find(hosts, name);
  if (!hosts->network || !host)
    return -1;
  for (size_t i = 0; i < host->addresses; i++) {
    struct sockaddr_storage address = host->address[i];
    address_set_port(&address, 0);
    reach_set(hosts->network, (struct sockaddr *)&address, 0, state);
  }
  return 0;
}

/* What stands for an address on this machine: itself in real time, a loopback address otherwise
 * (whose port is another in each run). */
static struct sockaddr_storage realised(const struct hosts *hosts, const struct host *host,
                                        const struct sockaddr_storage *address) {
  struct sockaddr_storage out = *address;
  socklen_t length;
  if (hosts->network)
    network_realise(hosts->network, network_find_host(hosts->network, host->name),
                    (const struct sockaddr *)address, &out, &length);
  return out;
}

char *hosts_describe(const struct hosts *hosts) {
  static const char *const kinds[HOST_KINDS] = {[HOST_DNS] = "dns",
                                                [HOST_PROXY] = "proxy",
                                                [HOST_PHONE] = "phone",
                                                [HOST_PROGRAM] = "program"};
  char *text = NULL, address[ADDRESS_TEXT_SIZE], on_loopback[ADDRESS_TEXT_SIZE];
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (!stream)
    return NULL;
  fprintf(stream, "%-8s %-12s %-28s %s\n", "kind", "host", "address", "realised as");
  for (size_t i = 0; i < hosts->count; i++)
    for (size_t n = 0; n < hosts->host[i].addresses; n++) {
      const struct host *host = &hosts->host[i];
      struct sockaddr_storage real = realised(hosts, host, &host->address[n]);
      fprintf(stream, "%-8s %-12s %-28s %s\n", kinds[host->kind], host->name,
              address_format(&host->address[n], address),
              hosts->network ? address_format_host(&real, on_loopback)
                             : address_format(&real, on_loopback));
    }
  return fclose(stream) ? NULL : text;
}

const char *hosts_name(const struct hosts *hosts, const struct sockaddr_storage *address) {
  for (size_t i = 0; i < hosts->count; i++)
    for (size_t n = 0; n < hosts->host[i].addresses; n++)
      if (address_equal_host(&hosts->host[i].address[n], address))
        return hosts->host[i].name;
  return NULL;
}
