/* SPDX-License-Identifier: MIT
 *
 * A UDP socket of the server on the libuv loop. It lives in memory of its own, because libuv
 * needs that until its close callback, when the server may have opened the next one long since.
 */
#ifndef FAKEDNS_UDP_H
#define FAKEDNS_UDP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "common/error.h"

struct udp_socket;

/* A datagram came. `bytes` are valid during the call. The handler may close the socket. */
typedef void udp_handler(void *context, const uint8_t *bytes, size_t size,
                         const struct sockaddr_storage *source);

/* Binds and receives. Returns 0, or -1 with the text filled in; `*out` is untouched then, but the
 * loop must still run a close callback. `*bound` is the address with the port that the kernel
 * chose. */
int fakedns_udp_open(struct udp_socket **out, uv_loop_t *loop,
                     const struct sockaddr_storage *address, struct sockaddr_storage *bound,
                     udp_handler *handler, void *context, struct error *error);

/* Closes the descriptor now and frees the rest in the close callback; the handler is never called
 * again. NULL is allowed. */
void fakedns_udp_close(struct udp_socket *socket);

/* Sends and takes `bytes`, which are malloc'd. What the kernel won't take is lost, as on any
 * network. */
void fakedns_udp_send(struct udp_socket *socket, uint8_t *bytes, size_t size,
                      const struct sockaddr_storage *target);

/* Sends likewise, from another address, by a socket that is closed at once: `*from` gets its port
 * (port 0, or one that is taken: the kernel chooses). Returns 0, or -1 with the text filled in;
 * `bytes` are taken in any case. */
int fakedns_udp_send_from(uv_loop_t *loop, struct sockaddr_storage *from, uint8_t *bytes,
                          size_t size, const struct sockaddr_storage *target, struct error *error);

#endif
