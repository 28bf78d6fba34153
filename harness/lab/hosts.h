/* SPDX-License-Identifier: MIT
 *
 * The hosts of a lab and their addresses.
 *
 * In virtual time the addresses are simulated (harness/clock/network.h): the scenario's own, or
 * those that the lab gives from the documentation networks (RFC 5737, RFC 2544), the same in every
 * run and every worker. In real time each host has a loopback address of the worker's block
 * (127.BLOCK.KIND.NUMBER) or one of a network interface, and DNS is not at port 53, which an
 * ordinary user can't open there.
 */
#ifndef HARNESS_LAB_HOSTS_H
#define HARNESS_LAB_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/error.h"
#include "common/event.h"
#include "harness/clock/reach.h"

#define HOSTS_BLOCK_FIRST 100
#define HOSTS_BLOCK_LAST 254

/* Ports that a host of a kind is reached at. */
#define HOSTS_SIP_PORT 5060
#define HOSTS_DNS_PORT 53
#define HOSTS_DNS_PORT_REAL_TIME 5300

/* The number is the third octet of the host's loopback address in real time. */
enum host_kind { HOST_DNS, HOST_PROXY, HOST_PHONE, HOST_PROGRAM };

struct network;
struct hosts;

/* `network` is the lab's simulated network, which the hosts are added to; borrowed. NULL: there is
 * none, as in real time. */
int hosts_create(struct hosts **out, unsigned block, struct network *network);
void hosts_destroy(struct hosts *hosts);

/* In real time: hosts get the IPv4 addresses of this network interface, one each, in the order in
 * which it has them and in which hosts are added, instead of loopback addresses. Returns 0, or -1
 * with the text filled in: there is no such interface, or it has no IPv4 address. */
int hosts_use_interface(struct hosts *hosts, const char *interface, struct error *error);

/* Adds a host. Its address is `wanted` (without port; in real time there is none to be had) or,
 * when that is NULL, the next one of its kind. `*address` gets it, with `port` (0: the usual one of
 * the kind).
 * Returns 0, or -1 with the text filled in: the name is taken or no name, the address is taken or
 * no address, or there are too many. */
int hosts_add(struct hosts *hosts, enum host_kind kind, const char *name, const char *wanted,
              uint16_t port, struct sockaddr_storage *address, struct error *error);

/* As many as one fake server listens on, and more than any scenario gives a host. */
#define HOSTS_ADDRESSES_MAX 16

/* Gives a host one more address, `wanted`, which `*address` gets with the host's port; only in
 * virtual time. Returns 0, or -1 with the text filled in, as hosts_add(). */
int hosts_add_address(struct hosts *hosts, const char *name, const char *wanted,
                      struct sockaddr_storage *address, struct error *error);

/* Says how the host at the address of a fake server can be reached by a protocol (IPPROTO_TCP,
 * IPPROTO_UDP) from now on, at all its ports; the server still sees the datagrams for its own port
 * that don't reach it.
 * Without a simulated network it says so to nobody. */
void hosts_reach(struct hosts *hosts, const struct sockaddr_storage *address, int protocol,
                 enum reach_state state);

/* Says how a host can be reached at all its addresses, by whatever protocol. Returns 0, or -1 when
 * there is no simulated network or no such host. */
int hosts_reach_all(struct hosts *hosts, const char *name, enum reach_state state);

/* A table of the hosts for people, a line for each address with its port: kind, name, address,
 * and how it is realised on this machine. malloc'd; NULL when out of memory. */
char *hosts_describe(const struct hosts *hosts);

/* The name of the host with this address (any port); NULL when there is none. */
const char *hosts_name(const struct hosts *hosts, const struct sockaddr_storage *address);

#endif
