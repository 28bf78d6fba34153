/* SPDX-License-Identifier: MIT
 *
 * The order in which getaddrinfo() gives addresses to a process of the simulated network: RFC 6724
 * section 6, as glibc 2.36 has it.
 */
#ifndef HARNESS_CLOCK_DESTINATION_ORDER_H
#define HARNESS_CLOCK_DESTINATION_ORDER_H

#include "harness/clock/name_lookup.h"
#include "harness/clock/network.h"

/* Sorts in place; addresses of equal rank keep their order. */
void destination_order(const struct network *network, int host, union name_address *addresses,
                       size_t count);

#endif
