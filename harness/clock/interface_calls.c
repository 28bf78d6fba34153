/* SPDX-License-Identifier: MIT
 *
 * Interposed: asking for the machine's interfaces. A process of a lab with a simulated network sees
 * those of its own host: lo, and eth0 with the host's addresses (IPv4 as a /24, IPv6 as a /64).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/network.h"
#include "harness/clock/real.h"
#include "harness/clock/stamps.h"

static char loopback_name[] = "lo", ethernet_name[] = "eth0";

/* One entry of the list, with the memory that it points to. */
struct interface {
  struct ifaddrs entry;
  struct sockaddr_storage address, netmask, broadcast;
};

static void fill_v4(struct interface *interface, uint32_t address, unsigned prefix) {
  uint32_t mask = htonl(UINT32_MAX << (32 - prefix));
  *(struct sockaddr_in *)&interface->address =
      (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = address};
  *(struct sockaddr_in *)&interface->netmask =
      (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = mask};
  *(struct sockaddr_in *)&interface->broadcast =
      (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = address | ~mask};
}

static void fill_v6(struct interface *interface, const struct in6_addr *address, unsigned prefix) {
  struct sockaddr_in6 *netmask = (struct sockaddr_in6 *)&interface->netmask;
  *(struct sockaddr_in6 *)&interface->address =
      (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = *address};
  netmask->sin6_family = AF_INET6;
  memset(&netmask->sin6_addr, 0xff, prefix / 8);
}

/* Appends an entry for an address; false when out of memory. */
static bool append(struct ifaddrs ***end, const struct in6_addr *address, bool is_loopback) {
  struct interface *interface = calloc(1, sizeof *interface);
  if (!interface)
    return false;
  interface->entry = (struct ifaddrs){
      .ifa_name = is_loopback ? loopback_name : ethernet_name,
      .ifa_flags =
          IFF_UP | IFF_RUNNING | (is_loopback ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST),
      .ifa_addr = (struct sockaddr *)&interface->address,
      .ifa_netmask = (struct sockaddr *)&interface->netmask,
  };
  if (IN6_IS_ADDR_V4MAPPED(address)) {
    uint32_t v4;
    memcpy(&v4, &address->s6_addr[12], sizeof v4);
    fill_v4(interface, v4, is_loopback ? 8 : 24);
    interface->entry.ifa_broadaddr = is_loopback ? NULL : (struct sockaddr *)&interface->broadcast;
  } else {
    fill_v6(interface, address, is_loopback ? 128 : 64);
  }
  **end = &interface->entry;
  *end = &interface->entry.ifa_next;
  return true;
}

static void free_list(struct ifaddrs *list) {
  while (list) {
    struct ifaddrs *next = list->ifa_next;
    free(list); /* the first member of struct interface */
    list = next;
  }
}

INTERPOSED int getifaddrs(struct ifaddrs **out) {
  static const struct in6_addr localhost_v4 = {{{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}}};
  struct network *network = address_network();
  if (!network)
    return REAL(getifaddrs)(out);
  struct ifaddrs *list = NULL, **end = &list;
  bool complete = append(&end, &localhost_v4, true) && append(&end, &in6addr_loopback, true);
  const struct network_address *address;
  for (unsigned n = 0;
       complete && (address = network_host_address(network, address_own_host(network), n)); n++)
    complete = append(&end, &address->simulated, false);
  if (!complete) {
    free_list(list);
    errno = ENOMEM;
    return -1;
  }
  *out = list;
  return 0;
}

INTERPOSED void freeifaddrs(struct ifaddrs *list) {
  if (address_network())
    free_list(list);
  else
    REAL(freeifaddrs)(list);
}

INTERPOSED unsigned if_nametoindex(const char *name) {
  if (!address_network())
    return REAL(if_nametoindex)(name);
  if (strcmp(name, loopback_name) == 0)
    return NETWORK_LOOPBACK_INTERFACE;
  if (strcmp(name, ethernet_name) == 0)
    return NETWORK_ETHERNET_INTERFACE;
  errno = ENODEV;
  return 0;
}

INTERPOSED char *if_indextoname(unsigned index, char name[IF_NAMESIZE]) {
  if (!address_network())
    return REAL(if_indextoname)(index, name);
  if (index != NETWORK_LOOPBACK_INTERFACE && index != NETWORK_ETHERNET_INTERFACE) {
    errno = ENXIO;
    return NULL;
  }
  snprintf(name, IF_NAMESIZE, "%s",
           index == NETWORK_LOOPBACK_INTERFACE ? loopback_name : ethernet_name);
  return name;
}

/* The names are ours, so that only the list is to be freed. */
INTERPOSED struct if_nameindex *if_nameindex(void) {
  static const struct if_nameindex both[] = {{NETWORK_LOOPBACK_INTERFACE, loopback_name},
                                             {NETWORK_ETHERNET_INTERFACE, ethernet_name},
                                             {0}};
  if (!address_network())
    return REAL(if_nameindex)();
  struct if_nameindex *list = malloc(sizeof both);
  if (list)
    memcpy(list, both, sizeof both);
  else
    errno = ENOBUFS;
  return list;
}

INTERPOSED void if_freenameindex(struct if_nameindex *list) {
  if (address_network())
    free(list);
  else
    REAL(if_freenameindex)(list);
}

/* ---- the older way ---- */

