/* SPDX-License-Identifier: MIT
 *
 * A query's way through the server: it is told of, the rules are asked, it is answered from the
 * zones, the rules are asked again, the answer is told of and sent. Rules may hold it up, multiply
 * it, damage it or end it on the way.
 */
#ifndef FAKEDNS_EXCHANGE_H
#define FAKEDNS_EXCHANGE_H

#include "fakedns/server_internal.h"

/* Where a query came from and its answer goes to. */
struct route {
  size_t port; /* of the server's */
  enum transport transport;
  uint64_t connection; /* TRANSPORT_TCP */
  struct sockaddr_storage client;
};

/* Takes a message that came. */
void fakedns_exchange(struct fakedns *server, const struct route *route, const uint8_t *bytes,
                      size_t size);

/* Ends those that are held up; the loop must run their close callbacks. */
void fakedns_exchange_end_all(struct fakedns *server);

#endif
