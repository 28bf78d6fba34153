/* SPDX-License-Identifier: MIT
 *
 * UDP sockets of the proxy.
 */
#ifndef FAKEPROXY_UDP_H
#define FAKEPROXY_UDP_H

#include "fakeproxy/fakeproxy_internal.h"

/* Binds a socket to the address, which gets the port that the kernel chose if it had none. With
 * `receive`, what arrives goes to fakeproxy_receive; without, nothing is ever read. Returns 0, or a
 * libuv error;
 * `*out` is untouched then. */
int udp_open(struct udp_socket **out, struct fakeproxy *proxy, struct sockaddr_storage *address,
             bool receive);

/* Closes the socket at once: the port is free when this returns. NULL is allowed. */
void udp_close(struct udp_socket *socket);

/* Sends a datagram. What can't be sent is lost, as datagrams are. */
void udp_send(struct udp_socket *socket, const void *bytes, size_t size,
              const struct sockaddr_storage *target);

#endif
