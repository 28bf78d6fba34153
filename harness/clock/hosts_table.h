/* SPDX-License-Identifier: MIT
 *
 * What /etc/hosts says on a host of the simulated network: localhost and the host's own name. The
 * names of other hosts come from DNS.
 */
#ifndef HARNESS_CLOCK_HOSTS_TABLE_H
#define HARNESS_CLOCK_HOSTS_TABLE_H

#include <stdbool.h>

#include "harness/clock/network.h"

struct hosts_entry {
  struct in6_addr address; /* IPv4 in its mapped form */
  const char *name;        /* borrowed from the network */
};

/* The n-th line (0, 1, …) of a host's table. False when there are no more. */
bool hosts_table_entry(const struct network *network, int host, unsigned n,
                       struct hosts_entry *out);

#endif
