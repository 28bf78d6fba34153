/* SPDX-License-Identifier: MIT
 *
 * A host's own /etc/hosts (hosts_table.h), read off the network's table.
 */
#include "harness/clock/hosts_table.h"

static const struct in6_addr localhost_v4 = {{{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}}};

bool hosts_table_entry(const struct network *network, int host, unsigned n,
                       struct hosts_entry *out) {
  const char *name = network->host[host].name;
  if (n < 2) {
    *out = (struct hosts_entry){n == 0 ? localhost_v4 : in6addr_loopback, "localhost"};
    return true;
  }
  const struct network_address *address = network_host_address(network, host, n - 2);
  if (address) {
    *out = (struct hosts_entry){address->simulated, name};
    return true;
  }
  /* A host without addresses knows itself all the same. */
  if (n == 2)
    *out = (struct hosts_entry){localhost_v4, name};
  return n == 2;
}
