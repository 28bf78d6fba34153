/* SPDX-License-Identifier: MIT
 *
 * The files of /proc/net (network_files.h). Every address can be reached by eth0 itself, so there
 * is a default route without a gateway, and nobody counts bytes.
 */
#include "harness/clock/network_files.h"

#include <arpa/inet.h>
#include <net/route.h>
#include <stdbool.h>
#include <string.h>

void network_file_dev(FILE *file, const struct network *network, int host) {
  static const char *const names[] = {"lo", "eth0"};
  (void)network, (void)host;
  fputs("Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|"
        "bytes    packets errs drop fifo colls carrier compressed\n",
        file);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    fprintf(file,
            "%6s:       0       0    0    0    0     0          0         0"
            "        0       0    0    0    0     0       0          0\n",
            names[i]);
}

#define NETWORK_MASK 0xffffff00u

/* Addresses in network byte order, which the kernel prints as numbers of the machine's. */
static void print_route(FILE *file, uint32_t destination, uint32_t mask) {
  char line[128];
  snprintf(line, sizeof line, "eth0\t%08X\t00000000\t%04X\t0\t0\t0\t%08X\t0\t0\t0", destination,
           RTF_UP, mask);
  fprintf(file, "%-127s\n", line);
}

/* The network of the host's n-th address, a /24 (interface_calls.c), in network byte order; 0: it
 * is of IPv6. */
static uint32_t network_of(const struct network_address *address) {
  uint32_t v4;
  memcpy(&v4, &address->simulated.s6_addr[12], sizeof v4);
  return network_is_v4(address) ? v4 & htonl(NETWORK_MASK) : 0;
}

static bool is_first_in_network(const struct network *network, int host, unsigned n) {
  uint32_t own = network_of(network_host_address(network, host, n));
  for (unsigned i = 0; i < n; i++)
    if (network_of(network_host_address(network, host, i)) == own)
      return false;
  return true;
}

void network_file_route(FILE *file, const struct network *network, int host) {
  const struct network_address *address;
  bool has_default = false;
  fprintf(file, "%-127s\n",
          "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
  for (unsigned n = 0; (address = network_host_address(network, host, n)) != NULL; n++) {
    if (!network_is_v4(address) || !is_first_in_network(network, host, n))
      continue;
    if (!has_default)
      print_route(file, 0, 0);
    has_default = true;
    print_route(file, network_of(address), htonl(NETWORK_MASK));
  }
}

/* Address, index, prefix, scope, flags (IFA_F_PERMANENT), name. */
static void print_v6(FILE *file, const struct in6_addr *address, const char *rest) {
  for (size_t i = 0; i < sizeof address->s6_addr; i++)
    fprintf(file, "%02x", address->s6_addr[i]);
  fputs(rest, file);
}

void network_file_if_inet6(FILE *file, const struct network *network, int host) {
  const struct network_address *address;
  print_v6(file, &in6addr_loopback, " 01 80 10 80       lo\n");
  for (unsigned n = 0; (address = network_host_address(network, host, n)) != NULL; n++)
    if (!network_is_v4(address))
      print_v6(file, &address->simulated, " 02 40 00 80     eth0\n");
}

void network_file_arp(FILE *file, const struct network *network, int host) {
  (void)network, (void)host;
  fputs("IP address       HW type     Flags       HW address            Mask     Device\n", file);
}

#define COLUMNS_AFTER_ADDRESSES " st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"

void network_file_tcp(FILE *file, const struct network *network, int host) {
  (void)network, (void)host;
  fprintf(file, "%-149s\n", "  sl  local_address rem_address  " COLUMNS_AFTER_ADDRESSES);
}

void network_file_udp(FILE *file, const struct network *network, int host) {
  (void)network, (void)host;
  fprintf(file, "%-127s\n",
          "   sl  local_address rem_address  " COLUMNS_AFTER_ADDRESSES " ref pointer drops");
}

#define COLUMNS_V6                                                                                 \
  "  sl  local_address                         remote_address                      "               \
  " " COLUMNS_AFTER_ADDRESSES

void network_file_tcp6(FILE *file, const struct network *network, int host) {
  (void)network, (void)host;
  fputs(COLUMNS_V6 "\n", file);
}

void network_file_udp6(FILE *file, const struct network *network, int host) {
  (void)network, (void)host;
  fputs(COLUMNS_V6 " ref pointer drops\n", file);
}
