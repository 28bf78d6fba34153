/* SPDX-License-Identifier: MIT
 *
 * Names to addresses and back, for a process of a simulated network: what "hosts: files dns" in
 * nsswitch.conf means there. The files are hosts_table.h, DNS is resolver.h.
 */
#ifndef HARNESS_CLOCK_NAME_LOOKUP_H
#define HARNESS_CLOCK_NAME_LOOKUP_H

#include <stdbool.h>

#include "harness/clock/name_result.h"

/* Addresses of a name; AF_UNSPEC asks for IPv4 and IPv6 at once. Returns NETDB_SUCCESS, else what
 * h_errno has for it, and NETDB_INTERNAL with errno ENOMEM. `*out` is to be cleared only after
 * success. */
int name_lookup(const char *name, int family, struct name_result *out);

/* The name of an address (sin_addr, sin6_addr). As above; `out` has no addresses. */
int name_lookup_address(int family, const void *address, struct name_result *out);

/* An address written in digits, also IPv6 with a scope ("fe80::1%eth0"). */
bool name_is_numeric(const char *name, union name_address *out);

#endif
