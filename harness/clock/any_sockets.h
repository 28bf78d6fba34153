/* SPDX-License-Identifier: MIT
 *
 * What the interposed calls do about sockets that are bound to any address (any_bound.h): binding,
 * finding those that hear an address, and what the two ends of a conversation are called.
 */
#ifndef HARNESS_CLOCK_ANY_SOCKETS_H
#define HARNESS_CLOCK_ANY_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "harness/clock/network.h"

/* A bound socket of this process, or of one that shares it. */
struct any_socket {
  struct any_end end;
  const struct network_address *address; /* that it is bound to; NULL: to none of the lab's */
  bool is_any;                           /* `address` is only its place */
};

/* bind() for an IPv4 or IPv6 address (simulated) of this process's host; port 0 gets the host's
 * next free one. */
int any_bind(struct network *network, int fd, const struct sockaddr *address);

/* Binds a socket that is unbound as the kernel does: to any address when it sends or listens, to
 * the source address when it connects to `to`. */
void any_bind_unbound(struct network *network, int fd);
void any_bind_source(struct network *network, int fd, const struct network_address *to);

/* What a descriptor is bound to. */
struct any_socket any_socket_of(const struct network *network, int fd);

/* Before a connect to `address`, which is `to` in the table: `realised`, which is where that lies,
 * becomes where it is heard; what both ends are called is noted if need be. */
void any_dial(struct network *network, int fd, const struct network_address *to,
              const struct sockaddr *address, struct sockaddr_storage *realised);

/* Before a datagram to `to` is sent: the same. `chosen` is the source that the program has chosen,
 * or NULL. Returns the loopback address (network byte order) that the datagram must come from, or 0
 * when it is the socket's own. */
uint32_t any_address_datagram(struct network *network, int fd, const struct network_address *to,
                              const struct sockaddr *address, const struct network_address *chosen,
                              struct sockaddr_storage *realised);

/* The names of the ends of a conversation, of whose other end the kernel says `said` (realised):
 * numbers of addresses, `from` of the other one, `to` of our own. Zeros: what the loopback
 * addresses stand for is right. */
struct any_pair any_conversation(const struct network *network, int fd,
                                 const struct sockaddr_storage *said);

/* Simulates, in place, what the kernel said of the other end, or of our own. */
void any_simulate_peer(const struct network *network, int fd, struct sockaddr_storage *said);
void any_simulate_own(const struct network *network, int fd, struct sockaddr_storage *said);

#endif
