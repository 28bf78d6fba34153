/* SPDX-License-Identifier: MIT
 *
 * Names of local sockets in the abstract namespace (unix(7)), which belong to the machine. Each
 * host of a lab with a simulated network has a namespace of its own: what the kernel gets has the
 * lab's block and the host's number in front of the name.
 */
#ifndef HARNESS_CLOCK_ABSTRACT_NAMES_H
#define HARNESS_CLOCK_ABSTRACT_NAMES_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "harness/clock/network.h"

/* The longest name, but for NULs at its end, of which there may be as many as fit an address. */
#define ABSTRACT_NAME_MAX 100

/* bind() of a socket that isn't of IPv4 or IPv6; a local one without a name gets the host's next
 * free one. */
int abstract_bind(const struct network *network, int fd, const struct sockaddr *address,
                  socklen_t length);

/* An address that the program gave becomes what the kernel is to get: `out`, when it is an abstract
 * name, or else it stays. False, with errno EINVAL, when the name is too long. */
bool abstract_realise(const struct network *network, const struct sockaddr **address,
                      socklen_t *length, struct sockaddr_un *out);

/* Gives an address that the kernel said, in place, the name that the program knows. */
void abstract_simulate(struct sockaddr_storage *said, socklen_t *length);

#endif