/* The first entry of an interface that has an IPv4 address; false when it has none. */
static bool first_v4(const char *name, struct interface *out) {
  struct ifaddrs *list;
  bool found = false;
  if (getifaddrs(&list))
    return false;
  for (struct ifaddrs *entry = list; entry && !found; entry = entry->ifa_next) {
    found = strcmp(entry->ifa_name, name) == 0 && entry->ifa_addr->sa_family == AF_INET;
    if (found)
      *out = *(struct interface *)entry; /* its first member */
  }
  free_list(list);
  return found;
}

/* SIOCGIFCONF: the interfaces that have IPv4 addresses. */
static int list_interfaces(struct ifconf *request) {
  static const char *const names[] = {loopback_name, ethernet_name};
  int written = 0;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    struct ifreq entry = {0};
    struct interface found;
    if (!first_v4(names[i], &found))
      continue;
    snprintf(entry.ifr_name, sizeof entry.ifr_name, "%s", names[i]);
    memcpy(&entry.ifr_addr, &found.address, sizeof entry.ifr_addr);
    if (request->ifc_buf && written + (int)sizeof entry <= request->ifc_len)
      memcpy(request->ifc_buf + written, &entry, sizeof entry);
    else if (request->ifc_buf)
      break;
    written += (int)sizeof entry;
  }
  request->ifc_len = written;
  return 0;
}

/* Those that ask for IPv4 addresses; false when the interface has none. */
static bool ask_address(unsigned long what, struct ifreq *request) {
  struct interface found;
  if (!first_v4(request->ifr_name, &found))
    return false;
  struct sockaddr_storage *answer = what == SIOCGIFNETMASK   ? &found.netmask
                                    : what == SIOCGIFBRDADDR ? &found.broadcast
                                                             : &found.address;
  memcpy(&request->ifr_addr, answer, sizeof request->ifr_addr);
  if (what == SIOCGIFBRDADDR && !found.entry.ifa_broadaddr) /* lo's is 0.0.0.0 */
    network_write_unspecified(&request->ifr_broadaddr);
  return true;
}

/* A locally administered address (IEEE 802, section 8.4 of 802-2014) with the host's number. */
static void write_hardware_address(struct sockaddr *out, bool is_loopback) {
  unsigned host = (unsigned)address_own_host(address_network());
  const unsigned char address[] = {2, 0, 0, 0, (unsigned char)(host >> 8), (unsigned char)host};
  *out = (struct sockaddr){.sa_family = is_loopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER};
  if (!is_loopback)
    memcpy(out->sa_data, address, sizeof address);
}

static int refuse(int error) {
  errno = error;
  return -1;
}

/* netdevice(7). */
static int ask_interface(unsigned long what, struct ifreq *request) {
  bool is_loopback = strcmp(request->ifr_name, loopback_name) == 0;
  unsigned index = if_nametoindex(request->ifr_name);
  if (index == 0)
    return refuse(ENODEV);
  switch (what) {
  case SIOCGIFADDR:
  case SIOCGIFDSTADDR: /* its own, on what is no line from point to point */
  case SIOCGIFBRDADDR:
  case SIOCGIFNETMASK:
    return ask_address(what, request) ? 0 : refuse(EADDRNOTAVAIL);
  case SIOCGIFFLAGS:
    request->ifr_flags =
        IFF_UP | IFF_RUNNING | (is_loopback ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST);
    return 0;
  case SIOCGIFINDEX:
    request->ifr_ifindex = (int)index;
    return 0;
  case SIOCGIFHWADDR:
    write_hardware_address(&request->ifr_hwaddr, is_loopback);
    return 0;
  case SIOCGIFMTU:
    request->ifr_mtu = is_loopback ? 65536 : ETHERMTU;
    return 0;
  case SIOCGIFMETRIC:
    request->ifr_metric = 0;
    return 0;
  case SIOCGIFTXQLEN:
    request->ifr_qlen = 1000;
    return 0;
  case SIOCETHTOOL:
    return refuse(EOPNOTSUPP);
  default: /* what sets something needs a privilege (CAP_NET_ADMIN) */
    return refuse(EPERM);
  }
}

static bool is_about_interface(unsigned long what) {
  static const unsigned long requests[] = {
      SIOCGIFADDR,    SIOCGIFDSTADDR, SIOCGIFBRDADDR, SIOCGIFNETMASK, SIOCGIFFLAGS,  SIOCGIFINDEX,
      SIOCGIFHWADDR,  SIOCGIFMTU,     SIOCGIFMETRIC,  SIOCGIFTXQLEN,  SIOCETHTOOL,   SIOCSIFADDR,
      SIOCSIFDSTADDR, SIOCSIFBRDADDR, SIOCSIFNETMASK, SIOCSIFFLAGS,   SIOCSIFHWADDR, SIOCSIFMTU,
      SIOCSIFMETRIC,  SIOCSIFTXQLEN,  SIOCSIFNAME,
  };
  for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
    if (what == requests[i])
      return true;
  return false;
}

INTERPOSED int ioctl(int fd, unsigned long what, ...) {
  va_list arguments;
  va_start(arguments, what);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  if (address_network() && argument) {
    struct ifreq *request = argument;
    if (what == SIOCGIFCONF)
      return list_interfaces(argument);
    if (what == SIOCGIFNAME)
      return if_indextoname((unsigned)request->ifr_ifindex, request->ifr_name) ? 0 : refuse(ENODEV);
    if (is_about_interface(what))
      return ask_interface(what, request);
  }
  int result = REAL(ioctl)(fd, what, argument);
  if (result == 0)
    stamps_correct_request(what, argument);
  return result;
}
