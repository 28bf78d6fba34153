/* SPDX-License-Identifier: MIT
 *
 * One TCP port of the server on the libuv loop, with its connections (RFC 7766). Connections are
 * known by numbers that are never given twice, so that an answer that comes late finds its
 * connection or finds it gone.
 */
#ifndef FAKEDNS_TCP_H
#define FAKEDNS_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "common/error.h"

struct tcp_port;

struct tcp_handler {
  /* A message came; `bytes` are valid during the call. It may close the port. */
  void (*message)(void *context, uint64_t connection, const uint8_t *bytes, size_t size,
                  const struct sockaddr_storage *client);
  /* A connection was accepted (open) or is gone, whoever ended it. It may close the port. */
  void (*connection)(void *context, bool open, const struct sockaddr_storage *client);
  void *context;
};

/* How a connection goes on after a message. */
enum connection_ending { CONNECTION_STAYS, CONNECTION_CLOSES, CONNECTION_RESETS };

/* Binds and listens. Returns 0, or -1 with the text filled in; `*out` is untouched then, but the
 * loop must still run a close callback. */
int fakedns_tcp_open(struct tcp_port **out, uv_loop_t *loop, const struct sockaddr_storage *address,
                     const struct tcp_handler *handler, struct error *error);

/* Closes the port and resets its connections, now; the rest is freed in close callbacks. The
 * handler is never called again. NULL is allowed. */
void fakedns_tcp_close(struct tcp_port *port);

/* Sends bytes as they are (framing.h makes a message's) and takes them, which are malloc'd; ends
 * the connection when they are sent, if that is wanted. No such connection (any more): they are
 * lost. */
void fakedns_tcp_send(struct tcp_port *port, uint64_t connection, uint8_t *bytes, size_t size,
                      enum connection_ending ending);

/* Ends a connection; what was sent before goes first unless it is a reset. */
void fakedns_tcp_end(struct tcp_port *port, uint64_t connection, enum connection_ending ending);

/* Stops reading a connection until fakedns_tcp_resume() names the same reason (not 0). */
void fakedns_tcp_stall(struct tcp_port *port, uint64_t connection, uint64_t reason);
void fakedns_tcp_resume(struct tcp_port *port, uint64_t reason);

/* Stops, or goes on, reading all connections, those to come as well; they are accepted. */
void fakedns_tcp_stall_all(struct tcp_port *port, bool stalled);

#endif
