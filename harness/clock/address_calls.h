/* SPDX-License-Identifier: MIT
 *
 * What the files of interposed calls that carry addresses share.
 */
#ifndef HARNESS_CLOCK_ADDRESS_CALLS_H
#define HARNESS_CLOCK_ADDRESS_CALLS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "harness/clock/network.h"

/* The lab's network; NULL outside a lab and in a lab that simulates none. */
struct network *address_network(void);

/* The host that this process belongs to. */
int address_own_host(const struct network *network);

/* network_realise() for what this process sends from a socket. When there is no way, errno is set,
 * and the lab is told if no host has the address. */
enum network_realisation address_realise(struct network *network, int fd, const struct sockaddr *to,
                                         socklen_t to_length, struct sockaddr_storage *realised,
                                         socklen_t *length);

/* Takes an address that the program names as the kernel takes it. False when it is none over IPv4
 * or IPv6, or one that the kernel refuses: it shall have the word then (EFAULT, EINVAL). */
bool address_take(const struct sockaddr *given, socklen_t length, struct sockaddr_storage *out);

bool address_is_loopback(const struct sockaddr *address);

/* Tells the lab that this process tried to reach `to`, which no host has. Keeps errno. */
void address_report_outside(const struct network *network, int fd, const struct sockaddr *to,
                            socklen_t length);

/* Tells the lab that this process sent a SYN to `to`, which can't be reached; `attempt` counts
 * them. Keeps errno. */
void address_report_attempt(const struct network *network, int fd, const struct sockaddr *to,
                            socklen_t length, enum reach_state state, unsigned attempt);

/* Where the kernel is to connect to, and notes what both ends are called. False, with errno set,
 * when there is no way; `*length` stays 0 when there is nothing to realise. */
bool address_dial(struct network *network, int fd, const struct sockaddr *address,
                  socklen_t address_length, struct sockaddr_storage *realised, socklen_t *length);

/* Gives the process an address, cut to the room it has like the kernel does; an abstract name
 * becomes what the program knows. Returns 0, or -1 with errno EFAULT or EINVAL when there is no
 * room or it is negative. */
int address_give(struct sockaddr_storage *said, socklen_t said_length, struct sockaddr *address,
                 socklen_t *length);

#endif
